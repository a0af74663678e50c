/** Seats for whoever comes along with somebody on an accessible one: they are that seat's until the organizer releases them. */
import type { Holder } from "../../shared/contracts/inventory";
import type { Refusal } from "../../shared/contracts/problems";
import { type FoundSeat, readSegments, reshapeSegments, type SeatPlace, type SeatSegmentRow } from "./seat-rows";

/** The accessible seat that this one belongs to; null of any other seat, also at a table, which is sold whole. */
export function companionOf({ kinds, seats, whole }: SeatSegmentRow, place: number): string | null {
  return !whole && kinds[place] === "c" ? (seats[place]?.[2] ?? null) : null;
}

/** A companion's seat, and the accessible one that it belongs to. */
interface Companion {
  id: string;
  beside: string;
}

/** Refused where a companion's seat would go without its accessible one, which is not the holder's already. */
export function checkCompanions(
  sql: SqlStorage,
  holder: Holder,
  seats: readonly FoundSeat[],
  segments: ReadonlyMap<number, SeatSegmentRow>,
  nowMs: number,
): Refusal<"seat_for_companion"> | null {
  const companions = seats.flatMap(({ id, segment, place }) => {
    const row = segments.get(segment);
    const beside = row === undefined ? null : companionOf(row, place);
    return beside === null ? [] : [{ id, beside }];
  });
  const ids = new Set(seats.map(({ id }) => id));
  return refuseLone(
    sql,
    holder,
    companions.filter(({ beside }) => !ids.has(beside)),
    nowMs,
  );
}

function refuseLone(
  sql: SqlStorage,
  holder: Holder,
  lone: readonly Companion[],
  nowMs: number,
): Refusal<"seat_for_companion"> | null {
  if (lone.length === 0) return null;
  const owned = sql.exec<{ seat_id: string }>(
    `SELECT o.seat_id FROM json_each(?1) a CROSS JOIN seat_owners o ON o.seat_id = a.value JOIN holds h ON h.id = o.owner
     WHERE h.holder_kind = ?2 AND h.holder_key = ?3 AND (o.state = 'sold' OR h.expires_at_ms > ?4)`,
    JSON.stringify(lone.map(({ beside }) => beside)),
    holder.kind,
    holder.key,
    nowMs,
  );
  const own = new Set([...owned].map(({ seat_id }) => seat_id));
  const refused = lone.filter(({ beside }) => !own.has(beside));
  if (refused.length === 0) return null;
  const detail = `Sold with the accessible seat beside: ${refused.map(({ beside }) => beside).join(", ")}.`;
  return { code: "seat_for_companion", detail, members: { seatIds: refused.map(({ id }) => id) } };
}

/**
 * The same of seats that are known by their ids alone; those that the map has not are not looked at. The accessible seat may have gone
 * since they were picked, so that each step towards a ticket asks anew: one read, of the seats themselves.
 */
export function checkCompanionsAmong(
  sql: SqlStorage,
  holder: Holder,
  seatIds: readonly string[],
  nowMs: number,
): Refusal<"seat_for_companion"> | null {
  if (seatIds.length === 0) return null;
  const companions = sql.exec<{ id: string; beside: string }>(
    `SELECT s.id, g.seats -> s.place ->> 2 AS beside FROM json_each(?) asked
     CROSS JOIN seats s ON s.map = (SELECT number FROM seat_maps WHERE is_active = 1) AND s.id = asked.value
     CROSS JOIN seat_segments g ON g.number = s.segment
     WHERE g.whole = 0 AND substr(g.kinds, s.place + 1, 1) = 'c' AND g.seats -> s.place ->> 2 IS NOT NULL`,
    JSON.stringify(seatIds),
  );
  const ids = new Set(seatIds);
  return refuseLone(
    sql,
    holder,
    companions.toArray().filter(({ beside }) => !ids.has(beside)),
    nowMs,
  );
}

/** Companions' seats become like any other, for the best available too, until the event has another map. Answers those that were not. */
export function releaseCompanions(sql: SqlStorage, seats: readonly (SeatPlace & { id: string })[]): Set<string> {
  const segments = readSegments(
    sql,
    seats.map(({ segment }) => segment),
  );
  const released = seats.filter(({ segment, place }) => {
    const row = segments.get(segment);
    return row !== undefined && companionOf(row, place) !== null;
  });
  const placesOf = new Map<number, Set<number>>();
  for (const { segment, place } of released) placesOf.set(segment, (placesOf.get(segment) ?? new Set()).add(place));
  const reshaped: { row: SeatSegmentRow; kinds: string }[] = [];
  for (const [number, places] of placesOf) {
    const row = segments.get(number);
    if (row === undefined) continue;
    const kinds = [...row.kinds].map((kind, place) => (places.has(place) ? "o" : kind)).join("");
    reshaped.push({ row, kinds });
  }
  reshapeSegments(sql, reshaped);
  sql.exec(
    "INSERT INTO released_companions (seat_id) SELECT value FROM json_each(?) WHERE true ON CONFLICT DO NOTHING",
    JSON.stringify(released.map(({ id }) => id)),
  );
  return new Set(released.map(({ id }) => id));
}

/** In the order of ids. */
export const releasedCompanions = (sql: SqlStorage): string[] =>
  sql
    .exec<{ seat_id: string }>("SELECT seat_id FROM released_companions ORDER BY seat_id")
    .toArray()
    .map(({ seat_id }) => seat_id);
