/**
 * Segments as rows: read by number, and moved from one state to another together with all that follows from it, the index of free places
 * and the category's pool. However many seats change in one command, the statements are the same few. All that changes of the segments
 * themselves is that seats which were kept for companions become ordinary ones.
 */
import { poolOfSeatCategory } from "../../shared/contracts/seats";
import { compareWindows, runsOf, type SeatWindow, type SegmentShape, type StateLetter, windowsOf } from "./seat-runs";

/** Numbers of one map's segments: contracts/seats.ts allows fewer. */
export const SEGMENTS_PER_MAP = 1_000_000;
/** Keeps a bound text well below the 2 MB that the platform takes. */
const ROWS_PER_STATEMENT = 5_000;

export interface SeatSegmentRow extends SegmentShape {
  categoryId: string;
  label: string;
  /** Id and label of each seat, and whose companion it is. */
  seats: readonly (readonly [id: string, label: string, companionOf?: string])[];
  states: string;
}

/** A seat where it is. */
export interface SeatPlace {
  segment: number;
  place: number;
}

export interface FoundSeat extends SeatPlace {
  id: string;
  categoryId: string;
}

type SegmentRow = {
  number: number;
  category: number;
  section: number;
  whole: number;
  kinds: string;
  distances: string;
  label: string;
  seats: string;
  states: string;
  category_id: string;
};

export function readSegments(sql: SqlStorage, numbers: Iterable<number>): Map<number, SeatSegmentRow> {
  const rows = sql.exec<SegmentRow>(
    `SELECT s.number, s.category, s.section, s.whole, s.kinds, s.distances, s.label, s.seats, st.states, c.id AS category_id
     FROM json_each(?) n CROSS JOIN seat_segments s ON s.number = n.value JOIN seat_states st ON st.segment = s.number
     JOIN seat_categories c ON c.number = s.category`,
    JSON.stringify([...new Set(numbers)]),
  );
  return new Map(
    [...rows].map((row) => [
      row.number,
      {
        segment: row.number,
        category: row.category,
        categoryId: row.category_id,
        section: row.section,
        whole: row.whole === 1,
        kinds: row.kinds,
        // Both written by `installSeats` alone.
        distances: JSON.parse(row.distances) as number[],
        label: row.label,
        seats: JSON.parse(row.seats) as SeatSegmentRow["seats"],
        states: row.states,
      },
    ]),
  );
}

/** The seats of the event's map by their ids; one that it has not is not in the answer. */
export function findSeats(sql: SqlStorage, seatIds: readonly string[]): Map<string, FoundSeat> {
  const rows = sql.exec<{ id: string; segment: number; place: number; category_id: string }>(
    `SELECT s.id, s.segment, s.place, c.id AS category_id
     FROM json_each(?) asked
     -- In this order: the other way it would read the whole map to find a few.
     CROSS JOIN seats s ON s.map = (SELECT number FROM seat_maps WHERE is_active = 1) AND s.id = asked.value
     CROSS JOIN seat_segments g ON g.number = s.segment JOIN seat_categories c ON c.number = g.category`,
    JSON.stringify(seatIds),
  );
  return new Map([...rows].map((row) => [row.id, { ...row, categoryId: row.category_id }]));
}

/**
 * Moves seats from one state to another. That they are in the first one is for the caller to know, by the rows of their owners: another
 * letter here is a bug, and so is a category's pool without room: it counts these very seats.
 */
export function moveSeats(
  sql: SqlStorage,
  seats: readonly SeatPlace[],
  from: StateLetter,
  to: StateLetter,
  known: Map<number, SeatSegmentRow> = readSegments(
    sql,
    seats.map(({ segment }) => segment),
  ),
): void {
  if (seats.length === 0) return;
  const after = new Map<number, string[]>();
  const byPool = new Map<string, number>();
  for (const { segment, place } of seats) {
    const row = known.get(segment);
    const letters = after.get(segment) ?? [...(row?.states ?? "")];
    if (row === undefined || letters[place] !== from) throw new Error(`seat ${place} of segment ${segment} is not ${from}`);
    letters[place] = to;
    after.set(segment, letters);
    const pool = poolOfSeatCategory(row.categoryId);
    byPool.set(pool, (byPool.get(pool) ?? 0) + 1);
  }
  writeStates(
    sql,
    [...after].flatMap(([segment, letters]) => {
      const row = known.get(segment);
      return row === undefined ? [] : [{ row, states: letters.join("") }];
    }),
  );
  sql.exec(
    "UPDATE pools SET held = held + ?2 * e.value, sold = sold + ?3 * e.value, blocked = blocked + ?4 * e.value FROM json_each(?1) e WHERE pools.id = e.key",
    JSON.stringify(Object.fromEntries(byPool)),
    step("h"),
    step("s"),
    step("b"),
  );

  function step(counted: StateLetter): number {
    return (to === counted ? 1 : 0) - (from === counted ? 1 : 0);
  }
}

