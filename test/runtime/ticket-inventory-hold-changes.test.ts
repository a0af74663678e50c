/** A hold before an order claims it: a later end up to its cap, its stock once more after its end, and as much as there is. */
import { evictDurableObject, reset } from "cloudflare:test";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { HeldStock, Line } from "../../shared/contracts/inventory";
import {
  claimRequest,
  codeOf,
  configOf,
  DAY_MS,
  granted,
  HOLD_MS,
  holdRequest,
  type Inventory,
  openInventory,
  plainPool,
  poolsOf,
  refusalOf,
  rowsOf,
  someId,
  typeDraft,
} from "../support/inventory";

const MINUTE_MS = 60_000;
const TEN = Date.UTC(2027, 4, 7, 10);
const at = (minutes: number) => vi.setSystemTime(TEN + minutes * MINUTE_MS);
const minutesOf = (atMs: number) => (atMs - TEN) / MINUTE_MS;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"] });
  at(0);
});
afterEach(async () => {
  vi.useRealTimers();
  await reset();
});

const configAtTen = (types = [typeDraft({ quantity: 5 })], change = {}) =>
  configOf(types, { endMs: TEN + 30 * DAY_MS, ...change });
const heldOf = async (inventory: Inventory) => (await poolsOf(inventory)).map(({ held }) => held);
const amounts = ({ lines }: HeldStock) =>
  lines.map(({ quantity, asked }) => (asked === undefined ? [quantity] : [quantity, asked]));

test("thirty minutes from ten, extended at 10:20 and 10:45 with a cap at eleven, end at 10:30, 10:50 and 11:00", async () => {
  const type = typeDraft();
  const inventory = await openInventory(configAtTen([type], { holdMs: 30 * MINUTE_MS, holdCapMs: 60 * MINUTE_MS }));
  const hold = granted(await inventory.placeHold(holdRequest(type.id, 2)));
  expect([hold.expiresAtMs, hold.extendableUntilMs].map(minutesOf)).toEqual([30, 60]);
  at(20);
  const first = granted(await inventory.extendHold(hold.holdId));
  expect(first).toEqual({ ...hold, expiresAtMs: TEN + 50 * MINUTE_MS });
  at(45);
  expect(minutesOf(granted(await inventory.extendHold(hold.holdId)).expiresAtMs)).toBe(60);
  at(59);
  expect(minutesOf(granted(await inventory.extendHold(hold.holdId)).expiresAtMs)).toBe(60);
  await evictDurableObject(inventory);
  expect(minutesOf(granted(await inventory.hold(hold.holdId)).expiresAtMs)).toBe(60);
  at(60);
  expect(codeOf(await inventory.extendHold(hold.holdId))).toBe("hold_expired");
  expect(codeOf(await inventory.hold(hold.holdId))).toBe("hold_expired");
});

test("an extension never shortens, and a shorter hold for others does not either", async () => {
  const type = typeDraft();
  const config = configAtTen([type], { holdMs: 30 * MINUTE_MS, holdCapMs: 60 * MINUTE_MS });
  const inventory = await openInventory(config);
  const { holdId } = granted(await inventory.placeHold(holdRequest(type.id, 1)));
  granted(await inventory.reconfigure({ ...config, version: 2, changeId: someId(), holdMs: MINUTE_MS, holdCapMs: MINUTE_MS }));
  at(10);
  expect(minutesOf(granted(await inventory.extendHold(holdId)).expiresAtMs)).toBe(30);
});

test("only a living hold that no order has claimed is extended, of an event that sells", async () => {
  const type = typeDraft();
  const inventory = await openInventory(configAtTen([type]));
  expect(codeOf(await inventory.extendHold(someId()))).toBe("hold_not_found");
  const claim = claimRequest(type.id, 1);
  granted(await inventory.claim(claim));
  expect(codeOf(await inventory.extendHold(claim.holdId))).toBe("hold_in_use");
  const { holdId: released } = granted(await inventory.placeHold(holdRequest(type.id, 1)));
  granted(await inventory.releaseHold(released));
  expect(codeOf(await inventory.extendHold(released))).toBe("hold_released");
  const { holdId, expiresAtMs } = granted(await inventory.placeHold(holdRequest(type.id, 1)));
  granted(await inventory.close("completed"));
  at(1);
  expect(codeOf(await inventory.extendHold(holdId))).toBe("event_not_on_sale");
  expect(granted(await inventory.hold(holdId)).expiresAtMs).toBe(expiresAtMs);
});

