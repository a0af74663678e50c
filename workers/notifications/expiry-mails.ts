/** An order ended unpaid although its buyer had begun to pay: told once, because he may believe that he has tickets. */
import type { OrderFacts } from "../../shared/contracts/orders";
import type { Env } from "./environment";
import { greetable } from "./greetings";
import { lookOf } from "./look";
import { type Composed, composeEach, type Mail, oneLine, writeMail } from "./mail";
import type { Block } from "./mail-page";
import { type Occasion, occasionsOf, told } from "./occasions";
import { tongueOf } from "./words";

export function composeExpiry(order: OrderFacts, { event, organizer, brand, siteOrigin }: Occasion): Promise<Mail> {
  const tongue = tongueOf(order.language);
  const { words } = tongue;
  const title = oneLine(event.title);
  const text = (line: string): Block => ({ kind: "text", text: line });
  return writeMail({
    to: order.buyer.email,
    tongue,
    look: lookOf(organizer.name, brand, tongue),
    subject: words.expiry.subject(title),
    blocks: [
      text(words.hello(greetable(order.buyer.name))),
      text(words.expiry.opening(title)),
      text(words.expiry.money),
      // Who reads this may want other tickets: the event's page, which shows what is left.
      { kind: "link", label: words.expiry.again, url: `${siteOrigin}/e/${event.id}` },
      { kind: "small", text: words.order(order.id) },
    ],
    data: { type: "order_expired", orderId: order.id },
  });
}

const isExpired = ({ status }: OrderFacts): boolean => status === "expired";

/** By the order's id, one question to each owner for all of them. What was paid, cancelled or called off meanwhile is told otherwise. */
export async function expiryMails(env: Env, orderIds: string[]): Promise<Composed> {
  const orders = await env.PAYMENTS.orders(orderIds);
  const occasionOf = await occasionsOf(env, orders.filter(isExpired));
  const isWanted = (order: OrderFacts): boolean => isExpired(order) && occasionOf(order).event.status === "published";
  const unneeded: string[] = [];
  const orderById = new Map(orders.map((order) => [order.id, order]));
  const composed = await composeEach(
    orderIds,
    (id) => id,
    async (id) => {
      const order = told(orderById.get(id), `order ${id}`);
      if (isWanted(order)) return composeExpiry(order, occasionOf(order));
      unneeded.push(id);
      return null;
    },
  );
  return { ...composed, unneeded };
}
