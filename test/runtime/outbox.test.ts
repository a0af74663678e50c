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
function queueOf(): { mailboxes: Mailboxes; sent: Envelope[]; calls: number[] } {
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
  return { mailboxes: { search: queue, users: queue }, sent, calls };
}

const news = (number: number, traceparent = "00-1-1-00") =>
  envelope("/events", {
    type: "event.cancelled",
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
    await insert("broken", "event.cancelled", "{");
    await insert("future", future.type, JSON.stringify(future));
    await write([news(1), news(2)]);
    const reports: string[] = [];
    const report = ({ message }: Error) => void reports.push(message);
    expect(await sweepOutbox(db, mailboxes, Date.now(), { report })).toBe(2);
    expect(sent).toHaveLength(2);
    expect(await left()).toEqual(["broken", "future"]);
    expect(reports).toEqual(["2 rows of the outbox cannot be sent: event.cancelled, event.postponed"]);
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
