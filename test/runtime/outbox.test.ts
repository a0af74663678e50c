/** The outbox of any domain: what stands in it goes out, whatever else stands there. */
import { applyD1Migrations, reset } from "cloudflare:test";
import { env as bindings } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Envelope } from "../../shared/contracts/messages";
import { announce, deliver, type Mailboxes, outboxLag, sweepOutbox } from "../../shared/d1/outbox";
import { envelope } from "../../shared/queue/envelope";

const db = bindings.PAYMENTS_0_DB;

beforeEach(() => applyD1Migrations(db, bindings.MIGRATIONS.payments));
afterEach(() => reset());

/** Refuses what a queue refuses. */
function queueOf(): { queue: Queue; mailboxes: Mailboxes; sent: Envelope[]; calls: number[] } {
  const sent: Envelope[] = [];
  const calls: number[] = [];
  const queue = {
    sendBatch: async (messages: Iterable<MessageSendRequest<Envelope>>) => {
      const bodies = [...messages].map(({ body }) => body);
      if (bodies.length > 100) throw new Error("more than 100 messages");
      if (new TextEncoder().encode(JSON.stringify(bodies)).byteLength > 256_000) throw new Error("more than 256 kB");
      calls.push(bodies.length);
      sent.push(...bodies);
    },
  } as unknown as Queue;
  return { queue, mailboxes: { search: queue }, sent, calls };
}

const news = (number: number, traceparent = "00-1-1-00") =>
  envelope("/events", {
    type: "event.changed",
    subject: crypto.randomUUID(),
    version: 1,
    nowMs: Date.now() - 60_000 + number,
    traceparent,
    data: { eventId: crypto.randomUUID(), organizerId: crypto.randomUUID() },
  });
const write = (messages: Envelope[]) => db.batch(messages.map((message) => announce(db, message)));
const insert = (id: string, type: string, text: string) =>
  db.prepare("INSERT INTO outbox (id, type, envelope, created_at_ms) VALUES (?, ?, ?, 0)").bind(id, type, text).run();
const left = async () =>
  (await db.prepare("SELECT id FROM outbox ORDER BY id").all<{ id: string }>()).results.map(({ id }) => id);

describe("a sweep of the outbox", () => {
  test("sends more than one page, and leaves nothing", async () => {
    const { mailboxes, sent } = queueOf();
    await write(Array.from({ length: 250 }, (_, number) => news(number)));
    expect(await sweepOutbox(db, mailboxes, Date.now())).toBe(250);
    expect(sent).toHaveLength(250);
    expect(await left()).toEqual([]);
  });

  test("leaves what this version does not know, passes over what it cannot read, and reports both", async () => {
    const { mailboxes, sent } = queueOf();
    const future = { ...news(0), id: "future", type: "event.postponed" };
    await insert("broken", "event.changed", "{");
    await insert("future", future.type, JSON.stringify(future));
    await write([news(1), news(2)]);
    const reports: string[] = [];
    const report = ({ message }: Error) => void reports.push(message);
    expect(await sweepOutbox(db, mailboxes, Date.now(), { report })).toBe(2);
    expect(sent).toHaveLength(2);
    expect(await left()).toEqual(["broken", "future"]);
    expect(reports).toEqual(["2 rows of the outbox cannot be sent: event.changed, event.postponed"]);
  });

  test("is not held up by more than a page of rows that must stay", async () => {
    const { mailboxes } = queueOf();
    for (let number = 0; number < 120; number++) await insert(`stays-${number}`, "event.postponed", "{}");
    await write([news(1)]);
    expect(await sweepOutbox(db, mailboxes, Date.now(), { report: () => undefined })).toBe(1);
    expect(await left()).toHaveLength(120);
  });

  test("asks no queue for more than 256 kB at once", async () => {
    const { mailboxes, sent, calls } = queueOf();
    await write(Array.from({ length: 60 }, (_, number) => news(number, "ü".repeat(5_000))));
    expect(await sweepOutbox(db, mailboxes, Date.now())).toBe(60);
    expect(sent).toHaveLength(60);
    expect(calls.length).toBeGreaterThan(2);
  });
});

describe("a delivery", () => {
  test("deletes nothing that no mailbox of this version takes", async () => {
    const { mailboxes, sent } = queueOf();
    const future = { ...news(0), type: "event.postponed" };
    await insert(future.id, future.type, JSON.stringify(future));
    await deliver(db, mailboxes, [future]);
    expect(sent).toHaveLength(0);
    expect(await left()).toEqual([future.id]);
  });
});

test("the lag of an outbox counts what waits and says how old the oldest is", async () => {
  const nowMs = Date.now();
  expect(await outboxLag(db, nowMs)).toEqual({ waiting: 0, oldestMs: 0 });
  const messages = [news(0), news(1_000)];
  await write(messages);
  expect(await outboxLag(db, nowMs)).toEqual({ waiting: 2, oldestMs: nowMs - Date.parse(messages[0]?.time ?? "") });
});

