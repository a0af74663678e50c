/** What an organizer reads of an event's money is what the ledger holds of it, whatever was sold, paid back and came back. */
import { applyD1Migrations, createExecutionContext, createMessageBatch, getQueueResult } from "cloudflare:test";
import { env as bindings } from "cloudflare:workers";
import { afterEach, expect, test, vi } from "vitest";
import type { PublishedEvent } from "../../shared/contracts/events";
import type { Envelope } from "../../shared/contracts/messages";
import { Order, PaymentProcessed } from "../../shared/contracts/orders";
import { consumeMailbox } from "../../shared/queue/mailbox";
import { readersOf } from "../../shared/queue/send";
import { figuresByPeriod, summarize } from "../../workers/analytics/figures";
import { messageHandlers } from "../../workers/analytics/message-handlers";
import { applyRefundWord } from "../../workers/payments/refund-words";
import type { RefundRow } from "../../workers/payments/schema";
import { dbOf } from "../../workers/payments/shards";
import { closeTills, guest, openTill, parse, publish, type Till } from "../support/payments-room";
import { eur, refund, sweepLater, ticketsOf } from "../support/refunds";

const STEPS = 500;
/** The shell's `LEDGER_SEED` for those of an earlier run. */
const SEED = bindings.LEDGER_SEED === "" ? Math.floor(Math.random() * 2 ** 31) : Number(bindings.LEDGER_SEED);
const SHARDS = [bindings.PAYMENTS_0_DB, bindings.PAYMENTS_1_DB];
/** Sums that do not come out even. */
const PRICES = [2500, 1999, 333, 1];

afterEach(async () => {
  vi.useRealTimers();
  await closeTills();
});

/** mulberry32: a number from 0 up to, and without, `below`. */
function dice(seed: number) {
  let state = seed;
  return (below: number): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}
type Dice = ReturnType<typeof dice>;
const pick = <T>(throwDice: Dice, some: readonly T[]): T => some[throwDice(some.length)] as T;

interface Sold {
  order: Order;
  paymentId: string;
}

/** Chance steps of one event's sale. What is refused, e.g. a refund of what was refunded already, is part of it. */
class Sale {
  readonly #paid: Sold[] = [];
  readonly #till: Till;
  readonly #event: PublishedEvent;
  readonly #dice: Dice;
  #number = 0;

  constructor(till: Till, event: PublishedEvent, throwDice: Dice) {
    this.#till = till;
    this.#event = event;
    this.#dice = throwDice;
  }

