import { reset, runDurableObjectAlarm } from "cloudflare:test";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ADDRESS_KEPT_MS } from "../../shared/contracts/waiting";
import { claimRequest, codeOf, confirmRequest, granted, type Inventory, rowsOf, someId } from "../support/inventory";
import { joinAll, openSoldOut, statesOf, waitingRequest } from "../support/waiting";

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"] }));
afterEach(async () => {
  vi.useRealTimers();
  await reset();
});

const moveClock = (byMs: number) => vi.setSystemTime(Date.now() + byMs);
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** In the order in which they joined: whether the object knows whose the entry is. */
const knownOf = async (inventory: Inventory): Promise<boolean[]> =>
  (await rowsOf(inventory, "SELECT email, name FROM waiting_entries ORDER BY number")).map(
    ({ email, name }) => email !== null || name !== null,
  );

/** Rings every alarm that is due by then; each may set the next one to at once. */
async function ring(inventory: Inventory): Promise<void> {
  for (let nth = 0; nth < 5; nth++) await runDurableObjectAlarm(inventory);
}

test("a guest who never says that he wants to wait is forgotten after a week, and may be asked anew", async () => {
  const { inventory, type } = await openSoldOut(1);
  const guest = waitingRequest(type.id, 1, { userId: null, isConfirmed: false, name: "Greta" });
  const other = waitingRequest(type.id, 1, { userId: null, isConfirmed: false });
  await joinAll(inventory, [guest, other]);
  granted(await inventory.confirmWaiting(other.entryId));
  moveClock(ADDRESS_KEPT_MS - 1);
  await ring(inventory);
  expect(await statesOf(inventory)).toContain("unconfirmed");
  moveClock(1);
  await ring(inventory);
  expect(granted(await inventory.waitingEntry(guest.entryId))).toMatchObject({ state: "ended", email: null, name: null });
  expect(granted(await inventory.confirmWaiting(guest.entryId)).state).toBe("ended");
  // Who waits is known, however long it takes.
  expect(granted(await inventory.waitingEntry(other.entryId)).email).not.toBeNull();
  granted(await inventory.joinWaitlist({ ...guest, entryId: someId() }));
});

test("of an offer that passed on, and of one that was ordered, nobody is known a week after its end", async () => {
  const { config, inventory, type, holds } = await openSoldOut(2, { offerMs: HOUR_MS });
  const [missing, buying] = [waitingRequest(type.id, 1), waitingRequest(type.id, 1)];
  await joinAll(inventory, [missing, buying]);
  for (const id of holds) await inventory.releaseHold(id);
  const { holdId } = granted(await inventory.acceptOffer(buying.entryId));
  const orderId = someId();
  granted(await inventory.claim({ ...claimRequest(type.id, 1, orderId), holdId, items: null }));
  granted(await inventory.extend(orderId, Date.now() + 7 * DAY_MS));
  moveClock(HOUR_MS);
  await ring(inventory);
  expect(await statesOf(inventory)).toEqual(["expired", "accepted"]);
  granted(await inventory.confirm(confirmRequest(config.eventId, orderId)));
  moveClock(ADDRESS_KEPT_MS - 1);
  await ring(inventory);
  expect(await knownOf(inventory)).toEqual([true, true]);
  moveClock(1);
  await ring(inventory);
  expect(await knownOf(inventory)).toEqual([false, false]);
  expect(await statesOf(inventory)).toEqual(["expired", "ordered"]);
});

test("an order that may still be paid keeps the address of its offer until it has come to its end", async () => {
  const { inventory, type, holds } = await openSoldOut(1, { offerMs: HOUR_MS });
  const entry = waitingRequest(type.id, 1);
  await joinAll(inventory, [entry]);
  await inventory.releaseHold(holds[0] ?? "");
  const { holdId } = granted(await inventory.acceptOffer(entry.entryId));
  const orderId = someId();
  granted(await inventory.claim({ ...claimRequest(type.id, 1, orderId), holdId, items: null }));
  moveClock(HOUR_MS / 2);
  const { expiresAtMs } = granted(await inventory.extend(orderId, Date.now() + 30 * DAY_MS));
  vi.setSystemTime(expiresAtMs - 1);
  await ring(inventory);
  expect(await knownOf(inventory)).toEqual([true]);
  vi.setSystemTime(expiresAtMs + ADDRESS_KEPT_MS);
  await ring(inventory);
  expect(await knownOf(inventory)).toEqual([false]);
});

test("a week after the event's end nobody who waited is known any more, of a long list a part at a time", async () => {
  const { config, inventory, type } = await openSoldOut(1);
  const people = 600;
  await Promise.all(Array.from({ length: people }, () => inventory.joinWaitlist(waitingRequest(type.id, 1, { name: "Ada" }))));
  vi.setSystemTime(config.endMs);
  for (let nth = 0; nth < people / 50 + 1; nth++) await runDurableObjectAlarm(inventory);
  expect(await rowsOf(inventory, "SELECT status, COUNT(*) AS n FROM waiting_entries GROUP BY status")).toEqual([
    { status: "ended", n: people },
  ]);
  moveClock(ADDRESS_KEPT_MS);
  const known = async () => (await knownOf(inventory)).filter(Boolean).length;
  await runDurableObjectAlarm(inventory);
  expect(await known()).toBe(people - 500);
  await runDurableObjectAlarm(inventory);
  expect(await known()).toBe(0);
  expect(await rowsOf(inventory, "SELECT COUNT(*) AS n FROM waiting_entries WHERE erase_at_ms IS NOT NULL")).toEqual([{ n: 0 }]);
  expect(codeOf(await inventory.joinWaitlist(waitingRequest(type.id, 1)))).toBe("event_not_on_sale");
});
