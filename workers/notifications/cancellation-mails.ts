/** An event was called off: told to each who had tickets, before the money is on its way, and taken out of the calendar. */
import type { OrderFacts } from "../../shared/contracts/orders";
import { withoutDirectionControls } from "../../shared/contracts/text";
import { guestOrderLink } from "../../shared/http/guest-links";
import { readableSpan } from "../../shared/locale/moment";
import { calendarFile, placeOf } from "./calendar";
import type { Env } from "./environment";
import { greetable } from "./greetings";
import { lookOf } from "./look";
import { type Composed, composeEach, type Mail, oneLine, writeMail } from "./mail";
import type { Block } from "./mail-page";
import { type Occasion, occasionsOf, told } from "./occasions";
import { tongueOf } from "./words";

export function composeCancellation(order: OrderFacts, occasion: Occasion, sender: string): Promise<Mail> {
  const tongue = tongueOf(order.language);
  const { words, locale } = tongue;
  const { event, organizer, siteOrigin } = occasion;
  const title = oneLine(event.title);
  const text = (line: string): Block => ({ kind: "text", text: line });
  return writeMail({
    to: order.buyer.email,
    tongue,
    look: lookOf(organizer.name, occasion.brand, tongue),
    subject: words.cancellation.subject(title),
    blocks: [
      text(words.hello(greetable(order.buyer.name))),
      text(words.cancellation.opening(oneLine(organizer.name), title)),
      ...(event.cancelReason === undefined
        ? []
        : [text(words.cancellation.reason(withoutDirectionControls(event.cancelReason)))]),
      { kind: "lines", lines: [readableSpan(event.startDate, event.endDate, event.timezone, locale), placeOf(event)] },
      text(words.cancellation.tickets),
      ...(order.total.amount > 0 ? [text(words.cancellation.money)] : []),
      { kind: "link", label: words.openOrder, url: guestOrderLink(siteOrigin, order.id, order.guestAccessToken) },
      text(words.cancellation.calendar),
      { kind: "small", text: words.order(order.id) },
    ],
    attachments: [calendarFile({ orderId: order.id, occasion, sender, saidAt: event.updatedAt, words }, true)],
    data: { type: "event_cancelled", orderId: order.id },
  });
}

/** By the order's id, one question to each owner for all of them. What is not there, or not cancelled yet, is asked again. */
export async function cancellationMails(env: Env, orderIds: string[]): Promise<Composed> {
  const orders = await env.PAYMENTS.orders(orderIds);
  const occasionOf = await occasionsOf(env, orders);
  const orderById = new Map(orders.map((order) => [order.id, order]));
  const composed = await composeEach(
    orderIds,
    (id) => id,
    async (id) => {
      const order = told(orderById.get(id), `order ${id}`);
      const occasion = occasionOf(order);
      if (occasion.event.status !== "cancelled") throw new Error(`event ${order.eventId} is ${occasion.event.status}`);
      return composeCancellation(order, occasion, env.MAIL_FROM);
    },
  );
  return { ...composed, unneeded: [] };
}
