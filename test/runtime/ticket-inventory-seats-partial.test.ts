/** Lines beside each other: what of them fits, what one wish becomes of several, and what opens when a category has nothing left. */
import { reset, runInDurableObject } from "cloudflare:test";
import { afterEach, expect, test, vi } from "vitest";
import type { Line } from "../../shared/contracts/inventory";
import { availableOf, codeOf, confirmRequest, granted, HOLD_MS, holdRequest, rowsOf, someId } from "../support/inventory";
import { checkSeats } from "../support/seat-books";
import { askSeats, installMap, openSeated, type SeatedEvent, seatedType } from "../support/seated";
import { type SmallRow, smallMap } from "../support/small-seat-maps";
import { waitingRequest } from "../support/waiting";

afterEach(async () => {
  vi.useRealTimers();
  await reset();
});

const rowOf = (category: number, kinds: string, change: Partial<SmallRow> = {}): SmallRow => ({
  section: 0,
  category,
  table: false,
  kinds: [...kinds],
  ...change,
});
const front = seatedType(["c0"], { name: "Front" });
const anywhere = seatedType(["c0", "c1"], { name: "Anywhere" });
const best = ({ id }: { id: string }, quantity: number): Line => ({ ticketTypeId: id, quantity, bestAvailable: true });
const named = ({ id }: { id: string }, ...seatIds: string[]): Line => ({ ticketTypeId: id, quantity: seatIds.length, seatIds });

const openHall = (rows: SmallRow[], change = {}) => openSeated([front, anywhere], change, smallMap(rows, someId()));

async function hold({ inventory, map }: SeatedEvent, items: Line[], partial = false) {
  const answer = await inventory.placeHold(holdRequest("", 1, { items, partial }));
  await runInDurableObject(inventory, (_, { storage }) => checkSeats(storage.sql, map));
  return answer;
}
const had = async (event: SeatedEvent, items: Line[]) => {
  const { lines, refused = [] } = granted(await hold(event, items, true));
  return [
    ...lines.map(({ quantity, seats = [] }) => [quantity, seats.length]),
    ...refused.map(({ asked }) => `refused ${asked}`),
  ];
};

test("a partial hold counts what its earlier lines take of categories that they share", async () => {
  const [six, middle] = [rowOf(0, "oooooo"), rowOf(1, "oooooo")];
  expect(await had(await openHall([six, middle]), [best(front, 6), best(anywhere, 9)])).toEqual([
    [6, 6],
    [6, 6],
  ]);
  // In the order asked: the earlier line takes the front too, and nothing of it is left for the later one.
  expect(await had(await openHall([six, middle]), [best(anywhere, 12), best(front, 3)])).toEqual([[12, 12], "refused 3"]);
  expect(await had(await openHall([six, middle]), [best(anywhere, 11), named(front, "0-2", "0-3")])).toEqual([
    [11, 11],
    [1, 1],
  ]);
  expect(await had(await openHall([six, middle]), [best(front, 6), named(anywhere, "0-2")])).toEqual([[6, 6], "refused 1"]);
});

test("a partial hold looks at which named seats are free before it counts the room, and leaves no part of a table", async () => {
  const event = await openHall([rowOf(0, "oooooo"), rowOf(1, "o")]);
  granted(await event.inventory.placeHold(askSeats(front.id, "0-0", "0-1", "0-2")));
  expect(await had(event, [named(front, "0-0", "0-1", "0-2", "0-4", "0-5")])).toEqual([[2, 2]]);

  const tables = await openHall([rowOf(0, "oooo", { table: true }), rowOf(0, "oo")]);
  granted(await tables.inventory.blockSeats(["0-3"], null));
  expect(await had(tables, [named(front, "0-0", "0-1", "0-2", "0-3", "1-0")])).toEqual([[1, 1]]);
  // Asked for in part it is as wrong as ever.
  granted(await tables.inventory.releaseSeats(["0-3"]));
  expect(codeOf(await hold(tables, [named(front, "0-0", "0-1")], true))).toBe("seat_count_mismatch");
});

test("who has the least choice sits first, in whatever order the lines come", async () => {
  const rows = [rowOf(0, "oooooo"), rowOf(1, "oooooo")];
  expect(codeOf(await hold(await openHall(rows), [best(anywhere, 6), best(front, 6)]))).toBe("ok");
  expect(codeOf(await hold(await openHall(rows), [best(front, 6), best(anywhere, 6)]))).toBe("ok");
});

test("two lines of one type are one wish: accessible seats are added up, different sections are refused", async () => {
  const event = await openHall([rowOf(0, "oooa"), rowOf(0, "ooo", { section: 1 }), rowOf(0, "a")]);
  const ask = (...wishes: [number, Line["bestAvailable"]][]) =>
    hold(
      event,
      wishes.map(([quantity, bestAvailable = true]) => ({ ticketTypeId: front.id, quantity, bestAvailable })),
    );
  const first = granted(await ask([2, true], [1, { accessible: 1 }]));
  const accessible = ["0-3", "2-0"];
  expect(first.lines[0]?.seats?.filter(({ id }) => accessible.includes(id))).toHaveLength(1);
  expect(codeOf(await ask([1, { sectionIds: ["s1"] }], [1, true]))).toBe("seat_count_mismatch");
  expect(codeOf(await ask([1, { sectionIds: ["s1"] }], [1, { sectionIds: ["s0"] }]))).toBe("seat_count_mismatch");
  const together = granted(await ask([1, { sectionIds: ["s1"] }], [1, { sectionIds: ["s1"] }]));
  expect(together.lines[0]?.seats?.every(({ id }) => id.startsWith("1-"))).toBe(true);
});

