/** One person's tickets are counted over all of his orders, by his mail address and by what he pays with. */
import { reset } from "cloudflare:test";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { InventoryConfig } from "../../shared/contracts/inventory";
import {
  claimRequest,
  codeOf,
  configOf,
  confirmRequest,
  granted,
  HOLD_MS,
  holdRequest,
  openInventory,
  poolsOf,
  refusalOf,
  rowsOf,
  someId,
  typeDraft,
} from "../support/inventory";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"] });
});
afterEach(async () => {
  vi.useRealTimers();
  await reset();
});

async function openLimited(change = {}, ofType: number | null = null) {
  const types = [typeDraft({ id: "one", quantity: 50, maxPerPerson: ofType }), typeDraft({ id: "other", quantity: 50 })];
  const config = configOf(types, change);
  const inventory = await openInventory(config);
  const claim = (personKey: string | null, quantity: number, type = "one") => ({ ...claimRequest(type, quantity), personKey });
  const confirm = (orderId: string, fingerprintKey?: string) =>
    inventory.confirm({ ...confirmRequest(config.eventId, orderId), fingerprintKey });
  return { inventory, config, claim, confirm };
}

test("an order given back over the limit says so to whoever comes with its money again", async () => {
  const { inventory, claim, confirm } = await openLimited({ maxPerPerson: 4 });
  const order = claim("ada", 1);
  granted(await inventory.claim(order));
  granted(await inventory.release(order.orderId, "person_limit"));
  expect(refusalOf(await confirm(order.orderId))).toMatchObject({ code: "state_moved", releasedFor: "person_limit" });
});

test("one person has so many tickets over all orders, live and paid, and nothing is taken over it", async () => {
  const { inventory, claim, confirm } = await openLimited({ maxPerPerson: 5 });
  const paid = claim("ada", 2);
  granted(await inventory.claim(paid));
  granted(await confirm(paid.orderId));
  granted(await inventory.claim(claim("ada", 2, "other")));
  const before = await poolsOf(inventory);
  const over = claim("ada", 2);
  expect(codeOf(await inventory.claim(over))).toBe("person_limit");
  expect(await poolsOf(inventory)).toEqual(before);
  expect(codeOf(await inventory.hold(over.holdId))).toBe("hold_not_found");
  granted(await inventory.claim(claim("grace", 5)));
  granted(await inventory.claim(claim(null, 10)));
  granted(await inventory.claim(claim("ada", 1)));
  // The order that stands is the same answer, also when it has filled the limit.
  granted(await inventory.claim(paid));
});

test("a hold that was placed before is left to its owner when its order would pass the limit", async () => {
  const { inventory, claim } = await openLimited({ maxPerPerson: 2 });
  granted(await inventory.claim(claim("ada", 2)));
  const { holdId } = granted(await inventory.placeHold(holdRequest("one", 1)));
  const order = { ...claim("ada", 1), holdId, items: null };
  expect(codeOf(await inventory.claim(order))).toBe("person_limit");
  expect(granted(await inventory.hold(holdId)).orderId).toBeNull();
  granted(await inventory.claim({ ...order, orderId: someId(), personKey: "grace" }));
});

test("a ticket type's own limit counts that type alone", async () => {
  const { inventory, claim } = await openLimited({}, 2);
  granted(await inventory.claim(claim("ada", 2)));
  granted(await inventory.claim(claim("ada", 9, "other")));
  expect(codeOf(await inventory.claim(claim("ada", 1)))).toBe("person_limit");
});

test("what has ended, was released or is void counts no more", async () => {
  const { inventory, claim, confirm } = await openLimited({ maxPerPerson: 2 });
  const [voided, released] = [claim("ada", 1), claim("ada", 1)];
  for (const order of [voided, released]) granted(await inventory.claim(order));
  granted(await confirm(voided.orderId));
  expect(codeOf(await inventory.claim(claim("ada", 1)))).toBe("person_limit");
  granted(await inventory.voidTickets(voided.orderId, null));
  granted(await inventory.release(released.orderId, "cancelled"));
  granted(await inventory.claim(claim("ada", 2)));
  expect(codeOf(await inventory.claim(claim("ada", 1)))).toBe("person_limit");
  vi.setSystemTime(Date.now() + HOLD_MS);
  granted(await inventory.claim(claim("ada", 2)));
});

