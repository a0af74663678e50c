/** A tier opens by itself when the one before sells out, or at its time; what has opened stays open. */
import { evictDurableObject, reset } from "cloudflare:test";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import {
  claimRequest,
  codeOf,
  configOf,
  confirmRequest,
  DAY_MS,
  granted,
  HOLD_MS,
  holdRequest,
  type Inventory,
  openInventory,
  plainPool,
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

const early = () => typeDraft({ id: "early", quantity: 3 });
const regular = (change = {}) => typeDraft({ id: "regular", quantity: 3, opensAfterTicketTypeId: "early", ...change });
const last = () => typeDraft({ id: "last", quantity: 3, opensAfterTicketTypeId: "regular" });

const statusesOf = async (inventory: Inventory) =>
  granted(await inventory.availability()).ticketTypes.map(({ status }) => status);
const place = (inventory: Inventory, id: string, quantity: number) => inventory.placeHold(holdRequest(id, quantity));

test("each tier opens with the hold that takes the last ticket before it, and not earlier", async () => {
  const inventory = await openInventory(configOf([early(), regular(), last()]));
  expect(await statusesOf(inventory)).toEqual(["on_sale", "scheduled", "scheduled"]);
  granted(await place(inventory, "early", 2));
  expect(codeOf(await place(inventory, "regular", 1))).toBe("ticket_type_not_on_sale");
  // Both arrive together, and share a commit.
  const [taken, next] = await Promise.all([place(inventory, "early", 1), place(inventory, "regular", 1)]);
  expect([codeOf(taken), codeOf(next)]).toEqual(["ok", "ok"]);
  expect(await statusesOf(inventory)).toEqual(["sold_out", "on_sale", "scheduled"]);
  granted(await place(inventory, "regular", 2));
  expect(await statusesOf(inventory)).toEqual(["sold_out", "sold_out", "on_sale"]);
});

test("what has opened stays open, whatever comes back and whoever forgets", async () => {
  const inventory = await openInventory(configOf([early(), regular()]));
  const { holdId } = granted(await place(inventory, "early", 3));
  granted(await inventory.releaseHold(holdId));
  expect(await statusesOf(inventory)).toEqual(["on_sale", "on_sale"]);
  await evictDurableObject(inventory);
  granted(await place(inventory, "regular", 1));
});

test("a command that takes the last ticket and is refused opens nothing", async () => {
  const inventory = await openInventory(configOf([early(), regular()], { maxPerPerson: 2 }));
  const claim = { ...claimRequest("early", 3), personKey: "ada" };
  const [refused, next] = await Promise.all([inventory.claim(claim), place(inventory, "regular", 1)]);
  expect([codeOf(refused), codeOf(next)]).toEqual(["person_limit", "ticket_type_not_on_sale"]);
  expect(await rowsOf(inventory, "SELECT opened_at_ms FROM ticket_types WHERE opened_at_ms IS NOT NULL")).toEqual([]);
});

test("a tier with a start of its own opens then, or earlier by the sell-out", async () => {
  const saleStartMs = Date.now() + DAY_MS;
  const types = [early(), regular({ saleStartMs })];
  const patient = await openInventory(configOf(types));
  vi.setSystemTime(saleStartMs - 1);
  expect(codeOf(await place(patient, "regular", 1))).toBe("ticket_type_not_on_sale");
  vi.setSystemTime(saleStartMs);
  granted(await place(patient, "regular", 1));
  vi.setSystemTime(saleStartMs - DAY_MS);
  const rushed = await openInventory(configOf(types));
  granted(await place(rushed, "early", 3));
  granted(await place(rushed, "regular", 1));
});

test("holds that are due do not sell a tier out, also while nothing has ended them yet", async () => {
  const many = { ...early(), quantity: 300, maxPerOrder: 300 };
  const inventory = await openInventory(configOf([many, regular()]));
  await Promise.all(Array.from({ length: 250 }, () => place(inventory, "early", 1)));
  vi.setSystemTime(Date.now() + HOLD_MS);
  // 200 are ended before the command; with the other 50 the pool is full.
  granted(await place(inventory, "early", 250));
  expect(await rowsOf(inventory, "SELECT held FROM pools WHERE id = 'early'")).toEqual([{ held: 300 }]);
  expect(await statusesOf(inventory)).toEqual(["on_sale", "scheduled"]);
  granted(await place(inventory, "early", 50));
  expect(await statusesOf(inventory)).toEqual(["sold_out", "on_sale"]);
});

test("late money and a smaller quantity may take the last ticket too", async () => {
  const config = configOf([early(), regular()]);
  const paid = await openInventory(config);
  const claim = claimRequest("early", 1);
  granted(await paid.claim(claim));
  vi.setSystemTime(Date.now() + HOLD_MS);
  granted(await place(paid, "early", 2));
  expect(await statusesOf(paid)).toEqual(["on_sale", "scheduled"]);
  granted(await paid.confirm(confirmRequest(config.eventId, claim.orderId)));
  expect(await statusesOf(paid)).toEqual(["sold_out", "on_sale"]);

  const other = configOf([early(), regular()]);
  const lowered = await openInventory(other);
  granted(await place(lowered, "early", 2));
  granted(
    await lowered.reconfigure({
      ...other,
      version: 2,
      changeId: someId(),
      pools: [plainPool("early", 2), plainPool("regular", 3)],
    }),
  );
  expect(await statusesOf(lowered)).toEqual(["sold_out", "on_sale"]);
});

test("a type that follows no other any more keeps its own time, also when it had opened", async () => {
  const config = configOf([early(), regular()]);
  const inventory = await openInventory(config);
  granted(await place(inventory, "early", 3));
  const ticketTypes = [early(), regular({ opensAfterTicketTypeId: null, saleStartMs: Date.now() + DAY_MS })];
  granted(await inventory.reconfigure({ ...config, version: 2, changeId: someId(), ticketTypes }));
  expect(await statusesOf(inventory)).toEqual(["sold_out", "scheduled"]);
});
