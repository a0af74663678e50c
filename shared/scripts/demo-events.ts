/** What the demo organizer sells: with a cover of time, a choice, a map of seats, something free, and something nearly gone. */
const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const JUNE = 5;
const eur = (amount: number) => ({ amount, currency: "EUR" });

export interface DemoEvent {
  /** By which the notes know it. */
  key: string;
  draft: Record<string, unknown>;
  /** Of a hall; its tickets are sold by seats. */
  seatMap?: Record<string, unknown>;
  /** Tickets of its only type that somebody has bought already. */
  sold?: number;
}

/** Midsummer night, the next one that is at least a month ahead. */
function midsummer(nowMs: number): number {
  const year = new Date(nowMs).getUTCFullYear();
  const starts = [year, year + 1].map((one) => Date.UTC(one, JUNE, 21, 18));
  return starts.find((start) => start > nowMs + 30 * DAY_MS) ?? nowMs + 30 * DAY_MS;
}

/** On a full hour of UTC, so many days ahead. */
const evening = (nowMs: number, days: number, hour: number): number => new Date(nowMs + days * DAY_MS).setUTCHours(hour, 0, 0, 0);

const times = (startMs: number, hours: number) => ({
  startDate: new Date(startMs).toISOString(),
  endDate: new Date(startMs + hours * HOUR_MS).toISOString(),
});

const VIENNA = { city: "Vienna", country: "AT" };
const RIVER = { venue: "Donauinsel", address: "Donauinsel 1", ...VIENNA, coordinates: { lat: 48.2266, lng: 16.4103 } };
const CELLAR = { venue: "Cellar 17", address: "Bäckerstraße 17", ...VIENNA, coordinates: { lat: 48.2094, lng: 16.3767 } };
const THEATRE = {
  venue: "Small Theatre",
  address: "Gumpendorfer Straße 9",
  ...VIENNA,
  coordinates: { lat: 48.1997, lng: 16.3584 },
};

const ROWS = ["A", "B", "C", "D", "E", "F"];
const SEATS_A_ROW = 12;

/** Six rows; the last one has two places for wheelchairs, each with one beside it. */
function smallTheatre(organizerId: string) {
  const rows = ROWS.map((label, y) => ({
    id: label.toLowerCase(),
    label,
    run: { count: SEATS_A_ROW, category: y < 2 ? "front" : "parterre", x: 0, y, dx: 1, dy: 0 },
  }));
  const places = ["1", "2"].flatMap((number, index) => [
    { id: `w${number}`, label: `W${number}`, x: 2 + index * 6, y: ROWS.length, category: "parterre", accessible: true },
    { id: `c${number}`, label: `C${number}`, x: 3 + index * 6, y: ROWS.length, category: "parterre", companionOf: `w${number}` },
  ]);
  return {
    organizerId,
    name: "Small Theatre",
    categories: [
      { id: "front", name: "Front rows", color: "#0f7a55" },
      { id: "parterre", name: "Parterre", color: "#1d4ed8" },
    ],
    sections: [
      {
        id: "p",
        name: "Parterre",
        focus: { x: (SEATS_A_ROW - 1) / 2, y: -2 },
        rows: [...rows, { id: "g", label: "G", seats: places }],
      },
    ],
  };
}

export function demoEvents(organizerId: string, nowMs = Date.now()): DemoEvent[] {
  const event = { organizerId, timezone: "Europe/Vienna" };
  return [
    {
      key: "eventId",
      draft: {
        ...event,
        title: "Midsummer on the river",
        description: "Four bands on two stages between the bridges, rain or shine.",
        category: "Music",
        ...times(midsummer(nowMs), 5),
        location: RIVER,
        capacity: 500,
        settings: { refundPolicy: "Full refund until seven days before the event." },
        ticketTypes: [
          { name: "Standing", description: "Everywhere but the stands", price: eur(3500), quantity: 450 },
          { name: "Stand", description: "A place on the stands", price: eur(7900), quantity: 100, maxPerOrder: 4 },
        ],
      },
    },
    {
      key: "theatreId",
      seatMap: smallTheatre(organizerId),
      draft: {
        ...event,
        title: "The Understudy",
        description: "A comedy for five doors and four actors. Choose how many; you get the best seats together.",
        category: "Theatre",
        ...times(evening(nowMs, 24, 18), 2),
        location: THEATRE,
        capacity: 100,
        ticketTypes: [
          { name: "Front rows", price: eur(4200), quantity: 24, seatCategories: ["front"] },
          { name: "Parterre", price: eur(2900), quantity: 52, seatCategories: ["parterre"] },
        ],
      },
    },
    {
      key: "cellarId",
      sold: 9,
      draft: {
        ...event,
        title: "Late set at the cellar",
        description: "A quartet, two sets, twelve chairs.",
        category: "Jazz",
        ...times(evening(nowMs, 12, 19), 3),
        location: CELLAR,
        capacity: 12,
        ticketTypes: [{ name: "Chair", price: eur(1800), quantity: 12 }],
      },
    },
    {
      key: "rehearsalId",
      draft: {
        ...event,
        title: "Open rehearsal",
        description: "Come in, sit down, hear how it is made. Free, with a ticket.",
        category: "Music",
        ...times(evening(nowMs, 6, 16), 2),
        location: CELLAR,
        capacity: 40,
        ticketTypes: [{ name: "Guest", price: eur(0), quantity: 40, maxPerOrder: 4 }],
      },
    },
  ];
}
