/** The notifications Worker's modules, their siblings played by what a test says of them. */
import { env } from "cloudflare:workers";
import { vi } from "vitest";
import type { OrderFacts, RefundFacts } from "../../shared/contracts/orders";
import type { Message } from "../../shared/queue/consume";
import { readCaptured } from "../../workers/notifications/captured-messages";
import type { Env } from "../../workers/notifications/environment";
import { messageHandlers } from "../../workers/notifications/message-handlers";
import { publishedEvent } from "./published-event";

export const event = publishedEvent({ title: "Jazz <b>& more</b>" });
const eur = (amount: number) => ({ amount, currency: "EUR" });
export const ctx = { waitUntil: () => undefined };

export function order(id: string): OrderFacts {
  return {
    id,
    eventId: event.id,
    organizerId: event.organizerId,
    status: "paid",
    expiresAt: event.startDate,
    items: [{ ticketTypeId: crypto.randomUUID(), name: "Standing", quantity: 2, unitPrice: eur(2500) }],
    subtotal: eur(5000),
    discount: eur(0),
    fees: eur(0),
    tax: eur(0),
    total: eur(5000),
    buyer: { email: "Ada@Bilten.example", name: "Ada <script>" },
    createdAt: event.createdAt,
    userId: null,
    paidAt: event.createdAt,
    guestAccessToken: "bo_secret",
    language: null,
  };
}

export const refund = (id: string, change: Partial<RefundFacts> = {}): RefundFacts => ({
  id,
  paymentId: crypto.randomUUID(),
  amount: eur(2500),
  status: "succeeded",
  createdAt: event.createdAt,
  orderId: "0197f3c2-9a10-7f4e-b7a9-2f1d6a1c5e01",
  eventId: event.id,
  organizerId: event.organizerId,
  reason: "requested",
  cause: null,
  ticketIds: [],
  buyer: { email: "Ada@Bilten.example", name: "Ada <script>" },
  userId: null,
  guestAccessToken: "bo_secret",
  language: null,
  ...change,
});

export type Change = Partial<Omit<Env, "PAYMENTS">> & { PAYMENTS?: Partial<Env["PAYMENTS"]> };

/** Siblings that know what they are asked; `PAYMENTS` can be made to fail. */
export function house({ PAYMENTS, ...change }: Change = {}) {
  const orders = vi.fn(async (ids: string[]) => ids.map(order));
  const accountMails = vi.fn(async (ids: string[]) =>
    ids.map((id) => ({ id, kind: "verification" as const, to: "new@bilten.example", name: "Nia", token: `token-of-${id}` })),
  );
  const here: Env = {
    DB: env.NOTIFICATIONS_DB,
    ENVIRONMENT: "development",
    API_ORIGIN: "http://localhost:8787",
    AUTH: { accountMails },
    EVENTS: { events: async () => [event] },
    PAYMENTS: { orders, refunds: async (ids) => ids.map((id) => refund(id)), ...PAYMENTS },
    USERS: {
      organizers: async () => [
        { id: event.organizerId, name: "Blue Note", slug: "blue-note", createdAt: event.createdAt, updatedAt: event.createdAt },
      ],
    },
    ...change,
  };
  return { here, orders, accountMails };
}

export const envelopeOf = { id: crypto.randomUUID(), version: 1, timeMs: 0, traceparent: undefined };
const orderPaid = (orderId: string): Message<"order.paid"> => ({
  ...envelopeOf,
  type: "order.paid",
  subject: orderId,
  data: {
    orderId,
    eventId: event.id,
    organizerId: event.organizerId,
    totalMinor: 5000,
    currency: "EUR",
    ticketCount: 2,
    paidAtMs: 0,
  },
});
export const hearPaid = (here: Env, orderId: string) => messageHandlers["order.paid"]?.(here, orderPaid(orderId));

const refundSucceeded = (refundId: string, version = 2): Message<"refund.succeeded"> => ({
  ...envelopeOf,
  type: "refund.succeeded",
  subject: refundId,
  version,
  data: {
    refundId,
    paymentId: crypto.randomUUID(),
    orderId: crypto.randomUUID(),
    eventId: event.id,
    organizerId: event.organizerId,
    amountMinor: 2500,
    currency: "EUR",
    reason: "requested",
    ticketCount: 0,
    refundedAtMs: 0,
  },
});
export const hearRefunded = (here: Env, refundId: string, version?: number) =>
  messageHandlers["refund.succeeded"]?.(here, refundSucceeded(refundId, version));

export const mails = () => readCaptured(env.NOTIFICATIONS_DB, { limit: 10 });
