/** From a request on an organizer's host to a page, whatever happens on the way. */
import type { Context } from "hono";
import { UUID_PATTERN } from "../../shared/contracts/ids";
import type { ProblemCode } from "../../shared/contracts/problems";
import { PROBLEMS } from "../../shared/contracts/problems";
import { requestIdOf } from "../../shared/http/app";
import { Problem, problemResponse } from "../../shared/http/problem";
import { reportError } from "../../shared/observability/report";
import type { Env } from "./environment";
import { pageResponse } from "./page";
import { troubleText } from "./refusals";
import { type Site, siteOf } from "./site";
import { missingPage, sorryPage } from "./sorry-page";

export type SitesContext = Context<{ Bindings: Env }>;
export type Ids = Record<string, string>;

export const missing = (site: Site): Promise<Response> => pageResponse(site, missingPage(site.language.words), 404);

/** On any other host there are no pages, and nobody who reads them. Ids that cannot exist are pages that do not; so is null. */
export const page =
  (answer: (c: SitesContext, site: Site, ids: Ids) => Promise<Response | null>) =>
  async (c: SitesContext): Promise<Response> => {
    const site = await siteOf(c.env, c.req.raw);
    if (!site) return problemResponse({ code: "not_found" }, requestIdOf(c.req.raw));
    const named = Object.entries(c.req.param() as Ids).filter(([name]) => name.endsWith("Id"));
    if (!named.every(([, id]) => UUID_PATTERN.test(id))) return missing(site);
    const ids = Object.fromEntries(named.map(([name, id]) => [name, id.toLowerCase()]));
    try {
      return (await answer(c, site, ids)) ?? missing(site);
    } catch (error) {
      return failed(c, site, error);
    }
  };

/** What the runtime marks as passing: a buyer may come again (rule 25). */
const isPassing = (error: unknown): boolean =>
  typeof error === "object" &&
  error !== null &&
  (("overloaded" in error && error.overloaded === true) || ("retryable" in error && error.retryable === true));

/** A person is told so on a page, in his own words, with a way on. */
function failed(c: SitesContext, site: Site, error: unknown): Promise<Response> {
  const { words } = site.language;
  const code: ProblemCode = error instanceof Problem ? error.refusal.code : isPassing(error) ? "overloaded" : "internal";
  if (code === "internal")
    reportError(error, c.env, c.executionCtx, { requestId: requestIdOf(c.req.raw), method: c.req.method, path: c.req.path });
  const more = troubleText({ code }, words);
  const ways = [{ path: "/", label: words.seeWhatIsOn }];
  return pageResponse(site, sorryPage({ title: words.trouble, more, ways }), PROBLEMS[code].status);
}
