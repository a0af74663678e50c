/** What no delivery settles: parked where its reader's data is, seen, replayed, and never lost. */
import { applyD1Migrations, createExecutionContext, createMessageBatch, getQueueResult, reset } from "cloudflare:test";
import { env as bindings } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Envelope } from "../../shared/contracts/messages";
import { countDeadLetters, replayDeadLetters } from "../../shared/d1/dead-letters";
import { MAX_RETRIES } from "../../shared/queue/consume";
import { envelope } from "../../shared/queue/envelope";
import { consumeMailbox } from "../../shared/queue/mailbox";
import type { Env } from "../../workers/search/environment";
import { messageHandlers } from "../../workers/search/message-handlers";
import { publishedEvent } from "../support/published-event";
import { swapSql } from "../support/swapped-database";

const db = bindings.SEARCH_DB;
const ctx = { waitUntil: () => undefined };
const event = publishedEvent();
/** Search's own Worker; `EVENTS` can be made to fail. */
const env = { DB: db, ENVIRONMENT: "development", EVENTS: { events: vi.fn(async () => [event]) } } satisfies Env;

beforeEach(() => {
  vi.spyOn(console, "error").mockImplementation(() => undefined);
  env.EVENTS.events.mockReset().mockResolvedValue([event]);
  return applyD1Migrations(db, bindings.MIGRATIONS.search);
});
afterEach(() => {
  vi.restoreAllMocks();
  return reset();
});

const published = (version = 1) =>
  envelope("/events", {
    type: "event.published",
    subject: event.id,
    version,
    nowMs: Date.now(),
    data: { eventId: event.id, organizerId: event.organizerId },
  });

interface Outcome {
  acked: number;
  retried: number;
}
async function receive(queue: string, bodies: unknown[], { attempts = 1, into = db } = {}): Promise<Outcome> {
  const context = createExecutionContext();
  const messages = bodies.map((body) => ({ id: crypto.randomUUID(), timestamp: new Date(), attempts, body }));
  const batch = createMessageBatch(queue, messages);
  await consumeMailbox(batch, env, context, into, messageHandlers);
  const { explicitAcks, retryMessages } = await getQueueResult(batch, context);
  return { acked: explicitAcks.length, retried: retryMessages.length };
}
const mailbox = (bodies: unknown[], attempts: number) => receive("bilten-search-mailbox", bodies, { attempts });
const deadLetters = (bodies: unknown[], into = db) => receive("bilten-search-dead-letters", bodies, { into });

interface Row {
  id: string;
  reason: string;
  type: string | null;
  subject: string | null;
  body: string;
  error: string;
  attempts: number;
  replay_requested_at_ms: number | null;
}
const rows = async () => (await db.prepare("SELECT * FROM dead_letters ORDER BY parked_at_ms, id").all<Row>()).results;
const row = async (): Promise<Row> => {
  const all = await rows();
  expect(all).toHaveLength(1);
  return all[0] as Row;
};
const askReplay = () => db.prepare("UPDATE dead_letters SET replay_requested_at_ms = 1").run();
/** How many it tried. */
const replay = (limit?: number) => replayDeadLetters(env, ctx, db, messageHandlers, limit);
const indexed = async () => (await db.prepare("SELECT count(*) AS n FROM seen_events").first<number>("n")) ?? 0;
const LAST = MAX_RETRIES + 1;

describe("parking", () => {
  test("what every delivery failed to settle is parked with the last error, and without an address", async () => {
    env.EVENTS.events.mockRejectedValue(new Error("no answer for Ada.Lovelace@example.org"));
    const message = published();
    expect(await mailbox([message], 1)).toEqual({ acked: 0, retried: 1 });
    expect(await countDeadLetters(db)).toBe(0);
    expect(await mailbox([message], LAST)).toEqual({ acked: 1, retried: 0 });
    expect(await row()).toMatchObject({
      id: message.id,
      reason: "failed",
      type: "event.published",
      subject: event.id,
      error: "Error: no answer for (an address)",
      attempts: LAST,
    });
    expect(JSON.parse((await row()).body)).toEqual(message);
  });

  test("what nobody can read or knows is parked too, its batch-mate is handled", async () => {
    const unknown = { ...published(), type: "event.postponed", dataschema: "urn:bilten:event.postponed:1" };
    const foreign = { ...published(), id: "'; DROP TABLE dead_letters; --", dataschema: "urn:bilten:event.published:9" };
    expect(await mailbox(["text", null, unknown, foreign, published()], LAST)).toEqual({ acked: 5, retried: 0 });
    expect((await rows()).map(({ reason, type }) => `${reason} ${type}`).sort()).toEqual([
      "unknown event.postponed",
      "unknown event.published",
      "unreadable null",
      "unreadable null",
    ]);
    for (const { id } of await rows()) expect(id).toMatch(/^([0-9a-f-]{36}|sha256-[\w-]{43})$/);
    expect(await indexed()).toBe(1);
  });

  test("the dead-letter queue parks what nobody saw fail, and keeps the error of what somebody saw", async () => {
    env.EVENTS.events.mockRejectedValue(new Error("down"));
    const [seen, unseen] = [published(), published(2)];
    await mailbox([seen], LAST);
    expect(await deadLetters([seen, unseen, "text"])).toEqual({ acked: 3, retried: 0 });
    const errors = Object.fromEntries((await rows()).map(({ id, error }) => [id, error]));
    expect(Object.keys(errors)).toHaveLength(3);
    expect(errors[seen.id]).toBe("Error: down");
    expect(errors[unseen.id]).toContain("told nobody why");
  });

  test("nothing is acknowledged while its row cannot be written, neither here nor there", async () => {
    const broken = swapSql(db, "INTO dead_letters", "INTO no_such_table").db;
    env.EVENTS.events.mockRejectedValue(new Error("down"));
    const message = published();
    expect(await receive("bilten-search-mailbox", [message], { attempts: LAST, into: broken })).toEqual({ acked: 0, retried: 1 });
    expect(await deadLetters([message, "text"], broken)).toEqual({ acked: 0, retried: 2 });
    expect(await deadLetters([message, "text"])).toEqual({ acked: 2, retried: 0 });
    expect(await countDeadLetters(db)).toBe(2);
  });

  test("a message that is parked again is one row", async () => {
    env.EVENTS.events.mockRejectedValue(new Error("down"));
    const message = published();
    for (let times = 0; times < 3; times++) await mailbox([message, "text"], LAST);
    expect((await rows()).map(({ attempts }) => attempts)).toEqual([3 * LAST, 3 * LAST]);
  });
});

