/** An event was moved: told to each who had ordered before, what it was and what it is now, with the new date for the calendar. */
import { DEFAULT_REFUND_POLICY, type PublishedEvent, type Ticket } from "../../shared/contracts/events";
import type { FormerAppointment } from "../../shared/contracts/events-rpc";
import { toTimestamp } from "../../shared/contracts/ids";
import type { OrderFacts } from "../../shared/contracts/orders";
import { guestOrderLink } from "../../shared/http/guest-links";
import { localDay, readableSpan } from "../../shared/locale/moment";
import { type Appointment, calendarFile, placeOf } from "./calendar";
import type { Env } from "./environment";
import { greetable } from "./greetings";
import { lookOf } from "./look";
import { type Composed, composeEach, type Mail, oneLine, writeMail } from "./mail";
import type { Block } from "./mail-page";
import { type Occasion, occasionsOf, told } from "./occasions";
import { isStanding } from "./order-confirmations";
import { orderNewsOf, type ToldNews, toldNews } from "./order-news";
import { type Tongue, tongueOf } from "./words";

/** What of an event a reader finds changed. */
export interface Moved {
  when: "date" | "time" | null;
  where: boolean;
}

/** As it reads: another zone of the same clocks, or the same instant written otherwise, is no news. */
export function movedBy(before: FormerAppointment, event: PublishedEvent, { locale }: Tongue): Moved {
  const isSameTime = whenOf(before, locale) === whenOf(event, locale);
  const isSameDay = dayOf(before) === dayOf(event);
  return { when: isSameTime ? null : isSameDay ? "time" : "date", where: placeOf(before) !== placeOf(event) };
}

type When = Pick<FormerAppointment, "startDate" | "endDate" | "timezone">;
const whenOf = ({ startDate, endDate, timezone }: When, locale: string): string =>
  readableSpan(startDate, endDate, timezone, locale);
const dayOf = ({ startDate, timezone }: When): string => localDay(Date.parse(startDate), timezone);

interface Moving {
  order: OrderFacts;
  occasion: Occasion;
  before: FormerAppointment;
  sender: string;
}

export function composeMove({ order, occasion, before, sender }: Moving): Promise<Mail> {
  const tongue = tongueOf(order.language);
  const { words, locale } = tongue;
  const { event, organizer, siteOrigin } = occasion;
  const [title, organizerName] = [oneLine(event.title), oneLine(organizer.name)];
  const moved = movedBy(before, event, tongue);
  const was = [...(moved.when === null ? [] : [whenOf(before, locale)]), ...(moved.where ? [placeOf(before)] : [])];
  const text = (line: string): Block => ({ kind: "text", text: line });
  const { refundPolicy } = event.settings;
  return writeMail({
    to: order.buyer.email,
    tongue,
    look: lookOf(organizer.name, occasion.brand, tongue),
    subject: words.move.subject(title, moved),
    blocks: [
      text(words.hello(greetable(order.buyer.name))),
      text(words.move.opening(organizerName, title, moved)),
      { kind: "lines", lines: [whenOf(event, locale), placeOf(event)] },
      { kind: "list", opening: words.move.was, items: was },
      text(words.move.tickets),
      { kind: "link", label: words.openOrder, url: guestOrderLink(siteOrigin, order.id, order.guestAccessToken) },
      text(words.move.unable(organizerName)),
      ...(refundPolicy === DEFAULT_REFUND_POLICY ? [] : [text(words.paper.refunds(oneLine(refundPolicy)))]),
      text(words.move.calendar),
      { kind: "small", text: words.order(order.id) },
    ],
    attachments: [calendarFile(appointmentOf(order, occasion, sender, tongue), false)],
    data: { type: "event_moved", orderId: order.id },
  });
}

/** Who paid in the second of the move has a file of that second: this one is later than both. */
function appointmentOf(order: OrderFacts, occasion: Occasion, sender: string, { words }: Tongue): Appointment {
  const saidAtMs = Math.max(Date.parse(occasion.event.updatedAt) + 1000, Date.parse(order.paidAt ?? order.createdAt));
  return { orderId: order.id, occasion, sender, saidAt: toTimestamp(saidAtMs), words };
}

/** When and where the event was to be by the last that its buyer heard: a mail like this one, or the page on which he ordered. */
const heardOf = (history: readonly FormerAppointment[], { createdAt }: OrderFacts, sent: number | null) =>
  history.find(({ untilVersion, untilMs }) => (sent === null ? untilMs > Date.parse(createdAt) : untilVersion > sent));

interface Asked {
  order: OrderFacts;
  version: number;
  event: PublishedEvent;
  /** Oldest first. */
  history: readonly FormerAppointment[];
  news: ToldNews | undefined;
  nowMs: number;
}

/** What the mail tells against; null where none is owed (any more). */
export function toldAgainst({ order, version, event, history, news, nowMs }: Asked): FormerAppointment | null {
  const hasTickets = order.status === "paid" || order.status === "partially_refunded";
  const isToCome = event.status === "published" && Date.parse(event.endDate) > nowMs;
  // A later move brings a mail of its own, which tells this one too.
  const isNewest = !history.some(({ untilVersion }) => untilVersion > version);
  if (!hasTickets || !isToCome || !isNewest) return null;
  const before = heardOf(history, order, news?.sent ?? null);
  if (before === undefined) return null;
  const { when, where } = movedBy(before, event, tongueOf(order.language));
  return when !== null || where ? before : null;
}

/** One question to each owner for all of them. What is not there is asked again; to whom nothing is new nothing is said. */
export async function moveMails(env: Env, sourceIds: string[]): Promise<Composed> {
  const versionOf = new Map(sourceIds.map((id) => [id, orderNewsOf(id)]));
  const orders = await env.PAYMENTS.orders([...new Set([...versionOf.values()].map(({ orderId }) => orderId))]);
  const [occasionOf, answers, news] = await Promise.all([
    occasionsOf(env, orders),
    env.EVENTS.ticketsOfOrders(orders.map(({ eventId, id }) => ({ eventId, orderId: id }))),
    toldNews(
      env.DB,
      "event_move",
      orders.map(({ id }) => id),
    ),
  ]);
  // After the events themselves: whatever moved them as they were told stands in it.
  const history = await env.EVENTS.formerAppointments([...new Set(orders.map(({ eventId }) => eventId))]);
  const orderById = new Map(orders.map((order, index) => [order.id, { order, answer: answers[index] }]));
  const unneeded: string[] = [];
  const composed = await composeEach(
    sourceIds,
    (id) => id,
    async (id) => {
      const { orderId, version } = told(versionOf.get(id), id);
      const { order, answer } = told(orderById.get(orderId), `order ${orderId}`);
      const occasion = occasionOf(order);
      const before = toldAgainst({
        order,
        version,
        event: occasion.event,
        history: history.filter(({ eventId }) => eventId === order.eventId),
        news: news.get(orderId),
        nowMs: Date.now(),
      });
      const tickets: Ticket[] = before === null ? [] : told(answer?.ok ? answer.value : undefined, `the tickets of ${orderId}`);
      if (before !== null && tickets.some(isStanding)) return composeMove({ order, occasion, before, sender: env.MAIL_FROM });
      unneeded.push(id);
      return null;
    },
  );
  return { ...composed, unneeded };
}
