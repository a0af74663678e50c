/** A seat map as SVG: one path for the seats of a row that are in the same state, so that 60,000 seats stay a small picture. */
import { type CompiledSeatMap, SEAT_STATES, type SeatSegment, type SeatState } from "../../shared/contracts/seats";
import type { Language } from "../../shared/locale/languages";
import { type CategoryMark, drawCategoryLetters, drawCategoryLines, markCategories } from "./seat-category-marks";
import { LEGEND_WORDS, type LegendWords } from "./seat-legend";
import { hullOf, type Place } from "./seat-map-places";
import { type RowOfSegments, rowsBySection, stateOf } from "./seat-views";

/** Between two neighbours, in the drawing's units: whole numbers are exact enough at that size. */
const PITCH = 20;
/** The longer side, in the drawing's units, however far apart seats stand. */
const MAX_EXTENT = 60_000;
const MARGIN = 2 * PITCH;
/** With more seats than this rows are too small to be labelled, and sections are labelled upon their seats. */
const MAX_LABELLED_SEATS = 3_000;
/** The legend's letters, as a part of the width, and never smaller than this. */
const LEGEND_PART = 1 / 50;
const MIN_LEGEND_LETTERS = 14;
/** A block's letter, as a part of the legend's. */
const LETTER_PART = 0.6;

export const PAPER = "#ffffff";
const INK = "#18181b";
const SOFT_INK = "#52525b";
/** States differ in shape too: a dot, a ring, a small dot, a small square. */
export const STATE_COLORS: Record<SeatState, string> = { free: "#0f7a55", held: "#b45309", sold: "#71717a", blocked: "#3f3f46" };
export const ACCESSIBLE_COLOR = "#1d4ed8";
const CLASS: Record<SeatState, string> = { free: "f", held: "h", sold: "s", blocked: "b" };

const STYLE = [
  "path{fill:none;stroke-linecap:round;stroke-linejoin:round}",
  `.f{stroke:${STATE_COLORS.free};stroke-width:15}`,
  `.h{stroke:${STATE_COLORS.held};stroke-width:15}.i{stroke:${PAPER};stroke-width:7}`,
  `.s{stroke:${STATE_COLORS.sold};stroke-width:8}`,
  `.b{stroke:${STATE_COLORS.blocked};stroke-width:8;stroke-linecap:square}`,
  `.a{stroke:${ACCESSIBLE_COLOR};stroke-width:18;stroke-linecap:square}.c{stroke:${PAPER};stroke-width:14;stroke-linecap:square}`,
  ".t{fill:#f4f4f5;stroke:#d4d4d8;stroke-width:2}",
  `text{font-family:system-ui,sans-serif;fill:${INK};text-anchor:middle;dominant-baseline:central}`,
  `.r{fill:${SOFT_INK};font-size:11px}`,
  `.n{stroke:${PAPER};stroke-width:.25em;paint-order:stroke;stroke-linejoin:round;font-weight:600}`,
  ".l{text-anchor:start}",
  ".k{stroke-width:3;stroke-linecap:butt}",
].join("");

export interface SeatDrawing {
  title: string;
  language: Language;
  /** By segment's number. */
  states: readonly string[];
  /** Null for all sections. */
  sectionId: string | null;
}

interface Scale {
  x(x: number): number;
  y(y: number): number;
  width: number;
  height: number;
}

