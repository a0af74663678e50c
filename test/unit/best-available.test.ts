/** Best available over the shipped index in SQL, beside every choice that there is on a small map. */
import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { chooseBest } from "../../durable-objects/ticket-inventory/best-available";
import { INVENTORY_SCHEMA } from "../../durable-objects/ticket-inventory/migrations";
import { lanesOf, openSeatIndex } from "../../durable-objects/ticket-inventory/seat-index";
import { activateMap, installSeats } from "../../durable-objects/ticket-inventory/seat-map";
import { readSegments, type SeatSegmentRow } from "../../durable-objects/ticket-inventory/seat-rows";
import { runsOf, windowsOf } from "../../durable-objects/ticket-inventory/seat-runs";
import { blockSeats, releaseSeats, takeSeatsAgain } from "../../durable-objects/ticket-inventory/seats";
import { chooseAccessible } from "../../durable-objects/ticket-inventory/seats-accessible";
import type { CompiledSeatMap } from "../../shared/contracts/seats";
import { migrateSchema } from "../../shared/durable/migrations";
import { nodeWorkers, openNodeStorage } from "../support/node-inventory";
import { smallMap, smallRows } from "../support/small-seat-maps";

vi.mock("cloudflare:workers", () => nodeWorkers);

const RUNS = 150;
/** Shared cores make it slow, not wrong. */
const TIMEOUT_MS = 60_000;

function openMap(map: CompiledSeatMap): SqlStorage {
  const { state, sql } = openNodeStorage();
  migrateSchema(state.storage, INVENTORY_SCHEMA);
  expect(installSeats(sql, { ...map, part: 0, parts: 1 })).toEqual({ ok: true, value: { complete: true } });
  expect(activateMap(sql, map.id)).toBeNull();
  return sql;
}

const allSegments = (sql: SqlStorage): SeatSegmentRow[] => {
  const numbers = sql.exec<{ number: number }>("SELECT number FROM seat_segments ORDER BY number").toArray();
  return [
    ...readSegments(
      sql,
      numbers.map(({ number }) => number),
    ).values(),
  ];
};

const indexRows = (sql: SqlStorage) =>
  sql
    .exec<Record<string, number>>("SELECT * FROM seat_windows")
    .toArray()
    .map((row) => JSON.stringify([row.segment, row.size, row.first, row.orphans, row.distance, row.run_first, row.run_length]))
    .sort();

const recounted = (sql: SqlStorage) =>
  allSegments(sql)
    .flatMap((row) => runsOf(row, row.states).flatMap((run) => windowsOf(row, run)))
    .map((w) => JSON.stringify([w.segment, w.size, w.first, w.orphans, w.distance, w.runFirst, w.runLength]))
    .sort();

const isFree = (row: SeatSegmentRow, place: number, taken: readonly number[] = []) =>
  row.states[place] === "f" && !taken.includes(place);

/** By the words of the rule: ordinary seats that are free between taken ones or ends, and were not before. */
function orphansBy(row: SeatSegmentRow, taken: readonly number[]): number {
  if (row.whole) return 0;
  const isLone = (place: number, without: readonly number[]) =>
    isFree(row, place, without) && !isFree(row, place - 1, without) && !isFree(row, place + 1, without);
  return [...row.kinds].filter((kind, place) => kind === "o" && isLone(place, taken) && !isLone(place, [])).length;
}

interface Choice {
  orphans: number;
  distance: number;
}

/** Every place for so many together. */
function everyChoice(rows: readonly SeatSegmentRow[], count: number): Choice[] {
  return rows.flatMap((row) => {
    const choices: Choice[] = [];
    for (let first = 0; first + count <= row.kinds.length; first++) {
      const places = Array.from({ length: count }, (_, offset) => first + offset);
      if (row.whole && count !== row.kinds.length) continue;
      if (!places.every((place) => isFree(row, place) && (row.whole || row.kinds[place] === "o"))) continue;
      const distance = places.reduce((sum, place) => sum + (row.distances[place] ?? 0), 0);
      choices.push({ orphans: orphansBy(row, places), distance });
    }
    return choices;
  });
}

/** The fewest parts in which so many can sit, by trying for each run how many of it sit there. Infinity when they cannot. */
function fewestBy(rows: readonly SeatSegmentRow[], count: number): number {
  const options = rows.flatMap((row) =>
    runsOf(row, row.states).map(({ length }) => (row.whole ? [length] : Array.from({ length }, (_, index) => index + 1))),
  );
  let fewest = [0, ...Array.from({ length: count }, () => Number.POSITIVE_INFINITY)];
  for (const sizes of options)
    fewest = fewest.map((standing, seats) =>
      Math.min(standing, ...sizes.filter((size) => size <= seats).map((size) => 1 + (fewest[seats - size] ?? 0))),
    );
  return fewest[count] ?? 0;
}

const scene = fc.record({
  rows: smallRows,
  taken: fc.array(fc.boolean(), { minLength: 8 * 14, maxLength: 8 * 14 }),
  count: fc.integer({ min: 1, max: 9 }),
  categories: fc.constantFrom(["c0"], ["c1"], ["c0", "c1"]),
  sections: fc.constantFrom(null, null, ["s0"], ["s1", "s2"]),
});

