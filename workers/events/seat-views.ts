/** A compiled map as clients read it: sections, rows and tables with their seats, and of an event each seat's state. */
import { z } from "zod";
import { Id, Timestamp } from "../../shared/contracts/ids";
import {
  type CompiledSeat,
  type CompiledSeatMap,
  SEAT_STATE_LETTERS,
  SEAT_STATES,
  SeatMapSummary,
  type SeatSegment,
} from "../../shared/contracts/seats";

const Seat = z.object({
  id: z.string(),
  label: z.string(),
  x: z.number(),
  y: z.number(),
  category: z.string().optional().meta({ description: "Where it is not the row's" }),
  accessible: z.literal(true).optional(),
  companionOf: z.string().optional().meta({ description: "The accessible seat that it is sold with" }),
  gapAfter: z.literal(true).optional().meta({ description: "The next seat of the row is no neighbour" }),
});
const SeatWithState = Seat.extend({ state: z.enum(SEAT_STATES) });
const rowsOf = <S extends z.ZodType>(seat: S) =>
  z.array(z.object({ id: z.string(), label: z.string(), category: z.string(), seats: z.array(seat) }));
const sectionsOf = <S extends z.ZodType>(seat: S) =>
  z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      focus: z.object({ x: z.number(), y: z.number() }),
      rows: rowsOf(seat),
      tables: rowsOf(seat).optional().meta({ description: "Sold whole" }),
    }),
  );
const Category = z.object({ id: z.string(), name: z.string(), color: z.string().optional(), seats: z.int() });

export const SeatMap = SeatMapSummary.extend({ categories: z.array(Category), sections: sectionsOf(Seat) }).meta({
  id: "SeatMap",
});
export type SeatMap = z.infer<typeof SeatMap>;

export const EventSeats = z
  .object({
    eventId: Id,
    seatMapId: Id,
    asOf: Timestamp,
    counts: z.object({ free: z.int(), held: z.int(), sold: z.int(), blocked: z.int() }),
    categories: z.array(Category),
    sections: sectionsOf(SeatWithState),
  })
  .meta({ id: "EventSeats" });
export type EventSeats = z.infer<typeof EventSeats>;

type Letter = keyof typeof SEAT_STATE_LETTERS;
export const stateOf = (letter: string | undefined) => SEAT_STATE_LETTERS[(letter ?? "b") as Letter];

/** Segments of one row, or a table's one. */
export interface RowOfSegments {
  id: string;
  label: string;
  whole: boolean;
  segments: SeatSegment[];
}

/** The map's sections in their order, rows before tables; `sectionId` null for all. */
export function rowsBySection(map: CompiledSeatMap, sectionId: string | null) {
  const bySection = new Map(map.sections.map((section) => [section.id, { ...section, rows: [] as RowOfSegments[] }]));
  for (const segment of map.segments) {
    const section = bySection.get(segment.sectionId);
    if (!section) throw new Error(`a segment names the section ${segment.sectionId}, which is not there`);
    const last = section.rows.at(-1);
    if (last && last.id === segment.rowId && !segment.whole) last.segments.push(segment);
    else section.rows.push({ id: segment.rowId, label: segment.rowLabel, whole: segment.whole, segments: [segment] });
  }
  return [...bySection.values()].filter(({ id }) => sectionId === null || id === sectionId);
}

type SeatExtras = (segment: SeatSegment, place: number) => object;

function viewOf(map: CompiledSeatMap, sectionId: string | null, extras: SeatExtras) {
  return rowsBySection(map, sectionId).map(({ id, name, focus, rows }) => {
    const tables = rows.filter(({ whole }) => whole).map((row) => toRow(row, extras));
    return {
      id,
      name,
      focus,
      rows: rows.filter(({ whole }) => !whole).map((row) => toRow(row, extras)),
      ...(tables.length === 0 ? {} : { tables }),
    };
  });
}

function toRow({ id, label, segments }: RowOfSegments, extras: SeatExtras) {
  const category = segments[0]?.category ?? "";
  const seats = segments.flatMap((segment, at) =>
    segment.seats.map((seat, place) => ({
      ...toSeat(seat),
      ...(segment.category === category ? {} : { category: segment.category }),
      ...(place === segment.seats.length - 1 && segments[at + 1]?.category === segment.category ? { gapAfter: true } : {}),
      ...extras(segment, place),
    })),
  );
  return { id, label, category, seats };
}

const toSeat = ({ id, label, x, y, accessible, companionOf }: CompiledSeat) => ({
  id,
  label,
  x,
  y,
  ...(accessible ? { accessible } : {}),
  ...(companionOf === null ? {} : { companionOf }),
});

const categoriesOf = (map: CompiledSeatMap) =>
  map.categories.map(({ color, ...category }) => ({ ...category, ...(color === null ? {} : { color }) }));

/** As JSON text: a large map's seats become an answer without being checked one by one. */
export const seatMapJson = (summary: SeatMapSummary, map: CompiledSeatMap): string =>
  JSON.stringify({ ...summary, sections: viewOf(map, null, () => ({})) });

/** `EventSeats` without its `asOf`. `states` by segment's number; `sectionId` null for all; seats that are companions' no more. */
export function eventSeatsJson(
  map: CompiledSeatMap,
  eventId: string,
  states: readonly string[],
  sectionId: string | null,
  releasedCompanions: readonly string[] = [],
): string {
  const released = new Set(releasedCompanions);
  const counts = { free: 0, held: 0, sold: 0, blocked: 0 };
  const sections = viewOf(map, sectionId, ({ number, seats }, place) => {
    const state = stateOf(states[number]?.[place]);
    counts[state]++;
    // JSON leaves out what is undefined: the seat is nobody's companion any more.
    return released.size > 0 && released.has(seats[place]?.id ?? "") ? { state, companionOf: undefined } : { state };
  });
  return JSON.stringify({ eventId, seatMapId: map.id, counts, categories: categoriesOf(map), sections });
}
