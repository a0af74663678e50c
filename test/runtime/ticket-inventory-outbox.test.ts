/** What the object tells is told, whatever fails or is cut off between two steps. */
import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { expect, test, vi } from "vitest";
import { INVENTORY_SCHEMA } from "../../durable-objects/ticket-inventory/migrations";
import {
  ageTo,
  configOf,
  granted,
  HOLD_MS,
  holdRequest,
  type Inventory,
  openInventory,
  rowsOf,
  typeDraft,
} from "../support/inventory";
import { alarmOf, levelsOf, listen, mailbox, openTold, outboxOf, pass, sent, take, wake } from "../support/inventory-news";

listen();

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

  mailbox().mockImplementation(take);
  await wake(inventory);
  expect(levelsOf(sent.at(-1))).toEqual([[9, 0]]);
  expect(await alarmOf(inventory)).toBe(Date.now() + 1_000);
  await wake(inventory);
  expect(levelsOf(sent.at(-1))).toEqual([[5, 0]]);
  expect(sent.map(({ version }) => version)).toEqual([1, 2, 3]);
});

test("news that cannot be written keeps no hold from its end, and is told when it can be", async () => {
  const { inventory, type } = await openTold();
  const errors = vi.spyOn(console, "error").mockImplementation(() => {});
  granted(await inventory.placeHold(holdRequest(type.id, 1)));
  await runInDurableObject(inventory, (_, { storage }) => {
    storage.sql.exec("CREATE TRIGGER stuck BEFORE INSERT ON outbox BEGIN SELECT RAISE(ABORT, 'stuck'); END");
  });
  pass(HOLD_MS / 2);
  granted(await inventory.placeHold(holdRequest(type.id, 2)));
  pass(HOLD_MS / 2);
  await runDurableObjectAlarm(inventory);
  expect(await rowsOf(inventory, "SELECT status FROM holds ORDER BY number")).toEqual([
    { status: "expired" },
    { status: "held" },
  ]);
  expect(errors).toHaveBeenCalled();
  expect(await rowsOf(inventory, "SELECT version FROM announced_stock")).toEqual([{ version: 1 }]);
  await runInDurableObject(inventory, (_, { storage }) => storage.sql.exec("DROP TRIGGER stuck").toArray());
  await wake(inventory);
  expect(levelsOf(sent.at(-1))).toEqual([[8, 0]]);
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
    await take(messages);
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
  // What its holds had asked for.
  await runInDurableObject(inventory, (_, { storage }) => storage.setAlarm(Date.now() + HOLD_MS));
  await ageTo(inventory, 1);
  const startedAtMs = Date.now();
  await inventory.availability();
  expect(await rowsOf(inventory, "SELECT version FROM schema_version")).toEqual([{ version: INVENTORY_SCHEMA.length }]);
  await wake(inventory);
  expect(levelsOf(sent.at(-1))).toEqual([[10, 0]]);
  expect(Date.now() - startedAtMs).toBeLessThanOrEqual(1_000);
});

test("an object that starts anew tells nothing before the second is over either", async () => {
  const { inventory, type } = await openTold();
  const toldAtMs = Date.now();
  granted(await inventory.placeHold(holdRequest(type.id, 1)));
  await evictDurableObject(inventory);
  await inventory.availability();
  await wake(inventory);
  expect([sent.length, Date.now() - toldAtMs]).toEqual([1, 0]);
  await wake(inventory);
  expect([sent.length, Date.now() - toldAtMs]).toEqual([2, 1_000]);
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
