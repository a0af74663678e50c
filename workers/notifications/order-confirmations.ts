/** The confirmation of a paid order: what, when, where, how much, and the tickets in three shapes. */
import type { Ticket } from "../../shared/contracts/events";
import type { OrderFacts } from "../../shared/contracts/orders";
import { TICKET_PAPERS, type TicketPaper } from "../../shared/contracts/outbound";
import { guestOrderLink } from "../../shared/http/guest-links";
import { readableSpan } from "../../shared/locale/moment";
import { readableMoney } from "../../shared/locale/money";
import { qrPng } from "../../shared/qr/qr-code";
import { calendarFile, placeOf } from "./calendar";
import type { Env } from "./environment";
import { greetable } from "./greetings";
import { lookOf } from "./look";
import { type Attachment, type Composed, composeEach, type Mail, oneLine, writeMail } from "./mail";
import type { Block } from "./mail-page";
import { type Occasion, occasionsOf, told } from "./occasions";
import { drawTickets, type Paper } from "./ticket-paper";
import { type Tongue, tongueOf } from "./words";

/** Tickets that the mail itself shows, and that a file holds; what is more stands on the order's page. A mail may weigh 5 MiB. */
export const MAX_SHOWN = 20;
const MAX_IN_FILES = 100;

/** A ticket that still admits somebody, with its QR. */
export interface DrawnTicket {
  number: number;
  of: number;
  type: string;
  holder: string;
  /** Where it is: "Parterre · Row 12 · Seat 7"; null for one without a seat. */
  seat: string | null;
  code: string;
  qr: Uint8Array;
}

export const isStanding = ({ status }: Ticket): boolean => status === "valid" || status === "admitted";

/** Those that still admit, numbered among all, as the order's page numbers them. */
export function drawnTickets({ items }: OrderFacts, tickets: readonly Ticket[], ticketId: string | null = null): DrawnTicket[] {
  const names = new Map(items.map(({ ticketTypeId, name }) => [ticketTypeId, oneLine(name)]));
  return tickets
    .map((ticket, index) => ({ ticket, number: index + 1 }))
    .filter(({ ticket }) => isStanding(ticket) && (ticketId === null || ticket.id === ticketId))
    .slice(0, MAX_IN_FILES)
    .map(({ ticket, number }) => ({
      number,
      of: tickets.length,
      type: names.get(ticket.ticketTypeId) ?? "",
      holder: oneLine(ticket.holder.name),
      seat: ticket.seat === undefined ? null : oneLine(ticket.seat),
      code: ticket.code,
      qr: qrPng(ticket.code),
    }));
}

interface Confirming {
  order: OrderFacts;
  tickets: Ticket[];
  occasion: Occasion;
  sender: string;
}

export async function composeConfirmation({ order, tickets, occasion, sender }: Confirming): Promise<Mail> {
  const tongue = tongueOf(order.language);
  const { words, locale } = tongue;
  const { event, organizer, siteOrigin } = occasion;
  const title = oneLine(event.title);
  const link = guestOrderLink(siteOrigin, order.id, order.guestAccessToken);
  const standing = tickets.filter(isStanding);
  const drawn = drawnTickets(order, tickets);
  const shown = drawn.slice(0, MAX_SHOWN);
  const when = readableSpan(event.startDate, event.endDate, event.timezone, locale);
  const blocks: Block[] = [
    { kind: "text", text: words.hello(greetable(order.buyer.name)) },
    { kind: "text", text: words.confirmation.opening(oneLine(organizer.name), title) },
    { kind: "lines", lines: [when, placeOf(event)] },
    { kind: "list", items: itemLines(order, tongue), closing: words.total(readableMoney(order.total, locale)) },
    { kind: "link", label: words.openOrder, url: link },
    { kind: "text", text: drawn.length > 0 ? words.confirmation.atTheDoor : words.confirmation.noTickets },
    ...shown.map((ticket) => ticketBlock(ticket, tongue)),
    ...moreThan(standing.length, drawn.length, shown.length, tongue),
    ...(drawn.length > 0 ? [{ kind: "text" as const, text: words.confirmation.attached }] : []),
    { kind: "small", text: words.order(order.id) },
  ];
  const saidAt = order.paidAt ?? order.createdAt;
  const files: Attachment[] = [];
  if (drawn.length > 0) {
    const paper = paperOf(order, drawn, occasion, tongue);
    for (const kind of TICKET_PAPERS) files.push(await paperFile(kind, paper));
    files.push(calendarFile({ orderId: order.id, occasion, sender, saidAt, words }, false));
  }
  return writeMail({
    to: order.buyer.email,
    tongue,
    look: lookOf(organizer.name, occasion.brand, tongue),
    subject: words.confirmation.subject(title),
    blocks,
    attachments: [...shown.map(pictureOf), ...files],
    data: { type: "order_confirmation", orderId: order.id },
  });
}

