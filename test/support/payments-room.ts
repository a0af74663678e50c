/** The payments Worker inside workerd, beside the event's real object: only the accounts and the queues are played. */
import { applyD1Migrations, reset } from "cloudflare:test";
import { env as bindings } from "cloudflare:workers";
import type { z } from "zod";
import { INTERNAL_HEADERS } from "../../shared/contracts/internal-headers";
import type { Envelope } from "../../shared/contracts/messages";
import type { Order, PaymentProcessed } from "../../shared/contracts/orders";
import { Order as OrderSchema, PaymentProcessed as ProcessedSchema } from "../../shared/contracts/orders";
import type { Principal } from "../../shared/contracts/principal";
import { handlerOf, readMessage } from "../../shared/queue/consume";
import { eventsById } from "../../workers/events/event-lists";
import { askInventory } from "../../workers/events/inventory";
import * as stock from "../../workers/events/order-stock";
import type { Env, Later } from "../../workers/payments/environment";
import { messageHandlers } from "../../workers/payments/message-handlers";
import { SIGNATURE_HEADER, sign } from "../../workers/payments/providers/test-signature";
import { app } from "../../workers/payments/routes";
import { dbOf } from "../../workers/payments/shards";
import { sweep } from "../../workers/payments/sweep";
import { ANYBODY, type Answer, openRoom as openEventsRoom, parse, publishNew, type Room, secret, someId } from "./events-room";

export const BUYER = { email: "greta.guest@people.example", name: "Greta Guest" };

export interface Ask {
  as?: Principal;
  body?: unknown;
  key?: string;
  headers?: Record<string, string>;
  /** Where the client reached the server. */
  at?: string;
}

export interface Till {
  env: Env;
  events: Room;
  /** What left for the mailboxes; notifications and analytics each get a copy. */
  sent: Envelope[];
  ask(method: string, path: string, asked?: Ask): Promise<Answer>;
  /** A guest's order of an event's first ticket type. */
  order(event: { id: string; ticketTypes: { id: string }[] }, quantity?: number, key?: string): Promise<Order>;
  pay(order: Order, token: string, key?: string): Promise<Answer>;
  paid(order: Order, token: string): Promise<z.infer<typeof PaymentProcessed>>;
  status(order: Order): Promise<string>;
  /** A webhook of the provider `test`, signed. */
  webhook(id: string, type: string, paymentId: string, failureCode?: string | null): Promise<Answer>;
  row<T>(id: string, sql: string): Promise<T | null>;
  run(id: string, sql: string): Promise<unknown>;
  /** Handles what events has sent to the mailbox of payments. */
  receive(): Promise<void>;
  sweep(): Promise<Record<string, number>>;
  idle(): Promise<void>;
}

const tills = new Set<Till>();

export async function closeTills(): Promise<void> {
  for (const till of tills) {
    await till.idle();
    await till.events.idle();
  }
  tills.clear();
  await reset();
}

