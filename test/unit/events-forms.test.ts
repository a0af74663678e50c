import { describe, expect, test } from "vitest";
import { CheckInDraft } from "../../shared/contracts/check-ins";
import { EventChange, EventDraft, TicketTypeChange, TicketTypeDraft } from "../../shared/contracts/events";
import { HoldDraft } from "../../shared/contracts/holds";
import { PersonName } from "../../shared/contracts/orders";
import { errorsOf } from "../../shared/http/form";
import { checkConsistency, checkSettings } from "../../workers/events/event-checks";
import type { EventRow, PoolRow, TicketTypeRow } from "../../workers/events/schema";
import type { StoredEvent } from "../../workers/events/stored-event";

const event = {
  organizerId: "0197f3b0-11aa-7d55-b1c4-7a6f5e4d3c2b",
  title: "An evening",
  description: "",
  category: "Jazz",
  startDate: "2027-06-01T18:00:00Z",
  endDate: "2027-06-01T21:00:00Z",
  timezone: "Europe/Vienna",
  location: { venue: "Blue Note", address: "", city: "Vienna", country: "AT", coordinates: { lat: 48.2, lng: 16.37 } },
  capacity: 50,
};
const type = { name: "Standing", price: { amount: 2500, currency: "EUR" }, quantity: 50 };

const faults = (
  schema: typeof EventDraft | typeof EventChange | typeof TicketTypeDraft | typeof TicketTypeChange,
  body: unknown,
) => {
  const parsed = schema.safeParse(body);
  return parsed.success ? [] : errorsOf(parsed.error).map(({ pointer }) => pointer);
};

describe("an event's draft", () => {
  test("takes text of any script, and numbers at their limits", () => {
    for (const title of ["Вечер", "東京の夜", "ليلة", "🎷", "é".repeat(200)])
      expect(faults(EventDraft, { ...event, title })).toEqual([]);
    expect(
      faults(EventDraft, { ...event, capacity: 1, ticketTypes: [{ ...type, price: { amount: 0, currency: "JPY" } }] }),
    ).toEqual([]);
    expect(faults(EventDraft, { ...event, category: "x".repeat(64), timezone: "America/Argentina/Buenos_Aires" })).toEqual([]);
  });

  test("spells a zone as the tz database does, and keeps another name of it", () => {
    const zoneOf = (timezone: string) => EventDraft.parse({ ...event, timezone }).timezone;
    expect(zoneOf("europe/VIENNA")).toBe("Europe/Vienna");
    expect(zoneOf("utc")).toBe("UTC");
    for (const name of ["Asia/Kolkata", "Asia/Calcutta", "Europe/Kyiv"]) expect(zoneOf(name)).toBe(name);
  });

  test.each<[string, object, string]>([
    ["no title", { title: " " }, "/title"],
    ["a category of 65", { category: "x".repeat(65) }, "/category"],
    ["no place in the tz database", { timezone: "Mars/Olympus" }, "/timezone"],
    ["an offset for a zone", { timezone: "+02:00" }, "/timezone"],
    ["a date without a zone", { startDate: "2027-06-01T18:00:00" }, "/startDate"],
    ["a day that is none", { startDate: "2027-02-30T18:00:00Z" }, "/startDate"],
    ["an end at its start", { endDate: event.startDate }, "/endDate"],
    ["an end before its start in another offset", { endDate: "2027-06-01T19:30:00+02:00" }, "/endDate"],
    ["no room", { capacity: 0 }, "/capacity"],
    ["half a place", { capacity: 1.5 }, "/capacity"],
    ["beyond the pole", { location: { ...event.location, coordinates: { lat: 91, lng: 0 } } }, "/location/coordinates/lat"],
    ["a field of its own", { price: 1 }, "/price"],
    ["a setting of its own", { settings: { vip: true } }, "/settings/vip"],
    ["an hour and a second of holding", { settings: { holdSeconds: 3601 } }, "/settings/holdSeconds"],
    ["a negative price", { ticketTypes: [{ ...type, price: { amount: -1, currency: "EUR" } }] }, "/ticketTypes/0/price/amount"],
    ["a price in halves", { ticketTypes: [{ ...type, price: { amount: 0.5, currency: "EUR" } }] }, "/ticketTypes/0/price/amount"],
    ["no currency", { ticketTypes: [{ ...type, price: { amount: 1, currency: "ABC" } }] }, "/ticketTypes/0/price/currency"],
    [
      "two currencies",
      { ticketTypes: [type, { ...type, price: { amount: 1, currency: "USD" } }] },
      "/ticketTypes/1/price/currency",
    ],
    ["a sale after the end", { ticketTypes: [{ ...type, saleEnd: "2027-06-01T21:00:01Z" }] }, "/ticketTypes/0/saleEnd"],
    ["a sale from the end", { ticketTypes: [{ ...type, saleStart: event.endDate }] }, "/ticketTypes/0/saleStart"],
  ])("refuses %s and says where", (_, change, pointer) => {
    expect(faults(EventDraft, { ...event, ...change })).toContain(pointer);
  });
});

