/** What the object tells of its stock: one message a second at most, and nothing for a hold. */
import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { expect, test, vi } from "vitest";
import type { TicketInventory } from "../../durable-objects/ticket-inventory";
import {
  claimRequest,
  configOf,
  confirmRequest,
  granted,
  HOLD_MS,
  holdRequest,
  openInventory,
  plainPool,
  someId,
  typeDraft,
} from "../support/inventory";
import { alarmOf, levelsOf, listen, mailbox, openTold, outboxOf, pass, sent, wake } from "../support/inventory-news";

listen();

const told = () => sent.map(({ type, subject, version, data }) => ({ type, subject, version, data: data as object }));

test("an event's stock is told once it is open, and holds are told together, a second after the first of them", async () => {
  const { inventory, config, type } = await openTold();
  const data = { eventId: config.eventId, organizerId: config.organizerId };
  const subject = `${config.eventId}/availability`;
  expect(told()).toEqual([
    {
      type: "inventory.availability_changed",
      subject,
      version: 1,
      data: { ...data, ticketTypes: [{ ticketTypeId: type.id, available: 10, sold: 0 }], asOfMs: Date.now() },
    },
  ]);
  expect(await outboxOf(inventory)).toEqual([]);

  const firstMs = Date.now();
  for (let n = 0; n < 4; n++) {
    granted(await inventory.placeHold(holdRequest(type.id, 1)));
    pass(100);
  }
  expect(await alarmOf(inventory)).toBe(firstMs + 1_000);
  expect(sent).toHaveLength(1);
  await wake(inventory);
  expect(told()[1]).toEqual({
    type: "inventory.availability_changed",
    subject,
    version: 2,
    data: { ...data, ticketTypes: [{ ticketTypeId: type.id, available: 6, sold: 0 }], asOfMs: firstMs + 1_000 },
  });
});

test("a sale, a hold that ends by itself and voided tickets are told; what changes nothing is not", async () => {
  const { inventory, config, type } = await openTold();
  const claim = claimRequest(type.id, 2);
  granted(await inventory.claim(claim));
  granted(await inventory.confirm(confirmRequest(config.eventId, claim.orderId)));
  granted(await inventory.placeHold(holdRequest(type.id, 3)));
  await wake(inventory);
  expect(levelsOf(sent.at(-1))).toEqual([[5, 2]]);

  granted(await inventory.confirm(confirmRequest(config.eventId, claim.orderId)));
  await wake(inventory);
  const { holdId } = granted(await inventory.placeHold(holdRequest(type.id, 1)));
  granted(await inventory.releaseHold(holdId));
  await wake(inventory);
  expect(sent).toHaveLength(2);

  pass(HOLD_MS);
  await runDurableObjectAlarm(inventory);
  expect(levelsOf(sent.at(-1))).toEqual([[8, 2]]);
  granted(await inventory.voidTickets(claim.orderId, null));
  await wake(inventory);
  expect(levelsOf(sent.at(-1))).toEqual([[10, 0]]);
  expect(sent.map(({ version }) => version)).toEqual([1, 2, 3, 4]);
});

test("of a cancelled event nothing is left, and sold is what has not been taken back yet", async () => {
  const { inventory, config, type } = await openTold(10);
  const orders = [claimRequest(type.id, 2), claimRequest(type.id, 3)];
  for (const order of orders) {
    granted(await inventory.claim(order));
    granted(await inventory.confirm(confirmRequest(config.eventId, order.orderId)));
  }
  await wake(inventory);
  expect(levelsOf(sent.at(-1))).toEqual([[5, 5]]);
  granted(await inventory.close("cancelled"));
  await wake(inventory);
  expect(levelsOf(sent.at(-1))).toEqual([[0, 5]]);
  for (const [index, left] of [3, 0].entries()) {
    await inventory.voidMany([orders[index]?.orderId ?? ""]);
    await wake(inventory);
    expect(levelsOf(sent.at(-1))).toEqual([[0, left]]);
  }
  const told = sent.length;
  await wake(inventory);
  expect(sent).toHaveLength(told);
});