test("an expired hold takes its lines again at today's prices and says which are others", async () => {
  const [dearer, same] = [typeDraft({ unitPriceMinor: 2_500 }), typeDraft({ unitPriceMinor: 900 })];
  const config = configAtTen([dearer, same]);
  const inventory = await openInventory(config);
  const items = [
    { ticketTypeId: dearer.id, quantity: 2 },
    { ticketTypeId: same.id, quantity: 1 },
  ];
  const hold = granted(await inventory.placeHold({ ...holdRequest(dearer.id, 2), items }));
  const ticketTypes = [{ ...dearer, unitPriceMinor: 3_000, name: "Late" }, same];
  granted(await inventory.reconfigure({ ...config, version: 2, changeId: someId(), ticketTypes }));
  // While it lives it is the same answer, at its frozen prices.
  expect(granted(await inventory.reacquireHold(hold.holdId))).toEqual(hold);
  vi.setSystemTime(hold.expiresAtMs);
  const again = granted(await inventory.reacquireHold(hold.holdId));
  expect(again).toEqual({
    ...hold,
    configVersion: 2,
    expiresAtMs: hold.expiresAtMs + HOLD_MS,
    extendableUntilMs: hold.expiresAtMs + 3 * HOLD_MS,
    lines: [
      { ticketTypeId: dearer.id, quantity: 2, name: "Late", unitPriceMinor: 3_000 },
      { ticketTypeId: same.id, quantity: 1, name: same.name, unitPriceMinor: 900 },
    ],
    repriced: [{ ticketTypeId: dearer.id, fromMinor: 2_500, toMinor: 3_000 }],
  });
  // Again is the same answer, and it was taken once.
  expect(granted(await inventory.reacquireHold(hold.holdId))).toEqual(again);
  expect((await heldOf(inventory)).toSorted()).toEqual([1, 2]);
  const claimed = granted(await inventory.claim({ ...claimRequest(dearer.id, 1), holdId: hold.holdId, items: null }));
  expect(claimed.lines).toEqual(again.lines);
});

test("a hold is taken again while stock lasts, three times, and never after its release", async () => {
  const type = typeDraft({ quantity: 5 });
  const inventory = await openInventory(configAtTen([type]));
  const { holdId, expiresAtMs } = granted(await inventory.placeHold(holdRequest(type.id, 3)));
  vi.setSystemTime(expiresAtMs);
  const rival = granted(await inventory.placeHold(holdRequest(type.id, 3)));
  expect(refusalOf(await inventory.reacquireHold(holdId))).toMatchObject({
    code: "sold_out",
    members: { available: [{ ticketTypeId: type.id, available: 2 }] },
  });
  expect(codeOf(await inventory.hold(holdId))).toBe("hold_expired");
  granted(await inventory.releaseHold(rival.holdId));
  for (let time = 0; time < 3; time++) vi.setSystemTime(granted(await inventory.reacquireHold(holdId)).expiresAtMs);
  expect(codeOf(await inventory.reacquireHold(holdId))).toBe("hold_expired");
  expect(codeOf(await inventory.reacquireHold(rival.holdId))).toBe("hold_released");
  const claim = claimRequest(type.id, 1);
  granted(await inventory.claim(claim));
  expect(codeOf(await inventory.reacquireHold(claim.holdId))).toBe("hold_in_use");
  expect(codeOf(await inventory.reacquireHold(someId()))).toBe("hold_not_found");
});