/** Brings the index of free places along, by what differs. */
export function writeStates(sql: SqlStorage, changes: readonly { row: SeatSegmentRow; states: string }[]): void {
  const changed = changes.filter(({ row, states }) => row.states !== states);
  inParts(
    changed.map(({ row, states }) => [row.segment, states]),
    (part) =>
      sql.exec(
        "UPDATE seat_states SET states = e.value ->> 1 FROM json_each(?) e WHERE segment = e.value ->> 0",
        JSON.stringify(part),
      ),
  );
  const removed: SeatWindow[] = [];
  const added: SeatWindow[] = [];
  for (const { row, states } of changed) {
    const windows = compareWindows(row, row.states, states);
    removed.push(...windows.removed);
    added.push(...windows.added);
  }
  deleteWindows(sql, removed);
  insertWindows(sql, added);
  for (const { row, states } of changed) {
    if (row.kinds.includes("a")) writeAccessible(sql, row, states);
  }
}

/** Other kinds for the seats of segments, of each as many as it has. */
export function reshapeSegments(sql: SqlStorage, changes: readonly { row: SeatSegmentRow; kinds: string }[]): void {
  const windowsIn = (shape: SegmentShape, states: string) => runsOf(shape, states).flatMap((run) => windowsOf(shape, run));
  inParts(
    changes.map(({ row, kinds }) => [row.segment, kinds]),
    (part) =>
      sql.exec(
        "UPDATE seat_segments SET kinds = e.value ->> 1 FROM json_each(?) e WHERE number = e.value ->> 0",
        JSON.stringify(part),
      ),
  );
  deleteWindows(
    sql,
    changes.flatMap(({ row }) => windowsIn(row, row.states)),
  );
  insertWindows(
    sql,
    changes.flatMap(({ row, kinds }) => windowsIn({ ...row, kinds }, row.states)),
  );
}

function deleteWindows(sql: SqlStorage, windows: readonly SeatWindow[]): void {
  inParts(
    windows.map((w) => [w.category, w.whole ? 1 : 0, w.size, w.orphans, w.distance, w.segment, w.first]),
    (part) =>
      sql.exec(
        `DELETE FROM seat_windows WHERE (category, whole, size, orphans, distance, segment, first) IN
           (SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6 FROM json_each(?))`,
        JSON.stringify(part),
      ),
  );
}

export function insertWindows(sql: SqlStorage, windows: readonly SeatWindow[]): void {
  inParts(
    windows.map((w) => [
      w.category,
      w.whole ? 1 : 0,
      w.size,
      w.orphans,
      w.distance,
      w.segment,
      w.first,
      w.runFirst,
      w.runLength,
      w.section,
    ]),
    (part) =>
      sql.exec(
        `INSERT INTO seat_windows (category, whole, size, orphans, distance, segment, first, run_first, run_length, section)
         SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7, value ->> 8,
           value ->> 9 FROM json_each(?)`,
        JSON.stringify(part),
      ),
  );
}

/** A table's accessible seats are sold with it. */
export function nearestAccessible({ whole, kinds, distances }: SegmentShape, states: string): number | null {
  if (whole) return null;
  const free = distances.filter((_, place) => kinds[place] === "a" && states[place] === "f");
  return free.length === 0 ? null : Math.min(...free);
}

function writeAccessible(sql: SqlStorage, row: SeatSegmentRow, states: string): void {
  const distance = nearestAccessible(row, states);
  if (distance === nearestAccessible(row, row.states)) return;
  sql.exec("DELETE FROM accessible_segments WHERE segment = ?", row.segment);
  if (distance === null) return;
  sql.exec(
    "INSERT INTO accessible_segments (category, distance, segment, section) VALUES (?, ?, ?, ?)",
    row.category,
    distance,
    row.segment,
    row.section,
  );
}

export function inParts<Row>(rows: readonly Row[], write: (part: readonly Row[]) => void): void {
  for (let first = 0; first < rows.length; first += ROWS_PER_STATEMENT) write(rows.slice(first, first + ROWS_PER_STATEMENT));
}
