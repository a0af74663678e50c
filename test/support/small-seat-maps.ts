/** Small random seat maps, and the plain way to look at one: every seat in a list, every choice tried. */
import fc from "fast-check";
import type { CompiledSeatMap, SeatSegment } from "../../shared/contracts/seats";

export interface SmallRow {
  section: number;
  category: number;
  table: boolean;
  /** `o` ordinary, `a` accessible, `c` companion of the accessible seat before it. */
  kinds: string[];
}

const kind = fc.constantFrom("o", "o", "o", "o", "o", "o", "a", "ac");

const row = fc.record({
  section: fc.integer({ min: 0, max: 2 }),
  category: fc.integer({ min: 0, max: 1 }),
  kinds: fc.array(kind, { minLength: 1, maxLength: 7 }).map((kinds) => kinds.flatMap((one) => [...one])),
});

/** Three rows in four are no tables. */
export const smallRows = fc
  .array(fc.tuple(row, fc.integer({ min: 0, max: 3 })), { minLength: 1, maxLength: 8 })
  .map((rows) =>
    rows.map(([one, chance]) => ({ ...one, table: chance === 0, kinds: chance === 0 ? one.kinds.map(() => "o") : one.kinds })),
  );

const FOCUS_X = 3.2;

export function smallMap(rows: readonly SmallRow[], id = "small"): CompiledSeatMap {
  const segments: SeatSegment[] = rows.map(({ section, category, table, kinds }, number) => ({
    number,
    sectionId: `s${section}`,
    rowId: `${number}`,
    rowLabel: `${number}`,
    label: `S${section} · Row ${number} · Seat`,
    category: `c${category}`,
    whole: table,
    seats: kinds.map((letter, place) => ({
      id: `${number}-${place}`,
      label: `${place}`,
      x: place,
      y: number,
      accessible: letter === "a",
      companionOf: letter === "c" ? `${number}-${place - 1}` : null,
    })),
  }));
  const count = (category: string) => segments.filter((s) => s.category === category).reduce((sum, s) => sum + s.seats.length, 0);
  return {
    id,
    categories: ["c0", "c1"].map((category) => ({ id: category, name: category, color: null, seats: count(category) })),
    sections: ["s0", "s1", "s2"].map((section) => ({ id: section, name: section, focus: { x: FOCUS_X, y: 0 } })),
    segments,
  };
}