test("an order whose hold has ended is counted when it comes back", async () => {
  const { inventory, claim, confirm } = await openLimited({ maxPerPerson: 2 });
  const late = claim("ada", 1);
  granted(await inventory.claim(late));
  vi.setSystemTime(Date.now() + HOLD_MS);
  granted(await inventory.claim(claim("ada", 2)));
  const before = await poolsOf(inventory);
  expect(codeOf(await inventory.extend(late.orderId, Date.now() + HOLD_MS))).toBe("person_limit");
  expect(codeOf(await confirm(late.orderId))).toBe("person_limit");
  expect(await poolsOf(inventory)).toEqual(before);
  vi.setSystemTime(Date.now() + HOLD_MS);
  granted(await confirm(late.orderId));
});

test("one means of payment is one person, whatever addresses he gives", async () => {
  const { inventory, claim, confirm } = await openLimited({ maxPerPerson: 3 });
  const orders = [claim("ada", 2), claim("byron", 1), claim("lovelace", 1)];
  for (const order of orders) granted(await inventory.claim(order));
  const [first, second, third] = orders.map(({ orderId }) => orderId) as [string, string, string];
  granted(await confirm(first, "card"));
  granted(await confirm(second, "card"));
  expect(codeOf(await confirm(third, "card"))).toBe("person_limit");
  expect(granted(await inventory.ticketsOf(third))).toEqual([]);
  // Its stock is the order's until somebody decides; another card pays for it.
  expect(await rowsOf(inventory, "SELECT SUM(held) AS held, SUM(sold) AS sold FROM pools")).toEqual([{ held: 1, sold: 3 }]);
  granted(await confirm(third, "other card"));
  granted(await confirm(first, "card"));
});

test("a limit that comes later counts what was bought before it, and lowering it takes nothing away", async () => {
  const { inventory, config, claim, confirm } = await openLimited();
  const early = claim("ada", 4);
  granted(await inventory.claim(early));
  granted(await inventory.reconfigure({ ...config, version: 2, changeId: someId(), maxPerPerson: 2 }));
  expect(codeOf(await inventory.claim(claim("ada", 1)))).toBe("person_limit");
  granted(await confirm(early.orderId));
});

test("whom others name without paying is not kept from his own tickets; what they have paid for counts, and a guest counts all", async () => {
  const { inventory, config, claim, confirm } = await openLimited({ maxPerPerson: 4 });
  const proved = (quantity: number) => ({ ...claim("ada", quantity), isPersonVerified: true });
  // A stranger uses her address up, and orders nothing more by it himself.
  granted(await inventory.claim(claim("ada", 4)));
  expect(codeOf(await inventory.claim(claim("ada", 1)))).toBe("person_limit");
  const own = proved(2);
  granted(await inventory.claim(own));
  expect(codeOf(await inventory.claim(proved(3)))).toBe("person_limit");

  // Paid for by whoever it was, they are hers; what cost nothing proves nothing.
  vi.setSystemTime(Date.now() + HOLD_MS);
  for (const [free, left] of [
    [true, 4],
    [false, 3],
  ] as const) {
    granted(await inventory.reconfigure(repriced(config, free)));
    const paid = claim("ada", 1);
    granted(await inventory.claim(paid));
    granted(await confirm(paid.orderId));
    expect(codeOf(await inventory.claim(proved(left + 1)))).toBe("person_limit");
  }
  granted(await inventory.claim(proved(3)));
});

const repriced = (config: InventoryConfig, isFree: boolean): InventoryConfig => ({
  ...config,
  version: config.version + (isFree ? 1 : 2),
  changeId: someId(),
  ticketTypes: config.ticketTypes.map((type) => ({ ...type, unitPriceMinor: isFree ? 0 : 2_500 })),
});
