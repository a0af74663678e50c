/** Seats for whoever comes along: sold with the accessible seat that they belong to, until the organizer releases them. */
import { reset, runInDurableObject } from "cloudflare:test";
import { afterEach, expect, test, vi } from "vitest";
import type { Holder, Line } from "../../shared/contracts/inventory";
import { codeOf, confirmRequest, granted, HOLD_MS, holdRequest, refusalOf, someId } from "../support/inventory";
import { checkSeats } from "../support/seat-books";
import { installMap, openSeated, type SeatedEvent, seatedType, takenSeats } from "../support/seated";
import { smallMap } from "../support/small-seat-maps";

afterEach(async () => {
  vi.useRealTimers();
  await reset();
});

const adult = seatedType(["c0"], { name: "Adult" });
const child = seatedType(["c0"], { name: "Child" });
/** A row of six: `0-2` is accessible, and `0-3` its companion's. */
const rows = [{ section: 0, category: 0, table: false, kinds: [..."ooacoo"] }];
const openHall = () => openSeated([adult, child], {}, smallMap(rows, someId()));

const named = ({ id }: { id: string }, ...seatIds: string[]): Line => ({ ticketTypeId: id, quantity: seatIds.length, seatIds });
const best = ({ id }: { id: string }, quantity: number, accessible = 0): Line => ({
  ticketTypeId: id,
  quantity,
  bestAvailable: accessible === 0 ? true : { accessible },
});
const somebody = (key: string): Holder => ({ kind: "user", key });
const place = (event: SeatedEvent, items: Line[], change: { holder?: Holder; partial?: boolean } = {}) =>
  event.inventory.placeHold(holdRequest("", 1, { items, ...change }));
const seatsOf = ({ lines }: { lines: { seats?: { id: string }[] }[] }) =>
  lines.flatMap(({ seats = [] }) => seats.map(({ id }) => id));
const check = ({ inventory, map }: SeatedEvent) =>
  runInDurableObject(inventory, (_, { storage }) => checkSeats(storage.sql, map));

test("a companion's seat goes with its accessible seat alone, in whichever line and order", async () => {
  const event = await openHall();
  expect(refusalOf(await place(event, [named(adult, "0-3")]))).toEqual({
    code: "seat_for_companion",
    detail: "Sold with the accessible seat beside: 0-2.",
    members: { seatIds: ["0-3"] },
  });
  expect(codeOf(await place(event, [named(adult, "0-3", "0-4")]))).toBe("seat_for_companion");
  expect(await takenSeats(event)).toEqual({});
  granted(await place(event, [named(child, "0-3"), named(adult, "0-2")]));
  await check(event);
});

test("who has the accessible seat, held or bought, may take his companion's later; nobody else may, and not after its end", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  const event = await openHall();
  const [mine, other] = [somebody("mine"), somebody("other")];
  granted(await place(event, [named(adult, "0-2")], { holder: mine }));
  expect(codeOf(await place(event, [named(adult, "0-3")], { holder: other }))).toBe("seat_for_companion");
  const beside = granted(await place(event, [named(adult, "0-3")], { holder: mine }));
  granted(await event.inventory.releaseHold(beside.holdId));

  vi.setSystemTime(Date.now() + HOLD_MS);
  expect(codeOf(await place(event, [named(adult, "0-3")], { holder: mine }))).toBe("seat_for_companion");
  const orderId = someId();
  granted(await event.inventory.claim({ ...holdRequest("", 1, { items: [named(adult, "0-2")], holder: mine }), orderId }));
  granted(await event.inventory.confirm(confirmRequest(event.config.eventId, orderId)));
  vi.setSystemTime(Date.now() + HOLD_MS);
  expect(codeOf(await place(event, [named(child, "0-3")], { holder: other }))).toBe("seat_for_companion");
  granted(await place(event, [named(child, "0-3")], { holder: mine }));
});

test("a hold that gives up its accessible seat does not keep the companion's", async () => {
  const event = await openHall();
  const hold = granted(await place(event, [named(adult, "0-2"), named(child, "0-3")]));
  const alone = await event.inventory.changeHold(hold.holdId, [named(child, "0-3")]);
  expect(codeOf(alone)).toBe("seat_for_companion");
  // Both lines as they stand keep their seats; the child's alone gets another one.
  expect(seatsOf(granted(await event.inventory.changeHold(hold.holdId, [best(adult, 1), best(child, 1)])))).toEqual([
    "0-2",
    "0-3",
  ]);
  const [seat] = seatsOf(granted(await event.inventory.changeHold(hold.holdId, [best(child, 1)])));
  expect(["0-0", "0-1", "0-4", "0-5"]).toContain(seat);
  await check(event);
});

test("a partial hold that does not get the accessible seat does not get its companion's either", async () => {
  const event = await openHall();
  granted(await place(event, [named(adult, "0-2")]));
  const hold = granted(await place(event, [named(adult, "0-3", "0-2", "0-4")], { partial: true }));
  expect(seatsOf(hold)).toEqual(["0-4"]);
  expect(codeOf(await place(event, [named(adult, "0-2", "0-3")], { partial: true }))).toBe("sold_out");
});

