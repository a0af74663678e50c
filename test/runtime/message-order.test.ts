/** Queues repeat and do not order (rule 21): whatever a mailbox does with the same messages, its reader ends with the same rows. */
import { applyD1Migrations, createExecutionContext, createMessageBatch, getQueueResult, reset } from "cloudflare:test";
import { env as bindings } from "cloudflare:workers";
import fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import type { Account } from "../../shared/contracts/accounts";
import type { PublishedEvent } from "../../shared/contracts/events";
import type { Envelope } from "../../shared/contracts/messages";
import type { ReportingEnv } from "../../shared/observability/report";
import type { MessageHandlers } from "../../shared/queue/consume";
import { envelope } from "../../shared/queue/envelope";
import { consumeMailbox } from "../../shared/queue/mailbox";
import { messageHandlers as analyticsHandlers } from "../../workers/analytics/message-handlers";
import { messageHandlers as notificationsHandlers } from "../../workers/notifications/message-handlers";
import { putDocuments } from "../../workers/search/event-documents";
import { messageHandlers as searchHandlers } from "../../workers/search/message-handlers";
import { messageHandlers as usersHandlers } from "../../workers/users/message-handlers";
import { publishedEvent } from "../support/published-event";
import { swapSql } from "../support/swapped-database";
import { accountOf, startUsers } from "../support/users";

afterEach(() => reset());

/** Deliveries as a queue may make them: any order, any repetition, cut into batches anywhere; each message at least once. */
const deliveriesOf = (messages: readonly Envelope[]): fc.Arbitrary<Envelope[][]> =>
  fc
    .tuple(
      fc.shuffledSubarray([...messages], { minLength: messages.length }),
      fc.array(fc.constantFrom(...messages), { maxLength: 4 }),
      fc.integer({ min: 1, max: 3 }),
    )
    .map(([once, again, size]) => {
      const all = [...once, ...again];
      return Array.from({ length: Math.ceil(all.length / size) }, (_, index) => all.slice(index * size, (index + 1) * size));
    });

async function deliver<Env extends ReportingEnv>(
  env: Env,
  db: D1Database,
  handlers: MessageHandlers<Env>,
  batches: readonly Envelope[][],
): Promise<void> {
  for (const bodies of batches) {
    const context = createExecutionContext();
    const messages = bodies.map((body) => ({ id: crypto.randomUUID(), timestamp: new Date(), attempts: 1, body }));
    const batch = createMessageBatch("bilten-any-mailbox", messages);
    await consumeMailbox(batch, env, context, db, handlers);
    const { explicitAcks } = await getQueueResult(batch, context);
    expect(explicitAcks).toHaveLength(bodies.length);
  }
}

/** These mailboxes only write down what they hear. */
const nobodyAsks = async (): Promise<never> => {
  throw new Error("a message is no reason to ask");
};

const RUNS = 6;
/** Every road of these messages leads to the same rows. */
const sameRows = (messages: readonly Envelope[], run: (batches: Envelope[][]) => Promise<unknown>, wanted: unknown) =>
  fc.assert(
    fc
      .asyncProperty(deliveriesOf(messages), async (batches) => {
        expect(await run(batches)).toEqual(wanted);
      })
      .afterEach(() => reset()),
    { numRuns: RUNS },
  );

const rowsOf = async (db: D1Database, sql: string) => (await db.prepare(sql).all()).results;

describe("users", () => {
  const account = accountOf({ name: "Newest", version: 3 });
  const messages = (["account.registered", "account.verified", "account.changed"] as const).map((type, index) =>
    envelope("/auth", { type, subject: account.id, version: index + 1, nowMs: 0, data: { accountId: account.id } }),
  );
  const run = async (known: Account[], batches: Envelope[][]) => {
    await applyD1Migrations(bindings.USERS_DB, bindings.MIGRATIONS.users);
    await deliver(startUsers(known), bindings.USERS_DB, usersHandlers, batches);
    return rowsOf(bindings.USERS_DB, "SELECT name, version FROM accounts");
  };

  test("keeps what auth said last", () =>
    sameRows(messages, (batches) => run([account], batches), [{ name: "Newest", version: 3 }]));

  test("keeps nothing of an account that is gone", () => sameRows(messages, (batches) => run([], batches), []));
});

