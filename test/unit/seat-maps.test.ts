import { describe, expect, it } from "vitest";
import { labelOfSeat, SEATS_PER_PART, SeatMapDraft } from "../../shared/contracts/seats";
import { compileSeatMap, partsOf } from "../../workers/events/seat-map-compile";
import { arenaMap, theatreMap } from "../support/seat-maps";

const MAP_ID = "0198c0de-0000-7000-8000-0000000000aa";

function compiled(draft: SeatMapDraft) {
  const map = compileSeatMap(MAP_ID, SeatMapDraft.parse(draft));
  if (!map.ok) throw new Error(JSON.stringify(map.error));
  return map.value;
}

function faultsOf(draft: SeatMapDraft) {
  const map = compileSeatMap(MAP_ID, SeatMapDraft.parse(draft));
  return map.ok ? [] : (map.error.errors ?? []);
}

const seat = (id: string, x: number, more: object = {}) => ({ id, label: id, x, y: 0, category: "a", ...more });
const tableSeat = (id: string, x: number, y: number) => ({ id, label: id, x, y });

/** One section with what the test is about. */
const mapOf = (section: Partial<SeatMapDraft["sections"][number]>, categories = ["a", "b"]): SeatMapDraft => ({
  organizerId: MAP_ID,
  name: "Hall",
  categories: categories.map((id) => ({ id, name: id })),
  sections: [{ id: "s", name: "Saal", focus: { x: 0, y: 0 }, rows: [], ...section }],
});
const rowOf = (seats: ReturnType<typeof seat>[], id = "1") => ({ id, label: id, seats });

describe("a compiled seat map", () => {
  it("cuts a row where the category changes and behind a gap, and keeps every seat", () => {
    const map = compiled(
      mapOf({
        rows: [
          rowOf([
            seat("1", 0),
            seat("2", 1, { gapAfter: true }),
            seat("3", 2),
            seat("4", 3, { category: "b" }),
            seat("5", 4, { category: "b" }),
          ]),
        ],
      }),
    );
    expect(map.segments.map(({ category, seats }) => [category, seats.map(({ id }) => id).join(",")])).toEqual([
      ["a", "1,2"],
      ["a", "3"],
      ["b", "4,5"],
    ]);
    expect(map.segments.map(({ number }) => number)).toEqual([0, 1, 2]);
    expect(map.categories.map(({ id, seats }) => [id, seats])).toEqual([
      ["a", 3],
      ["b", 2],
    ]);
  });

  it("writes a run out with ids, labels and places", () => {
    const run = { count: 4, category: "a", firstLabel: 8, step: -2, x: 1, y: 2, dx: 0.1, dy: 0, gapsAfter: [2] };
    const [first, second] = compiled(mapOf({ rows: [{ id: "c", label: "C", run }] })).segments;
    expect(first?.seats).toEqual([
      { id: "s-c-1", label: "8", x: 1, y: 2, accessible: false, companionOf: null },
      { id: "s-c-2", label: "6", x: 1.1, y: 2, accessible: false, companionOf: null },
    ]);
    expect(second?.seats.map(({ id, label, x }) => [id, label, x])).toEqual([
      ["s-c-3", "4", 1.2],
      ["s-c-4", "2", 1.3],
    ]);
  });

  it("sells a table whole and tells seats in the map's own words", () => {
    const table = { id: "t4", label: "4", category: "a", seats: [tableSeat("t4-1", 0, 0), tableSeat("t4-2", 1, 0)] };
    const draft = { ...mapOf({ tables: [table] }), words: { table: "Tisch", seat: "Platz" } };
    const [segment] = compiled(draft).segments;
    if (!segment?.seats[1]) throw new Error("the table is not there");
    expect(segment.whole).toBe(true);
    expect(labelOfSeat(segment, segment.seats[1])).toBe("Saal · Tisch 4 · Platz t4-2");
  });

  it("takes a 60,000-seat arena, and sends it in parts that are the whole map", () => {
    const map = compiled(arenaMap());
    expect(map.segments).toHaveLength(60 * 25 * 2);
    expect(map.categories.reduce((sum, { seats }) => sum + seats, 0)).toBe(60_000);
    const parts = partsOf(map);
    expect(parts.length).toBeGreaterThanOrEqual(6);
    for (const part of parts)
      expect(part.segments.reduce((sum, { seats }) => sum + seats.length, 0)).toBeLessThanOrEqual(SEATS_PER_PART);
    expect(parts.flatMap(({ segments }) => segments)).toEqual(map.segments);
    expect(parts.map(({ part, parts: of }) => [part, of])).toEqual(parts.map((_, index) => [index, parts.length]));
  });

  it("takes a theatre with tables, accessible seats and companions", () => {
    const seats = compiled(theatreMap()).segments.flatMap((segment) => segment.seats);
    expect(seats).toHaveLength(244);
    expect(seats.filter(({ accessible }) => accessible).map(({ id }) => id)).toEqual(["p-12-w1", "p-12-w2"]);
    expect(seats.filter(({ companionOf }) => companionOf).map(({ id, companionOf }) => [id, companionOf])).toEqual([
      ["p-12-c1", "p-12-w1"],
      ["p-12-c2", "p-12-w2"],
    ]);
  });
});

