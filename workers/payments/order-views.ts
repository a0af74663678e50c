/** Rows as the wire has them; internal states end here. */
import { toTimestamp } from "../../shared/contracts/ids";
import type { HeldSeat } from "../../shared/contracts/inventory";
import { money } from "../../shared/contracts/money";
import type { NextAction, Order, OrderFacts, Payment, ProviderName } from "../../shared/contracts/orders";
import { readAction } from "./next-actions";
import { isLive, orderStatus, paymentStatus } from "./order-states";
import { orderToken } from "./order-token";
import type { LineRow, OrderRow, PaymentRow } from "./schema";

export function toOrder(order: OrderRow, lines: readonly LineRow[], nowMs: number): Order {
  const sum = (minor: number) => money(minor, order.currency);
  return {
    id: order.id,
    eventId: order.event_id,
    organizerId: order.organizer_id,
    status: orderStatus(order.state, order.expires_at_ms, nowMs),
    expiresAt: toTimestamp(order.expires_at_ms),
    items: lines.map((line) => ({
      ticketTypeId: line.ticket_type_id,
      name: line.name,
      quantity: line.quantity,
      unitPrice: sum(line.unit_price_minor),
      ...seatsOf(line),
    })),
    subtotal: sum(order.subtotal_minor),
    discount: sum(order.discount_minor),
    fees: sum(order.fees_minor),
    tax: sum(order.tax_minor),
    total: sum(order.total_minor),
    buyer: { email: order.buyer_email, name: order.buyer_name },
    createdAt: toTimestamp(order.created_at_ms),
  };
}

/** Written from what the event's object holds. */
function seatsOf({ seats: kept }: LineRow): Pick<Order["items"][number], "seatIds" | "seats"> {
  if (kept === null) return {};
  const seats = JSON.parse(kept) as HeldSeat[];
  return { seatIds: seats.map(({ id }) => id), seats };
}

/**
 * The answer to `POST /orders`, the same each time its key is sent: all of it stands in the row as it was then, so that no answer has
 * to be kept (rule 20). A guest's token is derived again.
 */
export async function toFirstAnswer(orderKey: string, order: OrderRow, lines: readonly LineRow[]): Promise<Order> {
  const first: Order = {
    ...toOrder(order, lines, order.created_at_ms),
    status: order.total_minor === 0 ? "paid" : "pending",
    expiresAt: toTimestamp(order.placed_until_ms),
  };
  return order.user_id === null ? { ...first, accessToken: await orderToken(orderKey, order.id, 1) } : first;
}

export async function toOrderFacts(
  orderKey: string,
  order: OrderRow,
  lines: readonly LineRow[],
  nowMs: number,
): Promise<OrderFacts> {
  return {
    ...toOrder(order, lines, nowMs),
    userId: order.user_id,
    paidAt: order.paid_at_ms === null ? null : toTimestamp(order.paid_at_ms),
    guestAccessToken: await orderToken(orderKey, order.id, order.token_version),
    language: order.language,
  };
}

/** `told`: an action that the provider has just told, with its secret; of what is kept a secret is left out. */
export function toPayment(payment: PaymentRow, told: NextAction | null = null): Payment {
  const kept = payment.next_action !== null && isLive(payment.state) ? readAction(payment.next_action) : null;
  const nextAction = kept === "secret" ? told : kept;
  return {
    id: payment.id,
    orderId: payment.order_id,
    provider: payment.provider as ProviderName,
    status: paymentStatus(payment.state),
    amount: money(payment.amount_minor, payment.currency),
    ...(nextAction ? { nextAction } : {}),
    ...(payment.failure_code !== null && (payment.state === "failed" || payment.is_surplus === 1)
      ? { failureCode: payment.failure_code }
      : {}),
    createdAt: toTimestamp(payment.created_at_ms),
  };
}
