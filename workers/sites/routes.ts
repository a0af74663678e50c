import type { Context } from "hono";
import { UUID_PATTERN } from "../../shared/contracts/ids";
import { domainApp, requestIdOf } from "../../shared/http/app";
import { anyone } from "../../shared/http/guards";
import { problemResponse } from "../../shared/http/problem";
import { docsBundle, docsPage, docsStart, docsStyles } from "./docs";
import type { Env } from "./environment";
import { eventPage, isShown } from "./event-page";
import { listPage } from "./list-page";
import { missingPage } from "./missing-page";
import { pageResponse } from "./page";
import { type Site, siteOf } from "./site";

type SitesContext = Context<{ Bindings: Env }>;

/** On any other host there are no pages, and nobody who reads them. */
async function onSite(c: SitesContext, answer: (site: Site) => Promise<Response>): Promise<Response> {
  const site = await siteOf(c.env, c.req.raw);
  return site ? answer(site) : problemResponse({ code: "not_found" }, requestIdOf(c.req.raw));
}

const missing = (site: Site) => pageResponse(site, missingPage(), 404);

async function answerEvent(env: Env, site: Site, eventId: string): Promise<Response> {
  if (!UUID_PATTERN.test(eventId)) return missing(site);
  const id = eventId.toLowerCase();
  const [[event], available] = await Promise.all([env.EVENTS.events([id]), env.EVENTS.availability(id)]);
  if (!event || !isShown(event, site.organizer.id)) return missing(site);
  return pageResponse(site, eventPage(site, event, available.ok ? available.value.data : []));
}

export const app = domainApp<Env>({ missingPage: (c) => onSite(c, missing) })
  .get("/", anyone(), (c) =>
    onSite(c, async (site) => pageResponse(site, listPage(site, await c.env.EVENTS.publicEvents(site.organizer.id)))),
  )
  .get("/e/:eventId/:title?", anyone(), (c) => onSite(c, (site) => answerEvent(c.env, site, c.req.param("eventId"))))
  .get("/docs", anyone(), docsPage)
  .get("/docs/start.js", anyone(), docsStart)
  .get("/docs/swagger-ui-bundle.js", anyone(), docsBundle)
  .get("/docs/swagger-ui.css", anyone(), docsStyles);
