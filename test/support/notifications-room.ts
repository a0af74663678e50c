/** The notifications Worker's modules, their siblings played by what a test says of them. */
import { env } from "cloudflare:workers";
import { vi } from "vitest";
import type { BrandSettings } from "../../shared/contracts/branding";
import type { PublishedEvent, Ticket } from "../../shared/contracts/events";
import type { OrderFacts, RefundFacts } from "../../shared/contracts/orders";
import { ok } from "../../shared/contracts/result";
import type { Message } from "../../shared/queue/consume";
import { readCaptured } from "../../workers/notifications/captured-messages";
import type { Env } from "../../workers/notifications/environment";
import { messageHandlers } from "../../workers/notifications/message-handlers";
import type { Occasion } from "../../workers/notifications/occasions";
import { publishedEvent } from "./published-event";

export const STANDING = "0197f3c2-1111-7c11-8b2a-1a2b3c4d5e01";
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
    items: [{ ticketTypeId: STANDING, name: "Standing", quantity: 2, unitPrice: eur(2500) }],
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

type Doors = "BRANDING" | "EVENTS" | "PAYMENTS";
export type Change = Partial<Omit<Env, Doors>> & { [Door in Doors]?: Partial<Env[Door]> };

export const brandOf = (organizerId: string, change: Partial<BrandSettings> = {}): BrandSettings => ({
  organizerId,
  primaryColor: "#7c2d12",
  secondaryColor: "#0f172a",
  logoUrl: null,
  faviconUrl: null,
  logo: null,
  favicon: null,
  cover: null,
  fontFamily: "Georgia, serif",
  tagline: null,
  links: [{ label: "Imprint", url: "https://blue-note.example/imprint" }],
  customCSS: "",
  contrast: { primaryOnWhite: 9.37, secondaryOnWhite: 17.85, textOnPrimary: "#ffffff", textOnSecondary: "#ffffff" },
  updatedAt: null,
  ...change,
});

export const occasionOf = (of: PublishedEvent): Occasion => ({
  event: of,
  organizer: { id: of.organizerId, name: "Blue Note", slug: "blue-note", createdAt: of.createdAt, updatedAt: of.createdAt },
  brand: brandOf(of.organizerId),
  siteOrigin: "http://blue-note.localhost:8787",
});

export const ticketOf = (orderId: string, number: number, change: Partial<Ticket> = {}): Ticket => ({
  id: crypto.randomUUID(),
  eventId: event.id,
  orderId,
  ticketTypeId: STANDING,
  status: "valid",
  code: `BT1.${`${number}`.padStart(132, "x")}`,
  holder: { name: "Ada <script>", email: "ada@bilten.example" },
  createdAt: event.createdAt,
  ...change,
});

/** Siblings that know what they are asked; `PAYMENTS` can be made to fail. */
export function house({ BRANDING, EVENTS, PAYMENTS, ...change }: Change = {}) {
  const orders = vi.fn(async (ids: string[]) => ids.map(order));
  const accountMails = vi.fn(async (ids: string[]) =>
    ids.map((id) => ({
      id,
      accountId: "nia",
      kind: "verification" as const,
      to: "new@bilten.example",
      name: "Nia",
      token: `token-of-${id}`,
    })),
  );
  const nudges = vi.fn(async () => ({ metadata: { metrics: { backlogCount: 1, backlogBytes: 1 } } }));
  const here: Env = {
    DB: env.NOTIFICATIONS_DB,
    ENVIRONMENT: "development",
    API_ORIGIN: "http://localhost:8787",
    AUTH: { accountMails },
    SITES_BASE_HOST: "localhost",
    MAIL_FROM: "tickets@bilten.example",
    OUTGOING: { send: nudges },
    BRANDING: { settingsOf: async (ids) => ids.map((id) => brandOf(id)), ...BRANDING },
    EVENTS: {
      events: async () => [event],
      formerAppointments: async () => [],
      waitlistLetters: async (asked) => asked.map(() => null),
      ticketsOfOrders: async (asked) => asked.map(({ orderId }) => ok([1, 2].map((number) => ticketOf(orderId, number)))),
      ...EVENTS,
    },
    PAYMENTS: {
      calledOffOrders: async () => ({ orderIds: [], nextCursor: null }),
      orders,
      standingOrders: async () => ({ orderIds: [], nextCursor: null }),
      refunds: async (ids) => ids.map((id) => refund(id)),
      ...PAYMENTS,
    },
    USERS: {
      invitationMails: async () => [],
      readingHabits: async () => [],
      organizers: async () => [
        { id: event.organizerId, name: "Blue Note", slug: "blue-note", createdAt: event.createdAt, updatedAt: event.createdAt },
      ],
    },
    ...change,
  };
  return { here, orders, accountMails, nudges };
}

export const envelopeOf = { id: crypto.randomUUID(), version: 1, timeMs: 0, traceparent: undefined };
const orderPaid = (orderId: string, orderedAtMs: number | undefined): Message<"order.paid"> => ({
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
    orderedAtMs,
  },
});
export const hearPaid = (here: Env, orderId: string, orderedAtMs?: number) =>
  messageHandlers["order.paid"]?.(here, orderPaid(orderId, orderedAtMs));

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

export const mails = (limit = 10) => readCaptured(env.NOTIFICATIONS_DB, { limit });