test("a ticket type's own fields do not contradict each other", () => {
  expect(faults(TicketTypeDraft, { ...type, minPerOrder: 11 })).toEqual(["/minPerOrder"]);
  expect(faults(TicketTypeDraft, { ...type, minPerOrder: 11, maxPerOrder: 12 })).toEqual([]);
  expect(faults(TicketTypeDraft, { ...type, minPerOrder: 3, maxPerOrder: 2 })).toEqual(["/minPerOrder"]);
  expect(faults(TicketTypeChange, { minPerOrder: 11 })).toEqual([]);
  const sale = { saleStart: "2027-05-02T00:00:00Z", saleEnd: "2027-05-01T00:00:00Z" };
  expect(faults(TicketTypeDraft, { ...type, ...sale })).toEqual(["/saleEnd"]);
  expect(faults(TicketTypeChange, sale)).toEqual(["/saleEnd"]);
  expect(faults(EventChange, { startDate: event.endDate, endDate: event.startDate })).toEqual(["/endDate"]);
});

test("a hold and a scan have no room for what they do not know", () => {
  expect(HoldDraft.safeParse({ items: [{ ticketTypeId: event.organizerId, quantity: 1 }], insider: true }).success).toBe(false);
  expect(CheckInDraft.safeParse({ code: "c", nonce: "", gate: "g" }).success).toBe(false);
});

