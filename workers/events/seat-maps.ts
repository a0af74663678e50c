/** Organizers' seat maps in D1: stored compiled, because the objects that sell by a map count its segments as they were compiled once. */
import { and, desc, eq, lt, or } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import { z } from "zod";
import { Id, toTimestamp } from "../../shared/contracts/ids";
import type { Refusal } from "../../shared/contracts/problems";
import { ok, type Result, refuse } from "../../shared/contracts/result";
import { type CompiledSeatMap, MAX_SEAT_MAPS, type SeatMapDraft, type SeatMapSummary } from "../../shared/contracts/seats";
import { uuidV7 } from "../../shared/crypto/uuid";
import { decodeCursor, listQuery, page } from "../../shared/http/list";
import type { Env } from "./environment";
import { statement } from "./event-batch";
import { type SeatMapRow, seatMapPieces, seatMaps } from "./schema";
import { compileSeatMap } from "./seat-map-compile";
import { gunzipJson, gzipJson } from "./zipped-json";

const PIECE_BYTES = 1_000_000;
/** Seats of all maps that an isolate remembers; 60,000 take about 10 MB of its memory. */
const MAX_REMEMBERED_SEATS = 200_000;

const remembered = new Map<string, CompiledSeatMap>();

export const SeatMapsQuery = z.object({ organizerId: Id, ...listQuery });

export async function storeSeatMap(env: Env, draft: SeatMapDraft): Promise<Result<SeatMapRow, Refusal>> {
  const nowMs = Date.now();
  const id = uuidV7(nowMs);
  const compiled = compileSeatMap(id, draft);
  if (!compiled.ok) return compiled;
  const map = compiled.value;
  const perSection = new Map<string, number>();
  for (const { sectionId, seats } of map.segments) perSection.set(sectionId, (perSection.get(sectionId) ?? 0) + seats.length);
  const row: SeatMapRow = {
    id,
    organizerId: draft.organizerId,
    name: draft.name,
    seats: map.categories.reduce((sum, { seats }) => sum + seats, 0),
    categories: map.categories,
    sections: map.sections.map((section) => ({ id: section.id, name: section.name, seats: perSection.get(section.id) ?? 0 })),
    createdAtMs: nowMs,
  };
  if ((await countSeatMaps(env, draft.organizerId)) >= MAX_SEAT_MAPS)
    return refuse({ code: "too_many_seat_maps", detail: `An organizer has at most ${MAX_SEAT_MAPS} seat maps.` });
  const db = drizzle(env.DB);
  const bytes = await gzipJson(map);
  const pieces = Array.from({ length: Math.ceil(bytes.byteLength / PIECE_BYTES) }, (_, piece) =>
    env.DB.prepare("INSERT INTO seat_map_pieces (seat_map_id, piece, bytes) VALUES (?, ?, ?)").bind(
      id,
      piece,
      bytes.slice(piece * PIECE_BYTES, (piece + 1) * PIECE_BYTES),
    ),
  );
  await env.DB.batch([statement(env, db.insert(seatMaps).values(row)), ...pieces]);
  remember(map);
  return ok(row);
}

async function countSeatMaps(env: Env, organizerId: string): Promise<number> {
  const row = await env.DB.prepare("SELECT count(*) AS maps FROM seat_maps WHERE organizer_id = ?")
    .bind(organizerId)
    .first<{ maps: number }>();
  return row?.maps ?? 0;
}

/** Newest first. */
export async function listSeatMaps(env: Env, { organizerId, limit, cursor }: z.output<typeof SeatMapsQuery>) {
  const before = decodeCursor(cursor, z.tuple([z.int(), Id]));
  const earlier = before
    ? or(lt(seatMaps.createdAtMs, before[0]), and(eq(seatMaps.createdAtMs, before[0]), lt(seatMaps.id, before[1])))
    : undefined;
  const rows = await drizzle(env.DB)
    .select()
    .from(seatMaps)
    .where(and(eq(seatMaps.organizerId, organizerId), earlier))
    .orderBy(desc(seatMaps.createdAtMs), desc(seatMaps.id))
    .limit(limit + 1);
  return page(rows, limit, toSummary, ({ createdAtMs, id }) => [createdAtMs, id]);
}

export async function findSeatMap(env: Env, seatMapId: string): Promise<SeatMapRow | null> {
  const [row] = await drizzle(env.DB).select().from(seatMaps).where(eq(seatMaps.id, seatMapId));
  return row ?? null;
}

/** Null when there is none. A map never changes, so that an isolate reads it once. */
export async function readSeatMap(env: Env, seatMapId: string): Promise<CompiledSeatMap | null> {
  const known = remembered.get(seatMapId);
  if (known) return known;
  const pieces = await drizzle(env.DB)
    .select({ bytes: seatMapPieces.bytes })
    .from(seatMapPieces)
    .where(eq(seatMapPieces.seatMapId, seatMapId))
    .orderBy(seatMapPieces.piece);
  if (pieces.length === 0) return null;
  // Written by `storeSeatMap`.
  const map = (await gunzipJson(pieces.map(({ bytes }) => new Uint8Array(bytes as ArrayLike<number>)))) as CompiledSeatMap;
  remember(map);
  return map;
}

const seatsOf = (map: CompiledSeatMap): number => map.categories.reduce((sum, { seats }) => sum + seats, 0);

function remember(map: CompiledSeatMap): void {
  let seats = seatsOf(map);
  for (const other of remembered.values()) seats += seatsOf(other);
  for (const [id, oldest] of remembered) {
    if (seats <= MAX_REMEMBERED_SEATS) break;
    remembered.delete(id);
    seats -= seatsOf(oldest);
  }
  remembered.set(map.id, map);
}

/** Only one that no event uses, nor shall use by a change that is under way. */
export async function deleteSeatMap(
  env: Env,
  { id, organizerId }: SeatMapRow,
): Promise<Result<null, Refusal<"seat_map_in_use">>> {
  const deleted = await env.DB.prepare(
    `DELETE FROM seat_maps WHERE id = ?1 AND organizer_id = ?2
       AND NOT EXISTS (SELECT 1 FROM events WHERE seat_map_id = ?1)
       AND NOT EXISTS (SELECT 1 FROM event_changes WHERE wanted ->> '$.event.seatMapId' = ?1)`,
  )
    .bind(id, organizerId)
    .run();
  if (deleted.meta.changes === 0 && (await findSeatMap(env, id)))
    return refuse({ code: "seat_map_in_use", detail: "Events use the map." });
  remembered.delete(id);
  return ok(null);
}

export const toSummary = (row: SeatMapRow): SeatMapSummary => ({
  id: row.id,
  organizerId: row.organizerId,
  name: row.name,
  seats: row.seats,
  categories: row.categories.map(({ color, ...category }) => ({ ...category, ...(color === null ? {} : { color }) })),
  sections: row.sections,
  createdAt: toTimestamp(row.createdAtMs),
});
