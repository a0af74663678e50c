import { domainApp } from "../../shared/http/app";
import { query } from "../../shared/http/form";
import { operation } from "../../shared/http/operation";
import { TimeseriesQuery } from "./answers";
import type { Env } from "./environment";
import { salesByDay, summarize } from "./figures";
import { requireMember } from "./members";
import { operations } from "./operations";
import { readStock } from "./stock";

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
      const data = await salesByDay(c.env.DB, event, query, Date.now());
      return c.json({ eventId: event.id, interval: query.interval, timezone: event.timezone, data });
    },
  );
