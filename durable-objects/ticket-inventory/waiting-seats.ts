/**
 * The seats of a category by how they can be given: loose ones, tables of each size, and those for wheelchairs and who comes with them.
 * Whoever waits is given the best that are free, so that seats which only somebody who asks for them gets, and tables that are too large
 * for him, are not kept for him.
 */
import { poolOfSeatCategory } from "../../shared/contracts/seats";
import type { SeatLane } from "./seat-index";
import { findSeats, readSegments } from "./seat-rows";
import { isSpecial, type Supply } from "./waiting-supply";

/** Keys beside the pools' own in a count of what is left. */
export const looseOf = (category: string): string => `${poolOfSeatCategory(category)}#loose`;
export const tablesOf = (category: string, size: number): string => `${poolOfSeatCategory(category)}#table${size}`;

/** Completes what is left by pool with what is left of each kind of seat. A due hold's seats count as loose ones until it is ended. */
export function countKinds(sql: SqlStorage, supply: Supply, left: Map<string, number>): void {
  if (supply.seats.size === 0) return;
  const tables = freeTables(sql);
  for (const [category, { special, tables: sizes }] of supply.seats) {
    let rest = (left.get(poolOfSeatCategory(category)) ?? 0) - freeSpecial(sql, special);
    for (const size of sizes.keys()) {
      const free = Math.min(Math.max(0, rest), tables.get(tablesOf(category, size)) ?? 0);
      left.set(tablesOf(category, size), free);
      rest -= free;
    }
    left.set(looseOf(category), Math.max(0, rest));
  }
}

/** Seats at free tables. A table is in the index once, with its own size. */
function freeTables(sql: SqlStorage): Map<string, number> {
  const rows = sql.exec<{ id: string; size: number; seats: number }>(
    `SELECT c.id, w.size, COUNT(*) * w.size AS seats FROM seat_maps m JOIN seat_categories c ON c.map = m.number
     JOIN seat_windows w ON w.category = c.number AND w.whole = 1 WHERE m.is_active = 1 GROUP BY c.id, w.size`,
  );
  return new Map([...rows].map(({ id, size, seats }) => [tablesOf(id, size), seats]));
}

function freeSpecial(sql: SqlStorage, special: ReadonlyMap<number, string>): number {
  if (special.size === 0) return 0;
  const rows = sql.exec<{ segment: number; states: string }>(
    "SELECT st.segment, st.states FROM json_each(?) n CROSS JOIN seat_states st ON st.segment = n.value",
    JSON.stringify([...special.keys()]),
  );
  let free = 0;
  for (const { segment, states } of rows) {
    const kinds = special.get(segment) ?? "";
    for (let place = 0; place < states.length; place++) if (states[place] === "f" && isSpecial(kinds[place])) free += 1;
  }
  return free;
}

/** What an offer of so many may be made of: loose seats, and tables that are not too large. */
export const keysFor = (supply: Supply, category: string, quantity: number): string[] => [
  looseOf(category),
  ...[...(supply.seats.get(category)?.tables.keys() ?? [])]
    .filter((size) => size <= quantity)
    .map((size) => tablesOf(category, size)),
];

/** All kinds of the category's seats that are given without being asked for. */
export const keysOf = (supply: Supply, category: string): string[] => keysFor(supply, category, Number.POSITIVE_INFINITY);

/** By pool and by kind, how many seats these are. */
export function kindsOfSeats(sql: SqlStorage, seatIds: readonly string[]): Map<string, number> {
  const kinds = new Map<string, number>();
  if (seatIds.length === 0) return kinds;
  const found = [...findSeats(sql, seatIds).values()];
  const segments = readSegments(
    sql,
    found.map(({ segment }) => segment),
  );
  const count = (key: string) => kinds.set(key, (kinds.get(key) ?? 0) + 1);
  for (const { segment, place, categoryId } of found) {
    const row = segments.get(segment);
    count(poolOfSeatCategory(categoryId));
    if (row?.whole) count(tablesOf(categoryId, row.kinds.length));
    else if (!isSpecial(row?.kinds[place])) count(looseOf(categoryId));
  }
  return kinds;
}

/** Whether a party of so many may choose there: nothing is set aside of it, or enough remains. */
export type LaneCheck = (lane: SeatLane) => boolean;

/** `all`: what there is, before anything of it was set aside. */
export function openLanes(
  sql: SqlStorage,
  supply: Supply,
  all: ReadonlyMap<string, number>,
  left: ReadonlyMap<string, number>,
  quantity: number,
): LaneCheck {
  const isShort = (key: string) => (left.get(key) ?? 0) < Math.min(all.get(key) ?? 0, quantity);
  const closed = new Set<string>();
  for (const [category, { tables }] of supply.seats) {
    if (isShort(looseOf(category))) closed.add(`${category} loose`);
    if ([...tables.keys()].some((size) => size <= quantity && isShort(tablesOf(category, size))))
      closed.add(`${category} tables`);
  }
  if (closed.size === 0) return () => true;
  const rows = sql.exec<{ number: number; id: string }>(
    "SELECT c.number, c.id FROM seat_maps m JOIN seat_categories c ON c.map = m.number WHERE m.is_active = 1",
  );
  const names = new Map([...rows].map(({ number, id }) => [number, id]));
  return ({ category, whole }) => !closed.has(`${names.get(category)} ${whole ? "tables" : "loose"}`);
}