test("a hold that is taken again asks for what is on sale today, and stands against its holder's limit once", async () => {
  const [closing, other] = [typeDraft({ saleEndMs: TEN + HOLD_MS }), typeDraft({ maxPerOrder: 2 })];
  const inventory = await openInventory(configAtTen([closing, other], { unpaidOrdersPerPerson: 1 }));
  const over = granted(await inventory.placeHold(holdRequest(closing.id, 1)));
  const holder = { kind: "user" as const, key: someId() };
  const full = granted(await inventory.placeHold(holdRequest(other.id, 2, { holder })));
  vi.setSystemTime(TEN + HOLD_MS);
  expect(codeOf(await inventory.reacquireHold(over.holdId))).toBe("ticket_type_not_on_sale");
  granted(await inventory.reacquireHold(full.holdId));
  granted(await inventory.changeHold(full.holdId, [{ ticketTypeId: other.id, quantity: 2 }]));
  expect(codeOf(await inventory.placeHold(holdRequest(other.id, 1, { holder })))).toBe("holder_limit");
});

test("a partial hold gets of each line what there is, in the order asked, and names what it did not get", async () => {
  const house = someId();
  const types = [5, 5, 5].map((quantity) => {
    const id = someId();
    return typeDraft({ id, quantity, poolIds: [id, house] });
  });
  const [first, second, third] = types.map(({ id }) => id) as [string, string, string];
  const pools = [...types.map(({ id, quantity }) => plainPool(id, quantity)), plainPool(house, 8)];
  const inventory = await openInventory(configAtTen(types, { pools }));
  const items = [first, second, third].map((ticketTypeId) => ({ ticketTypeId, quantity: 6 }));
  // Without being asked for it, nobody gets less than all.
  expect(codeOf(await inventory.placeHold({ ...holdRequest(first, 1), items }))).toBe("sold_out");
  const request = { ...holdRequest(first, 1), items, partial: true };
  const hold = granted(await inventory.placeHold(request));
  expect(amounts(hold)).toEqual([
    [5, 6],
    [3, 6],
  ]);
  expect(hold.refused).toEqual([{ ticketTypeId: third, asked: 6, code: "sold_out" }]);
  // The same id again is the same answer, although nothing is left.
  expect(granted(await inventory.placeHold(request))).toEqual(hold);
  expect(granted(await inventory.hold(hold.holdId))).toEqual(hold);
  const nothing = { ...holdRequest(first, 1), items, partial: true };
  expect(refusalOf(await inventory.placeHold(nothing))).toMatchObject({
    code: "sold_out",
    members: { available: [first, second, third].map((ticketTypeId) => ({ ticketTypeId, available: 0 })) },
  });
  expect(codeOf(await inventory.hold(nothing.holdId))).toBe("hold_not_found");

  // What the change gives back counts for what it takes.
  const changed = granted(await inventory.changeHold(hold.holdId, [{ ticketTypeId: third, quantity: 6 }], true));
  expect([amounts(changed), changed.refused]).toEqual([[[5, 6]], undefined]);
  expect(codeOf(await inventory.changeHold(hold.holdId, [{ ticketTypeId: third, quantity: 6 }]))).toBe("sold_out");
  expect(granted(await inventory.hold(hold.holdId))).toEqual(changed);
});

test("a partial hold never gets less than the least that one may buy, and never more than one may", async () => {
  const pair = typeDraft({ quantity: 5, minPerOrder: 2, maxPerOrder: 4 });
  const single = typeDraft({ quantity: 3 });
  const inventory = await openInventory(configAtTen([pair, single]));
  granted(await inventory.placeHold(holdRequest(pair.id, 4)));
  const items = [
    { ticketTypeId: pair.id, quantity: 2 },
    { ticketTypeId: single.id, quantity: 2 },
  ];
  const hold = granted(await inventory.placeHold({ ...holdRequest(pair.id, 1), items, partial: true }));
  expect([amounts(hold), hold.refused]).toEqual([[[2]], [{ ticketTypeId: pair.id, asked: 2, code: "sold_out" }]]);
  expect(codeOf(await inventory.placeHold(holdRequest(pair.id, 5, { partial: true })))).toBe("quantity_out_of_range");
});

