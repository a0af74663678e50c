/** What the object tells of its stock: one message a second at most, none lost, whatever is cut off between two steps. */
import { evictDurableObject, reset, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { INVENTORY_SCHEMA } from "../../durable-objects/ticket-inventory/migrations";
import { type Envelope, MESSAGES } from "../../shared/contracts/messages";
import {
  claimRequest,
  configOf,
  confirmRequest,
  granted,
  HOLD_MS,
  holdRequest,
  type Inventory,
  openInventory,
  rowsOf,
  someId,
  typeDraft,
} from "../support/inventory";

let sent: Envelope[];
const mailbox = () => vi.mocked(env.ANALYTICS_MAILBOX.sendBatch);

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"] });
  sent = [];
  vi.spyOn(env.ANALYTICS_MAILBOX, "sendBatch").mockImplementation(async (messages) => {
    for (const { body } of messages) sent.push(body as Envelope);
    return { metadata: { metrics: { backlogCount: 0, backlogBytes: 0 } } };
  });
});
afterEach(async () => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  await reset();
});

const pass = (ms: number) => vi.setSystemTime(Date.now() + ms);
const alarmOf = (inventory: Inventory) => runInDurableObject(inventory, (_, { storage }) => storage.getAlarm());
const outboxOf = (inventory: Inventory) =>
  rowsOf<{ id: string; attempts: number; due_at_ms: number }>(inventory, "SELECT id, attempts, due_at_ms FROM outbox");

/** Comes when the object has asked to be woken, and not before. */
async function wake(inventory: Inventory): Promise<void> {
  const atMs = await alarmOf(inventory);
  if (atMs === null) throw new Error("the object has asked for no alarm");
  vi.setSystemTime(Math.max(Date.now(), atMs));
  await runDurableObjectAlarm(inventory);
}

const told = () => sent.map(({ type, subject, version, data }) => ({ type, subject, version, data: data as object }));
const levelsOf = (message: Envelope | undefined) =>
  MESSAGES["inventory.availability_changed"].data
    .parse(message?.data)
    .ticketTypes.map(({ available, sold }) => [available, sold]);

async function openTold(quantity = 10) {
  const type = typeDraft({ quantity });
  const config = configOf([type]);
  const inventory = await openInventory(config);
  await wake(inventory);
  expect(sent).toHaveLength(1);
  return { inventory, config, type };
}

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

test("a queue that refuses keeps the news in the outbox, which leaves later by itself, and then what changed meanwhile", async () => {
  const { inventory, type } = await openTold();
  const errors = vi.spyOn(console, "error").mockImplementation(() => {});
  mailbox().mockRejectedValue(new Error("the queue is down"));
  granted(await inventory.placeHold(holdRequest(type.id, 1)));
  const pauses: number[] = [];
  for (let tries = 1; tries <= 4; tries++) {
    await wake(inventory);
    const [row, ...others] = await outboxOf(inventory);
    expect([row?.attempts, others.length]).toEqual([tries, 0]);
    pauses.push((row?.due_at_ms ?? 0) - Date.now());
    granted(await inventory.placeHold(holdRequest(type.id, 1)));
    await wake(inventory);
    expect((await outboxOf(inventory))[0]?.attempts).toBe(tries);
  }
  expect(pauses).toEqual([5_000, 10_000, 20_000, 40_000]);
  expect(errors).toHaveBeenCalledTimes(4);

  mailbox().mockImplementation(async (messages) => {
    for (const { body } of messages) sent.push(body as Envelope);
    return { metadata: { metrics: { backlogCount: 0, backlogBytes: 0 } } };
  });
  await wake(inventory);
  expect(levelsOf(sent.at(-1))).toEqual([[9, 0]]);
  await wake(inventory);
  expect(levelsOf(sent.at(-1))).toEqual([[5, 0]]);
  expect(sent.map(({ version }) => version)).toEqual([1, 2, 3]);
});