test("to tell of a cancelled event no look reads its tickets", async () => {
  const { inventory, config, type } = await openTold(10);
  const order = claimRequest(type.id, 4);
  granted(await inventory.claim(order));
  granted(await inventory.confirm(confirmRequest(config.eventId, order.orderId)));
  granted(await inventory.close("cancelled"));
  const asked = await runInDurableObject<TicketInventory, string[]>(inventory, async (object, { storage }) => {
    const exec = vi.spyOn(storage.sql, "exec");
    pass(2_000);
    await object.alarm();
    return exec.mock.calls.map(([query]) => query);
  });
  expect(levelsOf(sent.at(-1))).toEqual([[0, 4]]);
  expect(asked.filter((query) => /FROM tickets/i.test(query))).toEqual([]);
});

test("alarms that come early, for holds that end, tell nothing before the second is over", async () => {
  const { inventory, config, type } = await openTold(100);
  granted(await inventory.reconfigure({ ...config, version: 2, holdMs: 300 }));
  const times: number[] = [];
  mailbox().mockImplementation(async () => {
    times.push(Date.now());
    return { metadata: { metrics: { backlogCount: 0, backlogBytes: 0 } } };
  });
  for (let n = 0; n < 40; n++) {
    granted(await inventory.placeHold(holdRequest(type.id, 1 + (n % 3))));
    pass(100);
    const atMs = await alarmOf(inventory);
    if (atMs !== null && atMs <= Date.now()) await runDurableObjectAlarm(inventory);
  }
  expect(times.length).toBeGreaterThanOrEqual(3);
  times.slice(1).forEach((timeMs, index) => {
    expect(timeMs - (times[index] ?? 0)).toBeGreaterThanOrEqual(1_000);
  });
});

test("a crowd's holds cost no statement and no alarm each", async () => {
  const { inventory, type } = await openTold(1_000);
  await wake(inventory);
  const statements = await runInDurableObject(inventory, (_, { storage }) => {
    vi.spyOn(storage, "setAlarm");
    return vi.spyOn(storage.sql, "exec").mock.calls;
  });
  const setAlarm = await runInDurableObject(inventory, (_, { storage }) => vi.mocked(storage.setAlarm).mock.calls);
  granted(await inventory.placeHold(holdRequest(type.id, 1)));
  statements.length = 0;
  granted(await inventory.placeHold(holdRequest(type.id, 1)));
  const perHold = statements.map(([query]) => query.trim().split(/\s+/, 1)[0]);
  for (let n = 0; n < 20; n++) granted(await inventory.placeHold(holdRequest(type.id, 1)));
  expect(statements).toHaveLength(21 * perHold.length);
  expect(statements.some(([query]) => /announced_stock|outbox/.test(query))).toBe(false);
  expect(setAlarm).toHaveLength(1);
});

test("a wave of ends is counted once a second, not by each of its alarms", async () => {
  const { inventory, type } = await openTold(3_000);
  for (let n = 0; n < 2_500; n += 250)
    await Promise.all(Array.from({ length: 250 }, () => inventory.placeHold(holdRequest(type.id, 1))));
  await wake(inventory);
  pass(HOLD_MS);
  const statements = await runInDurableObject(inventory, (_, { storage }) => vi.spyOn(storage.sql, "exec").mock.calls);
  let alarms = 0;
  for (; ((await alarmOf(inventory)) ?? Number.POSITIVE_INFINITY) <= Date.now(); alarms++) await runDurableObjectAlarm(inventory);
  expect(alarms).toBeGreaterThanOrEqual(3);
  expect(statements.filter(([query]) => query.includes("json_each(h.lines)"))).toHaveLength(1);
  expect(sent.slice(1).map((message) => levelsOf(message))).toEqual([[[500, 0]], [[3_000, 0]]]);
});

test("a type that only shares a pool has no count of its own", async () => {
  const house = someId();
  const types = [typeDraft({ poolIds: [house], quantity: 5 }), typeDraft({ poolIds: [house], quantity: 5 })];
  const inventory = await openInventory(configOf(types, { pools: [plainPool(house, 5)] }));
  await wake(inventory);
  expect(levelsOf(sent.at(-1))).toEqual([
    [5, null],
    [5, null],
  ]);
});

test("a clock that is set back silences no object", async () => {
  const { inventory, type } = await openTold();
  pass(-86_400_000);
  granted(await inventory.placeHold(holdRequest(type.id, 1)));
  pass(1_000);
  await runDurableObjectAlarm(inventory);
  expect(levelsOf(sent.at(-1))).toEqual([[9, 0]]);
});
