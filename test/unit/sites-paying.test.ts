/** Paying by card in a rush: the provider is asked in turn, and what the buyer has to do next is there only later. */
import { Hono } from "hono";
import { beforeEach, describe, expect, it } from "vitest";
import { INTERNAL_HEADERS } from "../../shared/contracts/internal-headers";
import type { Order, Payment } from "../../shared/contracts/orders";
import { SECRET_COOKIE } from "../../shared/contracts/site-cookies";
import { page } from "../../workers/sites/answering";
import type { Env } from "../../workers/sites/environment";
import { formToken } from "../../workers/sites/forms";
import { stateText } from "../../workers/sites/order-page";
import { cancel, pay, readOrder, showOrder, showPayment } from "../../workers/sites/orders";
import { brandedSite } from "../support/branded-site";
import { publishedEvent } from "../support/published-event";

const { organizer, brand } = brandedSite();
const event = publishedEvent({ organizerId: organizer.id });
const ORIGIN = "https://blue-note.example";
const SECRET = "bo_secret";
const CARD_FORM = { type: "client_secret", clientSecret: "pi_1_secret_2" } as const;

const order: Order = {
  id: crypto.randomUUID(),
  organizerId: organizer.id,
  eventId: event.id,
  status: "pending",
  items: [{ ticketTypeId: crypto.randomUUID(), name: "Standing", quantity: 1, unitPrice: { amount: 2500, currency: "EUR" } }],
  subtotal: { amount: 2500, currency: "EUR" },
  discount: { amount: 0, currency: "EUR" },
  fees: { amount: 0, currency: "EUR" },
  tax: { amount: 0, currency: "EUR" },
  total: { amount: 2500, currency: "EUR" },
  buyer: { name: "Greta", email: "greta@people.example" },
  createdAt: event.createdAt,
  expiresAt: new Date(Date.now() + 600_000).toISOString(),
} as Order;

/** The payments of the house, whose provider has not had its turn yet until the test says so. */
let payment: Payment;
let asked: string[];
let sold: Order;

const payments = {
  fetch: async (request: Request) => {
    const { pathname } = new URL(request.url);
    asked.push(`${request.method} ${pathname}`);
    if (pathname === `/orders/${order.id}`) return Response.json(sold);
    if (pathname === "/payments/process") return Response.json({ payment, order: sold }, { status: 202 });
    if (pathname === `/payments/${payment.id}`) return Response.json(payment);
    return Response.json({ ...sold, status: "cancelled" });
  },
};
const env = {
  ENVIRONMENT: "production",
  STRIPE_PUBLISHABLE_KEY: "pk_test_double",
  USERS: { organizers: async () => [organizer] },
  BRANDING: { settings: async () => brand },
  EVENTS: { events: async () => [event] },
  PAYMENTS_HTTP: payments,
} as unknown as Env;
const context = { waitUntil: () => undefined, passThroughOnException: () => undefined, props: {} };

const app = new Hono<{ Bindings: Env }>()
  .get(
    "/o/:orderId",
    page((c, site, { orderId = "" }) => showOrder(c, site, orderId)),
  )
  .get(
    "/o/:orderId/status",
    page(async (c, site, { orderId = "" }) => {
      const read = await readOrder(c, site, orderId);
      return read.ok ? c.text(stateText(read.value)) : null;
    }),
  )
  .get(
    "/o/:orderId/pay",
    page((c, site, { orderId = "" }) => showPayment(c, site, orderId)),
  )
  .post(
    "/o/:orderId/pay",
    page((c, site, { orderId = "" }) => pay(c, site, orderId)),
  )
  .post(
    "/o/:orderId/cancel",
    page((c, site, { orderId = "" }) => cancel(c, site, orderId)),
  );