  step(): Promise<unknown> {
    const at = this.#dice(100);
    if (at < 50 || this.#paid.length === 0) return this.#sell();
    if (at < 60) return this.#payAfterItsEnd();
    if (at < 90) return this.#refund();
    return this.#comeBack();
  }

  async #place(): Promise<Order> {
    const items = [{ ticketTypeId: pick(this.#dice, this.#event.ticketTypes).id, quantity: 1 + this.#dice(4) }];
    const buyer = { email: `buyer-${this.#number++}@people.example`, name: "Some Buyer" };
    return parse(Order, await this.#till.ask("POST", "/orders", { body: { eventId: this.#event.id, items, buyer } }), 201);
  }

  async #sell(): Promise<void> {
    const order = await this.#place();
    const { payment } = await this.#till.paid(order, this.#dice(8) === 0 ? "tok_decline" : "tok_success");
    if (payment.status === "succeeded") this.#paid.push({ order, paymentId: payment.id });
  }

  /** Money that bought nothing goes back: neither analytics nor what the organizer is owed knows of it. */
  async #payAfterItsEnd(): Promise<void> {
    const order = await this.#place();
    const answer = await this.#till.pay(order, "tok_requires_action");
    const { payment } = parse(PaymentProcessed, answer, 202);
    const cancelled = await this.#till.ask("POST", `/orders/${order.id}/cancel`, { as: guest(order) });
    expect(cancelled.status).toBe(200);
    await this.#till.webhook(`evt_${this.#number++}`, "payment.succeeded", payment.id);
  }

  async #refund(): Promise<void> {
    const { order, paymentId } = pick(this.#dice, this.#paid);
    const part = this.#dice(3);
    const [ticket] = (await ticketsOf(this.#till, order)).filter(({ status }) => status === "valid");
    const body = part === 0 ? {} : part === 1 && ticket ? { ticketIds: [ticket.id] } : { amount: eur(1 + this.#dice(1500)) };
    const { status } = await refund(this.#till, paymentId, body);
    expect([201, 409]).toContain(status);
  }

  /** The buyer's account is closed: what was paid back is at the provider again. */
  async #comeBack(): Promise<void> {
    const { order } = pick(this.#dice, this.#paid);
    const db = dbOf(this.#till.env, order.id);
    const row = await this.#till.row<RefundRow>(order.id, `SELECT * FROM refunds WHERE order_id = '${order.id}' LIMIT 1`);
    if (!db || !row) return;
    const word = { fact: "refund_failed", failureCode: "account_closed", reference: row.reference, generation: null } as const;
    await applyRefundWord(this.#till.env, { waitUntil: () => undefined }, db, row.id, word);
  }
}

/** Every message at least twice, in any order, in batches cut anywhere. */
async function tell(envelopes: readonly Envelope[], throwDice: Dice): Promise<void> {
  const db = bindings.ANALYTICS_DB;
  const env = { DB: db, ENVIRONMENT: "development", BRANDING: {}, EVENTS: {}, USERS: {} } as never;
  const mine = envelopes.filter(({ type }) => readersOf(type)?.includes("analytics"));
  const shuffled = [...mine, ...mine]
    .map((body) => ({ body, at: throwDice(2 ** 30) }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ body }) => ({ id: crypto.randomUUID(), timestamp: new Date(), attempts: 1, body }));
  while (shuffled.length > 0) {
    const context = createExecutionContext();
    const messages = shuffled.splice(0, 1 + throwDice(100));
    const batch = createMessageBatch("bilten-analytics-mailbox", messages);
    await consumeMailbox(batch, env, context, db, messageHandlers);
    expect((await getQueueResult(batch, context)).explicitAcks).toHaveLength(messages.length);
  }
}

type Books = Record<"kept" | "owed" | "clearing" | "refunds" | "waiting", number>;

/** Of the event, over both shards: what is kept of sales, what buyers are owed and do not have yet, what lies at the provider. */
async function readBooks(eventId: string): Promise<Books> {
  const books: Books = { kept: 0, owed: 0, clearing: 0, refunds: 0, waiting: 0 };
  for (const db of SHARDS) {
    const found = await db
      .prepare(
        `SELECT coalesce(-sum(iif(account IN ('organizer_payable', 'tax_payable', 'platform_revenue'), amount_minor, 0)), 0) AS kept,
           coalesce(-sum(iif(account = 'buyer_refunds', amount_minor, 0)), 0) AS owed,
           coalesce(sum(iif(account = 'provider_clearing', amount_minor, 0)), 0) AS clearing,
           (SELECT count(*) FROM refunds) AS refunds, (SELECT count(*) FROM refunds WHERE state <> 'succeeded') AS waiting
         FROM ledger_entries JOIN ledger_transactions t ON t.id = transaction_id WHERE t.event_id = ?`,
      )
      .bind(eventId)
      .first<Books>();
    for (const name of Object.keys(books) as (keyof Books)[]) books[name] += found?.[name] ?? 0;
  }
  return books;
}

test(`revenue in analytics is the ledger's after ${STEPS} random sales and refunds (LEDGER_SEED=${SEED})`, {
  timeout: 120_000,
}, async () => {
  await applyD1Migrations(bindings.ANALYTICS_DB, bindings.MIGRATIONS.analytics);
  const throwDice = dice(SEED);
  const till = await openTill();
  const types = PRICES.map((amount) => ({ name: `At ${amount}`, price: { amount, currency: "EUR" }, quantity: 5_000 }));
  const event = await publish(till, { capacity: 20_000, ticketTypes: types });
  const sale = new Sale(till, event, throwDice);
  const startMs = Date.now();
  for (let step = 0; step < STEPS; step++) {
    await sale.step();
    // Over a day, so that hours and days differ; the sweep that pays again what came back has not been there.
    vi.useFakeTimers({ toFake: ["Date"], now: startMs + step * 180_000 });
  }
  await till.idle();

  // While refunds wait for their provider, analytics still has what the ledger has promised.
  await tell(till.sent, throwDice);
  const before = await readBooks(event.id);
  expect(before.waiting).toBeGreaterThan(0);
  expect((await summarize(bindings.ANALYTICS_DB, event)).revenue?.amount).toBe(before.kept + before.owed);

  for (let rounds = 0; rounds < 5 && (await readBooks(event.id)).waiting > 0; rounds++) await sweepLater(till);
  await tell(till.sent, throwDice);
  const { kept, owed, clearing, refunds, waiting } = await readBooks(event.id);
  expect({ owed, waiting }).toEqual({ owed: 0, waiting: 0 });
  expect(refunds).toBeGreaterThan(50);
  const { revenue, orders } = await summarize(bindings.ANALYTICS_DB, event);
  expect(revenue).toEqual(eur(kept));
  expect(clearing).toBe(kept);
  expect(orders).toBeGreaterThan(150);

  for (const interval of ["hour", "day"] as const) {
    const points = await figuresByPeriod(bindings.ANALYTICS_DB, event, { interval }, Date.now());
    expect(points.length).toBeGreaterThan(1);
    expect(points.reduce((sum, point) => sum + (point.revenue?.amount ?? 0), 0)).toBe(kept);
  }
  // What makes it hard has happened.
  expect(till.sent.some(({ type }) => type === "refund.returned")).toBe(true);
  const surplus = SHARDS.map((db) => db.prepare("SELECT count(*) AS n FROM refunds WHERE reason = 'surplus'").first<number>("n"));
  expect((await Promise.all(surplus)).reduce<number>((sum, n) => sum + (n ?? 0), 0)).toBeGreaterThan(10);
});
