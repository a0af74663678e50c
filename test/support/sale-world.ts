/** One event on sale in Node: the shipped payments code over SQLite, the shipped object over its own, and a bank that can be read. */
import { TicketInventory } from "../../durable-objects/ticket-inventory";
import type { InventoryConfig, TicketTypeConfig } from "../../shared/contracts/inventory";
import type { Principal } from "../../shared/contracts/principal";
import type { Refusal } from "../../shared/contracts/problems";
import type { Result } from "../../shared/contracts/result";
import { cancelOrder } from "../../workers/payments/cancellation";
import { placeOrder } from "../../workers/payments/checkout";
import type { Env, Later } from "../../workers/payments/environment";
import { readSale } from "../../workers/payments/order-rows";
import { processPayment } from "../../workers/payments/payments";
import { receiveWebhook } from "../../workers/payments/provider-events";
import { requestRefund } from "../../workers/payments/refund-requests";
import { sweep } from "../../workers/payments/sweep";
import { type NodeD1, openNodeD1, schemaAfter, takeBack } from "./node-d1";
import { type NodeStorage, openNodeStorage } from "./node-inventory";
import { Bank, type PaymentMood } from "./sale-bank";
import { readMigrations } from "./sources";
import { swapSql } from "./swapped-database";
import { Turns } from "./turns";

export const HOLD_MS = 600_000;
export const PRICE_MINOR = 1_500;
/** Few, so that they run out. */
export const CAPACITY = 2;
const DAY_MS = 86_400_000;
const START_MS = Date.UTC(2027, 2, 2, 12);

export const EVENT_ID = "0197f3c2-7b1e-4cc3-98c4-dc0c0c07398f";
export const ORGANIZER_ID = "0197f3b0-11aa-4d55-b1c4-7a6f5e4d3c2b";
export const PAID_TYPE = "0197f3c2-7b1f-4a52-8f0d-6f0e5b1c2d3e";
export const FREE_TYPE = "0197f3c2-7b1f-4a52-8f0d-6f0e5b1c2d3f";

const type = (id: string, unitPriceMinor: number): TicketTypeConfig => ({
  id,
  name: "Standing",
  description: null,
  poolIds: [EVENT_ID],
  quantity: CAPACITY,
  unitPriceMinor,
  minPerOrder: 1,
  maxPerOrder: 10,
  saleStartMs: null,
  saleEndMs: null,
  opensAfterTicketTypeId: null,
  maxPerPerson: null,
  seatCategories: [],
});

const START = {
  eventId: EVENT_ID,
  organizerId: ORGANIZER_ID,
  version: 1,
  changeId: "first",
  isPublic: true,
  currency: "EUR",
  endMs: START_MS + 30 * DAY_MS,
  holdMs: HOLD_MS,
  holdCapMs: 3 * HOLD_MS,
  maxPerPerson: null,
  seatMapId: null,
  refuseOrphanSeats: false,
  allowWaitlist: false,
  offerMs: DAY_MS,
  maxPerAddress: null,
  unpaidOrdersPerPerson: null,
  anonymousShare: null,
  pools: [{ id: EVENT_ID, capacity: CAPACITY, withinPoolIds: [] }],
  ticketTypes: [type(PAID_TYPE, PRICE_MINOR), type(FREE_TYPE, 0)],
} satisfies InventoryConfig;

const queue = { sendBatch: async () => undefined, send: async () => undefined } as unknown as Queue;
const openObject = ({ state }: NodeStorage) => new TicketInventory(state, { ANALYTICS_MAILBOX: queue } as never);

function swapStock(storage: NodeStorage, { find, replace }: NonNullable<Swap["stock"]>): NodeStorage {
  const sql = { exec: (query: string, ...values: unknown[]) => storage.sql.exec(query.replace(find, replace), ...values) };
  const state = { ...storage.state, storage: { ...storage.state.storage, sql } };
  return { ...storage, state: state as unknown as DurableObjectState };
}