async function ask(path: string, fields?: Record<string, string>) {
  const headers = {
    [INTERNAL_HEADERS.organizer]: organizer.id,
    [INTERNAL_HEADERS.principal]: JSON.stringify({ kind: "bearer_secret", secret: SECRET }),
    cookie: `__Secure-${SECRET_COOKIE}=${SECRET}; __Secure-bilten-latest=${payment.id}`,
    origin: ORIGIN,
  };
  const body = fields && new URLSearchParams({ form: await formToken(SECRET), ...fields });
  const response = await app.fetch(
    new Request(`${ORIGIN}/o/${order.id}${path}`, { headers, ...(body ? { method: "POST", body } : {}) }),
    env,
    context,
  );
  return { status: response.status, location: response.headers.get("location"), text: await response.text() };
}

beforeEach(() => {
  asked = [];
  sold = order;
  payment = {
    id: crypto.randomUUID(),
    orderId: order.id,
    provider: "stripe",
    status: "processing",
    amount: order.total,
    createdAt: order.createdAt,
  };
});

describe("a payment that waits for its turn", () => {
  it("is watched, promises no tickets by mail, and leads to the card's form when its turn has come", async () => {
    expect((await ask("/pay", { provider: "stripe" })).location).toBe(`/o/${order.id}`);
    const waiting = await ask("");
    expect(waiting.text).toContain("it goes on by itself as soon as it is your turn");
    expect(waiting.text).not.toContain("they come by e-mail");
    const [, ready, next] = /data-ready="([^"]+)" data-next="([^"]+)"/.exec(waiting.text) ?? [];
    expect(waiting.text).toContain(`data-state="${(await ask("/status")).text}"`);
    expect((await ask("/status")).text).not.toBe(ready);
    payment = { ...payment, status: "requires_action", nextAction: CARD_FORM };
    expect((await ask("/status")).text).toBe(ready);
    expect(next).toBe(`/o/${order.id}/pay`);
    expect((await ask("/pay")).text).toContain(`data-secret="${CARD_FORM.clientSecret}"`);
  });

  it("is gone on with by a link, and not begun anew, on a page that is loaded then", async () => {
    payment = { ...payment, status: "requires_action", nextAction: CARD_FORM };
    const { text } = await ask("");
    expect(text).toContain(`<a class="button" href="/o/${order.id}/pay">Continue the payment you began</a>`);
    expect(text).not.toContain('value="stripe"');
  });

  it("that a provider elsewhere takes is a link, which a form may not lead to", async () => {
    const nextAction = { type: "redirect", url: "https://bank.example/pay" } as const;
    payment = { ...payment, status: "requires_action", nextAction };
    expect((await ask("/pay", { provider: "stripe" })).location).toBe(`/o/${order.id}`);
    expect((await ask("")).text).toContain('<a class="button" href="https://bank.example/pay">');
  });
});

it("another organizer's order is not paid or cancelled here, whatever key opens it", async () => {
  sold = { ...order, organizerId: crypto.randomUUID() };
  for (const path of ["/pay", "/cancel"]) expect((await ask(path, { provider: "stripe" })).status, path).toBe(404);
  expect((await ask("/pay")).status).toBe(404);
  expect(asked.filter((one) => one.startsWith("POST"))).toEqual([]);
  sold = order;
  expect((await ask("/cancel", {})).status).toBe(303);
  expect(asked).toContain(`POST /orders/${order.id}/cancel`);
});

describe("an order of an event that is shown no more", () => {
  it("leads to no page that is not there, and names its parts by what stands in them", async () => {
    const hidden = { ...event, settings: { ...event.settings, isPublic: false } };
    env.EVENTS.events = async () => [hidden];
    sold = { ...order, status: "cancelled" };
    const { text } = await ask("");
    env.EVENTS.events = async () => [event];
    expect(text).not.toContain(`/e/${event.id}`);
    expect(text).toContain('<h2 id="occasion"');
    expect(text).not.toContain('aria-label="Payment"');
    expect((await ask("")).text).toContain(`/e/${event.id}`);
  });
});
