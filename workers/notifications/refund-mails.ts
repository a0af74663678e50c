/** Money that went back: why, how much, and what became of the tickets. */
import type { Ticket } from "../../shared/contracts/events";
import type { RefundFacts } from "../../shared/contracts/orders";
import { guestOrderLink } from "../../shared/http/guest-links";
import { readableMoney } from "../../shared/locale/money";
import { calendarFile } from "./calendar";
import type { Env } from "./environment";
import { greetable } from "./greetings";
import { lookOf } from "./look";
import { type Composed, composeEach, type Mail, oneLine, writeMail } from "./mail";
import type { Block } from "./mail-page";
import { type Occasion, occasionsOf, told } from "./occasions";
import { isStanding } from "./order-confirmations";
import { type Tongue, tongueOf } from "./words";

interface Wording {
  sentence: string;
  /** What became of the tickets; none where there never were any. */
  tickets?: string;
}

function wordingOf(refund: RefundFacts, { event, organizer }: Occasion, { words: { refund: words }, locale }: Tongue): Wording {
  const title = oneLine(event.title);
  const sum = readableMoney(refund.amount, locale);
  switch (refund.reason) {
    case "event_cancelled":
      return { sentence: words.eventCancelled(title, sum), tickets: words.ticketsInvalid };
    case "requested":
      return {
        sentence: words.requested(oneLine(organizer.name), sum, title),
        tickets: refund.ticketIds.length === 0 ? words.noneAffected : words.voided(refund.ticketIds.length),
      };
    case "surplus":
      break;
  }
  // Money that bought nothing: whoever paid it had no tickets by it, and hears why.
  switch (refund.cause) {
    case "sold_out":
      return { sentence: words.soldOut(title, sum), tickets: words.noTickets };
    case "person_limit":
      return { sentence: words.personLimit(title, sum), tickets: words.noTickets };
    case "order_ended":
      return {
        sentence: event.status === "cancelled" ? words.eventEnded(title, sum) : words.orderEnded(title, sum),
        tickets: words.noTickets,
      };
    case "paid_twice":
      return { sentence: words.paidTwice(title, sum), tickets: words.ticketsUntouched };
    case null:
      return { sentence: words.notTaken(title, sum) };
  }
}

interface Refunding {
  refund: RefundFacts;
  occasion: Occasion;
  sender: string;
  /** All of the order's, where the refund took some of them. */
  tickets: readonly Ticket[];
}

/** "Ticket 2 of 3: Standing, Ada Lovelace", as the confirmation named it. */
function ticketNames({ ticketIds }: RefundFacts, { event }: Occasion, tickets: readonly Ticket[], { words }: Tongue): string[] {
  const types = new Map(event.ticketTypes.map(({ id, name }) => [id, oneLine(name)]));
  return ticketIds.map((ticketId) => {
    const index = tickets.findIndex(({ id }) => id === ticketId);
    const ticket = tickets[index];
    if (!ticket) return ticketId;
    const type = types.get(ticket.ticketTypeId) ?? words.paper.ticket;
    const named = words.confirmation.ticket(index + 1, tickets.length, type);
    const name = greetable(oneLine(ticket.holder.name)) ?? words.paper.holderElsewhere(index + 1);
    return [named, ...(ticket.seat === undefined ? [] : [oneLine(ticket.seat)]), name].join(", ");
  });
}

export function composeRefundMail({ refund, occasion, sender, tickets: all }: Refunding): Promise<Mail> {
  const { buyer, orderId, language } = refund;
  const tongue = tongueOf(language);
  const { words } = tongue;
  const { sentence, tickets } = wordingOf(refund, occasion, tongue);
  const text = (line: string): Block => ({ kind: "text", text: line });
  const voided = refund.reason === "requested" ? ticketNames(refund, occasion, all, tongue) : [];
  // None of the order's tickets admits anybody any more, and this refund took the last of them.
  const endsOrder = takesTickets(refund) && !all.some(isStanding);
  return writeMail({
    to: buyer.email,
    tongue,
    look: lookOf(occasion.organizer.name, occasion.brand, tongue),
    subject: words.refund.subject(oneLine(occasion.event.title)),
    blocks: [
      text(words.hello(greetable(buyer.name))),
      text(sentence),
      ...(tickets === undefined ? [] : [aboutTickets(tickets, voided)]),
      text(words.refund.closing),
      {
        kind: "link",
        label: words.openOrder,
        url: guestOrderLink(occasion.siteOrigin, orderId, refund.guestAccessToken),
      },
      ...(endsOrder ? [text(words.refund.calendar)] : []),
      { kind: "small", text: words.orderAndRefund(orderId, refund.id) },
    ],
    attachments: endsOrder ? [calendarFile({ orderId, occasion, sender, saidAt: refund.createdAt, words }, true)] : [],
    data: { type: "refund", orderId, refundId: refund.id },
  });
}

const aboutTickets = (opening: string, items: string[]): Block =>
  items.length === 0 ? { kind: "text", text: opening } : { kind: "list", opening, items };

/** The tickets of each order from which a refund took some on request; of a cancelled event none are named. */
async function ticketsOf(env: Env, refunds: readonly RefundFacts[]): Promise<(refund: RefundFacts) => Ticket[]> {
  const taking = refunds.filter(takesTickets);
  const orders = [...new Map(taking.map(({ orderId, eventId }) => [orderId, { orderId, eventId }])).values()];
  const answers = orders.length > 0 ? await env.EVENTS.ticketsOfOrders(orders) : [];
  const byOrder = new Map(orders.map(({ orderId }, index) => [orderId, answers[index]]));
  return (refund) => {
    if (!takesTickets(refund)) return [];
    const answer = byOrder.get(refund.orderId);
    return told(answer?.ok ? answer.value : undefined, `the tickets of order ${refund.orderId}`);
  };
}

const takesTickets = ({ reason, ticketIds }: RefundFacts): boolean => reason === "requested" && ticketIds.length > 0;

/** By the refund's id, one question to each owner for all of them. What is not there, or not paid after all, is asked again. */
export async function refundMails(env: Env, refundIds: string[]): Promise<Composed> {
  const refunds = await env.PAYMENTS.refunds(refundIds);
  const [occasionOf, ticketsOfOrder] = await Promise.all([occasionsOf(env, refunds), ticketsOf(env, refunds)]);
  const refundById = new Map(refunds.map((refund) => [refund.id, refund]));
  const composed = await composeEach(
    refundIds,
    (id) => id,
    async (id) => {
      const refund = told(refundById.get(id), `refund ${id}`);
      if (refund.status !== "succeeded") throw new Error(`refund ${id} is ${refund.status} again`);
      const tickets = ticketsOfOrder(refund);
      return composeRefundMail({ refund, occasion: occasionOf(refund), sender: env.MAIL_FROM, tickets });
    },
  );
  return { ...composed, unneeded: [] };
}
