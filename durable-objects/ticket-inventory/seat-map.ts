/**
 * The event's seat map in the object. It is laid beside what the event sells by, part by part, and takes its place with the config that
 * names it: who has a seat keeps it, so that a map which lacks such a seat is refused.
 */
import type { Refusal } from "../../shared/contracts/problems";
import { ok, type Result, refuse } from "../../shared/contracts/result";
import { poolOfSeatCategory, type SeatMapPart, type SeatSegment } from "../../shared/contracts/seats";
import { inParts, insertWindows, nearestAccessible, readSegments, SEGMENTS_PER_MAP, writeStates } from "./seat-rows";
import { runsOf, type SegmentShape, windowsOf } from "./seat-runs";

/** Numbers of one map's categories and sections: contracts/seats.ts allows fewer. */
const NAMES_PER_MAP = 1_000;
/** Seats written by one statement: their text stays below the 2 MB that the platform takes. */
const SEGMENTS_PER_STATEMENT = 200;
/** Told of the seats that stand against another map. */
const SEATS_TOLD = 20;
const THOUSANDTHS = 1_000;

type MapRow = { number: number; parts: number };

function findMap(sql: SqlStorage, seatMapId: string): MapRow | null {
  return sql.exec<MapRow>("SELECT number, parts FROM seat_maps WHERE id = ?", seatMapId).toArray()[0] ?? null;
}

function isComplete(sql: SqlStorage, { number, parts }: MapRow): boolean {
  return sql.exec<{ there: number }>("SELECT COUNT(*) AS there FROM seat_map_parts WHERE map = ?", number).one().there === parts;
}

/** Parts come in any order, and each as often as it likes. */
export function installSeats(sql: SqlStorage, part: SeatMapPart): Result<{ complete: boolean }, Refusal<"seat_map_invalid">> {
  const map = findMap(sql, part.id) ?? beginMap(sql, part);
  if (map.parts !== part.parts || part.part >= part.parts)
    return refuse({ code: "seat_map_invalid", detail: `The map came in ${map.parts} parts before.` });
  const { rowsWritten } = sql.exec(
    "INSERT INTO seat_map_parts (map, part) VALUES (?, ?) ON CONFLICT DO NOTHING",
    map.number,
    part.part,
  );
  if (rowsWritten > 0) writeSegments(sql, map.number, part);
  return ok({ complete: isComplete(sql, map) });
}

/** One map at a time is laid beside the event's: of those that were refused, or given up, nothing stays. */
function beginMap(sql: SqlStorage, { id, parts, categories, sections }: SeatMapPart): MapRow {
  removeOtherMaps(sql);
  const { number } = sql
    .exec<{ number: number }>("INSERT INTO seat_maps (id, parts) VALUES (?, ?) RETURNING number", id, parts)
    .one();
  for (const [index, category] of categories.entries())
    sql.exec(
      "INSERT INTO seat_categories (number, map, id, seats) VALUES (?, ?, ?, ?)",
      number * NAMES_PER_MAP + index,
      number,
      category.id,
      category.seats,
    );
  for (const [index, section] of sections.entries())
    sql.exec("INSERT INTO seat_sections (number, map, id) VALUES (?, ?, ?)", number * NAMES_PER_MAP + index, number, section.id);
  return { number, parts };
}

