import { describe, expect, it } from "vitest";
import { contrast } from "../../shared/color/contrast";
import { type CompiledSeatMap, SEAT_STATES, type SeatMapDraft } from "../../shared/contracts/seats";
import { ACCESSIBLE_COLOR, drawSeats, PAPER, STATE_COLORS } from "../../workers/events/seat-drawing";
import { compileSeatMap } from "../../workers/events/seat-map-compile";
import { EventSeats, eventSeatsJson, SeatMap, seatMapJson } from "../../workers/events/seat-views";
import { arenaMap, theatreMap } from "../support/seat-maps";

const MAP_ID = "0198c0de-0000-7000-8000-0000000000aa";
const EVENT_ID = "0198c0de-0000-7000-8000-0000000000bb";

function compiled(draft: SeatMapDraft): CompiledSeatMap {
  const map = compileSeatMap(MAP_ID, draft);
  if (!map.ok) throw new Error(JSON.stringify(map.error));
  return map.value;
}
const allIn = (map: CompiledSeatMap, letters = "f") =>
  map.segments.map(({ seats }) => letters.repeat(Math.ceil(seats.length / letters.length)).slice(0, seats.length));
const draw = (map: CompiledSeatMap, states = allIn(map), sectionId: string | null = null) =>
  drawSeats(map, { title: "Seats", language: "en", states, sectionId });

/** Dots of a class, without the legend's own. */
const dotsOf = (svg: string, className: string): number =>
  [...svg.matchAll(new RegExp(`<path class="${className}" d="([^"]*)"/>`, "g"))]
    .map(([, steps = ""]) => (steps === "M0 0z" ? 0 : steps.split("z").length - 1))
    .reduce((a, b) => a + b, 0);