export function paperOf(order: OrderFacts, tickets: readonly DrawnTicket[], occasion: Occasion, tongue: Tongue): Paper {
  const { event, organizer, brand } = occasion;
  return {
    tickets,
    occasion,
    look: lookOf(organizer.name, brand, tongue),
    when: readableSpan(event.startDate, event.endDate, event.timezone, tongue.locale),
    place: placeOf(event),
    words: tongue.words,
    language: tongue.language,
    orderId: order.id,
    saidAt: order.paidAt ?? order.createdAt,
  };
}

export const paperFile = async (kind: TicketPaper, paper: Paper): Promise<Attachment> => ({
  filename: paper.words.paper[kind === "print" ? "printFile" : "phoneFile"],
  contentType: "application/pdf",
  content: await drawTickets(kind, paper),
});

const contentIdOf = ({ number }: DrawnTicket): string => `ticket-${number}@bilten`;

export const pictureOf = (ticket: DrawnTicket): Attachment => ({
  filename: `ticket-${ticket.number}.png`,
  contentType: "image/png",
  content: ticket.qr,
  contentId: contentIdOf(ticket),
});

export const ticketBlock = (ticket: DrawnTicket, { words }: Tongue): Block => ({
  kind: "ticket",
  title: words.confirmation.ticket(ticket.number, ticket.of, ticket.type),
  holder: greetable(ticket.holder) ?? words.paper.holderElsewhere(ticket.number),
  ...(ticket.seat === null ? {} : { seat: ticket.seat }),
  picture: { contentId: contentIdOf(ticket), alt: words.confirmation.qr(ticket.number, ticket.type) },
  code: words.confirmation.code(ticket.code),
});

export function moreThan(all: number, drawn: number, shown: number, { words }: Tongue): Block[] {
  const more: Block[] = [];
  if (drawn > shown) more.push({ kind: "text", text: words.confirmation.moreInFiles(drawn - shown) });
  if (all > drawn) more.push({ kind: "text", text: words.confirmation.more(all - drawn) });
  return more;
}

/** What was bought, and each sum between it and the total that is not nothing. */
function itemLines(order: OrderFacts, { words, locale }: Tongue): string[] {
  const lines = order.items.map(({ quantity, name, unitPrice }) =>
    words.confirmation.line(quantity, oneLine(name), unitPrice.amount === 0 ? null : readableMoney(unitPrice, locale)),
  );
  const between = (["discount", "fees", "tax"] as const).filter((sum) => order[sum].amount !== 0);
  return [...lines, ...between.map((sum) => words[sum](readableMoney(order[sum], locale)))];
}

/**
 * By the order's id, one question to each owner for all of them. A paid order never ceases to be one: what is missing is asked again.
 * Once the event is called off nothing is confirmed any more: whoever had tickets is owed the cancellation (cancelled-events.ts).
 */
export async function orderConfirmations(env: Env, orderIds: string[]): Promise<Composed> {
  const orders = await env.PAYMENTS.orders(orderIds);
  const [occasionOf, answers] = await Promise.all([
    occasionsOf(env, orders),
    env.EVENTS.ticketsOfOrders(orders.map(({ eventId, id }) => ({ eventId, orderId: id }))),
  ]);
  const orderById = new Map(orders.map((order, index) => [order.id, { order, answer: answers[index] }]));
  const unneeded: string[] = [];
  const composed = await composeEach(
    orderIds,
    (id) => id,
    async (id) => {
      const { order, answer } = told(orderById.get(id), `order ${id}`);
      const occasion = occasionOf(order);
      if (occasion.event.status === "cancelled") {
        unneeded.push(id);
        return null;
      }
      const tickets = told(answer?.ok ? answer.value : undefined, `the tickets of order ${id}`);
      return composeConfirmation({ order, tickets, occasion, sender: env.MAIL_FROM });
    },
  );
  return { ...composed, unneeded };
}
