/** The organizer has given tickets other seats: told to whoever has them, with the tickets as they are now. */
import type { Ticket } from "../../shared/contracts/events";
import type { OrderFacts } from "../../shared/contracts/orders";
import { TICKET_PAPERS } from "../../shared/contracts/outbound";
import { guestOrderLink } from "../../shared/http/guest-links";
import { readableSpan } from "../../shared/locale/moment";
import { placeOf } from "./calendar";
import type { Env } from "./environment";
import { greetable } from "./greetings";
import { lookOf } from "./look";
import { type Attachment, type Composed, composeEach, type Mail, oneLine, writeMail } from "./mail";
import type { Block } from "./mail-page";
import { type Occasion, occasionsOf, told } from "./occasions";
import { drawnTickets, isStanding, MAX_SHOWN, moreThan, paperFile, paperOf, pictureOf, ticketBlock } from "./order-confirmations";
import { orderNewsOf, type ToldNews, toldNews } from "./order-news";
import { type Tongue, tongueOf } from "./words";

interface Seated {
  ticket: Ticket;
  /** From 1, among all of the order. */
  number: number;
  seat: string;
  /** What was bought, which the confirmation said; null where it is the same. */
  bought: string | null;
}

/** Tickets that still admit, with the seats that they have and had. They are issued in the order of what was bought. */
function seatedOf({ items }: OrderFacts, tickets: readonly Ticket[]): Seated[] {
  const bought = items.flatMap(({ quantity, seats = [] }) => Array.from({ length: quantity }, (_, unit) => seats[unit]?.label));
  return tickets.flatMap((ticket, index) => {
    const { seat } = ticket;
    if (seat === undefined || !isStanding(ticket)) return [];
    const before = bought[index];
    return [{ ticket, number: index + 1, seat, bought: before === undefined || before === seat ? null : before }];
  });
}

interface Seating {
  order: OrderFacts;
  tickets: readonly Ticket[];
  occasion: Occasion;
}

export async function composeSeatChange({ order, tickets, occasion }: Seating): Promise<Mail> {
  const tongue = tongueOf(order.language);
  const { words, locale } = tongue;
  const { event, organizer, siteOrigin } = occasion;
  const title = oneLine(event.title);
  const drawn = drawnTickets(order, tickets);
  const shown = drawn.slice(0, MAX_SHOWN);
  const paper = paperOf(order, drawn, occasion, tongue);
  const files: Attachment[] = [];
  for (const kind of TICKET_PAPERS) files.push(await paperFile(kind, paper));
  const blocks: Block[] = [
    { kind: "text", text: words.hello(greetable(order.buyer.name)) },
    { kind: "list", opening: words.seats.opening(oneLine(organizer.name), title), items: seatLines(order, tickets, tongue) },
    { kind: "lines", lines: [readableSpan(event.startDate, event.endDate, event.timezone, locale), placeOf(event)] },
    { kind: "text", text: words.seats.tickets },
    { kind: "link", label: words.openOrder, url: guestOrderLink(siteOrigin, order.id, order.guestAccessToken) },
    ...shown.map((ticket) => ticketBlock(ticket, tongue)),
    ...moreThan(tickets.filter(isStanding).length, drawn.length, shown.length, tongue),
    { kind: "small", text: words.order(order.id) },
  ];
  return writeMail({
    to: order.buyer.email,
    tongue,
    look: lookOf(organizer.name, occasion.brand, tongue),
    subject: words.seats.subject(title),
    blocks,
    attachments: [...shown.map(pictureOf), ...files],
    data: { type: "seats_changed", orderId: order.id },
  });
}

/** Those that differ from what was bought; all of them where everybody sits again as he bought. */
function seatLines(order: OrderFacts, tickets: readonly Ticket[], { words }: Tongue): string[] {
  const names = new Map(order.items.map(({ ticketTypeId, name }) => [ticketTypeId, oneLine(name)]));
  const seated = seatedOf(order, tickets);
  const moved = seated.filter(({ bought }) => bought !== null);
  return (moved.length > 0 ? moved : seated).map(({ ticket, number, seat, bought }) => {
    const named = words.confirmation.ticket(number, tickets.length, names.get(ticket.ticketTypeId) ?? words.paper.ticket);
    return words.seats.line(named, oneLine(seat), bought === null ? null : oneLine(bought));
  });
}

interface Asked extends Seating {
  version: number;
  news: ToldNews | undefined;
  nowMs: number;
}

/** A later swap brings a mail of its own; and whoever sits as he bought hears of it only where he was told otherwise. */
function isOwed({ order, tickets, occasion: { event }, version, news, nowMs }: Asked): boolean {
  const seated = seatedOf(order, tickets);
  const isNewest = version >= (news?.owed ?? version);
  const isToCome = event.status === "published" && Date.parse(event.endDate) > nowMs;
  const wasTold = (news?.sent ?? null) !== null;
  return isNewest && isToCome && (wasTold ? seated.length > 0 : seated.some(({ bought }) => bought !== null));
}

/** One question to each owner for all of them. What is not there is asked again. */
export async function seatMails(env: Env, sourceIds: string[]): Promise<Composed> {
  const versionOf = new Map(sourceIds.map((id) => [id, orderNewsOf(id)]));
  const orders = await env.PAYMENTS.orders([...new Set([...versionOf.values()].map(({ orderId }) => orderId))]);
  const [occasionOf, answers, news] = await Promise.all([
    occasionsOf(env, orders),
    env.EVENTS.ticketsOfOrders(orders.map(({ eventId, id }) => ({ eventId, orderId: id }))),
    toldNews(
      env.DB,
      "seat_change",
      orders.map(({ id }) => id),
    ),
  ]);
  const orderById = new Map(orders.map((order, index) => [order.id, { order, answer: answers[index] }]));
  const unneeded: string[] = [];
  const composed = await composeEach(
    sourceIds,
    (id) => id,
    async (id) => {
      const { orderId, version } = told(versionOf.get(id), id);
      const { order, answer } = told(orderById.get(orderId), `order ${orderId}`);
      const tickets = told(answer?.ok ? answer.value : undefined, `the tickets of ${orderId}`);
      const seating = { order, tickets, occasion: occasionOf(order) };
      if (isOwed({ ...seating, version, news: news.get(orderId), nowMs: Date.now() })) return composeSeatChange(seating);
      unneeded.push(id);
      return null;
    },
  );
  return { ...composed, unneeded };
}