describe("search", () => {
  const event = publishedEvent({ title: "As it stands now" });
  const messages = (["event.published", "event.changed", "event.cancelled"] as const).map((type, index) =>
    envelope("/events", {
      type,
      subject: event.id,
      version: index + 1,
      nowMs: 0,
      data: { eventId: event.id, organizerId: event.organizerId },
    }),
  );
  const run = async (standing: PublishedEvent, batches: Envelope[][], db = bindings.SEARCH_DB) => {
    await applyD1Migrations(bindings.SEARCH_DB, bindings.MIGRATIONS.search);
    const env = { DB: db, ENVIRONMENT: "development", EVENTS: { events: async () => [standing] } };
    await deliver(env, db, searchHandlers, batches);
    return rowsOf(
      bindings.SEARCH_DB,
      `
      SELECT version, body ->> 'title' AS title, (SELECT count(*) FROM words WHERE words MATCH '"stands"') AS words
      FROM seen_events LEFT JOIN bodies USING (doc_id)`,
    );
  };

  test("shows the event as it stands", () =>
    sameRows(messages, (batches) => run(event, batches), [{ version: 3, title: "As it stands now", words: 1 }]));

  test("keeps a tombstone of what may not be found, whatever comes after it", () =>
    sameRows(messages, (batches) => run({ ...event, status: "cancelled" }, batches), [{ version: 3, title: null, words: 0 }]));

  const cancelledThenLate = async (db: D1Database) => {
    await run({ ...event, status: "cancelled" }, [messages], db);
    // Whoever asked before the cancellation and writes after it.
    await putDocuments(db, [{ eventId: event.id, version: 2, event }], 0);
    return rowsOf(bindings.SEARCH_DB, "SELECT count(*) AS found FROM documents");
  };

  test("an answer that was read before the cancellation does not bring the event back", async () => {
    expect(await cancelledThenLate(bindings.SEARCH_DB)).toEqual([{ found: 0 }]);
  });

  test("control: without the version it does", async () => {
    const { db, swaps } = swapSql(bindings.SEARCH_DB, "WHERE excluded.version > seen_events.version", "WHERE true");
    expect(await cancelledThenLate(db)).toEqual([{ found: 1 }]);
    expect(swaps()).toBeGreaterThan(0);
  });
});

const money = { eventId: crypto.randomUUID(), organizerId: crypto.randomUUID(), currency: "EUR" };
const paid = (totalMinor: number) => {
  const orderId = crypto.randomUUID();
  const data = { ...money, orderId, totalMinor, ticketCount: 1, paidAtMs: 0 };
  return envelope("/payments", { type: "order.paid", subject: orderId, version: 1, nowMs: 0, data });
};
const refunded = (amountMinor: number) => {
  const [refundId, orderId] = [crypto.randomUUID(), crypto.randomUUID()];
  const data = { ...money, refundId, orderId, paymentId: orderId, amountMinor, reason: "requested" as const };
  const once = { ...data, ticketCount: 1, refundedAtMs: 0 };
  return [1, 2].map((version) =>
    envelope("/payments", { type: "refund.succeeded", subject: refundId, version, nowMs: 0, data: once }),
  );
};
/** What was paid back came back, and was paid again. */
const paidTwice = (amountMinor: number) => {
  const [refundId, orderId] = [crypto.randomUUID(), crypto.randomUUID()];
  const data = { ...money, refundId, orderId, paymentId: orderId, amountMinor, reason: "requested" as const, ticketCount: 1 };
  const of = { subject: refundId, nowMs: 0 };
  return [
    envelope("/payments", { ...of, type: "refund.succeeded", version: 2, data: { ...data, refundedAtMs: 0 } }),
    envelope("/payments", { ...of, type: "refund.returned", version: 3, data: { ...data, returnedAtMs: 0 } }),
    envelope("/payments", { ...of, type: "refund.succeeded", version: 5, data: { ...data, refundedAtMs: 0 } }),
  ];
};
const stock = (version: number, available: number) =>
  envelope("/events", {
    type: "inventory.availability_changed",
    subject: `${money.eventId}/availability`,
    version,
    nowMs: 0,
    data: {
      eventId: money.eventId,
      organizerId: money.organizerId,
      ticketTypes: [{ ticketTypeId: money.organizerId, available, sold: 10 - available }],
      asOfMs: version,
    },
  });