test("a queue that never answers is given up, and holds end all the same", async () => {
  const { inventory, type } = await openTold();
  vi.spyOn(console, "error").mockImplementation(() => {});
  mailbox().mockImplementationOnce(() => new Promise(() => {}));
  granted(await inventory.placeHold(holdRequest(type.id, 1)));
  await wake(inventory);
  expect(await outboxOf(inventory)).toMatchObject([{ attempts: 1 }]);
  pass(HOLD_MS);
  await runDurableObjectAlarm(inventory);
  expect(await rowsOf(inventory, "SELECT status FROM holds")).toEqual([{ status: "expired" }]);
});

test("an object that is gone between its commit, its send and its delete tells everything after", async () => {
  const { inventory, type } = await openTold();
  vi.spyOn(console, "error").mockImplementation(() => {});
  // After the commit.
  granted(await inventory.placeHold(holdRequest(type.id, 1)));
  await forgetAllElse(inventory);
  await wake(inventory);
  expect(levelsOf(sent.at(-1))).toEqual([[9, 0]]);

  // After the news was written, before it left, and with more to tell since.
  granted(await inventory.placeHold(holdRequest(type.id, 1)));
  mailbox().mockRejectedValueOnce(new Error("killed"));
  await wake(inventory);
  granted(await inventory.placeHold(holdRequest(type.id, 1)));
  expect(await outboxOf(inventory)).toMatchObject([{ attempts: 1 }]);
  await forgetAllElse(inventory);
  await wakeUntilQuiet(inventory);
  expect(levelsOf(sent.at(-1))).toEqual([[8, 0]]);
  await wake(inventory);
  expect(levelsOf(sent.at(-1))).toEqual([[7, 0]]);

  // After it was sent, before it was deleted: it goes out twice, with the same id and version.
  granted(await inventory.placeHold(holdRequest(type.id, 1)));
  mailbox().mockImplementationOnce(async (messages) => {
    for (const { body } of messages) sent.push(body as Envelope);
    throw new Error("killed");
  });
  await wake(inventory);
  await forgetAllElse(inventory);
  await wakeUntilQuiet(inventory);
  const [twice, again] = sent.slice(-2);
  expect(levelsOf(again)).toEqual([[6, 0]]);
  expect([again?.id, again?.version]).toEqual([twice?.id, twice?.version]);
  expect(await outboxOf(inventory)).toEqual([]);
});

test("an object that was opened before there was any news tells its stock at its next start", async () => {
  const type = typeDraft();
  const config = configOf([type]);
  const inventory = await openInventory(config);
  await runInDurableObject(inventory, async (_, { storage }) => {
    storage.sql.exec("DROP TABLE outbox; DROP TABLE announced_stock; UPDATE schema_version SET version = 1");
    await storage.deleteAlarm();
  });
  await evictDurableObject(inventory);
  await inventory.availability();
  expect(await rowsOf(inventory, "SELECT version FROM schema_version")).toEqual([{ version: INVENTORY_SCHEMA.length }]);
  await wake(inventory);
  expect(levelsOf(sent.at(-1))).toEqual([[10, 0]]);
});

test("a type that only shares a pool has no count of its own", async () => {
  const house = someId();
  const types = [typeDraft({ poolIds: [house], quantity: 5 }), typeDraft({ poolIds: [house], quantity: 5 })];
  const inventory = await openInventory(configOf(types, { pools: [{ id: house, capacity: 5 }] }));
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

/** What is left of an object after a kill: its database. */
async function forgetAllElse(inventory: Inventory): Promise<void> {
  pass(1_000);
  await runInDurableObject(inventory, (_, { storage }) => storage.deleteAlarm());
  await evictDurableObject(inventory);
  await inventory.availability();
}

async function wakeUntilQuiet(inventory: Inventory): Promise<void> {
  for (let n = 0; n < 5; n++) {
    await wake(inventory);
    if ((await outboxOf(inventory)).length === 0) return;
  }
  throw new Error("the news did not leave");
}
