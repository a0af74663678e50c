/** `/o/<order>`: what was ordered, how it stands, and what can be done about it. */
import { html } from "hono/html";
import type { PublishedEvent, Ticket } from "../../shared/contracts/events";
import type { Order, OrderPayment, Payment } from "../../shared/contracts/orders";
import { orderPath } from "../../shared/http/guest-links";
import { clock } from "./clock";
import { isShown, occasion, reasonLine, refundText } from "./event-page";
import { eventPath, orderCalendarPath, payPath, ticketPath, ticketsFilePath } from "./event-path";
import { hiddenFields } from "./fields";
import { TOKEN_FIELD } from "./forms";
import { type Line, linesTable } from "./lines";
import type { Html, Page } from "./page";
import type { Site } from "./site";
import { steps } from "./steps";
import { moneyText } from "./text";
import { isGood, ticketCard } from "./ticket-card";
import type { Language, Words } from "./words";

/** By what a reader can pay here. */
export const WAYS_TO_PAY = ["stripe", "test"] as const;
export type WayToPay = (typeof WAYS_TO_PAY)[number];

export interface Sale {
  order: Order;
  event: PublishedEvent;
  tickets: Ticket[];
  /** Asked for where money has gone back. */
  payments: OrderPayment[];
  /** The last one that was begun on this device. */
  payment: Payment | null;
  /** The reader has just come back from the provider. */
  hasReturned: boolean;
  waysToPay: WayToPay[];
  /** For the page's forms. */
  token: string;
  /** What stood in the way of what the reader has just tried. */
  trouble?: string | undefined;
}

export type Standing = "to_pay" | "processing" | "ended" | "bought" | "over";

export function standingOf({ order, payment, hasReturned }: Pick<Sale, "order" | "payment" | "hasReturned">): Standing {
  const isUnderWay = payment?.status === "processing" || (hasReturned && payment?.status === "requires_action");
  switch (order.status) {
    case "pending":
      return isUnderWay ? "processing" : "to_pay";
    case "expired":
      return isUnderWay ? "processing" : "ended";
    case "paid":
    case "partially_refunded":
      return "bought";
    default:
      return "over";
  }
}

const notice = (kind: "good" | "bad" | "", first: string, more = "", rest: Html | string = ""): Html =>
  html`<div class="notice ${kind}"${kind === "bad" ? html` role="alert"` : html` role="status"`}><p><strong>${first}</strong> ${more}</p>${rest}</div>`;

/** What a page that is open compares with what it is told a moment later. */
export const stateText = ({ order, payment }: Pick<Sale, "order" | "payment">): string =>
  [order.status, payment?.status ?? "none", ...(payment?.nextAction ? [payment.nextAction.type] : [])].join(" ");

/** When the turn of a payment has come that waited for it: the reader goes on to the provider's form by himself. */
const READY_TO_PAY = "pending requires_action client_secret";

/** Where the reader goes on with a payment that waits for him; null for one that does not, or that says only what to do. */
function nextOf({ order, payment }: Pick<Sale, "order" | "payment">): string | null {
  const action = payment?.status === "requires_action" ? payment.nextAction : undefined;
  if (action?.type === "client_secret") return payPath(order.id);
  return action?.type === "redirect" ? action.url : null;
}

/** The event's own page, or where else there is something to choose: who has tickets of an event may outlive its being shown. */
const shopPath = ({ order, event }: Pick<Sale, "order" | "event">): string =>
  isShown(event, order.organizerId) ? eventPath(event) : "/";

/** Of an event that was called off there is nothing to choose any more, and nothing to show at a door. */
function calledOffNotice({ order, event }: Sale, words: Words): Html {
  const more =
    order.status === "refunded"
      ? words.statusCalledOffRefunded
      : order.total.amount === 0
        ? words.statusCalledOffFree
        : words.statusCalledOffPaid;
  return notice("bad", words.statusCalledOff, more, html`${reasonLine(event, words)}<p><a href="/">${words.seeOthers}</a></p>`);
}

