/** What the guards and the router refuse before any page is asked, told to a person as a page. Programs hear it as problems. */
import { ProblemBody } from "../../shared/contracts/problem-body";
import { isForPeople } from "../../shared/http/navigation";
import type { Env } from "./environment";
import { pageResponse } from "./page";
import { troubleText } from "./refusals";
import { type Site, siteOf } from "./site";
import { missingPage, sorryPage } from "./sorry-page";

/** Of the refusal's own headers, those that say what to do next. */
const KEPT = ["allow", "retry-after", "www-authenticate"];

export async function toldToPeople(request: Request, env: Env, refused: Response): Promise<Response> {
  if (refused.headers.get("content-type") !== "application/problem+json" || !isForPeople(request)) return refused;
  const site = await siteOf(env, request);
  if (!site) return refused;
  const told = await tellOf(site, request, ProblemBody.parse(await refused.json()));
  for (const name of KEPT) {
    const value = refused.headers.get(name);
    if (value !== null) told.headers.set(name, value);
  }
  return told;
}

function tellOf(site: Site, request: Request, { code, status }: ProblemBody): Promise<Response> {
  const { words } = site.language;
  if (status === 404) return pageResponse(site, missingPage(words), 404);
  const isTooLarge = code === "payload_too_large";
  const ways = [
    // Where a form was sent to is where it stood, or leads there.
    ...(isTooLarge ? [{ path: new URL(request.url).pathname, label: words.lookAgain }] : []),
    { path: "/", label: words.seeWhatIsOn },
  ];
  const more = isTooLarge ? words.formTooLarge : status < 500 && status !== 429 ? words.notThatWay : troubleText({ code }, words);
  return pageResponse(site, sorryPage({ title: words.trouble, more, ways }), status);
}