describe("a seat map's picture", () => {
  it("draws every seat once, in its state, a row's seats of one state in one path", () => {
    const map = compiled(theatreMap());
    const states = allIn(map, "fhsb");
    const svg = draw(map, states);
    for (const [letter, className] of [
      ["f", "f"],
      ["h", "h"],
      ["s", "s"],
      ["b", "b"],
    ] as const)
      expect(dotsOf(svg, className)).toBe(states.join("").split(letter).length - 1);
    expect(dotsOf(svg, "a")).toBe(2);
    const rows = 12 + 4 + 3;
    expect(svg.match(/<path class="f"/g)?.length).toBeLessThanOrEqual(rows + 1);
    expect(svg).toContain("<title>Row 1, Front: 4 free, 4 reserved, 4 sold, 2 not for sale</title>");
    expect(svg).toContain("<title>Table 1, Tables: 1 free, 1 reserved, 1 sold, 1 not for sale</title>");
    expect(svg).toContain("<title>Balcony</title>");
  });

  it("says its colours in a legend, which differ from the paper enough to be seen", () => {
    for (const color of [...SEAT_STATES.map((state) => STATE_COLORS[state]), ACCESSIBLE_COLOR])
      expect(contrast(color, PAPER)).toBeGreaterThanOrEqual(3);
    const map = compiled(theatreMap());
    const svg = draw(map);
    for (const words of ["Free 244", "Reserved 0", "Sold 0", "Not for sale 0", "Accessible"])
      expect(svg).toContain(`>${words}</text>`);
    expect(svg).toContain('<desc id="seats-counts">Free: 244, Reserved: 0, Sold: 0, Not for sale: 0</desc>');
    const german = drawSeats(map, { title: "Plätze", language: "de", states: allIn(map), sectionId: null });
    expect(german).toContain(">Frei 244</text>");
  });

  it("tells categories apart without colours: lines of their own, letters, and both in the legend", () => {
    const svg = draw(compiled(theatreMap()));
    for (const words of ["A Front", "B Middle", "C Tables"]) expect(svg).toContain(`>${words}</text>`);
    const dashes = [...svg.matchAll(/\.k\d\{stroke:(#[0-9a-f]{6});stroke-dasharray:([^}]*)\}/g)];
    expect(new Set(dashes.map(([, , dash]) => dash)).size).toBe(3);
    for (const [, color = ""] of dashes) expect(contrast(color, PAPER)).toBeGreaterThanOrEqual(3);
    // Four rows in two parts; of the tables, which have it as their edge, in the legend alone.
    const lines = (className: string) => svg.match(new RegExp(`<path class="k ${className}" d="(M[^"]*)"/><`))?.[1]?.split("M");
    expect(lines("k0")?.length).toBe(1 + 8);
    expect(svg.match(/class="k k2"/g)?.length).toBe(1);
    expect(svg.match(/<path class="t k2"/g)?.length).toBe(4);
    // Front, middle, tables, and the balcony, which is of the middle's category too.
    expect([...svg.matchAll(/<text class="n"[^>]*>([A-C])</g)].map(([, letter]) => letter)).toEqual(["A", "B", "C", "B"]);
  });

  it("marks no category where there is one alone, and no pale colour, and gives each of many a letter", () => {
    const ids = Array.from({ length: 30 }, (_, index) => `c${index}`);
    const mapOf = (categories: { id: string; name: string; color?: string }[]) =>
      compiled({
        organizerId: MAP_ID,
        name: "Many",
        categories,
        sections: [
          {
            id: "s",
            name: "S",
            focus: { x: 0, y: 0 },
            rows: categories.map(({ id }, row) => ({
              id,
              label: id,
              run: { count: 3, category: id, x: 0, y: row, dx: 1, dy: 0 },
            })),
          },
        ],
      });
    expect(draw(mapOf([{ id: "a", name: "Only" }]))).not.toMatch(/class="k|Only/);
    const pale = draw(mapOf(ids.map((id) => ({ id, name: `${id} ${"long ".repeat(15)}`.trim(), color: "#ffff99" }))));
    expect(pale).not.toContain("#ffff99");
    expect(pale).toMatch(/>AD c29 (long )+l?o?n?g?…<\/text>/);
  });

  it("bends a line with its row", () => {
    const seats = Array.from({ length: 33 }, (_, index) => {
      const angle = (Math.PI * (index + 1)) / 34;
      return { id: `${index}`, label: `${index}`, x: -20 * Math.cos(angle), y: 20 * Math.sin(angle), category: "a" };
    });
    const map = compiled({
      organizerId: MAP_ID,
      name: "Round",
      categories: [
        { id: "a", name: "A" },
        { id: "b", name: "B" },
      ],
      sections: [{ id: "s", name: "S", focus: { x: 0, y: 0 }, rows: [{ id: "1", label: "1", seats }] }],
    });
    const [, line = ""] = /<path class="k k0" d="([^"]*)"/.exec(draw(map)) ?? [];
    expect(line.split("l").length).toBe(1 + 4);
    expect(line).not.toMatch(/NaN|Infinity/);
  });

  it("lets no organizer's words out of their place", () => {
    const hostile = `</title><script>alert("1")</script>&'\uFFFE`;
    const map = compiled({
      organizerId: MAP_ID,
      name: hostile,
      words: { row: "<b>" },
      categories: [{ id: "a", name: hostile }],
      sections: [
        {
          id: "s",
          name: hostile,
          focus: { x: 0, y: 0 },
          rows: [{ id: "1", label: '"><i>', seats: [{ id: "1", label: "&", x: 0, y: 0, category: "a" }] }],
        },
      ],
    });
    const svg = drawSeats(map, { title: hostile, language: "en", states: ["f"], sectionId: null });
    expect(svg).not.toMatch(/<script|<b>|<i>|\uFFFE|&(?!(amp|lt|gt|quot|#39);)/);
    expect(svg).toContain("&lt;/title&gt;&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&amp;&#39;");
  });

  it("stays small with 60,000 seats, and narrows to one section", () => {
    const map = compiled(arenaMap());
    const startedAt = performance.now();
    const svg = draw(map, allIn(map, "ssssfsshssssssssfsss"));
    expect(performance.now() - startedAt).toBeLessThan(3_000);
    expect(svg.length).toBeLessThan(800_000);
    expect(dotsOf(svg, "s") + dotsOf(svg, "f") + dotsOf(svg, "h")).toBe(60_000);
    const section = draw(map, allIn(map), "s7");
    expect(dotsOf(section, "f")).toBe(1_000);
    expect(section).toContain("<title>Block 7</title>");
    expect(section).not.toContain("<title>Block 8</title>");
  });

  it("stays within bounds however far apart its seats stand", () => {
    const seats = [
      { id: "1", label: "1", x: -1_000_000, y: -1_000_000, category: "a" },
      { id: "2", label: "2", x: -999_999.999, y: -1_000_000, category: "a" },
      { id: "3", label: "3", x: 1_000_000, y: 1_000_000, category: "a" },
    ];
    const map = compiled({
      organizerId: MAP_ID,
      name: "Far",
      categories: [{ id: "a", name: "A" }],
      sections: [{ id: "s", name: "S", focus: { x: 0, y: 0 }, rows: [{ id: "1", label: "1", seats }] }],
    });
    const [, width = "", height = ""] = /viewBox="0 0 (\d+) (\d+)"/.exec(draw(map)) ?? [];
    expect(Number(width)).toBeLessThan(65_000);
    expect(Number(height)).toBeLessThan(70_000);
    const alone = compiled({
      organizerId: MAP_ID,
      name: "One",
      categories: [{ id: "a", name: "A" }],
      sections: [{ id: "s", name: "S", focus: { x: 0, y: 0 }, rows: [{ id: "1", label: "1", seats: seats.slice(0, 1) }] }],
    });
    expect(draw(alone)).not.toMatch(/NaN|Infinity/);
  });
});

describe("a seat map as data", () => {
  it("is told as it was drawn: rows, tables, aisles, accessible seats and their companions", () => {
    const map = compiled(theatreMap());
    const summary = {
      id: MAP_ID,
      organizerId: MAP_ID,
      name: "T",
      seats: 244,
      categories: [],
      sections: [],
      createdAt: "2027-01-01T00:00:00.000Z",
    };
    const { sections } = SeatMap.parse(JSON.parse(seatMapJson(summary, map)));
    const [parterre, balcony] = sections;
    expect(parterre?.rows).toHaveLength(12);
    expect(parterre?.tables?.map(({ id, seats }) => [id, seats.length])).toEqual([
      ["t1", 4],
      ["t2", 4],
      ["t3", 4],
      ["t4", 4],
    ]);
    expect(balcony?.tables).toBeUndefined();
    expect(parterre?.rows[0]?.seats.filter(({ gapAfter }) => gapAfter).map(({ id }) => id)).toEqual(["p-1-7"]);
    expect(parterre?.rows[11]?.seats[0]).toEqual({ id: "p-12-w1", label: "W1", x: 0, y: 12, accessible: true });
    expect(parterre?.rows[11]?.seats[1]?.companionOf).toBe("p-12-w1");
  });

  it("tells each seat's state, and counts what it tells", () => {
    const map = compiled(theatreMap());
    const tell = (sectionId: string | null) =>
      EventSeats.parse({
        asOf: "2027-01-01T00:00:00.000Z",
        ...JSON.parse(eventSeatsJson(map, EVENT_ID, allIn(map, "fs"), sectionId)),
      });
    const { counts, sections } = tell(null);
    const seats = sections.flatMap(({ rows, tables = [] }) => [...rows, ...tables].flatMap((row) => row.seats));
    expect(seats).toHaveLength(244);
    expect(counts).toEqual({
      free: seats.filter(({ state }) => state === "free").length,
      held: 0,
      sold: seats.filter(({ state }) => state === "sold").length,
      blocked: 0,
    });
    const balcony = tell("b");
    expect(balcony.sections.map(({ id }) => id)).toEqual(["b"]);
    expect(balcony.counts.free + balcony.counts.sold).toBe(60);
  });
});
