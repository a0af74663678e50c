/** A guest's order: shown by its secret, paid, cancelled. */
import { z } from "zod";
import { Ticket } from "../../shared/contracts/events";
import { Id } from "../../shared/contracts/ids";
import { Order, OrderPayment, Payment, PaymentProcessed } from "../../shared/contracts/orders";
import type { ProblemBody } from "../../shared/contracts/problem-body";
import { ok, type Result, refuse } from "../../shared/contracts/result";
import { ORDER_TOKEN_PARAMETER, orderPath } from "../../shared/http/guest-links";
import type { SitesContext } from "./answering";
import { forgetReservation, forgetReturned, hasReturned, keepLatest, keepReturned, keepSecret, latestOf } from "./cookies";
import type { Env } from "./environment";
import { payPath } from "./event-path";
import { formToken, isOwnForm, keyOf, readFields, secretOf } from "./forms";
import { orderPage, type Sale, standingOf, WAYS_TO_PAY, type WayToPay } from "./order-page";
import { pageResponse } from "./page";
import { PUBLISHABLE_KEY, payPage } from "./pay-page";
import { foreignForm, troubleText } from "./refusals";
import { ask } from "./siblings";
import type { Site } from "./site";
import { sorryPage } from "./sorry-page";

/** In the address to which a provider leads back. */
const RETURN_PARAMETER = "returned";

const Tickets = z.object({ data: z.array(Ticket) });
const OrderPayments = z.object({ data: z.array(OrderPayment) });
/** The test provider's payment that is settled by hand, on its own page. */
const BY_HAND = { token: "tok_requires_action" };

/** By what can be paid here: `test` where nothing is real, Stripe where its two keys are set. */
function waysToPay({ ENVIRONMENT, STRIPE_PUBLISHABLE_KEY }: Env): WayToPay[] {
  const isConfigured = { stripe: PUBLISHABLE_KEY.test(STRIPE_PUBLISHABLE_KEY), test: ENVIRONMENT === "development" };
  return WAYS_TO_PAY.filter((way) => isConfigured[way]);
}

/**
 * The mail's link brings the secret in the query; it moves into a cookie of this page's path, and the address is clean again before
 * anything else is loaded. Stripe's return brings things in the query too that are nobody else's business.
 */
export async function cleanAddress(c: SitesContext, site: Site, orderId: string): Promise<Response | null> {
  const url = new URL(c.req.url);
  if (url.search === "") return null;
  const token = url.searchParams.get(ORDER_TOKEN_PARAMETER);
  // Of the two keys that may have come, the gateway shows the address's. One that opens nothing must not replace one that does.
  if (token !== null && token === secretOf(c)) {
    const opened = await ownOrder(c, site, orderId);
    if (opened.ok) keepSecret(c, orderPath(orderId), token);
    else if (isTrouble(opened.error)) return orderNotShown(site, opened.error);
  }
  // Stripe says how it went; the test provider's buyer has done what he wanted.
  if (url.searchParams.has(RETURN_PARAMETER) && url.searchParams.get("redirect_status") !== "failed")
    keepReturned(c, orderPath(orderId));
  c.header("referrer-policy", "no-referrer");
  return c.redirect(orderPath(orderId), 303);
}

/** The last payment that was begun here; none is no trouble. */
async function latestPayment(c: SitesContext): Promise<Payment | null> {
  const paymentId = latestOf(c);
  if (paymentId === undefined || !Id.safeParse(paymentId).success) return null;
  const payment = await ask(c, c.env.PAYMENTS_HTTP, Payment, { path: `/payments/${paymentId}` });
  return payment.ok ? payment.value : null;
}

/** An order of another organizer's is not this one's to show, to take money for or to cancel. */
async function ownOrder(c: SitesContext, site: Site, orderId: string): Promise<Result<Order, ProblemBody>> {
  const order = await ask(c, c.env.PAYMENTS_HTTP, Order, { path: `/orders/${orderId}` });
  return order.ok && order.value.organizerId !== site.organizer.id
    ? refuse({ type: "about:blank", title: "not found", status: 404, code: "order_not_found", requestId: "" })
    : order;
}

type Read = Pick<Sale, "order" | "payment" | "hasReturned">;

export async function readOrder(c: SitesContext, site: Site, orderId: string): Promise<Result<Read, ProblemBody>> {
  const [order, payment] = await Promise.all([ownOrder(c, site, orderId), latestPayment(c)]);
  if (!order.ok) return order;
  return ok({ order: order.value, payment: payment?.orderId === orderId ? payment : null, hasReturned: hasReturned(c) });
}

export async function readSale(c: SitesContext, site: Site, orderId: string): Promise<Result<Sale, ProblemBody>> {
  const read = await readOrder(c, site, orderId);
  if (!read.ok) return read;
  const { order } = read.value;
  const [[event], payments, tickets] = await Promise.all([
    c.env.EVENTS.events([order.eventId]),
    paymentsOf(c, order),
    standingOf(read.value) === "bought" ? ask(c, c.env.PAYMENTS_HTTP, Tickets, { path: `/orders/${orderId}/tickets` }) : null,
  ]);
  if (!event) throw new Error("an order's event is not there");
  if (tickets && !tickets.ok) return tickets;
  const token = await formToken(secretOf(c) ?? "");
  return ok({ ...read.value, event, payments, tickets: tickets?.value.data ?? [], waysToPay: waysToPay(c.env), token });
}

