/** Seat maps that tests share: an arena by runs, a theatre with tables, accessible seats and companions. */
import type { SeatMapDraft } from "../../shared/contracts/seats";
import { seatsOfRow } from "../../workers/events/seat-runs";

const ORGANIZER_ID = "0198c0de-0000-7000-8000-000000000001";

/**
 * An oval of stands around a stage, 40 seats a row with an aisle in the middle. 60 sections of 25 rows are 60,000 seats in three
 * categories, front to back.
 */
export function arenaMap({ sections = 60, rows = 25, seatsPerRow = 40, organizerId = ORGANIZER_ID } = {}): SeatMapDraft {
  const perTier = Math.ceil(sections / 3);
  return {
    organizerId,
    name: "Arena",
    categories: [
      { id: "front", name: "Front", color: "#1f6f54" },
      { id: "middle", name: "Middle" },
      { id: "back", name: "Back" },
    ],
    sections: Array.from({ length: sections }, (_, index) => {
      const tier = Math.floor(index / perTier);
      const angle = (2 * Math.PI * (index % perTier)) / perTier;
      const [outX, outY] = [Math.cos(angle), Math.sin(angle)];
      const radius = 150 + tier * (rows + 6);
      const dx = -outY * Math.min(1, (2 * Math.PI * radius * 0.9) / perTier / seatsPerRow);
      const dy = outX * Math.min(1, (2 * Math.PI * radius * 0.9) / perTier / seatsPerRow);
      return {
        id: `s${index + 1}`,
        name: `Block ${index + 1}`,
        focus: { x: round(outX * radius), y: round(outY * radius) },
        rows: Array.from({ length: rows }, (_, row) => ({
          id: `r${row + 1}`,
          label: `${row + 1}`,
          run: {
            count: seatsPerRow,
            category: ["front", "middle", "back"][tier] ?? "back",
            x: round(outX * (radius + row) - (dx * (seatsPerRow - 1)) / 2),
            y: round(outY * (radius + row) - (dy * (seatsPerRow - 1)) / 2),
            dx: round(dx),
            dy: round(dy),
            gapsAfter: [Math.floor(seatsPerRow / 2)],
          },
        })),
      };
    }),
  };
}

/** The same map with every seat of its runs named: a body of some megabytes for a large one. */
export const writtenOut = (map: SeatMapDraft): SeatMapDraft => ({
  ...map,
  sections: map.sections.map((section) => ({
    ...section,
    rows: section.rows.map((row) => ({ id: row.id, label: row.label, seats: seatsOfRow(section, row) })),
  })),
});

const round = (value: number): number => Math.round(value * 1000) / 1000;

/**
 * 12 rows of 14 seats in the parterre (rows 1–4 `front`, else `middle`; in row 12 two accessible seats, `p-12-w1` and `p-12-w2`, each
 * with its companion, `p-12-c1` and `p-12-c2`), a balcony of 3 rows by 20, and 4 tables of 4 (`boxes`, whole) behind: 244 seats.
 */
export function theatreMap({ organizerId = ORGANIZER_ID } = {}): SeatMapDraft {
  const rowIds = Array.from({ length: 12 }, (_, index) => index + 1);
  return {
    organizerId,
    name: "Kleines Theater",
    categories: [
      { id: "front", name: "Front", color: "#1f6f54" },
      { id: "middle", name: "Middle" },
      { id: "boxes", name: "Tables" },
    ],
    sections: [
      {
        id: "p",
        name: "Parterre",
        focus: { x: 6.5, y: 0 },
        rows: rowIds.map((row) =>
          row === 12
            ? { id: "12", label: "12", seats: lastRow() }
            : {
                id: `${row}`,
                label: `${row}`,
                run: { count: 14, category: row <= 4 ? "front" : "middle", x: 0, y: row, dx: 1, dy: 0, gapsAfter: [7] },
              },
        ),
        tables: [0, 1, 2, 3].map((table) => ({
          id: `t${table + 1}`,
          label: `${table + 1}`,
          category: "boxes",
          seats: [
            [0, -0.6],
            [0.6, 0],
            [0, 0.6],
            [-0.6, 0],
          ].map(([x = 0, y = 0], seat) => ({
            id: `t${table + 1}-${seat + 1}`,
            label: `${seat + 1}`,
            x: 2 + table * 3 + x,
            y: 14 + y,
          })),
        })),
      },
      {
        id: "b",
        name: "Balcony",
        focus: { x: 6.5, y: 0 },
        rows: [1, 2, 3].map((row) => ({
          id: `${row}`,
          label: String.fromCharCode(64 + row),
          run: { count: 20, category: "middle", firstLabel: 1, step: 2, x: -3, y: 16 + row, dx: 1, dy: 0 },
        })),
      },
    ],
  };
}

/** Ten seats, and at the aisle two wheelchairs' places with a companion's each: w1 c1 · 1 … 10 · c2 w2. */
function lastRow() {
  const plain = Array.from({ length: 10 }, (_, index) => ({
    id: `p-12-${index + 1}`,
    label: `${index + 1}`,
    x: 2 + index,
    y: 12,
    category: "middle",
  }));
  const at = (x: number) => ({ x, y: 12, category: "middle" });
  return [
    { id: "p-12-w1", label: "W1", ...at(0), accessible: true },
    { id: "p-12-c1", label: "C1", ...at(1), companionOf: "p-12-w1" },
    ...plain,
    { id: "p-12-c2", label: "C2", ...at(12), companionOf: "p-12-w2" },
    { id: "p-12-w2", label: "W2", ...at(13), accessible: true },
  ];
}
