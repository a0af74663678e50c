/** An order's tickets as a file, for the reader of its page: the same paper that the confirmation brought. */
import type { NotificationsRpc } from "../../shared/contracts/outbound";
import type { Env } from "./environment";
import { occasionsOf } from "./occasions";
import { drawnTickets, paperFile, paperOf } from "./order-confirmations";
import { tongueOf } from "./words";

type Question = Parameters<NotificationsRpc["ticketFile"]>[0];

export async function ticketFile(env: Env, { orderId, ticketId, paper, language }: Question) {
  const [order] = await env.PAYMENTS.orders([orderId]);
  if (!order) return null;
  const [occasionOf, [answer]] = await Promise.all([
    occasionsOf(env, [order]),
    env.EVENTS.ticketsOfOrders([{ eventId: order.eventId, orderId }]),
  ]);
  const drawn = drawnTickets(order, answer?.ok ? answer.value : [], ticketId);
  if (drawn.length === 0) return null;
  const { filename, content } = await paperFile(paper, paperOf(order, drawn, occasionOf(order), tongueOf(language)));
  return { filename, content };
}
