/** The confirmation of a paid order: plain text and simple HTML. */
import { html } from "hono/html";
import type { PublishedEvent } from "../../shared/contracts/events";
import type { OrderFacts } from "../../shared/contracts/orders";
import { readableMoment } from "../../shared/locale/moment";
import { readableMoney } from "../../shared/locale/money";
import type { Env } from "./environment";
import { type Composed, composeEach, htmlPage, type Mail, oneLine } from "./mail";
import { occasionsOf, told } from "./occasions";

const LOCALE = "en-GB";

export async function composeConfirmation(order: OrderFacts, event: PublishedEvent, organizerName: string): Promise<Mail> {
  const title = oneLine(event.title);
  const { venue, address, city, country } = event.location;
  const when = readableMoment(event.startDate, event.timezone, LOCALE);
  const where = [venue, address, city, country].filter(Boolean).map(oneLine).join(", ");
  const lines = order.items.map(
    ({ quantity, name, unitPrice }) => `${quantity} × ${oneLine(name)}, ${readableMoney(unitPrice, LOCALE)} each`,
  );
  const total = `Total: ${readableMoney(order.total, LOCALE)}`;
  const greeting = `Hello ${order.buyer.name},`;
  const subject = `Your tickets for ${title}`;
  const opening = `${oneLine(organizerName)} confirms your order for ${title}.`;
  return {
    to: order.buyer.email,
    subject,
    text: [greeting, opening, `${when}\n${where}`, [...lines, total].join("\n"), `Order ${order.id}`].join("\n\n"),
    html: await htmlPage(
      subject,
      html`<p>${greeting}</p>
<p>${opening}</p>
<p><strong>${when}</strong><br>${where}</p>
<ul>${lines.map((line) => html`<li>${line}</li>`)}</ul>
<p>${total}</p>
<p>Order ${order.id}</p>`,
    ),
    data: { type: "order_confirmation", orderId: order.id },
  };
}

/** By the order's id, one question to each owner for all of them. A paid order never ceases to be one: what is missing is asked again. */
export async function orderConfirmations(env: Env, orderIds: string[]): Promise<Composed> {
  const orders = await env.PAYMENTS.orders(orderIds);
  const occasionOf = await occasionsOf(env, orders);
  const orderById = new Map(orders.map((order) => [order.id, order]));
  const composed = await composeEach(
    orderIds,
    (id) => id,
    async (id) => {
      const order = told(orderById.get(id), `order ${id}`);
      const { event, organizer } = occasionOf(order);
      return composeConfirmation(order, event, organizer.name);
    },
  );
  return { ...composed, unneeded: [] };
}
