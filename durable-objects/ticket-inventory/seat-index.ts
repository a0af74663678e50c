/**
 * The index of free places as best available asks it: the first rows of a size are the best, so that what is read is bounded by what is
 * asked for and not by the map.
 */
import { bestWindow, runsOf, type SeatWindow, type SegmentShape } from "./seat-runs";

/** One stretch of the index; all lanes together are where the seats may be. Numbers of the object's own. */
export interface SeatLane {
  category: number;
  /** Null for all sections. */
  section: number | null;
  /** Tables, or seats that are sold by themselves. */
  whole: boolean;
}

/** A segment with where it lies, by its two ends. */
export interface PlacedSegment extends SegmentShape {
  states: string;
  ends: readonly [x: number, y: number, x: number, y: number];
}

export interface PlacedWindow extends SeatWindow {
  /** Its middle, in the map's unit. */
  x: number;
  y: number;
}

/** What the choice reads. A table's window is of its own size alone, and `runLength` equals `size`. */
export interface SeatIndex {
  /**
   * The best places for so many people together, each in a run of its own: fewest orphans first, then the least distance. Tables alone,
   * or no table, where `whole` says so.
   */
  best(size: number, limit: number, whole?: boolean): PlacedWindow[];
  /** The greatest size, at most `atMost`, for which there is any; 0 when nothing is free. */
  greatest(atMost: number): number;
  /** The segment and the nearest by number of the same section that are in the field, itself among them. */
  around(segment: number): PlacedSegment[];
}

/** Rows to either side that are looked at for a second part: in the map's order near numbers are near rows. */
const NEIGHBOURS = 8;

type WindowRow = {
  category: number;
  section: number;
  segment: number;
  whole: number;
  size: number;
  first: number;
  run_first: number;
  run_length: number;
  orphans: number;
  distance: number;
  seats: number;
  first_x: number;
  first_y: number;
  last_x: number;
  last_y: number;
};

/** Lanes in which anything is free: of these categories of the event's map, and of these sections unless null. */
export function lanesOf(sql: SqlStorage, categoryIds: readonly string[], sectionIds: readonly string[] | null): SeatLane[] {
  const categories = "seat_maps m JOIN seat_categories c ON c.map = m.number AND c.id IN (SELECT value FROM json_each(?))";
  const rows =
    sectionIds === null
      ? sql.exec<{ category: number; section: number | null; whole: number }>(
          `SELECT c.number AS category, NULL AS section, w.value AS whole FROM ${categories} JOIN json_each('[0, 1]') w
           WHERE m.is_active = 1 AND (
             EXISTS (SELECT 1 FROM seat_windows f WHERE f.category = c.number AND f.whole = w.value)
             OR (w.value = 0 AND EXISTS (SELECT 1 FROM accessible_segments a WHERE a.category = c.number)))`,
          JSON.stringify(categoryIds),
        )
      : sql.exec<{ category: number; section: number | null; whole: number }>(
          `SELECT c.number AS category, s.number AS section, w.value AS whole FROM ${categories} JOIN json_each('[0, 1]') w
           JOIN seat_sections s ON s.map = m.number AND s.id IN (SELECT value FROM json_each(?))
           WHERE m.is_active = 1 AND (
             EXISTS (SELECT 1 FROM seat_windows f WHERE f.section = s.number AND f.category = c.number AND f.whole = w.value)
             OR (w.value = 0 AND EXISTS (SELECT 1 FROM accessible_segments a WHERE a.section = s.number AND a.category = c.number)))`,
          JSON.stringify(categoryIds),
          JSON.stringify(sectionIds),
        );
  return [...rows].map((row) => ({ ...row, whole: row.whole === 1 }));
}