test("a tier opens when the terms themselves, or a swap, leave nothing of the one before it", async () => {
  const small = seatedType(["c0"], { name: "Small", quantity: 1 });
  const next = seatedType(["c1"], { name: "Next", opensAfterTicketTypeId: small.id });
  const both = seatedType(["c0", "c1"], { name: "Any" });
  const event = await openSeated([small, next, both], {}, smallMap([rowOf(0, "o"), rowOf(1, "ooo")], someId()));
  const { inventory, config } = event;
  const statusOf = async () =>
    granted(await inventory.availability()).ticketTypes.find(({ ticketTypeId }) => ticketTypeId === next.id)?.status;
  expect(await statusOf()).toBe("scheduled");
  const orderId = someId();
  granted(await inventory.claim({ ...askSeats(both.id, "1-0"), orderId }));
  const [ticket] = granted(await inventory.confirm(confirmRequest(config.eventId, orderId)));
  granted(await inventory.swapSeats([{ ticketId: ticket?.id ?? "", seatId: "0-0" }]));
  expect(await availableOf(inventory)).toMatchObject({ [small.id]: 0 });
  expect(await statusOf()).toBe("on_sale");

  // Published with every place of it in an allocation.
  const press = { id: "press", capacity: 1, withinPoolIds: [small.id] };
  const pools = [...config.pools.map((pool) => ({ ...pool })), press];
  const other = await openSeated([small, next, both], { pools }, smallMap([rowOf(0, "o"), rowOf(1, "ooo")], someId()));
  const told = granted(await other.inventory.availability()).ticketTypes;
  expect(told.find(({ ticketTypeId }) => ticketTypeId === next.id)?.status).toBe("on_sale");
});

test("a single seat is left where the row cannot avoid it, and nowhere else", async () => {
  const event = await openHall([rowOf(0, "ooo"), rowOf(0, "ooo"), rowOf(0, "oooo")], { refuseOrphanSeats: true });
  expect(codeOf(await hold(event, [named(front, "0-0", "0-1")]))).toBe("ok");
  // One alone has a better place than the middle, and so have two of four.
  expect(codeOf(await hold(event, [named(front, "1-1")]))).toBe("seat_orphaned");
  expect(codeOf(await hold(event, [named(front, "1-0", "1-2")]))).toBe("ok");
  expect(codeOf(await hold(event, [named(front, "2-1", "2-2")]))).toBe("seat_orphaned");
  expect(codeOf(await hold(event, [named(front, "2-2", "2-3")]))).toBe("ok");
});

test("a change keeps a line whose sale is over, and gets no more of it", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  const early = seatedType(["c0"], { name: "Early", saleEndMs: Date.now() + HOLD_MS / 2 });
  const event = await openSeated([early, anywhere], {}, smallMap([rowOf(0, "ooo"), rowOf(1, "ooo")], someId()));
  const { holdId } = granted(await hold(event, [best(early, 2)]));
  vi.setSystemTime(Date.now() + HOLD_MS / 2);
  const change = (items: Line[]) => event.inventory.changeHold(holdId, items);
  expect(codeOf(await change([best(early, 3)]))).toBe("ticket_type_not_on_sale");
  expect(codeOf(await change([best(early, 2), best(anywhere, 1)]))).toBe("ok");
  expect(codeOf(await change([best(early, 1), best(anywhere, 2)]))).toBe("ok");
  expect(codeOf(await change([best(early, 2), best(anywhere, 1)]))).toBe("ticket_type_not_on_sale");
});

test("a seat that a swap gives up is offered to who waits for it", async () => {
  const both = seatedType(["c0", "c1"], { name: "Both" });
  const event = await openSeated([front, both], { allowWaitlist: true }, smallMap([rowOf(0, "o"), rowOf(1, "oo")], someId()));
  const { inventory, config } = event;
  const orderId = someId();
  granted(await inventory.claim({ ...askSeats(both.id, "0-0"), orderId }));
  const [ticket] = granted(await inventory.confirm(confirmRequest(config.eventId, orderId)));
  const entry = granted(await inventory.joinWaitlist(waitingRequest([front.id], 1)));
  expect(entry.state).toBe("waiting");
  granted(await inventory.swapSeats([{ ticketId: ticket?.id ?? "", seatId: "1-0" }]));
  expect(granted(await inventory.waitingEntry(entry.entryId)).state).toBe("offered");
});

test("of maps that were laid and never stood nothing stays when another one is", async () => {
  const event = await openHall([rowOf(0, "ooo"), rowOf(1, "ooo")]);
  for (let maps = 0; maps < 3; maps++) await installMap(event.inventory, smallMap([rowOf(0, "oo"), rowOf(1, "o")], someId()));
  expect(await rowsOf(event.inventory, "SELECT id FROM seat_maps")).toHaveLength(2);
  expect(await rowsOf(event.inventory, "SELECT id FROM seats")).toHaveLength(9);
});