/** A kill: after so many calls of databases and objects none arrives any more, until a new process starts. */
class Power {
  #callsLeft: number | null = null;

  cutAfter(calls: number): void {
    this.#callsLeft = calls;
  }

  restore(): void {
    this.#callsLeft = null;
  }

  use(): void {
    if (this.#callsLeft === null) return;
    if (this.#callsLeft === 0) throw new Error("cut off");
    this.#callsLeft -= 1;
  }
}

interface Databases {
  turns: Turns;
  power: Power;
  payments: NodeD1;
  storage: NodeStorage;
}

let databases: Promise<Databases> | null = null;

/** Made once: each world takes back what the one before has written. */
async function openDatabases(): Promise<Databases> {
  const turns = new Turns();
  const power = new Power();
  const gate = () => {
    power.use();
    return turns.gate();
  };
  const migrations = readMigrations().filter(({ path }) => path.startsWith("migrations/payments/"));
  const payments = openNodeD1(schemaAfter(migrations.map(({ text }) => text)), gate);
  const storage = openNodeStorage();
  Date.now = () => START_MS;
  const opened = await openObject(storage).open(START);
  if (!opened.ok) throw new Error(opened.error.code);
  return { turns, power, payments, storage };
}

/** For the test of the test: pieces of the shipped SQL that are swapped on their way to the databases. */
export interface Swap {
  payments?: { find: string; replace: string };
  stock?: { find: string; replace: string };
}

export interface World {
  bank: Bank;
  turns: Turns;
  power: Power;
  sqlite: NodeD1["sqlite"];
  stock: SqlStorage;
  env: Env;
  later: Later;
  nowMs(): number;
  pass(ms: number): void;
  place(ticketTypeId: string, quantity: number): Promise<string | null>;
  pay(orderId: string, mood: PaymentMood): Promise<void>;
  cancel(orderId: string): Promise<void>;
  refund(paymentId: string, wish: { amountMinor?: number; ticketIds?: string[] }): Promise<void>;
  deliver(event: number): Promise<void>;
  close(reason: "cancelled" | "completed"): Promise<void>;
  /** The object's alarm, when it is due. */
  ring(): Promise<void>;
  sweep(): Promise<void>;
  idle(): Promise<void>;
}

export async function openWorld(swap: Swap = {}): Promise<World> {
  databases ??= openDatabases();
  const { turns, power, payments, storage } = await databases;
  power.restore();
  const { db, sqlite } = payments;
  takeBack(sqlite);
  takeBack(storage.sqlite);
  let now = START_MS;
  Date.now = () => now;
  const object = openObject(swap.stock ? swapStock(storage, swap.stock) : storage);
  const bank = new Bank();
  const pending: Promise<unknown>[] = [];
  const later: Later = {
    waitUntil: (promise) => {
      if (!turns.keep(promise)) pending.push(promise);
    },
  };
  const buyers = new Map<string, Principal>();

  const ask = async <T>(command: () => Promise<T>): Promise<T> => {
    power.use();
    await turns.gate();
    return command();
  };
  // The codes of tickets, which the events Worker signs, are no part of this.
  const coded = <T, E extends Refusal>(issued: Result<T, E>) => issued as never;
  const env: Env = {
    DB_0: swap.payments ? swapSql(db, swap.payments.find, swap.payments.replace).db : db,
    DB_1: db,
    ENVIRONMENT: "production",
    PAYMENTS_SHARDS: "1",
    ORDER_KEY: "an order key of thirty-two bytes!!",
    NOTIFICATIONS_MAILBOX: queue,
    ANALYTICS_MAILBOX: queue,
    PROVIDER_EVENTS: { put: async () => null } as unknown as R2Bucket,
    USERS: { membership: async () => null, organizers: async () => [], verifiedEmail: async () => null },
    EVENTS: {
      claimHold: ({ orderId, requestHash, holder, items }) =>
        ask(() =>
          object.claim({ orderId, holdId: crypto.randomUUID(), requestHash, holder, insider: false, items: items ?? [] }),
        ),
      extendOrder: (_, orderId, untilMs) => ask(() => object.extend(orderId, untilMs)),
      confirmOrder: (request) => ask(async () => coded(await object.confirm(request))),
      confirmOrders: (_, requests) => ask(() => object.confirmMany(requests)),
      releaseOrder: (_, orderId, reason) => ask(() => object.release(orderId, reason)),
      releaseOrders: (_, orderIds, reason) => ask(() => object.releaseMany(orderIds, reason)),
      voidOrders: async () => {
        throw new Error("an event that is closed here is closed at its object alone");
      },
      voidTickets: (_, orderId, ticketIds) => ask(async () => coded(await object.voidTickets(orderId, ticketIds))),
      ticketsOf: (_, orderId) => ask(async () => coded(await object.ticketsOf(orderId))),
      events: async () => [],
    },
  };
  const callerOf = (orderId: string) => ({
    principal: buyers.get(orderId) ?? { kind: "anonymous" as const },
    hostOrganizerId: null,
  });
  const expected = (result: Result<unknown, Refusal>, codes: readonly string[]): void => {
    if (!result.ok && !codes.includes(result.error.code)) throw new Error(`refused: ${JSON.stringify(result.error)}`);
  };

  return {
    bank,
    turns,
    power,
    sqlite,
    stock: storage.sql,
    env,
    later,
    nowMs: () => now,
    pass: (ms) => {
      now += ms;
    },
    place: async (ticketTypeId, quantity) => {
      // Each order is another person's, so that nobody's limit stands in the way.
      const userId = crypto.randomUUID();
      const principal: Principal = { kind: "user", userId, sessionId: "", role: "user", authTimeMs: now, organizerHost: false };
      const draft = {
        eventId: EVENT_ID,
        items: [{ ticketTypeId, quantity }],
        buyer: { email: "ada@bilten.example", name: "Ada" },
      };
      const caller = { principal, hostOrganizerId: null };
      const placed = await placeOrder(env, later, { caller, draft, key: null, traceparent: undefined });
      expected(placed, ["sold_out", "event_not_on_sale"]);
      if (placed.ok) buyers.set(placed.value.id, principal);
      return placed.ok ? placed.value.id : null;
    },
    pay: async (orderId, mood) => {
      const draft = { orderId, provider: "test" as const, paymentMethod: { token: mood } };
      const processing = { caller: callerOf(orderId), draft, key: null, port: 0, traceparent: undefined };
      expected(await processPayment(env, later, processing), ["order_not_payable", "payment_in_progress", "sold_out"]);
    },
    cancel: async (orderId) =>
      expected(await cancelOrder(env, later, { caller: callerOf(orderId), orderId, key: null }), ["order_not_cancellable"]),
    refund: async (paymentId, { amountMinor, ticketIds }) => {
      const sale = await readSale(env.DB_0, paymentId);
      if (!sale) throw new Error("no such payment");
      const amount = amountMinor === undefined ? {} : { amount: { amount: amountMinor, currency: "EUR" } };
      const draft = { ...amount, ...(ticketIds ? { ticketIds } : {}), reason: "asked" };
      expected(await requestRefund(env, later, { principal: { kind: "anonymous" }, sale, draft, key: null }), [
        "refund_exceeds_payment",
        "payment_not_refundable",
      ]);
    },
    deliver: async (event) => {
      const body = new TextEncoder().encode(String(event));
      expected(await receiveWebhook(env, later, bank.provider(), body as Uint8Array<ArrayBuffer>, new Headers()), []);
    },
    close: async (reason) => expected(await object.close(reason), []),
    ring: async () => {
      const at = storage.alarmAtMs();
      if (at !== null && at <= now) await object.alarm();
    },
    sweep: async () => void (await sweep(env, later)),
    idle: async () => {
      while (pending.length > 0) await pending.pop();
    },
  };
}