const admitted = (version: number, counts: number[]) =>
  envelope("/events", {
    type: "admissions.counted",
    subject: `${money.eventId}/admissions`,
    version,
    nowMs: 0,
    data: {
      eventId: money.eventId,
      organizerId: money.organizerId,
      quarters: counts.map((count, index) => ({ startsAtMs: index * 900_000, admitted: count })),
      asOfMs: version,
    },
  });

test("analytics counts each order and each way of a refund's money once, and shows stock and admissions as they were told last", () => {
  const admissions = [admitted(1, [1]), admitted(2, [5, 2]), admitted(3, [5, 7])];
  const messages = [paid(2500), paid(1000), ...paidTwice(700), stock(1, 9), stock(2, 4), stock(3, 6), ...admissions];
  const run = async (batches: Envelope[][]) => {
    const db = bindings.ANALYTICS_DB;
    await applyD1Migrations(db, bindings.MIGRATIONS.analytics);
    const env = {
      DB: db,
      ENVIRONMENT: "development",
      BRANDING: { settingsOf: nobodyAsks },
      EVENTS: { events: nobodyAsks },
      USERS: { membership: nobodyAsks },
    };
    await deliver(env, db, analyticsHandlers, batches);
    return [
      await rowsOf(db, "SELECT orders, revenue_minor FROM sales"),
      await rowsOf(db, "SELECT refunded_minor, returned_minor FROM refunds"),
      await rowsOf(db, "SELECT admitted FROM admissions ORDER BY quarter_starts_at_ms"),
      await rowsOf(db, "SELECT version, available FROM stock_levels"),
    ];
  };
  return sameRows(messages, run, [
    [{ orders: 2, revenue_minor: 3500 }],
    [{ refunded_minor: 1400, returned_minor: 700 }],
    [{ admitted: 5 }, { admitted: 7 }],
    [{ version: 3, available: 6 }],
  ]);
});

test("notifications owes each mail once", () => {
  const mailId = crypto.randomUUID();
  const data = { accountId: crypto.randomUUID(), mailId };
  const mail = envelope("/auth", { type: "account.mail_requested", subject: mailId, version: 1, nowMs: 0, data });
  const movedId = crypto.randomUUID();
  const aboutMoved = { eventId: movedId, organizerId: money.organizerId };
  const moves = [2, 3].map((version) =>
    envelope("/events", { type: "event.moved", subject: movedId, version, nowMs: version, data: aboutMoved }),
  );
  const swapped = envelope("/events", {
    type: "seats.swapped",
    subject: `${movedId}/seats`,
    version: 1,
    nowMs: 0,
    data: { ...aboutMoved, orderIds: [crypto.randomUUID(), crypto.randomUUID()] },
  });
  const messages = [paid(2500), ...refunded(700), mail, ...moves, swapped];
  const run = async (batches: Envelope[][]) => {
    const db = bindings.NOTIFICATIONS_DB;
    await applyD1Migrations(db, bindings.MIGRATIONS.notifications);
    const env = {
      DB: db,
      ENVIRONMENT: "development",
      API_ORIGIN: "http://localhost:8787",
      SITES_BASE_HOST: "localhost",
      MAIL_FROM: "tickets@bilten.example",
      AUTH: { accountMails: nobodyAsks },
      BRANDING: { settingsOf: nobodyAsks },
      EVENTS: { events: nobodyAsks, formerAppointments: nobodyAsks, ticketsOfOrders: nobodyAsks, waitlistLetters: nobodyAsks },
      OUTGOING: { send: nobodyAsks },
      PAYMENTS: { calledOffOrders: nobodyAsks, orders: nobodyAsks, refunds: nobodyAsks, standingOrders: nobodyAsks },
      USERS: { organizers: nobodyAsks, invitationMails: nobodyAsks, readingHabits: nobodyAsks },
    };
    await deliver(env, db, notificationsHandlers, batches);
    return [
      ...(await rowsOf(db, "SELECT type, count(*) AS mails FROM deliveries GROUP BY type ORDER BY type")),
      ...(await rowsOf(db, "SELECT version, finished_at_ms FROM moved_events")),
    ];
  };
  return sameRows(messages, run, [
    { type: "account_mail", mails: 1 },
    { type: "order_confirmation", mails: 1 },
    { type: "refund_mail", mails: 1 },
    { type: "seat_change", mails: 2 },
    { version: 3, finished_at_ms: null },
  ]);
});