/** Where money has gone back, or must have: how much is not in the order itself. What cannot be told now leaves the page as it is. */
async function paymentsOf(c: SitesContext, { id, status }: Order): Promise<OrderPayment[]> {
  if (status !== "refunded" && status !== "partially_refunded") return [];
  const payments = await ask(c, c.env.PAYMENTS_HTTP, OrderPayments, { path: `/orders/${id}/payments` });
  return payments.ok ? payments.value.data : [];
}

const isTrouble = ({ status }: Pick<ProblemBody, "status">): boolean => status >= 500 || status === 429;

/** Whoever has no key to it hears the same whether or not it exists. */
export function orderNotShown(site: Site, { code, status }: ProblemBody): Promise<Response> {
  const { words } = site.language;
  const ways = [{ path: "/", label: words.seeWhatIsOn }];
  if (isTrouble({ status }))
    return pageResponse(site, sorryPage({ title: words.trouble, more: troubleText({ code }, words), ways }), status);
  return pageResponse(site, sorryPage({ title: words.noOrder, more: words.noOrderMore, ways }), 404);
}

export async function showOrder(c: SitesContext, site: Site, orderId: string, problem?: ProblemBody): Promise<Response> {
  const sale = await readSale(c, site, orderId);
  if (!sale.ok) return orderNotShown(site, sale.error);
  const standing = standingOf(sale.value);
  if (standing === "bought" || standing === "over") forgetReservation(c, sale.value.event.id);
  const trouble = problem && troubleText(problem, site.language.words);
  return pageResponse(site, orderPage(site, { ...sale.value, trouble }, Date.now()), problem?.status ?? 200);
}

const returnPath = (orderId: string): string => `${orderPath(orderId)}?${RETURN_PARAMETER}=yes`;

/** A form's answer may lead about this host alone (`form-action 'self'`); to a provider elsewhere leads the order page's link. */
const isHere = (url: string, origin: string): boolean => URL.canParse(url, origin) && new URL(url, origin).origin === origin;

/** POST: the provider is asked when the buyer pays; what he has to do next is on another page. */
export async function pay(c: SitesContext, site: Site, orderId: string): Promise<Response> {
  const fields = await readFields(c);
  const path = orderPath(orderId);
  if (!(await isOwnForm(c, fields))) return foreignForm(site, path);
  const own = await ownOrder(c, site, orderId);
  if (!own.ok) return orderNotShown(site, own.error);
  const provider = waysToPay(c.env).find((way) => way === fields.get("provider"));
  if (!provider) return showOrder(c, site, orderId);
  const processed = await ask(c, c.env.PAYMENTS_HTTP, PaymentProcessed, {
    path: "/payments/process",
    body: {
      orderId,
      provider,
      returnUrl: `${site.origin}${returnPath(orderId)}`,
      ...(provider === "test" ? { paymentMethod: BY_HAND } : {}),
    },
    idempotencyKey: keyOf(fields),
  });
  if (!processed.ok) return showOrder(c, site, orderId, processed.error);
  const { payment } = processed.value;
  keepLatest(c, path, payment.id);
  forgetReturned(c, path);
  const action = payment.nextAction;
  if (action?.type === "redirect" && isHere(action.url, site.origin)) return c.redirect(action.url, 303);
  return c.redirect(action?.type === "client_secret" ? payPath(orderId) : path, 303);
}

/** The provider's form, for a payment that waits for its buyer; any other leads back to the order. */
export async function showPayment(c: SitesContext, site: Site, orderId: string): Promise<Response> {
  const sale = await readSale(c, site, orderId);
  if (!sale.ok) return orderNotShown(site, sale.error);
  const action = sale.value.payment?.nextAction;
  if (action?.type !== "client_secret" || !PUBLISHABLE_KEY.test(c.env.STRIPE_PUBLISHABLE_KEY))
    return c.redirect(orderPath(orderId), 303);
  const card = {
    clientSecret: action.clientSecret,
    publishableKey: c.env.STRIPE_PUBLISHABLE_KEY,
    returnUrl: `${site.origin}${returnPath(orderId)}`,
  };
  return pageResponse(site, payPage(site, sale.value, card, Date.now()));
}

export async function cancel(c: SitesContext, site: Site, orderId: string): Promise<Response> {
  const path = orderPath(orderId);
  if (!(await isOwnForm(c, await readFields(c)))) return foreignForm(site, path);
  const own = await ownOrder(c, site, orderId);
  if (!own.ok) return orderNotShown(site, own.error);
  const cancelled = await ask(c, c.env.PAYMENTS_HTTP, Order, { path: `/orders/${orderId}/cancel`, body: {} });
  return cancelled.ok ? c.redirect(path, 303) : showOrder(c, site, orderId, cancelled.error);
}