function standingNotice(sale: Sale, words: Words): Html | string {
  const { order, event, payment, hasReturned } = sale;
  const standing = standingOf(sale);
  if (event.status === "cancelled") {
    if (standing === "bought" || order.status === "refunded") return calledOffNotice(sale, words);
    const others = html`${reasonLine(event, words)}<p><a href="/">${words.seeOthers}</a></p>`;
    return notice("bad", words.statusCalledOff, standing === "over" ? words.statusCancelledMore : "", others);
  }
  const anew = html`<p><a href="${shopPath(sale)}">${words.chooseAnew}</a></p>`;
  switch (standing) {
    case "to_pay":
      return payment?.status === "failed" ? notice("bad", words.paymentDeclined, words.paymentDeclinedMore) : "";
    case "processing":
      return html`<div class="notice" role="status" data-watch="${orderPath(order.id)}/status" data-state="${stateText(sale)}" data-ready="${READY_TO_PAY}" data-next="${payPath(order.id)}">
<p><strong>${words.paymentProcessing}</strong> ${hasReturned ? words.paymentProcessingMore : words.paymentWaitingMore}</p><p><a href="${orderPath(order.id)}">${words.lookAgain}</a></p></div>`;
    case "ended":
      return notice("bad", words.statusExpired, words.statusExpiredMore, anew);
    case "bought":
      return notice(
        "good",
        order.total.amount === 0 ? words.statusFree : words.statusPaid,
        `${words.statusPaidMore(order.buyer.email)}${sale.tickets.some(isGood) ? ` ${words.showCodes}` : ""}`,
        order.status === "partially_refunded" ? html`<p>${words.statusPartlyRefunded}</p>` : "",
      );
    case "over":
      return order.status === "refunded"
        ? notice("", words.statusRefunded, words.statusRefundedMore, anew)
        : notice("", words.statusCancelled, words.statusCancelledMore, anew);
  }
}

const PAY_LABEL = { stripe: "payStripe", test: "payTest" } as const satisfies Record<WayToPay, keyof Words>;

function payForms({ order, payment, waysToPay, token }: Sale, language: Language): Html {
  const { words } = language;
  if (waysToPay.length === 0) return html`<p class="notice">${words.noProvider}</p>`;
  const form = (way: WayToPay) => html`<form method="post" action="${orderPath(order.id)}/pay">
${hiddenFields({ [TOKEN_FIELD]: token, key: crypto.randomUUID(), provider: way })}
<button>${words[PAY_LABEL[way]](moneyText(order.total, language))}</button>
${way === "test" ? html`<p class="note">${words.payTestNote}</p>` : ""}
</form>`;
  const next = nextOf({ order, payment });
  // Its form is the same one: asking for it anew would give up a turn that many wait for.
  const others = waysToPay.filter((way) => !(payment?.nextAction?.type === "client_secret" && next && way === payment.provider));
  return html`${next ? html`<p><a class="button" href="${next}">${words.continuePaying}</a></p>` : ""}${others.map(form)}`;
}

function toPay(sale: Sale, language: Language): Html {
  const { words } = language;
  const { order, token } = sale;
  const isEnded = standingOf(sale) === "ended";
  return html`<h2>${isEnded || sale.payment?.status === "failed" ? words.payAgain : words.payNow}</h2>
${payForms(sale, language)}
${
  isEnded
    ? ""
    : html`<details class="while"><summary>${words.cancelAsk}</summary><p class="note">${words.cancelNote}</p>
<form method="post" action="${orderPath(order.id)}/cancel">${hiddenFields({ [TOKEN_FIELD]: token })}<button class="plain">${words.cancelOrder}</button></form></details>`
}`;
}

const typeNameOf = ({ items }: Order, { ticketTypeId }: Ticket): string =>
  items.find((item) => item.ticketTypeId === ticketTypeId)?.name ?? "–";

function ticketList({ order, event, tickets }: Sale, site: Site): Html {
  const { words } = site.language;
  const cards = tickets.map((ticket, index) => {
    const link = html`<p><a href="${ticketPath(order.id, ticket.id)}">${words.openTicket}<span class="hidden"> ${index + 1}</span></a></p>`;
    const numbered = { ticket, number: index + 1, count: tickets.length, typeName: typeNameOf(order, ticket), level: 3 as const };
    return html`<li class="ticket${isGood(ticket) ? "" : " void"}">${ticketCard(numbered, site.language, link)}</li>`;
  });
  const standing = tickets.filter(isGood).length;
  const files = html`<a class="button plain" href="${ticketsFilePath(order.id, "print")}">${standing === 1 ? words.printTicket : words.printTickets}</a>
<a class="button plain" href="${ticketsFilePath(order.id, "phone")}">${words.phoneTickets}</a>`;
  return html`<h2>${words.yourTickets}</h2>${standing > 0 ? html`<p class="note">${words.qrNote}</p>` : ""}<ul class="tickets">${cards}</ul>
<p class="actions">${standing > 0 ? files : ""}
${event.status === "cancelled" ? "" : html`<a class="button plain" href="${orderCalendarPath(order.id)}">${words.addToCalendar}</a>`}</p>`;
}