describe("replaying", () => {
  const park = async (message: Envelope | string) => {
    env.EVENTS.events.mockRejectedValue(new Error("down"));
    await mailbox([message], LAST);
    env.EVENTS.events.mockReset().mockResolvedValue([event]);
  };

  test("waits to be asked, then settles the message and forgets it", async () => {
    await park(published());
    expect(await replay()).toBe(0);
    await askReplay();
    expect(await replay()).toBe(1);
    expect(await countDeadLetters(db)).toBe(0);
    expect(await indexed()).toBe(1);
    expect(await replay()).toBe(0);
  });

  test("that fails again says why, counts, and is not tried again by itself", async () => {
    await park(published());
    await askReplay();
    env.EVENTS.events.mockRejectedValue(new Error("still down"));
    expect(await replay()).toBe(1);
    expect(await row()).toMatchObject({ error: "Error: still down", attempts: LAST + 1, replay_requested_at_ms: null });
    env.EVENTS.events.mockReset().mockResolvedValue([event]);
    expect(await replay()).toBe(0);
    expect(await countDeadLetters(db)).toBe(1);
  });

  test("that is cut off stays parked, and the next sweep does not fall over it again", async () => {
    await park(published());
    await askReplay();
    env.EVENTS.events.mockReturnValue(new Promise(() => undefined));
    void replay();
    await vi.waitFor(() => expect(env.EVENTS.events).toHaveBeenCalled());
    expect(await row()).toMatchObject({ replay_requested_at_ms: null, error: "the last replay was cut off" });
    env.EVENTS.events.mockReset().mockResolvedValue([event]);
    expect(await replay()).toBe(0);
  });

  test("of what an older version did not know comes by itself once this one does, and once only", async () => {
    const future = { ...published(), dataschema: "urn:bilten:event.published:2" };
    await park(future);
    expect(await replay()).toBe(0);
    // What a deploy does: the same row, now of a form that the handlers know.
    await db
      .prepare("UPDATE dead_letters SET dataschema = ?1, body = json_set(body, '$.dataschema', ?1)")
      .bind("urn:bilten:event.published:1")
      .run();
    env.EVENTS.events.mockRejectedValue(new Error("down"));
    expect(await replay()).toBe(1);
    expect(await row()).toMatchObject({ reason: "failed", error: "Error: down" });
    expect(await replay()).toBe(0);
    expect(env.EVENTS.events).toHaveBeenCalledTimes(1);
  });

  test("is never tried by itself where the type and the form of its data belong to different messages", async () => {
    await park({ ...published(), type: "event.postponed" });
    expect([await replay(), await replay()]).toEqual([0, 0]);
    expect(await row()).toMatchObject({ reason: "unknown", attempts: LAST });
  });

  test("is done also where the clock was set back since it was parked, and parking again too", async () => {
    const message = published();
    await park(message);
    await db
      .prepare("UPDATE dead_letters SET parked_at_ms = ?1, tried_at_ms = ?1")
      .bind(Date.now() + 3_600_000)
      .run();
    env.EVENTS.events.mockRejectedValue(new Error("still down"));
    expect(await mailbox([message], LAST)).toEqual({ acked: 1, retried: 0 });
    await askReplay();
    expect(await replay()).toBe(1);
    expect(await row()).toMatchObject({ error: "Error: still down", attempts: 2 * LAST + 1 });
  });

  test("takes no more than a sweep may, and the rest the next time", async () => {
    await park("text");
    for (let version = 1; version <= 5; version++) await park(published(version));
    await askReplay();
    expect([await replay(3), await replay(3), await replay(3)]).toEqual([3, 3, 0]);
    expect(await row()).toMatchObject({ reason: "unreadable", replay_requested_at_ms: null });
  });
});