function setScene({ rows, taken }: { rows: Parameters<typeof smallMap>[0]; taken: boolean[] }) {
  const map = smallMap(rows);
  const sql = openMap(map);
  const seatIds = map.segments.flatMap(({ seats }) => seats.map(({ id }) => id)).filter((_, index) => taken[index]);
  const half = Math.ceil(seatIds.length / 2);
  expect(takeSeatsAgain(sql, "somebody", "held", seatIds.slice(0, half))).toBe(true);
  expect(blockSeats(sql, seatIds.slice(half), "press")).toMatchObject({ ok: true });
  return { map, sql };
}

const rowsWithin = (sql: SqlStorage, categories: readonly string[], sections: readonly string[] | null) => {
  const sectionIds = new Map(
    sql
      .exec<{ number: number; id: string }>("SELECT number, id FROM seat_sections")
      .toArray()
      .map(({ number, id }) => [number, id]),
  );
  return allSegments(sql).filter(
    (row) => categories.includes(row.categoryId) && (sections === null || sections.includes(sectionIds.get(row.section) ?? "")),
  );
};

describe("best available", { timeout: TIMEOUT_MS }, () => {
  test("the index of free places says what the states say, whatever was taken and given back", () => {
    fc.assert(
      fc.property(scene, fc.array(fc.integer({ min: 0, max: 50 }), { maxLength: 20 }), ({ rows, taken }, changes) => {
        const { map, sql } = setScene({ rows, taken });
        expect(indexRows(sql)).toEqual(recounted(sql));
        const seatIds = map.segments.flatMap(({ seats }) => seats.map(({ id }) => id));
        for (const change of changes) {
          const seatId = seatIds[change % seatIds.length] ?? "";
          if (!takeSeatsAgain(sql, "other", "held", [seatId])) releaseSeats(sql, [seatId]);
        }
        expect(indexRows(sql)).toEqual(recounted(sql));
      }),
      { numRuns: RUNS },
    );
  });

  test("together wherever that is possible: fewest orphans, then nearest; else in the fewest parts; nothing only when there is nothing", () => {
    const seen = { together: 0, apart: 0, nothing: 0 };
    fc.assert(
      fc.property(scene, ({ rows, taken, count, categories, sections }) => {
        const { sql } = setScene({ rows, taken });
        const within = rowsWithin(sql, categories, sections);
        const chosen = chooseBest(openSeatIndex(sql, lanesOf(sql, categories, sections)), count);
        const together = everyChoice(within, count).sort((a, b) => a.orphans - b.orphans || a.distance - b.distance);
        const fewest = fewestBy(within, count);
        if (chosen === null) {
          seen.nothing += 1;
          expect(fewest).toBe(Number.POSITIVE_INFINITY);
          return;
        }
        seen[chosen.length === 1 ? "together" : "apart"] += 1;
        expect(chosen.length).toBe(fewest);
        if (together[0] !== undefined) {
          expect(chosen).toHaveLength(1);
          expect({ orphans: chosen[0]?.orphans, distance: chosen[0]?.distance }).toEqual(together[0]);
        }
        const byNumber = new Map(within.map((row) => [row.segment, row]));
        const places = chosen.flatMap(({ segment, first, size }) =>
          Array.from({ length: size }, (_, offset) => [segment, first + offset] as const),
        );
        expect(new Set(places.map(String)).size).toBe(count);
        for (const [segment, place] of places) {
          const row = byNumber.get(segment);
          expect(row && isFree(row, place) && (row.whole || row.kinds[place] === "o")).toBe(true);
          if (row?.whole) expect(places.filter(([other]) => other === segment)).toHaveLength(row.kinds.length);
        }
      }),
      { numRuns: 2 * RUNS },
    );
    expect(Math.min(seen.together, seen.apart, seen.nothing)).toBeGreaterThan(RUNS / 20);
  });

  test("as many accessible seats as are asked for and no more, companions' seats beside their own alone", () => {
    let together = 0;
    fc.assert(
      fc.property(scene, fc.integer({ min: 1, max: 3 }), ({ rows, taken, count, categories, sections }, wanted) => {
        const accessible = Math.min(wanted, count);
        const { sql } = setScene({ rows, taken });
        const within = rowsWithin(sql, categories, sections);
        const places = chooseAccessible(sql, lanesOf(sql, categories, sections), count, accessible);
        const kindAt = (segment: number, place: number) => within.find((row) => row.segment === segment)?.kinds[place];
        const free = (kind: string) =>
          within.flatMap((row) =>
            row.whole ? [] : [...row.kinds].filter((letter, place) => letter === kind && isFree(row, place)),
          );
        if (places === null) {
          const ordinary = fewestBy(within, count - accessible) < Number.POSITIVE_INFINITY;
          expect(free("a").length >= accessible && ordinary).toBe(false);
          return;
        }
        expect(new Set(places.map(({ segment, place }) => `${segment} ${place}`)).size).toBe(count);
        const rowOf = (segment: number) => within.find((row) => row.segment === segment);
        expect(places.filter(({ segment, place }) => kindAt(segment, place) === "a" && !rowOf(segment)?.whole)).toHaveLength(
          accessible,
        );
        for (const { segment, place } of places) {
          const row = rowOf(segment);
          expect(row && isFree(row, place)).toBe(true);
          if (row?.kinds[place] !== "c") continue;
          together += 1;
          expect(places).toContainEqual({ segment, place: place - 1 });
        }
      }),
      { numRuns: RUNS },
    );
    expect(together).toBeGreaterThan(2);
  });
});
