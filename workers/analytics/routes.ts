import { toTimestamp } from "../../shared/contracts/ids";
import { domainApp } from "../../shared/http/app";
import { query } from "../../shared/http/form";
import { operation } from "../../shared/http/operation";
import { acceptedLanguage } from "../../shared/locale/accepted-language";
import { ChartQuery, TimeseriesQuery } from "./answers";
import { chartOf } from "./chart";
import type { Env } from "./environment";
import { figuresByPeriod, summarize } from "./figures";
import { requireMember } from "./members";
import { operations } from "./operations";
import { readStock } from "./stock";

const CHART_HEADERS = {
  "content-type": "image/svg+xml; charset=utf-8",
  "cache-control": "private, no-cache",
  vary: "accept-language",
  // Opened by itself, an SVG is a document: it runs nothing, loads nothing and is nobody's origin.
  "content-security-policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
};

export const app = domainApp<Env>()
  .get("/analytics/events/:eventId/summary", operation(operations.getEventSummary), requireMember("analytics:read"), async (c) =>
    c.json({
      eventId: c.var.event.id,
      ...(await summarize(c.env.DB, c.var.event)),
      stock: await readStock(c.env.DB, c.var.event),
    }),
  )
  .get(
    "/analytics/events/:eventId/timeseries",
    operation(operations.getEventTimeseries),
    requireMember("analytics:read"),
    query(TimeseriesQuery),
    async (c) => {
      const { event, query } = c.var;
      const points = await figuresByPeriod(c.env.DB, event, query, Date.now());
      const data = points.map(({ name, startsAtMs, ...figures }) => ({
        period: name,
        startsAt: toTimestamp(startsAtMs),
        ...figures,
      }));
      return c.json({ eventId: event.id, interval: query.interval, timezone: event.timezone, data });
    },
  )
  .get(
    "/analytics/events/:eventId/chart.svg",
    operation(operations.getEventChart),
    requireMember("analytics:read"),
    query(ChartQuery),
    async (c) => {
      const language = acceptedLanguage(c.req.header("accept-language"));
      const svg = await chartOf(c.env, c.var.event, c.var.query, language, Date.now());
      return c.body(svg, 200, { ...CHART_HEADERS, "content-language": language });
    },
  );