function writeSegments(sql: SqlStorage, map: number, { segments, sections, categories }: SeatMapPart): void {
  const focusOf = new Map(sections.map((section) => [section.id, section.focus]));
  const sectionNumbers = new Map(sections.map(({ id }, index) => [id, map * NAMES_PER_MAP + index]));
  const categoryNumbers = new Map(categories.map(({ id }, index) => [id, map * NAMES_PER_MAP + index]));

  const shapeOf = (segment: SeatSegment): SegmentShape => {
    const section = sectionNumbers.get(segment.sectionId);
    const category = categoryNumbers.get(segment.category);
    const focus = focusOf.get(segment.sectionId);
    if (section === undefined || category === undefined || focus === undefined)
      throw new Error(`segment ${segment.number} is of no section or category of its map`);
    return {
      segment: map * SEGMENTS_PER_MAP + segment.number,
      category,
      section,
      whole: segment.whole,
      kinds: segment.seats.map(({ accessible, companionOf }) => (accessible ? "a" : companionOf === null ? "o" : "c")).join(""),
      distances: segment.seats.map(({ x, y }) => Math.round(Math.hypot(x - focus.x, y - focus.y) * THOUSANDTHS)),
    };
  };

  for (let first = 0; first < segments.length; first += SEGMENTS_PER_STATEMENT) {
    const some = segments
      .slice(first, first + SEGMENTS_PER_STATEMENT)
      .map((segment) => ({ ...segment, shape: shapeOf(segment) }));
    sql.exec(
      `INSERT INTO seat_segments (number, category, section, whole, first_x, first_y, last_x, last_y, kinds, distances, label, seats)
       SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7, value ->> 8,
         value -> 9, value ->> 10, value -> 11 FROM json_each(?)`,
      JSON.stringify(some.map(({ shape, label, seats }) => segmentRow(shape, label, seats))),
    );
    sql.exec(
      "INSERT INTO seat_states (segment, states) SELECT value ->> 0, value ->> 1 FROM json_each(?)",
      JSON.stringify(some.map(({ shape }) => [shape.segment, "f".repeat(shape.kinds.length)])),
    );
    const seats = some.flatMap(({ shape, seats: own }) => own.map(({ id }, place) => [id, shape.segment, place]));
    inParts(seats, (rows) =>
      sql.exec(
        "INSERT INTO seats (map, id, segment, place) SELECT ?, value ->> 0, value ->> 1, value ->> 2 FROM json_each(?)",
        map,
        JSON.stringify(rows),
      ),
    );
    for (const { shape } of some) {
      const distance = nearestAccessible(shape, "f".repeat(shape.kinds.length));
      if (distance !== null)
        sql.exec(
          "INSERT INTO accessible_segments (category, distance, segment, section) VALUES (?, ?, ?, ?)",
          shape.category,
          distance,
          shape.segment,
          shape.section,
        );
    }
    const free = some.flatMap(({ shape }) =>
      runsOf(shape, "f".repeat(shape.kinds.length)).flatMap((run) => windowsOf(shape, run)),
    );
    insertWindows(sql, free);
  }
}

function segmentRow(shape: SegmentShape, label: string, seats: SeatSegment["seats"]): unknown[] {
  const [first, last] = [seats[0], seats.at(-1)];
  if (first === undefined || last === undefined) throw new Error(`segment ${shape.segment} has no seat`);
  return [
    shape.segment,
    shape.category,
    shape.section,
    shape.whole ? 1 : 0,
    first.x,
    first.y,
    last.x,
    last.y,
    shape.kinds,
    shape.distances,
    label,
    seats.map(({ id, label: own, companionOf }) => (companionOf === null ? [id, own] : [id, own, companionOf])),
  ];
}

/**
 * The map that a config names becomes the one that the event sells by; null takes it away. Every other map that is here goes. Nothing is
 * to do when it stands already.
 */
export function activateMap(sql: SqlStorage, seatMapId: string | null): Refusal<"seats_missing" | "seat_map_in_use"> | null {
  const [standing] = sql.exec<{ id: string }>("SELECT id FROM seat_maps WHERE is_active = 1").toArray();
  if ((standing?.id ?? null) === seatMapId) return null;
  const map = seatMapId === null ? null : findMap(sql, seatMapId);
  if (seatMapId !== null && (map === null || !isComplete(sql, map)))
    return { code: "seats_missing", detail: `The seats of map ${seatMapId} are not here.` };
  const missing = sql
    .exec<{ seat_id: string }>(
      `SELECT o.seat_id FROM seat_owners o LEFT JOIN seats s ON s.map = ? AND s.id = o.seat_id WHERE s.id IS NULL
       ORDER BY o.seat_id LIMIT ?`,
      map?.number ?? null,
      SEATS_TOLD,
    )
    .toArray();
  if (missing.length > 0)
    return {
      code: "seat_map_in_use",
      detail: "Seats that the map lacks are sold, held or blocked.",
      members: { seatIds: missing.map(({ seat_id }) => seat_id) },
    };
  sql.exec("UPDATE seat_maps SET is_active = 0 WHERE is_active = 1");
  if (map !== null) sql.exec("UPDATE seat_maps SET is_active = 1 WHERE number = ?", map.number);
  removeOtherMaps(sql);
  sql.exec("DELETE FROM released_companions");
  if (map !== null) seatOwners(sql, map.number);
  writeSeatPools(sql);
  return null;
}

