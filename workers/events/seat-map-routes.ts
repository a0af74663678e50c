import { type Context, Hono } from "hono";
import { SeatMapDraft } from "../../shared/contracts/seats";
import { form, pathId, query, unwrap } from "../../shared/http/form";
import { operation } from "../../shared/http/operation";
import { Problem } from "../../shared/http/problem";
import type { Env } from "./environment";
import { requireMemberOfQuery, requireMemberOfSeatMap, requireSeatMapUploader } from "./members";
import { boundedSeatMaps } from "./seat-map-uploads";
import { deleteSeatMap, findSeatMap, listSeatMaps, readSeatMap, SeatMapsQuery, storeSeatMap, toSummary } from "./seat-maps";
import { seatMapOperations as operations } from "./seat-operations";
import { seatMapJson } from "./seat-views";

const seatMapIdOf = (c: Context): string => pathId(c, "seatMapId", "seat_map_not_found");

export const seatMapRoutes = new Hono<{ Bindings: Env }>()
  .post(
    "/events/seat-maps",
    operation(operations.createSeatMap),
    boundedSeatMaps,
    requireSeatMapUploader("events:write"),
    form(SeatMapDraft),
    async (c) => c.json(toSummary(unwrap(await storeSeatMap(c.env, c.var.form))), 201),
  )
  .get(
    "/events/seat-maps",
    operation(operations.listSeatMaps),
    requireMemberOfQuery("events:read"),
    query(SeatMapsQuery),
    async (c) => c.json(await listSeatMaps(c.env, c.var.query)),
  )
  .get("/events/seat-maps/:seatMapId", operation(operations.getSeatMap), requireMemberOfSeatMap("events:read"), async (c) => {
    const [row, map] = await Promise.all([findSeatMap(c.env, seatMapIdOf(c)), readSeatMap(c.env, seatMapIdOf(c))]);
    if (!row || !map) throw new Problem("seat_map_not_found");
    return c.body(seatMapJson(toSummary(row), map), 200, { "content-type": "application/json" });
  })
  .delete(
    "/events/seat-maps/:seatMapId",
    operation(operations.deleteSeatMap),
    requireMemberOfSeatMap("events:write"),
    async (c) => {
      const row = await findSeatMap(c.env, seatMapIdOf(c));
      if (!row) throw new Problem("seat_map_not_found");
      unwrap(await deleteSeatMap(c.env, row));
      return c.body(null, 204);
    },
  );
