/**
 * Best available for a party with people who need an accessible seat: so many of those, the others beside them on the companions' seats
 * first. No other choice takes either kind.
 */
import { MAX_SEATS_TOGETHER } from "../../shared/contracts/seats";
import { chooseBest } from "./best-available";
import { openSeatIndex, type PlacedSegment, type SeatIndex, type SeatLane, windowsAmong } from "./seat-index";
import { readSegments, type SeatPlace, type SeatSegmentRow } from "./seat-rows";
import { orphansMade, type SeatWindow } from "./seat-runs";

/** Segments that are looked at, nearest first: there are few accessible seats in a map, and fewer in a row. */
const SEGMENTS = 2 * MAX_SEATS_TOGETHER;

/** Null when there are not so many accessible seats, or not enough others. Expects `1 <= accessible <= count`. */
export function chooseAccessible(
  sql: SqlStorage,
  lanes: readonly SeatLane[],
  count: number,
  accessible: number,
): SeatPlace[] | null {
  const segments = nearestSegments(sql, lanes);
  return chooseTogether(segments, count, accessible) ?? chooseApart(sql, lanes, segments, count, accessible);
}

function nearestSegments(sql: SqlStorage, lanes: readonly SeatLane[]): SeatSegmentRow[] {
  const found = lanes.flatMap(({ category, section, whole }) => {
    if (whole) return [];
    const rows = sql.exec<{ segment: number; distance: number }>(
      `SELECT segment, distance FROM accessible_segments WHERE category = ? AND ${section === null ? "?2 IS NULL" : "section = ?2"}
       ORDER BY distance, segment LIMIT ?3`,
      category,
      section,
      SEGMENTS,
    );
    return rows.toArray();
  });
  const numbers = found
    .sort((a, b) => a.distance - b.distance || a.segment - b.segment)
    .slice(0, SEGMENTS)
    .map(({ segment }) => segment);
  const rows = readSegments(sql, numbers);
  return numbers.flatMap((number) => rows.get(number) ?? []);
}

/** The accessible seats that nobody has, nearest rows first; of a map with very many those of the nearest rows. */
export const freeAccessible = (sql: SqlStorage, lanes: readonly SeatLane[]): string[] =>
  nearestSegments(sql, lanes).flatMap(({ seats, kinds, states }) =>
    seats.filter((_, place) => kinds[place] === "a" && states[place] === "f").map(([id]) => id),
  );

interface Together {
  segment: SeatSegmentRow;
  first: number;
  /** Seats of companions among them. */
  beside: number;
  orphans: number;
  distance: number;
}

/** Neighbours among whom are just so many accessible seats, and no companion's seat of anybody else. */
function chooseTogether(segments: readonly SeatSegmentRow[], count: number, accessible: number): SeatPlace[] | null {
  let best: Together | null = null;
  for (const segment of segments) {
    for (let first = 0; first + count <= segment.kinds.length; first++) {
      const places = Array.from({ length: count }, (_, offset) => first + offset);
      if (!places.every((place) => segment.states[place] === "f")) continue;
      if (places.filter((place) => segment.kinds[place] === "a").length !== accessible) continue;
      const ids = new Set(places.map((place) => segment.seats[place]?.[0]));
      const companions = places.filter((place) => segment.kinds[place] === "c");
      if (!companions.every((place) => ids.has(segment.seats[place]?.[2] ?? ""))) continue;
      const candidate = {
        segment,
        first,
        beside: companions.length,
        orphans: orphansMade(segment, segment.states, without(segment.states, places)).length,
        distance: places.reduce((sum, place) => sum + (segment.distances[place] ?? 0), 0),
      };
      if (best === null || isBetter(candidate, best)) best = candidate;
    }
  }
  if (best === null) return null;
  const { segment, first } = best;
  return Array.from({ length: count }, (_, offset) => ({ segment: segment.segment, place: first + offset }));
}

const isBetter = (a: Together, b: Together): boolean =>
  (b.beside - a.beside || a.orphans - b.orphans || a.distance - b.distance) < 0;

function without(states: string, places: readonly number[]): string {
  const letters = [...states];
  for (const place of places) letters[place] = "h";
  return letters.join("");
}

/** The nearest accessible seats, their companions' seats, and for those who are left over the nearest others. */
function chooseApart(
  sql: SqlStorage,
  lanes: readonly SeatLane[],
  segments: readonly SeatSegmentRow[],
  count: number,
  accessible: number,
): SeatPlace[] | null {
  const free = (segment: SeatSegmentRow, kind: string) =>
    segment.seats.flatMap(([id, , companionOf], place) =>
      segment.kinds[place] === kind && segment.states[place] === "f"
        ? [{ segment: segment.segment, place, id, companionOf }]
        : [],
    );
  const chosen = segments.flatMap((segment) => free(segment, "a")).slice(0, accessible);
  const [nearest] = chosen;
  if (chosen.length < accessible || nearest === undefined) return null;
  const ids = new Set(chosen.map(({ id }) => id));
  const companions = segments
    .flatMap((segment) => free(segment, "c"))
    .filter(({ companionOf }) => companionOf !== undefined && ids.has(companionOf))
    .slice(0, count - accessible);
  const index = openSeatIndex(sql, lanes);
  const near = index.around(nearest.segment);
  // With fewer companions' seats only where the others must be more to fill a table.
  for (let beside = companions.length; beside >= 0; beside--) {
    const others = chooseOthers(index, near, count - accessible - beside);
    if (others === null) continue;
    const seated = [...chosen, ...companions.slice(0, beside)].map(({ segment, place }) => ({ segment, place }));
    return [...seated, ...others.flatMap(placesOf)];
  }
  return null;
}

function chooseOthers(index: SeatIndex, near: readonly PlacedSegment[], count: number): SeatWindow[] | null {
  if (count === 0) return [];
  const [beside] = windowsAmong(near, count).sort((a, b) => a.orphans - b.orphans || a.distance - b.distance);
  return beside === undefined ? chooseBest(index, count) : [beside];
}

export const placesOf = ({ segment, first, size }: { segment: number; first: number; size: number }): SeatPlace[] =>
  Array.from({ length: size }, (_, offset) => ({ segment, place: first + offset }));
