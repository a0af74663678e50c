import { type Context, Hono } from "hono";
import { z } from "zod";
import { SeatBlock, SeatId, SeatMapChoice, SeatRelease, SeatSwap } from "../../shared/contracts/seats";
import { etagOfVersion, isFresh } from "../../shared/http/etag";
import { form, query, unwrap } from "../../shared/http/form";
import { anyoneOrCaller } from "../../shared/http/guards";
import { operation } from "../../shared/http/operation";
import { principalOf } from "../../shared/http/principal";
import { acceptedLanguage } from "../../shared/locale/accepted-language";
import type { Env } from "./environment";
import { readEvent } from "./event-reads";
import { setSeatMap } from "./event-seat-map";
import { requireMember } from "./members";
import { eventIdOf, ifMatch, laterOf } from "./requests";
import { blockSeats, releaseSeats, swapSeats } from "./seat-changes";
import { seatOperations as operations } from "./seat-operations";
import { readSeats } from "./seat-states";
import { toEvent } from "./stored-event";

const SeatsQuery = z.object({ sectionId: SeatId.optional(), format: z.enum(["json", "svg"]).optional() });

/** A picture where an image is asked for and no JSON, as an `<img>` does it. */
function formatOf(c: Context, asked: "json" | "svg" | undefined): "json" | "svg" {
  const accept = c.req.header("accept") ?? "";
  return asked ?? (accept.includes("image/svg+xml") && !accept.includes("application/json") ? "svg" : "json");
}

async function refuseUnknownEvent(c: Context<{ Bindings: Env }>): Promise<void> {
  unwrap(await readEvent(c.env, principalOf(c), eventIdOf(c)));
}

/** Opened by itself an SVG is a document: it runs nothing, loads nothing and is nobody's origin. */
const SVG_POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";

export const seatRoutes = new Hono<{ Bindings: Env }>()
  .put(
    "/events/:eventId/seat-map",
    operation(operations.setSeatMap),
    requireMember("events:write"),
    form(SeatMapChoice),
    async (c) => {
      const stored = unwrap(await setSeatMap(c.env, laterOf(c), eventIdOf(c), c.var.form.seatMapId, ifMatch(c)));
      return c.json(toEvent(stored), 200, { etag: etagOfVersion(stored.event.version), "cache-control": "no-store" });
    },
  )
  .get(
    "/events/:eventId/seats",
    operation(operations.getSeats),
    anyoneOrCaller(),
    query(SeatsQuery, refuseUnknownEvent),
    async (c) => {
      const { sectionId = null, format: asked } = c.var.query;
      const format = formatOf(c, asked);
      const language = acceptedLanguage(c.req.header("accept-language"));
      const seats = unwrap(await readSeats(c.env, principalOf(c), { eventId: eventIdOf(c), format, sectionId, language }));
      const headers = {
        etag: seats.etag,
        vary: "accept, accept-language",
        "cache-control": seats.known ? "public, max-age=0, must-revalidate" : "private, no-store",
      };
      if (isFresh(c, seats.etag)) return c.body(null, 304, headers);
      return format === "svg"
        ? c.body(seats.body, 200, { ...headers, "content-type": "image/svg+xml", "content-security-policy": SVG_POLICY })
        : c.body(seats.body, 200, { ...headers, "content-type": "application/json" });
    },
  )
  .post(
    "/events/:eventId/seats/block",
    operation(operations.blockSeats),
    requireMember("events:write"),
    form(SeatBlock),
    async (c) => c.json(unwrap(await blockSeats(c.env, eventIdOf(c), c.var.form.seatIds, c.var.form.reason ?? null)), 200),
  )
  .post(
    "/events/:eventId/seats/release",
    operation(operations.releaseSeats),
    requireMember("events:write"),
    form(SeatRelease),
    async (c) => {
      const { seatIds, companions = false } = c.var.form;
      return c.json(unwrap(await releaseSeats(c.env, eventIdOf(c), seatIds, companions)), 200);
    },
  )
  .post(
    "/events/:eventId/seats/swap",
    operation(operations.swapSeats),
    requireMember("events:write"),
    form(SeatSwap),
    async (c) => c.json({ data: unwrap(await swapSeats(c.env, eventIdOf(c), c.var.form.moves)) }, 200),
  );