const paid = (atMs = Date.now() - 60_000) =>
  envelope("/payments", {
    type: "order.paid",
    subject: crypto.randomUUID(),
    version: 1,
    nowMs: atMs,
    data: {
      orderId: crypto.randomUUID(),
      eventId: crypto.randomUUID(),
      organizerId: crypto.randomUUID(),
      totalMinor: 2500,
      currency: "EUR",
      ticketCount: 1,
      paidAtMs: atMs,
    },
  });

/** Two readers of one message; `down` is switched by the test. */
function readers() {
  const state = { down: true, asked: 0 };
  const notified = queueOf();
  const counted = queueOf();
  const flaky = {
    sendBatch: (messages: Iterable<MessageSendRequest<Envelope>>) => {
      state.asked += 1;
      return state.down ? Promise.reject(new Error("no queue")) : counted.queue.sendBatch(messages);
    },
  } as unknown as Queue;
  const mailboxes: Mailboxes = { notifications: notified.queue, analytics: flaky, search: queueOf().queue };
  return { mailboxes, state, notified: notified.sent, counted: counted.sent };
}
const quiet = { report: () => undefined };

describe("a mailbox that takes nothing", () => {
  test("holds up nobody else, and the others get each message once", async () => {
    const { mailboxes, state, notified, counted } = readers();
    const messages = [paid(), paid()];
    await write([...messages, news(1)]);
    const reports: string[] = [];
    expect(await sweepOutbox(db, mailboxes, Date.now(), { report: ({ message }) => void reports.push(message) })).toBe(1);
    expect(reports).toEqual(["a mailbox took nothing: analytics: no queue"]);
    expect(await left()).toEqual(messages.map(({ id }) => id).sort());
    for (let minutes = 1; minutes <= 30; minutes++) await sweepOutbox(db, mailboxes, Date.now() + minutes * 60_000, quiet);
    state.down = false;
    expect(await sweepOutbox(db, mailboxes, Date.now() + 3_600_000)).toBe(2);
    expect(await left()).toEqual([]);
    expect(notified.map(({ id }) => id).sort()).toEqual(messages.map(({ id }) => id).sort());
    expect(counted).toHaveLength(2);
  });

  test("is asked once a sweep, however much waits, and less often each time", async () => {
    const { mailboxes, state, notified } = readers();
    await write(Array.from({ length: 250 }, () => paid()));
    await sweepOutbox(db, mailboxes, Date.now(), quiet);
    expect([state.asked, notified.length]).toEqual([1, 250]);
    const nowMs = Date.now();
    await sweepOutbox(db, mailboxes, nowMs, quiet);
    expect(state.asked).toBe(1);
    const pauses: number[] = [];
    for (let tries = 0; tries < 8; tries++) {
      const next = await db.prepare("SELECT min(next_try_at_ms) AS at FROM outbox").first<number>("at");
      pauses.push((next ?? 0) - Date.now());
      await sweepOutbox(db, mailboxes, nowMs + 3_600_000, quiet);
    }
    expect(pauses[1]).toBeGreaterThan((pauses[0] ?? 0) + 3_000);
    expect(pauses.at(-1)).toBeGreaterThan(200_000);
    expect(Math.max(...pauses)).toBeLessThanOrEqual(300_000);
  });

  test("is the sweep's to try again when a delivery met it", async () => {
    const { mailboxes, state, notified } = readers();
    const message = paid();
    await write([message]);
    await expect(deliver(db, mailboxes, [message])).rejects.toThrow("analytics: no queue");
    expect(await left()).toEqual([message.id]);
    state.down = false;
    expect(await sweepOutbox(db, mailboxes, Date.now())).toBe(0);
    expect(await sweepOutbox(db, mailboxes, Date.now() + 10_000)).toBe(1);
    expect(notified).toHaveLength(1);
  });

  test("that fails at its second call has what the first one brought", async () => {
    const first = queueOf();
    let calls = 0;
    const half = {
      sendBatch: (messages: Iterable<MessageSendRequest<Envelope>>) =>
        ++calls === 2 ? Promise.reject(new Error("full")) : first.queue.sendBatch(messages),
    } as unknown as Queue;
    await write(Array.from({ length: 40 }, (_, number) => news(number, "x".repeat(10_000))));
    const sent = await sweepOutbox(db, { search: half }, Date.now(), quiet);
    expect(sent).toBeGreaterThan(0);
    expect([first.sent.length, (await left()).length]).toEqual([sent, 40 - sent]);
  });
});

test("rows that must stay are looked at less and less, and never stand before the others", async () => {
  const { mailboxes } = queueOf();
  for (let number = 0; number < 120; number++) await insert(`stays-${number}`, "event.postponed", "{}");
  let reports = 0;
  const report = () => void reports++;
  for (let sweeps = 0; sweeps < 10; sweeps++) await sweepOutbox(db, mailboxes, Date.now(), { report });
  expect(reports).toBe(1);
  expect(await left()).toHaveLength(120);
});