/** What has gone back, and what is on its way. A refund that failed once is tried again. */
function refundSums({ order, payments }: Sale, words: Words): [string, Order["total"]][] {
  const refunds = payments.flatMap((payment) => payment.refunds);
  const sumOf = (isDone: boolean) => ({
    amount: -refunds
      .filter(({ status }) => (status === "succeeded") === isDone)
      .reduce((sum, { amount }) => sum + amount.amount, 0),
    currency: order.total.currency,
  });
  return [
    [words.refunded, sumOf(true)],
    [words.refundUnderWay, sumOf(false)],
  ];
}

/** With the seats that the tickets have now: the organizer may have given them others since they were bought. */
const linesOf = ({ order, tickets }: Sale): Line[] =>
  order.items.map((item) => {
    const seats = tickets.flatMap(({ ticketTypeId, seatId, seat }) =>
      ticketTypeId === item.ticketTypeId && seatId !== undefined && seat !== undefined ? [{ id: seatId, label: seat }] : [],
    );
    return seats.length > 0 ? { ...item, seats } : item;
  });

/** What is bought and for how much: before the button that pays it, on a phone too. */
function summary(sale: Sale, language: Language, isFirst: boolean): Html {
  const { words } = language;
  const { order, event } = sale;
  const between: [string, Order["total"]][] = [
    [words.discount, { ...order.discount, amount: -order.discount.amount }],
    [words.fees, order.fees],
    [words.tax, order.tax],
  ];
  const table = linesTable({ lines: linesOf(sale), total: order.total, between, after: refundSums(sale, words) }, language);
  return html`<section class="panel${isFirst ? " first" : ""}" aria-labelledby="ordered"><h2 id="ordered">${words.yourSelection}</h2>
${table}
${isFirst ? html`<p class="note"><strong>${words.refunds}:</strong> <bdi>${refundText(event, words)}</bdi></p>` : ""}
<p class="note"><bdi>${order.buyer.name}</bdi><br>${order.buyer.email}</p>
<p class="code">${words.orderNumber} ${order.id}</p></section>`;
}

export function orderPage(site: Site, sale: Sale, nowMs: number): Page {
  const { words } = site.language;
  const { order, event, trouble } = sale;
  const standing = standingOf(sale);
  const isPayable = (standing === "to_pay" || standing === "ended") && event.status === "published";
  return {
    title: `${words.yourOrder} – ${event.title}`,
    description: words.yourOrder,
    isPersonal: true,
    content: html`${standing === "over" ? "" : steps(standing === "bought" ? "stepDone" : "stepPayment", words)}
<h1>${words.yourOrder}</h1>
${trouble ? notice("bad", trouble) : ""}
${standingNotice(sale, words)}
${standing === "bought" ? ticketList(sale, site) : ""}
${isPayable && standing === "to_pay" ? clock(order.expiresAt, event.timezone, nowMs, words) : ""}
<div class="two">${isPayable ? summary(sale, site.language, true) : ""}<section aria-labelledby="occasion">${isPayable ? toPay(sale, site.language) : ""}
<h2 id="occasion" dir="auto">${isShown(event, order.organizerId) ? html`<a href="${eventPath(event)}">${event.title}</a>` : event.title}</h2>
${occasion(event, site.language)}</section>
${isPayable ? "" : summary(sale, site.language, false)}</div>`,
  };
}

export function ticketPage(site: Site, { order, event, tickets }: Sale, ticketId: string): Page | null {
  const index = tickets.findIndex(({ id }) => id === ticketId);
  const ticket = tickets[index];
  if (!ticket) return null;
  const { words } = site.language;
  const numbered = { ticket, number: index + 1, count: tickets.length, typeName: typeNameOf(order, ticket), level: 2 as const };
  return {
    title: `${words.ticketOf(index + 1, tickets.length)} – ${event.title}`,
    description: words.yourTickets,
    isPersonal: true,
    content: html`<article class="ticket wide${isGood(ticket) ? "" : " void"}"><h1>${event.title}</h1>
${ticketCard(numbered, site.language)}
${event.status === "cancelled" ? html`<p><strong>${words.statusCalledOff}</strong></p>` : ""}
${occasion(event, site.language)}
${isGood(ticket) ? html`<p class="note">${words.qrNote}</p>` : ""}
<p class="code">${words.orderNumber} ${order.id}</p></article>
<p class="actions">${isGood(ticket) ? html`<a href="${ticketsFilePath(order.id, "print", ticket.id)}">${words.printTicket}</a>` : ""}<a href="${orderPath(order.id)}">${words.backToOrder}</a></p>`,
  };
}
