import { applyD1Migrations, reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { OrderFacts } from "../../shared/contracts/orders";
import type { Message } from "../../shared/queue/consume";
import { readCaptured } from "../../workers/notifications/captured-messages";
import { countOwed, dispatchDue, parkHopeless } from "../../workers/notifications/deliveries";
import type { Env } from "../../workers/notifications/environment";
import { messageHandlers } from "../../workers/notifications/message-handlers";
import { publishedEvent } from "../support/published-event";

const event = publishedEvent({ title: "Jazz <b>& more</b>" });
const eur = (amount: number) => ({ amount, currency: "EUR" });
const ctx = { waitUntil: () => undefined };

function order(id: string): OrderFacts {
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
  };
}

/** Siblings that know what they are asked; `PAYMENTS` can be made to fail. */
function house(change: Partial<Env> = {}) {
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
    PAYMENTS: { orders },
    USERS: {
      organizers: async () => [
        { id: event.organizerId, name: "Blue Note", slug: "blue-note", createdAt: event.createdAt, updatedAt: event.createdAt },
      ],
    },
    ...change,
  };
  return { here, orders, accountMails };
}

const envelopeOf = { id: crypto.randomUUID(), version: 1, timeMs: 0, traceparent: undefined };
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
const hearPaid = (here: Env, orderId: string) => messageHandlers["order.paid"]?.(here, orderPaid(orderId));

beforeEach(() => applyD1Migrations(env.NOTIFICATIONS_DB, env.MIGRATIONS.notifications));
afterEach(() => {
  vi.useRealTimers();
  return reset();
});

it("an order is confirmed once, however often its message comes", async () => {
  const { here } = house();
  const orderId = crypto.randomUUID();
  await Promise.all([hearPaid(here, orderId), hearPaid(here, orderId)]);
  await Promise.all([dispatchDue(here, ctx), dispatchDue(here, ctx)]);
  await hearPaid(here, orderId);
  await dispatchDue(here, ctx);
  const mails = await readCaptured(here.DB, { to: "ada@bilten.example", limit: 10 });
  expect(mails).toHaveLength(1);
  expect(mails[0]?.data).toEqual({ type: "order_confirmation", orderId });
  expect(await countOwed(here.DB)).toEqual({ queued: 0, parked: 0 });
});

it("the confirmation says what, when in the event's zone, where and how much, and shows markup as text", async () => {
  const { here } = house();
  await hearPaid(here, crypto.randomUUID());
  await dispatchDue(here, ctx);
  const [mail] = await readCaptured(here.DB, { limit: 1 });
  expect(mail?.subject).toBe("Your tickets for Jazz <b>& more</b>");
  expect(mail?.text).toMatch(/^Saturday,? 5 June 2027 at 19:30 CEST$/m);
  expect(mail?.text).toContain("2 × Standing, €25.00 each\nTotal: €50.00");
  expect(mail?.html).toContain("Hello Ada &lt;script&gt;,");
  expect(mail?.html).not.toContain("<script");
  expect(mail?.html).not.toContain("<b>");
});

it("a hundred messages ask each owner a few times, not a hundred", async () => {
  const { here, orders } = house();
  for (let i = 0; i < 100; i++) await hearPaid(here, crypto.randomUUID());
  expect(await dispatchDue(here, ctx)).toBe(100);
  expect(orders).toHaveBeenCalledTimes(2);
});

it("a verification carries its token in a link, and a mail that auth no longer knows is dropped", async () => {
  const { here } = house();
  const mailId = crypto.randomUUID();
  const requested: Message<"account.mail_requested"> = {
    ...envelopeOf,
    type: "account.mail_requested",
    subject: mailId,
    data: { accountId: crypto.randomUUID(), mailId },
  };
  await messageHandlers["account.mail_requested"]?.(here, requested);
  await dispatchDue(here, ctx);
  const [mail] = await readCaptured(here.DB, { limit: 1 });
  expect(mail?.data).toEqual({ type: "verification", token: `token-of-${mailId}` });
  expect(mail?.text).toContain(`?token=token-of-${mailId}`);

  const forgetful = house({ AUTH: { accountMails: async () => [] } }).here;
  const gone = crypto.randomUUID();
  await messageHandlers["account.mail_requested"]?.(forgetful, { ...requested, data: { ...requested.data, mailId: gone } });
  expect(await dispatchDue(forgetful, ctx)).toBe(1);
  expect(await readCaptured(here.DB, { limit: 10 })).toHaveLength(1);
});

