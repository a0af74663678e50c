/** What the document shows of seats. */
import type { SeatMapDraft, SeatMapSummary } from "../../shared/contracts/seats";
import { EXAMPLES } from "../../shared/http/examples";
import { event } from "./operation-examples";
import type { EventSeats, SeatMap } from "./seat-views";

export const SEAT_MAP_ID = EXAMPLES.seatMapId ?? "";
const CREATED_AT = "2027-02-20T10:00:00.000Z";

export const seatMapDraft: SeatMapDraft = {
  organizerId: event.organizerId,
  name: "Small house",
  categories: [
    { id: "front", name: "Front", color: "#0f7a55" },
    { id: "tables", name: "Tables" },
  ],
  sections: [
    {
      id: "p",
      name: "Parterre",
      focus: { x: 1, y: 0 },
      rows: [
        { id: "1", label: "1", run: { count: 2, category: "front", x: 0, y: 1, dx: 1, dy: 0 } },
        {
          id: "2",
          label: "2",
          seats: [
            { id: "p-2-w", label: "W", x: 0, y: 2, category: "front", accessible: true },
            { id: "p-2-c", label: "C", x: 1, y: 2, category: "front", companionOf: "p-2-w" },
          ],
        },
      ],
      tables: [
        {
          id: "t1",
          label: "1",
          category: "tables",
          seats: [
            { id: "p-t1-1", label: "1", x: 0, y: 4 },
            { id: "p-t1-2", label: "2", x: 1, y: 4 },
          ],
        },
      ],
    },
  ],
};

export const seatMapSummary: SeatMapSummary = {
  id: SEAT_MAP_ID,
  organizerId: event.organizerId,
  name: "Small house",
  seats: 6,
  categories: [
    { id: "front", name: "Front", color: "#0f7a55", seats: 4 },
    { id: "tables", name: "Tables", seats: 2 },
  ],
  sections: [{ id: "p", name: "Parterre", seats: 6 }],
  createdAt: CREATED_AT,
};

const rows: SeatMap["sections"][number]["rows"] = [
  {
    id: "1",
    label: "1",
    category: "front",
    seats: [
      { id: "p-1-1", label: "1", x: 0, y: 1 },
      { id: "p-1-2", label: "2", x: 1, y: 1 },
    ],
  },
  {
    id: "2",
    label: "2",
    category: "front",
    seats: [
      { id: "p-2-w", label: "W", x: 0, y: 2, accessible: true },
      { id: "p-2-c", label: "C", x: 1, y: 2, companionOf: "p-2-w" },
    ],
  },
];
const tables: typeof rows = [
  {
    id: "t1",
    label: "1",
    category: "tables",
    seats: [
      { id: "p-t1-1", label: "1", x: 0, y: 4 },
      { id: "p-t1-2", label: "2", x: 1, y: 4 },
    ],
  },
];

export const seatMap: SeatMap = {
  ...seatMapSummary,
  sections: [{ id: "p", name: "Parterre", focus: { x: 1, y: 0 }, rows, tables }],
};

const inState = (shown: typeof rows, state: "free" | "sold") =>
  shown.map((row) => ({ ...row, seats: row.seats.map((seat) => ({ ...seat, state })) }));

export const eventSeats: EventSeats = {
  asOf: "2027-03-02T12:00:00.000Z",
  eventId: event.id,
  seatMapId: SEAT_MAP_ID,
  counts: { free: 4, held: 0, sold: 2, blocked: 0 },
  categories: seatMapSummary.categories,
  sections: [{ id: "p", name: "Parterre", focus: { x: 1, y: 0 }, rows: inState(rows, "free"), tables: inState(tables, "sold") }],
};