/** Also maps that were laid beside and never named. */
function removeOtherMaps(sql: SqlStorage): void {
  for (const { number } of sql.exec<{ number: number }>("SELECT number FROM seat_maps WHERE is_active = 0").toArray()) {
    const names = [number * NAMES_PER_MAP, (number + 1) * NAMES_PER_MAP - 1];
    const segments = [number * SEGMENTS_PER_MAP, (number + 1) * SEGMENTS_PER_MAP - 1];
    sql.exec("DELETE FROM seat_windows WHERE category BETWEEN ? AND ?", ...names);
    sql.exec("DELETE FROM accessible_segments WHERE category BETWEEN ? AND ?", ...names);
    sql.exec("DELETE FROM seats WHERE map = ?", number);
    sql.exec("DELETE FROM seat_states WHERE segment BETWEEN ? AND ?", ...segments);
    sql.exec("DELETE FROM seat_segments WHERE number BETWEEN ? AND ?", ...segments);
    sql.exec("DELETE FROM seat_categories WHERE number BETWEEN ? AND ?", ...names);
    sql.exec("DELETE FROM seat_sections WHERE number BETWEEN ? AND ?", ...names);
    sql.exec("DELETE FROM seat_map_parts WHERE map = ?", number);
    sql.exec("DELETE FROM seat_maps WHERE number = ?", number);
  }
}

/** Those who have a seat take it in the new map too. */
function seatOwners(sql: SqlStorage, map: number): void {
  const letters = new Map<number, { place: number; letter: string }[]>();
  const owned = sql.exec<{ segment: number; place: number; state: string }>(
    "SELECT s.segment, s.place, o.state FROM seat_owners o JOIN seats s ON s.map = ? AND s.id = o.seat_id",
    map,
  );
  for (const { segment, place, state } of owned)
    letters.set(segment, [...(letters.get(segment) ?? []), { place, letter: state.slice(0, 1) }]);
  const rows = readSegments(sql, letters.keys());
  const changes = [...rows.values()].map((row) => {
    const states = [...row.states];
    for (const { place, letter } of letters.get(row.segment) ?? []) states[place] = letter;
    return { row, states: states.join("") };
  });
  writeStates(sql, changes);
}

/** One pool a category, as large as it has seats, counted from their owners. */
function writeSeatPools(sql: SqlStorage): void {
  sql.exec("DELETE FROM pools WHERE id LIKE 'seats:%'");
  const owned = sql
    .exec<{ category: number; state: string; seats: number }>(
      `SELECT g.category, o.state, COUNT(*) AS seats FROM seat_maps m JOIN seat_owners o
       JOIN seats s ON s.map = m.number AND s.id = o.seat_id JOIN seat_segments g ON g.number = s.segment
       WHERE m.is_active = 1 GROUP BY 1, 2`,
    )
    .toArray();
  const categories = sql.exec<{ number: number; id: string; seats: number }>(
    "SELECT c.number, c.id, c.seats FROM seat_maps m JOIN seat_categories c ON c.map = m.number WHERE m.is_active = 1",
  );
  for (const { number, id, seats } of categories.toArray()) {
    const count = (state: string) => owned.find((row) => row.category === number && row.state === state)?.seats ?? 0;
    sql.exec(
      "INSERT INTO pools (id, capacity, held, sold, blocked) VALUES (?, ?, ?, ?, ?)",
      poolOfSeatCategory(id),
      seats,
      count("held"),
      count("sold"),
      count("blocked"),
    );
  }
}
