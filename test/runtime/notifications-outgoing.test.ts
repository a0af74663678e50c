/** The mailbox's consumer notes what is owed; the outgoing queue's writes it, as much at a time as one invocation may. */
import { applyD1Migrations, createExecutionContext, createMessageBatch, getQueueResult, reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { envelope } from "../../shared/queue/envelope";
import { breathe } from "../../shared/thread/breath";
import { countOwed, owe } from "../../workers/notifications/deliveries";
import { dispatchDue } from "../../workers/notifications/dispatch";
import type { Env } from "../../workers/notifications/environment";
import worker from "../../workers/notifications/index";
import { nudgeIfDue } from "../../workers/notifications/outgoing";
import { type Change, ctx, event, hearPaid, house, mails, order } from "../support/notifications-room";

beforeEach(() => applyD1Migrations(env.NOTIFICATIONS_DB, env.MIGRATIONS.notifications));
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  return reset();
});

async function deliver(here: Env, queue: string, bodies: unknown[]) {
  const messages = bodies.map((body, index) => ({ id: `${index}`, timestamp: new Date(), attempts: 1, body }));
  const batch = createMessageBatch(queue, messages) as MessageBatch;
  const context = createExecutionContext();
  // The room plays the siblings' doors by their contracts; the Worker's own type names their classes.
  await worker.queue(batch, here as unknown as NotificationsEnv, context);
  return getQueueResult(batch, context);
}
const wake = (here: Env) => deliver(here, "bilten-notifications-outgoing", ["due", "due"]);

const orderIds = (count: number): string[] => Array.from({ length: count }, () => crypto.randomUUID());

/** Doors that count how often they are asked. */
function countedHouse(change: Change = {}) {
  const asked = vi.fn();
  const counted = house(change);
  const { AUTH, BRANDING, EVENTS, PAYMENTS, USERS } = counted.here;
  const counting = <T extends object>(door: T): T =>
    new Proxy(door, {
      get(target, name) {
        asked();
        return Reflect.get(target, name);
      },
    });
  Object.assign(counted.here, {
    AUTH: counting(AUTH),
    BRANDING: counting(BRANDING),
    EVENTS: counting(EVENTS),
    PAYMENTS: counting(PAYMENTS),
    USERS: counting(USERS),
  });
  return { ...counted, asked };
}

it("a mailbox's batch notes what is owed, nudges once, and ends before any mail is written", async () => {
  const { here, nudges, asked } = countedHouse();
  const paid = orderIds(3).map((orderId) =>
    envelope("/payments", {
      type: "order.paid",
      subject: orderId,
      version: 1,
      nowMs: 0,
      data: {
        orderId,
        eventId: event.id,
        organizerId: event.organizerId,
        totalMinor: 5000,
        currency: "EUR",
        ticketCount: 2,
        paidAtMs: 0,
      },
    }),
  );
  const { outcome, explicitAcks } = await deliver(here, "bilten-notifications-mailbox", paid);
  expect([outcome, explicitAcks]).toEqual(["ok", ["0", "1", "2"]]);
  expect(asked).not.toHaveBeenCalled();
  expect(nudges).toHaveBeenCalledTimes(1);
  expect(await countOwed(here.DB)).toEqual({ queued: 3, parked: 0 });
  await wake(here);
  expect(await countOwed(here.DB)).toEqual({ queued: 0, parked: 0 });
  expect(await mails()).toHaveLength(3);
});

it("a backlog drains piece by piece, each invocation within what it may ask, and nudges no more when it is done", async () => {
  const { here, nudges, asked } = countedHouse();
  await owe(here.DB, "order_confirmation", orderIds(95), Date.now());
  const left: number[] = [];
  // A bound, so that nudges without an end fail the test.
  for (let invocations = 0; invocations < 6 && nudges.mock.calls.length === invocations; invocations++) {
    const before = asked.mock.calls.length;
    await wake(here);
    expect(asked.mock.calls.length - before).toBeLessThanOrEqual(25);
    left.push((await countOwed(here.DB)).queued);
  }
  expect(left).toEqual([15, 0]);
  expect(nudges).toHaveBeenCalledTimes(1);
  expect(await mails(100)).toHaveLength(95);
});