export function openSeatIndex(sql: SqlStorage, lanes: readonly SeatLane[]): SeatIndex {
  const categories = new Set(lanes.map(({ category }) => category));
  const within = ({ category, section, whole }: SeatLane) =>
    section === null
      ? { source: "seat_windows", where: "category = ? AND whole = ?", values: [category, whole ? 1 : 0] }
      : {
          source: "seat_windows INDEXED BY seat_windows_section",
          where: "section = ? AND category = ? AND whole = ?",
          values: [section, category, whole ? 1 : 0],
        };

  return {
    best: (size, limit, whole) => {
      const found = lanes.flatMap((lane) => {
        if (whole !== undefined && lane.whole !== whole) return [];
        const { source, where, values } = within(lane);
        const rows = sql.exec<WindowRow>(
          `SELECT w.*, length(s.kinds) AS seats, s.first_x, s.first_y, s.last_x, s.last_y
           FROM (SELECT * FROM ${source} WHERE ${where} AND size = ? ORDER BY orphans, distance, segment, first LIMIT ?) w
           JOIN seat_segments s ON s.number = w.segment`,
          ...values,
          size,
          limit,
        );
        return rows.toArray().map(toWindow);
      });
      return found.sort(inOrder).slice(0, limit);
    },
    greatest: (atMost) => {
      const sizes = lanes.map((lane) => {
        const { source, where, values } = within(lane);
        const rows = sql.exec<{ size: number | null }>(
          `SELECT MAX(size) AS size FROM ${source} WHERE ${where} AND size <= ?`,
          ...values,
          atMost,
        );
        return rows.one().size ?? 0;
      });
      return Math.max(0, ...sizes);
    },
    around: (segment) =>
      sql
        .exec<Omit<WindowRow, "size"> & { number: number; kinds: string; distances: string; states: string }>(
          `SELECT s.number, s.category, s.section, s.whole, s.first_x, s.first_y, s.last_x, s.last_y, s.kinds, s.distances, st.states
           FROM seat_segments s JOIN seat_states st ON st.segment = s.number
           WHERE s.number BETWEEN ?1 - ?2 AND ?1 + ?2 AND s.section = (SELECT section FROM seat_segments WHERE number = ?1)`,
          segment,
          NEIGHBOURS,
        )
        .toArray()
        .filter((row) => categories.has(row.category))
        .map((row) => ({
          segment: row.number,
          category: row.category,
          section: row.section,
          whole: row.whole === 1,
          kinds: row.kinds,
          // Written by `installSeats` alone.
          distances: JSON.parse(row.distances) as number[],
          states: row.states,
          ends: [row.first_x, row.first_y, row.last_x, row.last_y],
        })),
  };
}

function toWindow(row: WindowRow): PlacedWindow {
  const window = {
    category: row.category,
    section: row.section,
    segment: row.segment,
    whole: row.whole === 1,
    size: row.size,
    first: row.first,
    runFirst: row.run_first,
    runLength: row.run_length,
    orphans: row.orphans,
    distance: row.distance,
  };
  return placeWindow(window, row.seats, [row.first_x, row.first_y, row.last_x, row.last_y]);
}

/** Seats of a segment lie about evenly between its ends, which is near enough to compare how far parts of a party are from each other. */
export function placeWindow(window: SeatWindow, seats: number, [x0, y0, x1, y1]: PlacedSegment["ends"]): PlacedWindow {
  const along = seats === 1 ? 0 : (window.first + (window.size - 1) / 2) / (seats - 1);
  return { ...window, x: x0 + (x1 - x0) * along, y: y0 + (y1 - y0) * along };
}

export const inOrder = (a: SeatWindow, b: SeatWindow): number =>
  a.orphans - b.orphans || a.distance - b.distance || a.segment - b.segment || a.first - b.first;

/** The best place for so many people in each run of these segments. */
export function windowsAmong(segments: readonly PlacedSegment[], size: number): PlacedWindow[] {
  return segments.flatMap((segment) =>
    runsOf(segment, segment.states)
      .filter(({ length }) => (segment.whole ? length === size : length >= size))
      .map((run) => placeWindow(bestWindow(segment, run, size), segment.kinds.length, segment.ends)),
  );
}