/** `doors` replace what payments asks of events, `change` replaces bindings. */
export async function openTill(change: (env: Env) => Partial<Env> = () => ({})): Promise<Till> {
  const databases = [bindings.PAYMENTS_0_DB, bindings.PAYMENTS_1_DB];
  for (const db of databases) await applyD1Migrations(db, bindings.MIGRATIONS.payments);
  const events = await openEventsRoom();
  const sent: Envelope[] = [];
  const pending: Promise<unknown>[] = [];
  const later: Later = { waitUntil: (promise) => void pending.push(promise) };
  const context = { ...later, passThroughOnException: () => undefined, props: {} } as unknown as ExecutionContext;
  const mailbox = {
    sendBatch: async (messages: Iterable<MessageSendRequest<Envelope>>) => {
      for (const { body } of messages) sent.push(body);
    },
  } as unknown as Queue;
  const plain: Env = {
    DB_0: bindings.PAYMENTS_0_DB,
    DB_1: bindings.PAYMENTS_1_DB,
    PROVIDER_EVENTS: bindings.PROVIDER_EVENTS,
    ENVIRONMENT: "development",
    PAYMENTS_SHARDS: "2",
    ORDER_KEY: bindings.ORDER_KEY,
    TEST_PROVIDER_SECRET: bindings.TEST_PROVIDER_SECRET,
    NOTIFICATIONS_MAILBOX: mailbox,
    ANALYTICS_MAILBOX: mailbox,
    USERS: { ...events.env.USERS, verifiedEmail: async () => null },
    EVENTS: {
      claimHold: (request) => stock.claimHold(events.env, request),
      confirmOrder: (request) => stock.confirmOrder(events.env, request),
      confirmOrders: (eventId, requests) => askInventory(events.env, eventId, (object) => object.confirmMany(requests)),
      ticketsOf: (eventId, orderId) => stock.ticketsOf(events.env, eventId, orderId),
      extendOrder: (eventId, orderId, untilMs) => askInventory(events.env, eventId, (object) => object.extend(orderId, untilMs)),
      releaseOrder: (eventId, orderId, reason) => askInventory(events.env, eventId, (object) => object.release(orderId, reason)),
      releaseOrders: (eventId, orderIds, reason) =>
        askInventory(events.env, eventId, (object) => object.releaseMany(orderIds, reason)),
      voidOrders: (eventId, orderIds) => askInventory(events.env, eventId, (object) => object.voidMany(orderIds)),
      voidTickets: (eventId, orderId, ticketIds) => stock.voidTickets(events.env, eventId, orderId, ticketIds),
      events: (ids) => eventsById(events.env, ids),
    },
  };
  const env: Env = { ...plain, ...change(plain) };
  const databaseOf = (id: string): D1Database => {
    const db = dbOf(plain, id);
    if (!db) throw new Error(`no shard of ${id}`);
    return db;
  };
  const till: Till = {
    env,
    events,
    sent,
    ask: async (method, path, { as = ANYBODY, body, key, headers = {}, at = "http://localhost:8787" } = {}) => {
      const request = new Request(`${at}${path}`, {
        method,
        headers: { ...headers, ...(key ? { "idempotency-key": key } : {}), [INTERNAL_HEADERS.principal]: JSON.stringify(as) },
        ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
      });
      const response = await app.fetch(request, env, context);
      const text = await response.text();
      return { status: response.status, headers: response.headers, body: text === "" ? undefined : JSON.parse(text) };
    },
    order: async (event, quantity = 1, key) => {
      const body = { eventId: event.id, items: [{ ticketTypeId: event.ticketTypes[0]?.id, quantity }], buyer: BUYER };
      return parse(OrderSchema, await till.ask("POST", "/orders", { body, ...(key ? { key } : {}) }), 201);
    },
    pay: (order, token, key) =>
      till.ask("POST", "/payments/process", {
        as: guest(order),
        body: { orderId: order.id, provider: "test", paymentMethod: { token } },
        ...(key ? { key } : {}),
      }),
    paid: async (order, token) => {
      const answer = await till.pay(order, token);
      return parse(ProcessedSchema, answer, answer.status === 202 ? 202 : 200);
    },
    status: async (order) => parse(OrderSchema, await till.ask("GET", `/orders/${order.id}`, { as: guest(order) })).status,
    webhook: async (id, type, paymentId, failureCode = null) => {
      const body = JSON.stringify({ id, type, data: { paymentId, failureCode } });
      const headers = { [SIGNATURE_HEADER]: await sign(bindings.TEST_PROVIDER_SECRET, body, Date.now()) };
      return till.ask("POST", "/payments/webhooks/test", { body, headers });
    },
    row: (id, sql) => databaseOf(id).prepare(sql).first(),
    run: (id, sql) => databaseOf(id).prepare(sql).run(),
    receive: async () => {
      for (const body of events.sentToPayments.splice(0)) {
        const read = readMessage(body, messageHandlers);
        if ("reason" in read) throw read.error;
        await handlerOf(messageHandlers, read.message.type)(env, read.message);
      }
    },
    sweep: () => sweep(env, later),
    idle: async () => {
      while (pending.length > 0) await pending.pop();
    },
  };
  tills.add(till);
  return till;
}

/** Whoever confirms orders, one or many, comes through `pass` first. */
export const confirmingThrough = (env: Env, pass: (eventId: string, orders: number) => Promise<void> | void): Env["EVENTS"] => ({
  ...env.EVENTS,
  confirmOrder: async (request) => {
    await pass(request.eventId, 1);
    return env.EVENTS.confirmOrder(request);
  },
  confirmOrders: async (eventId, requests) => {
    await pass(eventId, requests.length);
    return env.EVENTS.confirmOrders(eventId, requests);
  },
});

export const guest = (order: Order): Principal => secret(order.accessToken ?? "");

export { codeOf, parse, secret, user } from "./events-room";
export const publish = (till: Till, change: Parameters<typeof publishNew>[1] = {}) => publishNew(till.events, change);
export const someKey = someId;