describe("what is stored", () => {
  const row = {
    id: "event",
    title: "E",
    startMs: 1_000,
    endMs: 2_000,
    capacity: 20,
    status: "published",
    holdSeconds: 600,
    maxHoldSeconds: null,
  } as EventRow;
  const typeRow: Partial<TicketTypeRow> = {
    name: "A",
    currency: "EUR",
    minPerOrder: 1,
    maxPerOrder: 10,
    saleStartMs: null,
    saleEndMs: null,
    quantity: 10,
    poolIds: [],
    seatCategories: [],
    opensAfterTicketTypeId: null,
  };
  const stored = (change: Partial<EventRow>, types: Partial<TicketTypeRow>[], pools: Partial<PoolRow>[] = []): StoredEvent => ({
    event: { ...row, ...change },
    types: types.map((each) => ({ ...typeRow, ...each }) as TicketTypeRow),
    pools: pools.map((pool) => ({ kind: "shared", name: "P", capacity: 5, withinPoolIds: [], ...pool }) as PoolRow),
  });
  const check = (change: Partial<EventRow>, ...types: Partial<TicketTypeRow>[]) => checkConsistency(stored(change, types))?.code;

  test("agrees with itself, whichever side was changed", () => {
    expect(check({}, {}, { saleStartMs: 0, saleEndMs: 2_000 })).toBeUndefined();
    expect(check({ endMs: 1_000 })).toBe("dates_inconsistent");
    expect(check({}, { saleEndMs: 2_001 })).toBe("dates_inconsistent");
    expect(check({}, { saleStartMs: 2_000 })).toBe("dates_inconsistent");
    expect(check({}, { saleStartMs: 500, saleEndMs: 500 })).toBe("dates_inconsistent");
    expect(check({}, {}, { currency: "USD" })).toBe("currency_mixed");
    expect(check({}, { minPerOrder: 11 })).toBe("quantity_out_of_range");
  });

  test("holds, tiers and pools lead somewhere, and never to themselves", () => {
    expect(check({ maxHoldSeconds: 599 })).toBe("settings_inconsistent");
    expect(check({ maxHoldSeconds: 600 })).toBeUndefined();
    const tier = (id: string, opensAfterTicketTypeId: string | null) => ({ id, opensAfterTicketTypeId });
    expect(check({}, tier("a", null), tier("b", "a"), tier("c", "b"))).toBeUndefined();
    expect(check({}, tier("a", "c"), tier("b", "a"), tier("c", "b"))).toBe("tiers_inconsistent");
    expect(check({}, tier("a", null), tier("d", "b"), tier("b", "c"), tier("c", "b"))).toBe("tiers_inconsistent");
    expect(check({}, tier("a", "nobody"))).toBe("tiers_inconsistent");

    const drawing = (pools: Partial<PoolRow>[], poolIds: string[] = [], change: Partial<EventRow> = {}) =>
      checkConsistency(stored(change, [{ id: "a", poolIds }], pools))?.code;
    const floor = { id: "floor", capacity: 8 };
    const allocation = (id: string, withinPoolIds: string[], capacity = 5) =>
      ({ id, kind: "allocation", withinPoolIds, capacity }) as const;
    expect(drawing([floor, allocation("press", ["event", "floor", "a"])], ["floor", "press"])).toBeUndefined();
    expect(drawing([floor], ["balcony"])).toBe("pool_unknown");
    expect(drawing([allocation("press", ["floor"])])).toBe("pool_unknown");
    expect(drawing([allocation("press", ["event"]), allocation("vip", ["press"])])).toBe("pool_unknown");
    expect(drawing([floor, allocation("press", ["floor"], 9)])).toBe("pool_inconsistent");
    expect(drawing([allocation("press", [])])).toBe("pool_inconsistent");
    expect(drawing([floor, { id: "press", withinPoolIds: ["floor"] }])).toBe("pool_inconsistent");
    expect(drawing([floor, allocation("press", ["floor"])], ["press"])).toBe("pool_inconsistent");
    const two = [allocation("press", ["event"]), allocation("vip", ["event"])];
    expect(drawing(two, ["press", "vip"])).toBe("pool_inconsistent");
    // What is on sale is the object's to count; a draft's must fit before it is published.
    const crowded = [floor, allocation("press", ["floor"]), allocation("vip", ["floor"], 4)];
    expect(drawing(crowded)).toBeUndefined();
    expect(drawing(crowded, [], { status: "draft" })).toBe("capacity_below_sold");
  });

  test("a hold lasts a minute at least, but in development", () => {
    expect(checkSettings("production", { holdSeconds: 59 })?.errors).toEqual([
      { pointer: "/settings/holdSeconds", message: "is below 60" },
    ]);
    expect(checkSettings("production", { holdSeconds: 60 })).toBeNull();
    expect(checkSettings("production", undefined)).toBeNull();
    expect(checkSettings("development", { holdSeconds: 1 })).toBeNull();
    // An environment that forgot to say what it is is production (rule 2).
    expect(checkSettings("", { holdSeconds: 59 })).not.toBeNull();
  });
});

test("a person's name is of any script and of whole characters", () => {
  for (const name of ["Ada", "Åsa-Ørn", "山田 花子", "😀"]) expect(PersonName.safeParse(name).success).toBe(true);
  for (const name of ["", " ", "a\nb", "\ud83d", "Ada \ude00", "x".repeat(201)])
    expect(PersonName.safeParse(name).success).toBe(false);
});