it("what cannot be composed now comes due again, later each time, and then leaves once", async () => {
  vi.spyOn(console, "error").mockImplementation(() => undefined);
  vi.useFakeTimers({ toFake: ["Date"] });
  const down = house({ PAYMENTS: { orders: async () => Promise.reject(new Error("down")) } }).here;
  await hearPaid(down, crypto.randomUUID());
  expect(await dispatchDue(down, ctx)).toBe(0);
  const { here, orders } = house();
  expect(await dispatchDue(here, ctx)).toBe(0);
  vi.advanceTimersByTime(15_000);
  expect(await dispatchDue(down, ctx)).toBe(0);
  vi.advanceTimersByTime(15_000);
  expect(await dispatchDue(here, ctx)).toBe(0);
  expect(orders).not.toHaveBeenCalled();
  vi.advanceTimersByTime(15_000);
  expect(await dispatchDue(here, ctx)).toBe(1);
});

it("one that cannot be written keeps none of the others back", async () => {
  const errors = vi.spyOn(console, "error").mockImplementation(() => undefined);
  const bad = crypto.randomUUID();
  const broken = async (ids: string[]) =>
    ids.map((id) => (id === bad ? { ...order(id), total: { amount: 1, currency: "no" } } : order(id)));
  const { here } = house({ PAYMENTS: { orders: broken } });
  for (const id of [crypto.randomUUID(), bad, crypto.randomUUID()]) await hearPaid(here, id);
  expect(await dispatchDue(here, ctx)).toBe(2);
  expect(errors).toHaveBeenCalledTimes(1);
  expect(await countOwed(here.DB)).toEqual({ queued: 1, parked: 0 });
});

it.each([
  ["order", { PAYMENTS: { orders: async () => [] } }],
  ["event", { EVENTS: { events: async () => [] } }],
  ["organizer", { USERS: { organizers: async () => [] } }],
] satisfies [string, Partial<Env>][])(
  "a paid order whose %s is missing in one answer is confirmed by the next",
  async (_, change) => {
    vi.spyOn(console, "error").mockImplementation(() => undefined);
    vi.useFakeTimers({ toFake: ["Date"] });
    const { here: forgetful } = house(change);
    await hearPaid(forgetful, crypto.randomUUID());
    expect(await dispatchDue(forgetful, ctx)).toBe(0);
    vi.advanceTimersByTime(15_000);
    expect(await dispatchDue(house().here, ctx)).toBe(1);
    expect(await readCaptured(env.NOTIFICATIONS_DB, { limit: 10 })).toHaveLength(1);
  },
);

it("what failed for a day is parked and counted, and no longer tried", async () => {
  vi.spyOn(console, "error").mockImplementation(() => undefined);
  vi.useFakeTimers({ toFake: ["Date"] });
  const orders = vi.fn(async () => Promise.reject(new Error("down")));
  const { here } = house({ PAYMENTS: { orders } });
  await hearPaid(here, crypto.randomUUID());
  let hours = 0;
  for (; (await parkHopeless(here.DB, Date.now())) === 0 && hours < 100; hours++) {
    await dispatchDue(here, ctx);
    vi.advanceTimersByTime(3_600_000 + 300_000);
  }
  expect(hours).toBeGreaterThanOrEqual(24);
  expect(orders).toHaveBeenCalledTimes(30);
  expect(await countOwed(here.DB)).toEqual({ queued: 0, parked: 1 });
  expect(await dispatchDue(house().here, ctx)).toBe(0);
});

it("deployed without a carrier, what is owed waits and nothing personal is written", async () => {
  const { here } = house({ ENVIRONMENT: "production" });
  await hearPaid(here, crypto.randomUUID());
  expect(await dispatchDue(here, ctx)).toBe(0);
  expect(await countOwed(here.DB)).toEqual({ queued: 1, parked: 0 });
  expect(await readCaptured(here.DB, { limit: 10 })).toEqual([]);
});
