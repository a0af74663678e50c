/**
 * Categories in a seat map's picture: a line along their rows, dashed in a way of its own, a letter at each block, and both in the
 * legend, so that they are told apart without colours.
 */
import { contrast } from "../../shared/color/contrast";
import type { CompiledSeatMap, SeatSegment } from "../../shared/contracts/seats";
import type { Place } from "./seat-map-places";

/** Enough for what is no text (WCAG 2.2, 1.4.11). */
const SHAPE_CONTRAST = 3;
const LETTERS = 26;
/** Of a line, in the drawing's units; a category beyond the last begins anew, and has its letter. */
const DASHES = ["none", "12 6", "3 5", "16 5 3 5", "6 3", "24 8"];
/** From a row to its line, between its own dots and the next row's. */
const ASIDE = 10;
/** Beyond the first and the last seat's middle, which is as far as their dots reach. */
const REACH = 7;
/** Seats from one point of a bent row's line to the next. */
const SEATS_PER_POINT = 8;
/** Off the straight line, in the drawing's units, that a row may be and still be drawn as one. */
const STRAIGHT_WITHIN = 2;
/** Of a category's name in the legend. */
const MAX_NAME_LETTERS = 40;

export interface CategoryMark {
  id: string;
  name: string;
  letter: string;
  className: string;
  style: string;
}

/** From a place on the map to the drawing. */
interface Projection {
  x(x: number): number;
  y(y: number): number;
  width: number;
  height: number;
}

/** By the order of the whole map, so that a section's picture says the same; none where nothing is to be told apart. */
export function markCategories(map: CompiledSeatMap, otherColor: string, paper: string): Map<string, CategoryMark> {
  const marks = map.categories.map(({ id, name, color }, index): [string, CategoryMark] => {
    const stroke = color !== null && contrast(color, paper) >= SHAPE_CONTRAST ? color : otherColor;
    const className = `k${index}`;
    const style = `.${className}{stroke:${stroke};stroke-dasharray:${DASHES[index % DASHES.length]}}`;
    const shown = [...name].length > MAX_NAME_LETTERS ? `${[...name].slice(0, MAX_NAME_LETTERS - 1).join("")}…` : name;
    return [id, { id, name: shown, letter: letterOf(index), className, style }];
  });
  return new Map(marks.length > 1 ? marks : []);
}

/** A … Z, AA … AZ, BA … */
const letterOf = (index: number): string =>
  (index < LETTERS ? "" : letterOf(Math.floor(index / LETTERS) - 1)) + String.fromCharCode(65 + (index % LETTERS));

/** All lines of a category are one path. A table's is its edge. */
export function drawCategoryLines(
  segments: readonly SeatSegment[],
  marks: ReadonlyMap<string, CategoryMark>,
  projection: Projection,
): string {
  return [...marks.values()]
    .map(({ id, className }) => {
      const lines = segments.filter(({ category, whole }) => category === id && !whole);
      return lines.length === 0
        ? ""
        : `<path class="k ${className}" d="${lines.map((segment) => lineAlong(segment, projection)).join("")}"/>`;
    })
    .join("");
}

function lineAlong({ seats }: SeatSegment, { x, y }: Projection): string {
  const places = seats.map((seat) => ({ x: x(seat.x), y: y(seat.y) }));
  const { along, aside } = directionsOf(places);
  const last = places.length - 1;
  const points = places.flatMap((place, index) => {
    if (index !== 0 && index !== last && (index % SEATS_PER_POINT !== 0 || isStraight(places, aside))) return [];
    return [moved(place, aside, ASIDE)];
  });
  const [from = { x: 0, y: 0 }, to = from] = [points[0], points.at(-1)];
  const ends = [moved(from, along, -REACH), ...points.slice(1, -1), moved(to, along, REACH)];
  let before = { x: 0, y: 0 };
  return ends
    .map(({ x: atX, y: atY }, index) => {
      const [stepX, stepY] = [atX - before.x, atY - before.y];
      before = { x: atX, y: atY };
      return `${index === 0 ? "M" : "l"}${stepX}${stepY < 0 ? "" : " "}${stepY}`;
    })
    .join("");
}

/** Unit vectors: along the row, and to the side that is below it, or to the right of one that stands upright. */
function directionsOf(places: readonly Place[]): { along: Place; aside: Place } {
  const [first, last] = [places[0], places.at(-1)];
  const [dx, dy] = first && last ? [last.x - first.x, last.y - first.y] : [0, 0];
  const length = Math.hypot(dx, dy);
  if (length === 0) return { along: { x: 1, y: 0 }, aside: { x: 0, y: 1 } };
  const along = { x: dx / length, y: dy / length };
  const isBelow = along.x > 0 || (along.x === 0 && along.y < 0);
  return { along, aside: isBelow ? { x: -along.y, y: along.x } : { x: along.y, y: -along.x } };
}

const moved = (place: Place, by: Place, far: number): Place => ({
  x: Math.round(place.x + by.x * far),
  y: Math.round(place.y + by.y * far),
});

function isStraight(places: readonly Place[], aside: Place): boolean {
  const [first] = places;
  const middle = places[places.length >> 1];
  if (!first || !middle) return true;
  return Math.abs((middle.x - first.x) * aside.x + (middle.y - first.y) * aside.y) <= STRAIGHT_WITHIN;
}

/** A letter behind the middle row of each block, which is a section's part of one category. */
export function drawCategoryLetters(
  segments: readonly SeatSegment[],
  marks: ReadonlyMap<string, CategoryMark>,
  projection: Projection,
  fontSize: number,
): string {
  /** Of each block the last part of each row. */
  const blocks = new Map<string, Map<string, SeatSegment>>();
  for (const segment of segments) {
    const name = `${segment.sectionId} ${segment.category} ${segment.whole}`;
    const block = blocks.get(name) ?? new Map<string, SeatSegment>();
    blocks.set(name, block.set(segment.rowId, segment));
  }
  return [...blocks.values()]
    .map((block) => {
      const middle = [...block.values()][block.size >> 1];
      const mark = marks.get(middle?.category ?? "");
      if (!middle || !mark) return "";
      const { x, y } = placeOfLetter(middle, projection, fontSize);
      return `<text class="n" font-size="${fontSize}" x="${x}" y="${y}">${mark.letter}</text>`;
    })
    .join("");
}

/** Behind a row's last seat, or above a table, whose middle has its name. */
function placeOfLetter({ seats, whole }: SeatSegment, { x, y, width, height }: Projection, fontSize: number): Place {
  const places = seats.map((seat) => ({ x: x(seat.x), y: y(seat.y) }));
  const { along } = directionsOf(places);
  const last = places.at(-1) ?? { x: 0, y: 0 };
  const inside = (at: number, extent: number) => Math.round(Math.max(fontSize / 2, Math.min(at, extent - fontSize / 2)));
  const behind = moved(last, along, 2 * REACH + fontSize / 3);
  if (!whole) return { x: inside(behind.x, width), y: inside(behind.y, height) };
  const highest = places.reduce((one, other) => (other.y < one.y ? other : one), last);
  return moved(highest, { x: 0, y: -1 }, REACH + fontSize / 2);
}
