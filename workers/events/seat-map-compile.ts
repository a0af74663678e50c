/** A drafted seat map becomes what the event's object decides with: every seat in a segment of neighbours, every name checked. */
import type { Refusal } from "../../shared/contracts/problems";
import { ok, type Result, refuse } from "../../shared/contracts/result";
import {
  type CompiledSeat,
  type CompiledSeatMap,
  SEATS_PER_PART,
  type SeatMapDraft,
  type SeatMapPart,
  type SeatSegment,
} from "../../shared/contracts/seats";
import { checkCounts, checkNames, checkPlaces } from "./seat-map-checks";
import { type SeatOfRow, seatsOfRow } from "./seat-runs";

type Section = SeatMapDraft["sections"][number];

const DEFAULT_WORDS = { row: "Row", seat: "Seat", table: "Table" };
const SEPARATOR = " · ";

/** `errors` point to the first faults of the draft, counts before names before places; nothing is expanded that has too much. */
export function compileSeatMap(id: string, draft: SeatMapDraft): Result<CompiledSeatMap, Refusal<"seat_map_invalid">> {
  const tooMuch = checkCounts(draft);
  if (tooMuch.length > 0) return refuse({ code: "seat_map_invalid", errors: tooMuch });
  const unnamed = checkNames(draft);
  if (unnamed.length > 0) return refuse({ code: "seat_map_invalid", errors: unnamed });
  const misplaced = checkPlaces(draft);
  if (misplaced.length > 0) return refuse({ code: "seat_map_invalid", errors: misplaced });
  const words = {
    row: draft.words?.row ?? DEFAULT_WORDS.row,
    seat: draft.words?.seat ?? DEFAULT_WORDS.seat,
    table: draft.words?.table ?? DEFAULT_WORDS.table,
  };
  const segments = numbered(draft.sections.flatMap((section) => segmentsOf(section, words)));
  const seats = new Map<string, number>();
  for (const segment of segments) seats.set(segment.category, (seats.get(segment.category) ?? 0) + segment.seats.length);
  return ok({
    id,
    categories: draft.categories.map((category) => ({
      id: category.id,
      name: category.name,
      color: category.color ?? null,
      seats: seats.get(category.id) ?? 0,
    })),
    sections: draft.sections.map(({ id: sectionId, name, focus }) => ({ id: sectionId, name, focus })),
    segments,
  });
}

/** The map as it travels to the object. */
export function partsOf({ id, categories, sections, segments }: CompiledSeatMap): SeatMapPart[] {
  const chunks: SeatSegment[][] = [[]];
  let seats = 0;
  for (const segment of segments) {
    if (seats + segment.seats.length > SEATS_PER_PART) {
      chunks.push([]);
      seats = 0;
    }
    chunks.at(-1)?.push(segment);
    seats += segment.seats.length;
  }
  return chunks.map((chunk, part) => ({ id, categories, sections, segments: chunk, part, parts: chunks.length }));
}

const numbered = (segments: Omit<SeatSegment, "number">[]): SeatSegment[] =>
  segments.map((segment, number) => ({ number, ...segment }));

function segmentsOf(section: Section, words: typeof DEFAULT_WORDS): Omit<SeatSegment, "number">[] {
  const label = (word: string, place: string) => [section.name, `${word} ${place}`, words.seat].join(SEPARATOR);
  const rows = section.rows.flatMap((row) =>
    neighbours(seatsOfRow(section, row)).map(({ category, seats }) => ({
      sectionId: section.id,
      rowId: row.id,
      rowLabel: row.label,
      label: label(words.row, row.label),
      category,
      whole: false,
      seats,
    })),
  );
  const tables = (section.tables ?? []).map((table) => ({
    sectionId: section.id,
    rowId: table.id,
    rowLabel: table.label,
    label: label(words.table, table.label),
    category: table.category,
    whole: true,
    seats: table.seats.map(compileSeat),
  }));
  return [...rows, ...tables];
}

/** Maximal runs of one category with no aisle in between. */
function neighbours(seats: readonly SeatOfRow[]): { category: string; seats: CompiledSeat[] }[] {
  const runs: { category: string; seats: CompiledSeat[] }[] = [];
  let isApart = true;
  for (const seat of seats) {
    const last = runs.at(-1);
    if (last && !isApart && last.category === seat.category) last.seats.push(compileSeat(seat));
    else runs.push({ category: seat.category, seats: [compileSeat(seat)] });
    isApart = seat.gapAfter ?? false;
  }
  return runs;
}

const compileSeat = ({ id, label, x, y, accessible, companionOf }: Omit<SeatOfRow, "category">): CompiledSeat => ({
  id,
  label,
  x,
  y,
  accessible: accessible ?? false,
  companionOf: companionOf ?? null,
});