describe("a seat map that contradicts itself", () => {
  it("is told how far it exceeds the counts before anything is written out", () => {
    const run = { count: 10_000_000, category: "a", x: 0, y: 0, dx: 1, dy: 0 };
    const startedAt = performance.now();
    expect(faultsOf(mapOf({ rows: [{ id: "1", label: "1", run }] }))).toEqual([
      { pointer: "/sections/0/rows/0/run/count", message: "has more than 500 seats" },
      { pointer: "/sections", message: "has more than 100,000 seats in all" },
    ]);
    expect(performance.now() - startedAt).toBeLessThan(1_000);
    const many = Array.from({ length: 201 }, (_, row) => ({ id: `${row}`, label: "1", run: { ...run, count: 500, y: row } }));
    expect(faultsOf(mapOf({ rows: many }))).toEqual([{ pointer: "/sections", message: "has more than 100,000 seats in all" }]);
    expect(faultsOf(mapOf({})).map(({ pointer }) => pointer)).toEqual(["/sections/0"]);
    const bench = { id: "t", label: "t", category: "a", seats: Array.from({ length: 21 }, (_, at) => tableSeat(`${at}`, at, 0)) };
    expect(faultsOf(mapOf({ tables: [bench] })).map(({ pointer }) => pointer)).toEqual(["/sections/0/tables/0/seats"]);
  });

  it("is told of every id that is there twice", () => {
    const draft = mapOf({ rows: [rowOf([seat("x", 0), seat("x", 1)]), rowOf([seat("y", 2)])] }, ["a", "a"]);
    expect(faultsOf(draft)).toEqual([
      { pointer: "/categories/1/id", message: "is another category's too" },
      { pointer: "/sections/0/rows/0/seats/1/id", message: "is the seat at /sections/0/rows/0/seats/0/id too" },
      { pointer: "/sections/0/rows/1/id", message: "is another row's or table's of the section too" },
    ]);
    const run = { count: 2, category: "a", x: 0, y: 5, dx: 1, dy: 0 };
    expect(faultsOf(mapOf({ rows: [rowOf([seat("s-2-1", 0)]), { id: "2", label: "2", run }] }))).toEqual([
      { pointer: "/sections/0/rows/1/run", message: "is the seat at /sections/0/rows/0/seats/0/id too" },
    ]);
  });

  it("is told of categories and companions that are not there", () => {
    const draft = mapOf({
      rows: [
        rowOf([
          seat("1", 0, { category: "gold" }),
          seat("2", 1, { companionOf: "99" }),
          seat("3", 2, { companionOf: "1" }),
          seat("4", 3, { accessible: true, companionOf: "4" }),
        ]),
      ],
    });
    expect(faultsOf(draft)).toEqual([
      { pointer: "/sections/0/rows/0/seats/0/category", message: "is no category of the map" },
      { pointer: "/sections/0/rows/0/seats/1/companionOf", message: "is no seat of the map" },
      { pointer: "/sections/0/rows/0/seats/2/companionOf", message: "is no accessible seat" },
      { pointer: "/sections/0/rows/0/seats/3/companionOf", message: "stands at a seat that is accessible itself" },
    ]);
  });

  it("is told of tables that cross tables or rows, and of seats upon each other", () => {
    const square = (id: string, x: number, y: number, size = 2) => ({
      id,
      label: id,
      category: "a",
      seats: [
        tableSeat(`${id}1`, x, y),
        tableSeat(`${id}2`, x + size, y),
        tableSeat(`${id}3`, x + size, y + size),
        tableSeat(`${id}4`, x, y + size),
      ],
    });
    const apart = mapOf({ rows: [rowOf([seat("r", 10)])], tables: [square("t", 0, 0), square("u", 3, 0)] });
    expect(faultsOf(apart)).toEqual([]);
    const crossing = mapOf({
      rows: [rowOf([seat("r", 10.5, { y: 0.5 })])],
      tables: [square("t", 0, 0), square("u", 1, 1), square("v", 10, 0)],
    });
    expect(faultsOf(crossing)).toEqual([
      { pointer: "/sections/0/tables/1", message: "crosses the table at /sections/0/tables/0" },
      { pointer: "/sections/0/tables/2", message: "crosses a row's seats" },
    ]);
    const diagonals = (offset: number) => ({
      id: `d${offset}`,
      label: "d",
      category: "a",
      seats: [tableSeat(`d${offset}-1`, offset, 0), tableSeat(`d${offset}-2`, 10 + offset, 10)],
    });
    expect(faultsOf(mapOf({ tables: [diagonals(0), diagonals(1)] }))).toEqual([]);
    expect(faultsOf(mapOf({ rows: [rowOf([seat("1", 0), seat("2", 0)])] }))).toEqual([
      { pointer: "/sections/0/rows/0/seats/1", message: "stands where /sections/0/rows/0/seats/0 stands" },
    ]);
  });

  it("is looked at in bounded time, however many tables stand over each other", () => {
    const tables = Array.from({ length: 5_000 }, (_, at) => ({
      id: `t${at}`,
      label: "t",
      category: "a",
      seats: [tableSeat(`${at}-1`, at / 1000, 0), tableSeat(`${at}-2`, 1000 + at / 1000, 1000)],
    }));
    const startedAt = performance.now();
    expect(faultsOf(mapOf({ tables })).length).toBeGreaterThan(0);
    expect(performance.now() - startedAt).toBeLessThan(5_000);
  });
});
