/** An event's object that tells its news to a mailbox which the tests can read, and can let fail. */
import { reset, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, expect, vi } from "vitest";
import { type Envelope, MESSAGES } from "../../shared/contracts/messages";
import { configOf, type Inventory, openInventory, rowsOf, typeDraft } from "./inventory";

/** What the mailbox took, oldest first. */
export const sent: Envelope[] = [];
export const mailbox = () => vi.mocked(env.ANALYTICS_MAILBOX.sendBatch);

export async function take(messages: Iterable<MessageSendRequest<unknown>>) {
  for (const { body } of messages) sent.push(body as Envelope);
  return { metadata: { metrics: { backlogCount: 0, backlogBytes: 0 } } };
}

/** For the head of a test file: the clock stands still, and the mailbox is empty. */
export function listen(): void {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["Date"] });
    sent.length = 0;
    vi.spyOn(env.ANALYTICS_MAILBOX, "sendBatch").mockImplementation(take);
  });
  afterEach(async () => {
    vi.useRealTimers();
    vi.restoreAllMocks();
    await reset();
  });
}

export const pass = (ms: number) => vi.setSystemTime(Date.now() + ms);
export const alarmOf = (inventory: Inventory) => runInDurableObject(inventory, (_, { storage }) => storage.getAlarm());
export const outboxOf = (inventory: Inventory) =>
  rowsOf<{ id: string; attempts: number; due_at_ms: number }>(inventory, "SELECT id, attempts, due_at_ms FROM outbox");

/** Comes when the object has asked to be woken, and not before. */
export async function wake(inventory: Inventory): Promise<void> {
  const atMs = await alarmOf(inventory);
  if (atMs === null) throw new Error("the object has asked for no alarm");
  vi.setSystemTime(Math.max(Date.now(), atMs));
  await runDurableObjectAlarm(inventory);
}

/** For each ticket type what is left, and what is sold. */
export const levelsOf = (message: Envelope | undefined) =>
  MESSAGES["inventory.availability_changed"].data
    .parse(message?.data)
    .ticketTypes.map(({ available, sold }) => [available, sold]);

/** An open event that has told its first news. */
export async function openTold(quantity = 10) {
  const type = typeDraft({ quantity });
  const config = configOf([type]);
  const inventory = await openInventory(config);
  await wake(inventory);
  expect(sent).toHaveLength(1);
  return { inventory, config, type };
}
