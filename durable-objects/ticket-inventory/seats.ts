/**
 * Who has which seat. `seat_owners` has one row a taken seat, so that whatever a command does, a seat has one owner at most; the letters
 * of its segment, the index of free places and the category's pool move with it.
 */
import type { HeldLine, HeldSeat, Line } from "../../shared/contracts/inventory";
import type { Refusal } from "../../shared/contracts/problems";
import { ok, type Result, refuse } from "../../shared/contracts/result";
import { MAX_SEATS_PER_CHANGE, poolOfSeatCategory, type SeatStates } from "../../shared/contracts/seats";
import type { Terms } from "./event";
import { releaseCompanions, releasedCompanions } from "./seat-companions";
import { seatRepeated } from "./seat-form";
import { type FoundSeat, findSeats, moveSeats, SEGMENTS_PER_MAP, type SeatPlace, type SeatSegmentRow } from "./seat-rows";

export const seatIdsOf = (lines: readonly HeldLine[]): string[] => lines.flatMap(({ seats = [] }) => seats.map(({ id }) => id));

/** What a hold has, as it would be asked for once more. */
export const askAgain = (lines: readonly HeldLine[]): Line[] =>
  lines.map(({ ticketTypeId, quantity, seats }) =>
    seats === undefined ? { ticketTypeId, quantity } : { ticketTypeId, quantity, seatIds: seats.map(({ id }) => id) },
  );

const ONE_OWNER = "UNIQUE constraint failed: seat_owners.seat_id";

/** Seats by segment and place, as the hold's lines name them. */
export function nameSeats(segments: Map<number, SeatSegmentRow>, places: readonly SeatPlace[]): HeldSeat[] {
  return places.map(({ segment, place }) => {
    const row = segments.get(segment);
    const seat = row?.seats[place];
    if (row === undefined || seat === undefined) throw new Error(`segment ${segment} has no seat ${place}`);
    return { id: seat[0], label: `${row.label} ${seat[1]}` };
  });
}

/** Takes free seats for a hold, all or none. They must be seats of the map; those that somebody has are told. */
export function takeSeats(
  sql: SqlStorage,
  holdId: string,
  as: "held" | "sold",
  seats: readonly (SeatPlace & { id: string })[],
  known?: Map<number, SeatSegmentRow>,
): Refusal<"seat_taken"> | null {
  if (seats.length === 0) return null;
  const seatIds = seats.map(({ id }) => id);
  if (!insertOwners(sql, seatIds, as, holdId, null)) return seatTaken(sql, seatIds);
  moveSeats(sql, seats, "f", as === "held" ? "h" : "s", known);
  return null;
}

function insertOwners(
  sql: SqlStorage,
  seatIds: readonly string[],
  state: "held" | "sold" | "blocked",
  owner: string | null,
  reason: string | null,
): boolean {
  try {
    sql.exec(
      "INSERT INTO seat_owners (seat_id, state, owner, reason) SELECT value, ?, ?, ? FROM json_each(?)",
      state,
      owner,
      reason,
      JSON.stringify(seatIds),
    );
    return true;
  } catch (error) {
    if (error instanceof Error && error.message.includes(ONE_OWNER)) return false;
    throw error;
  }
}

function seatTaken(sql: SqlStorage, seatIds: readonly string[]): Refusal<"seat_taken"> {
  const taken = sql.exec<{ seat_id: string }>(
    "SELECT seat_id FROM seat_owners WHERE seat_id IN (SELECT value FROM json_each(?)) ORDER BY seat_id",
    JSON.stringify(seatIds),
  );
  return { code: "seat_taken", members: { seatIds: [...taken].map(({ seat_id }) => seat_id) } };
}

/** The same seats once more, for a hold or an order whose hold has ended. False when one of them is taken, or no longer there. */
export function takeSeatsAgain(sql: SqlStorage, holdId: string, as: "held" | "sold", seatIds: readonly string[]): boolean {
  if (seatIds.length === 0) return true;
  const found = findSeats(sql, seatIds);
  const seats = seatIds.flatMap((id) => found.get(id) ?? []);
  return seats.length === seatIds.length && takeSeats(sql, holdId, as, seats) === null;
}

/** What a hold has becomes sold. The seats must be the hold's. */
export function sellHeldSeats(sql: SqlStorage, holdId: string, seatIds: readonly string[]): void {
  if (seatIds.length === 0) return;
  const { rowsWritten } = sql.exec(
    "UPDATE seat_owners SET state = 'sold' WHERE seat_id IN (SELECT value FROM json_each(?)) AND state = 'held' AND owner = ?",
    JSON.stringify(seatIds),
    holdId,
  );
  if (rowsWritten !== seatIds.length) throw new Error(`hold ${holdId} has not all of its seats`);
  moveSeats(sql, [...findSeats(sql, seatIds).values()], "h", "s");
}

/** Gives seats back that are in this state. Each must be. */
export function returnSeats(sql: SqlStorage, as: "held" | "sold", seatIds: readonly string[]): void {
  if (seatIds.length === 0) return;
  const { rowsWritten } = sql.exec(
    "DELETE FROM seat_owners WHERE seat_id IN (SELECT value FROM json_each(?)) AND state = ?",
    JSON.stringify(seatIds),
    as,
  );
  if (rowsWritten !== seatIds.length) throw new Error(`of ${seatIds.length} seats ${rowsWritten} were ${as}`);
  moveSeats(sql, [...findSeats(sql, seatIds).values()], as === "held" ? "h" : "s", "f");
}

type NamedSeats = Refusal<"seat_unknown" | "seat_repeated">;