test("a partial hold leaves a companion's seat out whose accessible one none of its lines gets, and keeps the rest", async () => {
  const event = await openHall();
  const mine = somebody("mine");
  // The accessible seat may come in a later line.
  const both = granted(await place(event, [named(child, "0-3"), named(adult, "0-2")], { partial: true, holder: mine }));
  expect(seatsOf(both)).toEqual(["0-3", "0-2"]);
  granted(await event.inventory.releaseHold(both.holdId));
  granted(await place(event, [named(adult, "0-2")], { holder: mine }));
  const first = granted(await place(event, [named(adult, "0-2"), named(child, "0-3", "0-4")], { partial: true }));
  expect(seatsOf(first)).toEqual(["0-4"]);
  expect(first.refused).toEqual([{ ticketTypeId: adult.id, asked: 1, code: "sold_out" }]);
  const second = granted(await place(event, [named(adult, "0-3"), named(child, "0-5")], { partial: true }));
  expect(seatsOf(second)).toEqual(["0-5"]);
  expect(second.refused).toEqual([{ ticketTypeId: adult.id, asked: 1, code: "seat_for_companion" }]);
  expect(refusalOf(await place(event, [named(adult, "0-3")], { partial: true }))).toMatchObject({
    code: "seat_for_companion",
    members: { seatIds: ["0-3"] },
  });
  expect(seatsOf(granted(await place(event, [named(child, "0-3")], { partial: true, holder: mine })))).toEqual(["0-3"]);
  expect((await takenSeats(event))["0-2"]).toBe("held");
  await check(event);
});

test("released by the organizer they are seats like any other, for the best available too, until another map comes", async () => {
  const event = await openHall();
  const { inventory, config } = event;
  expect(codeOf(await place(event, [best(adult, 3)]))).toBe("ok");
  // Unblocking is no release.
  granted(await inventory.blockSeats(["0-3"], "the camera"));
  expect(granted(await inventory.releaseSeats(["0-3", "0-5"]))).toEqual({ changed: 1 });
  expect(codeOf(await place(event, [named(adult, "0-3")]))).toBe("seat_for_companion");
  expect(granted(await inventory.seatStates())?.releasedCompanions).toEqual([]);
  granted(await inventory.blockSeats(["0-3"], "the camera"));
  expect(granted(await inventory.releaseSeats(["0-3", "0-2", "0-5"], true))).toEqual({ changed: 1 });
  expect(granted(await inventory.releaseSeats(["0-3"], true))).toEqual({ changed: 0 });
  expect(granted(await inventory.seatStates())?.releasedCompanions).toEqual(["0-3"]);
  await check(event);
  const taken = Object.keys(await takenSeats(event)).length;
  const three = granted(await place(event, [best(adult, 5 - taken)]));
  expect(seatsOf(three)).toContain("0-3");
  await check(event);
  granted(await inventory.releaseHold(three.holdId));

  const next = smallMap([...rows, ...rows], someId());
  await installMap(inventory, next);
  granted(await inventory.reconfigure({ ...config, seatMapId: next.id, version: config.version + 1, changeId: someId() }));
  expect(granted(await inventory.seatStates())?.releasedCompanions).toEqual([]);
  expect(codeOf(await place(event, [named(adult, "0-3")]))).toBe("seat_for_companion");
});

/** Each in a hold of its own, as its holder may take them one after the other. */
async function placeApart(event: SeatedEvent, mine: Holder) {
  const accessible = granted(await place(event, [named(adult, "0-2")], { holder: mine }));
  const beside = granted(await place(event, [named(child, "0-3")], { holder: mine }));
  const claim = (holdId: string, orderId: string) =>
    event.inventory.claim({ ...holdRequest("", 1, { items: [], holder: mine }), holdId, orderId, items: null });
  return { accessible, beside, claim };
}

test.each([
  ["was released", async (event: SeatedEvent, holdId: string) => granted(await event.inventory.releaseHold(holdId))],
  [
    "was changed for another",
    async (event: SeatedEvent, holdId: string) => granted(await event.inventory.changeHold(holdId, [named(adult, "0-0")])),
  ],
])("no order claims a companion's seat whose accessible one %s", async (_, letGo) => {
  const event = await openHall();
  const { accessible, beside, claim } = await placeApart(event, somebody("mine"));
  await letGo(event, accessible.holdId);
  expect(refusalOf(await claim(beside.holdId, someId()))).toMatchObject({
    code: "seat_for_companion",
    members: { seatIds: ["0-3"] },
  });
  expect((await takenSeats(event))["0-3"]).toBe("held");
  granted(await place(event, [named(adult, "0-2")], { holder: somebody("mine") }));
  granted(await claim(beside.holdId, someId()));
});

test("no order that was claimed beside another is paid for or sold once that one's accessible seat is free again", async () => {
  const event = await openHall();
  const { inventory, config } = event;
  const { accessible, beside, claim } = await placeApart(event, somebody("mine"));
  const [first, second] = [someId(), someId()];
  granted(await claim(accessible.holdId, first));
  granted(await claim(beside.holdId, second));
  granted(await inventory.release(first, "cancelled"));
  expect(codeOf(await inventory.extend(second, Date.now() + 2 * HOLD_MS))).toBe("sold_out");
  expect(codeOf(await inventory.confirm(confirmRequest(config.eventId, second)))).toBe("sold_out");
  expect(Object.values(await takenSeats(event))).not.toContain("sold");
  await check(event);
});

test("neither is taken again after its end, by its hold or by late money, without the accessible seat", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  const event = await openHall();
  const { inventory, config } = event;
  const held = await placeApart(event, somebody("mine"));
  vi.setSystemTime(Date.now() + HOLD_MS);
  expect(codeOf(await inventory.reacquireHold(held.beside.holdId))).toBe("seat_for_companion");
  granted(await inventory.reacquireHold(held.accessible.holdId));
  granted(await inventory.reacquireHold(held.beside.holdId));

  const orderId = someId();
  granted(await held.claim(held.beside.holdId, orderId));
  vi.setSystemTime(Date.now() + HOLD_MS);
  expect(codeOf(await inventory.extend(orderId, Date.now() + HOLD_MS))).toBe("sold_out");
  expect(codeOf(await inventory.confirm(confirmRequest(config.eventId, orderId)))).toBe("sold_out");
  expect(await takenSeats(event)).toEqual({});
});