test("a partial hold takes what is on sale, says of each other line why, and keeps of an ended sale what it had", async () => {
  const open = typeDraft({ quantity: 3 });
  const ending = typeDraft({ name: "Early bird", quantity: 5, saleEndMs: TEN + 5 * MINUTE_MS });
  const later = typeDraft({ name: "Box office", quantity: 5, saleStartMs: TEN + DAY_MS });
  const inventory = await openInventory(configAtTen([open, ending, later]));
  const asked = (...quantities: [number, number, number]) =>
    [open, ending, later].map(({ id }, index) => ({ ticketTypeId: id, quantity: quantities[index] ?? 0 }));
  const place = (items: Line[], partial: boolean) => inventory.placeHold(holdRequest(open.id, 1, { items, partial }));
  const notOnSale = ({ id }: { id: string }, quantity: number) => ({
    ticketTypeId: id,
    asked: quantity,
    code: "ticket_type_not_on_sale",
  });
  expect(codeOf(await place(asked(2, 2, 1), false))).toBe("ticket_type_not_on_sale");
  const hold = granted(await place(asked(2, 2, 1), true));
  expect([amounts(hold), hold.refused]).toEqual([[[2], [2]], [notOnSale(later, 1)]]);
  expect(granted(await inventory.hold(hold.holdId)).refused).toEqual([notOnSale(later, 1)]);

  at(6);
  const changed = granted(await inventory.changeHold(hold.holdId, asked(1, 3, 1), true));
  expect([amounts(changed), changed.refused]).toEqual([[[1], [2, 3]], [notOnSale(later, 1)]]);
  expect(codeOf(await inventory.changeHold(hold.holdId, asked(1, 3, 1)))).toBe("ticket_type_not_on_sale");

  // Nothing at all: for want of stock where that is so of any line, or else for the sale's sake.
  const neither = await place([{ ticketTypeId: later.id, quantity: 1 }], true);
  expect(refusalOf(neither)).toMatchObject({ code: "ticket_type_not_on_sale", detail: "“Box office” is not on sale yet." });
  granted(await place([{ ticketTypeId: open.id, quantity: 2 }], false));
  expect(codeOf(await place(asked(1, 1, 1), true))).toBe("sold_out");
});

test("a partial hold counts what is due as there, however much of it nothing has ended yet", async () => {
  const type = typeDraft({ quantity: 1_500, maxPerOrder: 1_500 });
  const inventory = await openInventory(configAtTen([type]));
  await Promise.all(Array.from({ length: 1_500 }, () => inventory.placeHold(holdRequest(type.id, 1))));
  vi.setSystemTime(TEN + HOLD_MS);
  const hold = granted(await inventory.placeHold(holdRequest(type.id, 1_500, { partial: true })));
  expect(amounts(hold)).toEqual([[1_500]]);
});

test("a refusal leaves no write, whatever the command had done before it", async () => {
  const [type, other] = [typeDraft({ quantity: 2 }), typeDraft({ quantity: 2 })];
  const inventory = await openInventory(configAtTen([type, other]));
  const { holdId } = granted(await inventory.placeHold(holdRequest(type.id, 2)));
  vi.setSystemTime(TEN + HOLD_MS - 1);
  const living = granted(await inventory.placeHold(holdRequest(other.id, 1)));
  vi.setSystemTime(TEN + HOLD_MS);
  granted(await inventory.placeHold(holdRequest(type.id, 1)));
  const stateOf = async () => [await poolsOf(inventory), await rowsOf(inventory, "SELECT * FROM holds ORDER BY number")];
  const before = await stateOf();
  expect(codeOf(await inventory.reacquireHold(holdId))).toBe("sold_out");
  const items = [
    { ticketTypeId: other.id, quantity: 2 },
    { ticketTypeId: type.id, quantity: 2 },
  ];
  expect(codeOf(await inventory.changeHold(living.holdId, items))).toBe("sold_out");
  expect(await stateOf()).toEqual(before);
});