export function drawSeats(map: CompiledSeatMap, { title, language, states, sectionId }: SeatDrawing): string {
  const sections = rowsBySection(map, sectionId);
  const segments = sections.flatMap(({ rows }) => rows.flatMap((row) => row.segments));
  const scale = scaleOf(segments);
  const seats = segments.reduce((sum, segment) => sum + segment.seats.length, 0);
  const words = LEGEND_WORDS[language];
  const counts = countStates(segments, states);
  const labelled = seats <= MAX_LABELLED_SEATS;
  const marks = markCategories(map, SOFT_INK, PAPER);
  const styles = [...marks.values()].map(({ style }) => style).join("");
  const drawn = sections
    .filter(({ rows }) => rows.length > 0)
    .map((section) => {
      const rows = section.rows.map((row) => drawRow(row, section.name, states, scale, words, labelled, marks));
      const box = boxOf(section.name, section.rows, scale);
      return { rows: `<g><title>${escaped(section.name)}</title>${rows.join("")}</g>`, box };
    });
  const fontSize = Math.max(MIN_LEGEND_LETTERS, Math.round(scale.width * LEGEND_PART));
  const drawnCategories = new Set(segments.map(({ category }) => category));
  const legend = drawLegend(
    words,
    counts,
    scale,
    fontSize,
    segments,
    [...marks.values()].filter(({ id }) => drawnCategories.has(id)),
  );
  const [width, height] = [Math.max(scale.width, legend.width), scale.height + legend.height];
  const description = SEAT_STATES.map((state) => `${words[state]}: ${counts[state]}`).join(", ");
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="graphics-document" lang="${language}"`,
    ' aria-labelledby="seats-title seats-counts">',
    `<title id="seats-title">${escaped(title)}</title><desc id="seats-counts">${description}</desc>`,
    `<style>${STYLE}${styles}</style><rect width="${width}" height="${height}" fill="${PAPER}"/>`,
    drawCategoryLines(segments, marks, scale),
    ...drawn.map(({ rows }) => rows),
    drawCategoryLetters(segments, marks, scale, Math.max(MIN_LEGEND_LETTERS, Math.round(LETTER_PART * fontSize))),
    ...namesOf(
      drawn.map(({ box }) => box),
      labelled,
    ),
    legend.drawn,
    "</svg>",
  ].join("");
}

function drawRow(
  { label, whole, segments }: RowOfSegments,
  sectionName: string,
  states: readonly string[],
  scale: Scale,
  words: LegendWords,
  labelled: boolean,
  marks: ReadonlyMap<string, CategoryMark>,
): string {
  const byState: Record<SeatState, Place[]> = { free: [], held: [], sold: [], blocked: [] };
  const accessible: Place[] = [];
  for (const segment of segments) {
    for (const [place, seat] of segment.seats.entries()) {
      byState[stateOf(states[segment.number]?.[place])].push(seat);
      if (seat.accessible) accessible.push(seat);
    }
  }
  const paths = SEAT_STATES.map((state) => pathOf(CLASS[state], byState[state], scale));
  return [
    `<g><title>${escaped(titleOf(segments, sectionName, marks))}: ${countsIn(byState, words)}</title>`,
    whole ? drawTable(segments[0], scale, marks) : "",
    pathOf("a", accessible, scale),
    pathOf("c", accessible, scale),
    ...paths,
    pathOf("i", byState.held, scale),
    labelled ? labelOf(label, whole, segments[0], scale) : "",
    "</g>",
  ].join("");
}

/** "Row 12" of "Parterre · Row 12 · Seat", and its categories where a map has several. */
function titleOf(segments: readonly SeatSegment[], sectionName: string, marks: ReadonlyMap<string, CategoryMark>): string {
  const label = segments[0]?.label ?? "";
  const row = label.slice(sectionName.length + 3, label.lastIndexOf(" · "));
  const names = new Set(segments.flatMap(({ category }) => marks.get(category)?.name ?? []));
  return [row, ...names].join(", ");
}

const countsIn = (byState: Record<SeatState, Place[]>, words: LegendWords): string =>
  SEAT_STATES.filter((state) => byState[state].length > 0)
    .map((state) => `${byState[state].length} ${words[state].toLowerCase()}`)
    .join(", ");

/** A dot each: a line without length has its caps alone. Steps from seat to seat are short, and mostly the same. */
function pathOf(className: string, places: readonly Place[], scale: Scale): string {
  if (places.length === 0) return "";
  let [lastX, lastY] = [0, 0];
  const steps = places.map((place, index) => {
    const [x, y] = [scale.x(place.x), scale.y(place.y)];
    const [stepX, stepY] = [x - lastX, y - lastY];
    [lastX, lastY] = [x, y];
    return `${index === 0 ? "M" : "m"}${stepX}${stepY < 0 ? "" : " "}${stepY}z`;
  });
  return `<path class="${className}" d="${steps.join("")}"/>`;
}

/** Its edge is its category's line. */
function drawTable(segment: SeatSegment | undefined, scale: Scale, marks: ReadonlyMap<string, CategoryMark>): string {
  const { className = "" } = marks.get(segment?.category ?? "") ?? {};
  const corners = hullOf(segment?.seats ?? []).map(({ x, y }) => `${scale.x(x)} ${scale.y(y)}`);
  return `<path class="${`t ${className}`.trim()}" d="M${corners.join("L")}z"/>`;
}

/** A table's in its middle, a row's beside its first seat. */
function labelOf(label: string, whole: boolean, segment: SeatSegment | undefined, scale: Scale): string {
  const [first, second] = segment?.seats ?? [];
  if (!segment || !first) return "";
  const middle = whole ? middleOf(segment.seats) : beside(first, second ?? first);
  return `<text class="r" x="${scale.x(middle.x)}" y="${scale.y(middle.y)}">${escaped(label)}</text>`;
}

const beside = (first: Place, second: Place): Place => ({ x: 2 * first.x - second.x, y: 2 * first.y - second.y });

const middleOf = (places: readonly Place[]): Place => ({
  x: places.reduce((sum, { x }) => sum + x, 0) / places.length,
  y: places.reduce((sum, { y }) => sum + y, 0) / places.length,
});

interface Box {
  name: string;
  left: number;
  right: number;
  top: number;
  bottom: number;
}

function boxOf(name: string, rows: readonly RowOfSegments[], scale: Scale): Box {
  const seats = rows.flatMap((row) => row.segments.flatMap((segment) => segment.seats));
  const [xs, ys] = [seats.map(({ x }) => scale.x(x)), seats.map(({ y }) => scale.y(y))];
  return { name, left: smallest(xs), right: largest(xs), top: smallest(ys), bottom: largest(ys) };
}

/** Above its rows, or upon them where there are many seats, and then all as large as the middle one of the sections has room for. */
function namesOf(boxes: readonly Box[], above: boolean): string[] {
  const rooms = boxes
    .map(({ name, left, right, top, bottom }) => (1.05 * Math.sqrt((right - left) * (bottom - top))) / Math.max(4, name.length))
    .sort((a, b) => a - b);
  const fontSize = above ? PITCH : Math.max(PITCH, Math.round(rooms[rooms.length >> 1] ?? PITCH));
  return boxes.map(({ name, left, right, top, bottom }) => {
    const [x, y] = [Math.round((left + right) / 2), Math.round(above ? top - 1.4 * PITCH : (top + bottom) / 2)];
    return `<text class="n" font-size="${fontSize}" x="${x}" y="${y}">${escaped(name)}</text>`;
  });
}

const smallest = (values: readonly number[]): number => values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
const largest = (values: readonly number[]): number => values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);

function scaleOf(segments: readonly SeatSegment[]): Scale {
  const seats = segments.flatMap((segment) => segment.seats);
  const [left, top] = [smallest(seats.map(({ x }) => x)), smallest(seats.map(({ y }) => y))];
  const [right, bottom] = [largest(seats.map(({ x }) => x)), largest(seats.map(({ y }) => y))];
  const extent = Math.max(right - left, bottom - top, Number.MIN_VALUE);
  const factor = Math.min(PITCH / pitchOf(segments), MAX_EXTENT / extent);
  return {
    x: (x) => Math.round((x - left) * factor) + MARGIN,
    y: (y) => Math.round((y - top) * factor) + MARGIN,
    width: Math.round((right - left) * factor) + 2 * MARGIN,
    height: Math.round((bottom - top) * factor) + 2 * MARGIN,
  };
}

/** How far neighbours stand apart, where they stand close together; a slip of the pen does not count. */
function pitchOf(segments: readonly SeatSegment[]): number {
  const distances = segments.flatMap(({ seats }) =>
    seats.flatMap((seat, index) => {
      const next = seats[index + 1];
      return next ? [Math.hypot(next.x - seat.x, next.y - seat.y)] : [];
    }),
  );
  distances.sort((a, b) => a - b);
  return distances[Math.floor(distances.length / 20)] || 1;
}

function countStates(segments: readonly SeatSegment[], states: readonly string[]): Record<SeatState, number> {
  const counts = { free: 0, held: 0, sold: 0, blocked: 0 };
  for (const { number, seats } of segments)
    for (let place = 0; place < seats.length; place++) counts[stateOf(states[number]?.[place])]++;
  return counts;
}

/** Below the seats, in as many lines as it takes. */
function drawLegend(
  words: LegendWords,
  counts: Record<SeatState, number>,
  { width, height }: Scale,
  fontSize: number,
  segments: readonly SeatSegment[],
  categories: readonly CategoryMark[],
): { drawn: string; width: number; height: number } {
  const hasAccessible = segments.some(({ seats }) => seats.some(({ accessible }) => accessible));
  const entries: { sample: string; text: string; isFirst?: boolean }[] = [
    ...SEAT_STATES.map((state) => ({ sample: sampleOf(state), text: `${words[state]} ${counts[state].toLocaleString("en")}` })),
    ...(hasAccessible ? [{ sample: '<path class="a" d="M0 0z"/><path class="c" d="M0 0z"/>', text: words.accessible }] : []),
    ...categories.map(({ className, letter, name }, index) => ({
      sample: `<path class="k ${className}" d="M-18 0l26 0"/>`,
      text: `${letter} ${name}`,
      isFirst: index === 0,
    })),
  ];
  const zoom = fontSize / PITCH;
  const lineHeight = 1.8 * fontSize;
  let [x, line, widest] = [MARGIN, 0, 0];
  const drawn = entries.map(({ sample, text, isFirst = false }) => {
    const needed = fontSize * (2.6 + 0.6 * text.length);
    if (x > MARGIN && (isFirst || x + needed > width)) [x, line] = [MARGIN, line + 1];
    const [left, middle] = [Math.round(x + fontSize / 2), Math.round(height + lineHeight * (line + 0.5))];
    x += needed;
    widest = Math.max(widest, x);
    return `<g transform="translate(${left} ${middle})"><g transform="scale(${zoom})">${sample}</g><text class="l" font-size="${fontSize}" x="${fontSize}">${escaped(text)}</text></g>`;
  });
  return { drawn: drawn.join(""), width: Math.round(widest), height: Math.round(lineHeight * (line + 1.3)) };
}

const sampleOf = (state: SeatState): string =>
  `<path class="${CLASS[state]}" d="M0 0z"/>${state === "held" ? '<path class="i" d="M0 0z"/>' : ""}`;

const ENTITIES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

/** Text of an organizer's inside of XML 1.0, which has no place for the two non-characters at all. */
const escaped = (text: string): string =>
  text.replace(/[\uFFFE\uFFFF]/g, "").replace(/[&<>"']/g, (character) => ENTITIES[character] ?? "");
