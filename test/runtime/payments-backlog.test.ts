/** How far the sweep is behind can be seen: in its own report, and by a platform admin. */
import { afterEach, describe, expect, test, vi } from "vitest";
import { isLag, overdue } from "../../shared/observability/lag";
import { Backlog } from "../../workers/payments/backlog";
import { ANYBODY } from "../support/events-room";
import {
  closeTills,
  codeOf,
  confirmingThrough,
  guest,
  openTill,
  parse,
  publish,
  type Till,
  user,
} from "../support/payments-room";

afterEach(async () => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  await closeTills();
});

const later = (ms: number) => vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + ms });

async function backlogOf(till: Till) {
  const { data } = parse(Backlog, await till.ask("GET", "/payments/backlog", { as: user(undefined, "admin") }));
  return Object.fromEntries(data.map(({ what, ...lag }) => [what, lag]));
}

const NOTHING = { waiting: 0, oldestAgeSeconds: 0, failing: 0 };

test("the backlog is a platform admin's to read", async () => {
  const till = await openTill();
  const order = await till.order(await publish(till));
  const asked = (as = ANYBODY) => till.ask("GET", "/payments/backlog", { as });
  expect(codeOf(await asked())).toBe("401 credential_missing");
  expect(codeOf(await asked(user()))).toBe("403 forbidden");
  expect(codeOf(await asked(guest(order)))).toMatch(/^40[13] /);
  const nothing = await backlogOf(till);
  expect(Object.values(nothing)).toEqual(Object.values(nothing).map(() => NOTHING));
});

describe("what stands half-way", () => {
  test("is counted by kind, with the age of the oldest and how many have failed", async () => {
    vi.spyOn(console, "error").mockImplementation(() => undefined);
    let broken = true;
    const down = () => Promise.reject(new Error("it does not answer"));
    const till = await openTill((env) => {
      const EVENTS = confirmingThrough(env, () => (broken ? down() : undefined));
      const mailbox = { sendBatch: down } as unknown as Queue;
      return { EVENTS, NOTIFICATIONS_MAILBOX: mailbox };
    });
    const event = await publish(till);
    // Paid, and the object does not answer.
    for (let orders = 0; orders < 2; orders++) await till.paid(await till.order(event), "tok_success");
    // Ordered, and never paid.
    await till.order(event);
    // Begun, and nobody wrote down what the provider said.
    const forgotten = await till.order(event);
    await till.paid(forgotten, "tok_requires_action");
    await till.run(forgotten.id, "UPDATE payments SET state = 'initiated', next_try_at_ms = 0 WHERE state = 'requires_action'");
    await till.idle();

    later(30_000);
    expect(await backlogOf(till)).toMatchObject({
      provider_events: { waiting: 2, oldestAgeSeconds: 30, failing: 0 },
      payments: { waiting: 1, oldestAgeSeconds: 30, failing: 0 },
      expired_orders: NOTHING,
      outbox: NOTHING,
    });
    const report = await till.sweep();
    expect(report).toMatchObject({ providerEvents: 2, providerEventsWaiting: 2, providerEventsFailing: 2 });
    expect(report.providerEventsOldestMs).toBeGreaterThanOrEqual(30_000);

    broken = false;
    later(3_700_000);
    await till.sweep();
    await till.idle();
    later(120_000);
    expect(await backlogOf(till)).toMatchObject({
      provider_events: NOTHING,
      payments: { waiting: expect.any(Number) },
      // What was paid is news that no mailbox takes.
      outbox: { waiting: 2, oldestAgeSeconds: 120, failing: 2 },
    });
  });

  test("is counted over both shards", async () => {
    vi.spyOn(console, "error").mockImplementation(() => undefined);
    const till = await openTill();
    for (const db of [till.env.DB_0, till.env.DB_1]) {
      await db
        .prepare("INSERT INTO outbox (id, type, envelope, created_at_ms) VALUES (?, 'order.paid', '{}', ?)")
        .bind(crypto.randomUUID(), Date.now() - 90_000)
        .run();
    }
    expect((await backlogOf(till)).outbox).toEqual({ waiting: 2, oldestAgeSeconds: 90, failing: 2 });
  });

  test("never reads a table from end to end", async () => {
    const till = await openTill();
    const statements: string[] = [];
    const prepare = till.env.DB_0.prepare.bind(till.env.DB_0);
    vi.spyOn(till.env.DB_0, "prepare").mockImplementation((sql) => {
      statements.push(sql);
      return prepare(sql);
    });
    await backlogOf(till);
    expect(statements).toHaveLength(8);
    for (const sql of statements) {
      const { results } = await prepare(`EXPLAIN QUERY PLAN ${sql}`).bind(Date.now()).all<{ detail: string }>();
      const scans = results
        .map(({ detail }) => detail)
        .filter((detail) => /^SCAN (orders|payments|provider_events|refunds)$/.test(detail));
      expect(scans, sql).toEqual([]);
    }
  });
});

describe("of a report", () => {
  const report = {
    outbox: 3,
    outboxWaiting: 5,
    outboxOldestMs: 200_000,
    outboxFailing: 1,
    refundsWaiting: 1,
    refundsOldestMs: 5,
  };

  test("only what waits too long is worth a warning", () => {
    expect(overdue(report, 180_000)).toEqual({ outboxWaiting: 5, outboxOldestMs: 200_000, outboxFailing: 1 });
    expect(overdue(report, 300_000)).toEqual({});
  });

  test("what was done is told apart from what waits", () => {
    expect(Object.keys(report).filter((key) => !isLag(key))).toEqual(["outbox"]);
  });
});