it("an account's mail overtakes a rush of confirmations", async () => {
  const mailId = crypto.randomUUID();
  // It is asked for while the first of them are being written.
  const orders = vi.fn(async (ids: string[]) => {
    if (orders.mock.calls.length === 1) await owe(env.NOTIFICATIONS_DB, "account_mail", [mailId], Date.now());
    return ids.map(order);
  });
  const { here } = house({ PAYMENTS: { orders } });
  await owe(here.DB, "order_confirmation", orderIds(60), Date.now());
  await wake(here);
  const inTurn = (await mails(100)).reverse().map(({ data }) => data?.type);
  expect(inTurn).toHaveLength(61);
  expect(inTurn.indexOf("verification")).toBe(20);
});

it("what two dispatchers find at the same time leaves once", async () => {
  const { here } = house();
  await owe(here.DB, "order_confirmation", orderIds(30), Date.now());
  await Promise.all([wake(here), wake(here), dispatchDue(here, ctx)]);
  const written = await mails(100);
  expect(new Set(written.map(({ data }) => data?.orderId)).size).toBe(30);
  expect(written).toHaveLength(30);
});

it("the sweep nudges for what is due, and settles itself what nobody was woken for", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  const { here, nudges } = house();
  expect(await nudgeIfDue(here)).toBe(0);
  await hearPaid(here, crypto.randomUUID());
  expect(await nudgeIfDue(here)).toBe(1);
  expect(nudges).toHaveBeenCalledTimes(1);
  expect(await dispatchDue(here, ctx, 60_000)).toBe(0);
  vi.advanceTimersByTime(60_000);
  expect(await dispatchDue(here, ctx, 60_000)).toBe(1);
  expect(await nudgeIfDue(here)).toBe(0);
});

it("nothing to write, nobody to carry it, or a database that is down: the nudge is answered, and none follows it", async () => {
  const errors = vi.spyOn(console, "error").mockImplementation(() => undefined);
  const { here, nudges } = house();
  expect((await wake(here)).outcome).toBe("ok");
  await owe(here.DB, "order_confirmation", orderIds(1), Date.now());
  expect((await wake({ ...here, ENVIRONMENT: "production" })).outcome).toBe("ok");
  expect(errors).not.toHaveBeenCalled();
  const down = {
    prepare: () => {
      throw new Error("down");
    },
  } as unknown as D1Database;
  expect((await wake({ ...here, DB: down })).outcome).toBe("ok");
  expect(errors).toHaveBeenCalledTimes(1);
  expect(nudges).not.toHaveBeenCalled();
});

/** A clock on which a timer comes as late as it is told. Returns how long a breath took, milliseconds. */
async function breathTaken(lateMs: (nth: number) => number): Promise<number> {
  let nowMs = 1_000;
  let probes = 0;
  vi.spyOn(performance, "now").mockImplementation(() => nowMs);
  vi.spyOn(scheduler, "wait").mockImplementation(async (ms) => {
    nowMs += ms + lateMs(probes++);
  });
  await breathe();
  return nowMs - 1_000;
}

it("a mail waits for those who want the thread, shortly where nobody does, and not for ever where everybody does", async () => {
  expect(await breathTaken(() => 1)).toBe(4);
  expect(await breathTaken((nth) => (nth < 3 ? 15 : 1))).toBe(52);
  // One that comes in time between late ones is a pause and no rest.
  const busyMs = await breathTaken((nth) => (nth % 2 === 0 ? 0 : 12));
  expect(busyMs).toBeGreaterThanOrEqual(120);
  expect(busyMs).toBeLessThan(140);
});