/** The seats of a list that is to name each once, and the map's alone. */
export function knownSeats(sql: SqlStorage, seatIds: readonly string[]): Result<(SeatPlace & { id: string })[], NamedSeats> {
  if (seatIds.length > MAX_SEATS_PER_CHANGE) throw new RangeError(`at most ${MAX_SEATS_PER_CHANGE} seats a call`);
  if (new Set(seatIds).size !== seatIds.length) return refuse(seatRepeated(seatIds));
  const found = findSeats(sql, seatIds);
  const unknown = seatIds.filter((id) => !found.has(id));
  if (unknown.length > 0) return refuse({ code: "seat_unknown", members: { seatIds: unknown } });
  return ok([...found.values()]);
}

/** Keeps free seats back, all or none; one that is blocked already stays so. */
export function blockSeats(
  sql: SqlStorage,
  seatIds: readonly string[],
  reason: string | null,
): Result<{ changed: number }, NamedSeats | Refusal<"seat_taken">> {
  const known = knownSeats(sql, seatIds);
  if (!known.ok) return known;
  const blocked = blockedAmong(sql, seatIds);
  const seats = known.value.filter(({ id }) => !blocked.has(id));
  const free = seats.map(({ id }) => id);
  if (!insertOwners(sql, free, "blocked", null, reason)) return refuse(seatTaken(sql, free));
  moveSeats(sql, seats, "f", "b");
  return ok({ changed: seats.length });
}

/** Blocked seats become free; any other stays as it is. `companions`: those of them that are a companion's become everybody's. */
export function releaseSeats(
  sql: SqlStorage,
  seatIds: readonly string[],
  companions = false,
): Result<{ changed: number }, NamedSeats> {
  const known = knownSeats(sql, seatIds);
  if (!known.ok) return known;
  const blocked = blockedAmong(sql, seatIds);
  const seats = known.value.filter(({ id }) => blocked.has(id));
  sql.exec("DELETE FROM seat_owners WHERE seat_id IN (SELECT value FROM json_each(?))", JSON.stringify([...blocked]));
  moveSeats(sql, seats, "b", "f");
  const released = companions ? releaseCompanions(sql, known.value) : new Set<string>();
  return ok({ changed: new Set([...blocked, ...released]).size });
}

/** Those of the ids that nobody has, in their order; one that is no seat of the map is among them. */
export function freeAmong(sql: SqlStorage, seatIds: readonly string[]): string[] {
  const owned = sql.exec<{ seat_id: string }>(
    "SELECT seat_id FROM seat_owners WHERE seat_id IN (SELECT value FROM json_each(?))",
    JSON.stringify(seatIds),
  );
  const taken = new Set([...owned].map(({ seat_id }) => seat_id));
  return seatIds.filter((id) => !taken.has(id));
}

function blockedAmong(sql: SqlStorage, seatIds: readonly string[]): Set<string> {
  const rows = sql.exec<{ seat_id: string }>(
    "SELECT seat_id FROM seat_owners WHERE seat_id IN (SELECT value FROM json_each(?)) AND state = 'blocked'",
    JSON.stringify(seatIds),
  );
  return new Set([...rows].map(({ seat_id }) => seat_id));
}

/** Seats of holds that are due and not ended yet: for whoever reads, they are free (rule 10). */
function dueSeats(sql: SqlStorage, nowMs: number): FoundSeat[] {
  const due = sql
    .exec<{ id: string }>(
      `SELECT seat.value ->> 'id' AS id FROM holds h JOIN json_each(h.lines) line JOIN json_each(line.value, '$.seats') seat
       WHERE h.status IN ('held', 'claimed') AND h.expires_at_ms <= ?`,
      nowMs,
    )
    .toArray();
  if (due.length === 0) return [];
  const seatIds = due.map(({ id }) => id);
  return [...findSeats(sql, seatIds).values()];
}

/** Of each category's pool how many seats are due. */
export function dueSeatsByPool(sql: SqlStorage, nowMs: number): Map<string, number> {
  const byPool = new Map<string, number>();
  for (const { categoryId } of dueSeats(sql, nowMs)) {
    const poolId = poolOfSeatCategory(categoryId);
    byPool.set(poolId, (byPool.get(poolId) ?? 0) + 1);
  }
  return byPool;
}

/** The letters of every segment in the map's order, null without a map: one pass over the segments. */
export function tellStates(sql: SqlStorage, { isPublic, organizerId }: Terms, nowMs: number): SeatStates | null {
  const [map] = sql.exec<{ id: string }>("SELECT id FROM seat_maps WHERE is_active = 1").toArray();
  if (map === undefined) return null;
  const letters = new Map<number, string>();
  // Only the event's own map is here, but for one that is being laid beside it.
  for (const { segment, states } of sql.exec<{ segment: number; states: string }>(
    `SELECT st.segment, st.states FROM seat_maps m JOIN seat_states st ON st.segment BETWEEN m.number * ?1 AND (m.number + 1) * ?1 - 1
     WHERE m.is_active = 1 ORDER BY st.segment`,
    SEGMENTS_PER_MAP,
  ))
    letters.set(segment, states);
  for (const { segment, place } of dueSeats(sql, nowMs)) {
    const states = letters.get(segment) ?? "";
    letters.set(segment, `${states.slice(0, place)}f${states.slice(place + 1)}`);
  }
  const told = { isPublic, organizerId, seatMapId: map.id, asOfMs: nowMs, states: [...letters.values()] };
  return { ...told, releasedCompanions: releasedCompanions(sql) };
}
