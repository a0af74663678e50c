/** What a wish for a refund comes to: how much, and which tickets. Whole minor units, whatever the currency's exponent. */
import type { Refusal } from "../../shared/contracts/problems";
import { ok, type Result, refuse } from "../../shared/contracts/result";
import type { PaymentState } from "./order-states";
import type { LineRow, OrderRow, PaymentRow } from "./schema";

export interface RefundWish {
  amountMinor: number | null;
  ticketIds: readonly string[] | null;
}

/** What a wish is measured by. */
export interface Refundable {
  payment: Pick<PaymentRow, "state" | "amount_minor" | "refunded_minor">;
  order: Pick<OrderRow, "subtotal_minor" | "total_minor">;
  lines: readonly Pick<LineRow, "ticket_type_id" | "unit_price_minor">[];
  /** All of the order's. */
  tickets: readonly { id: string; ticketTypeId: string }[];
  /** Of these, what was paid back before. */
  refundedIds: ReadonlySet<string>;
}

export interface RefundPlan {
  amountMinor: number;
  /** For the object to void; null: whatever the order has. */
  voids: string[] | null;
  /** Paid back with this, each once. */
  ticketIds: string[];
}

type PlanRefusal = Refusal<"payment_not_refundable" | "refund_exceeds_payment" | "ticket_not_of_order">;

const HAS_MONEY: readonly PaymentState[] = ["succeeded", "partially_refunded", "refunded"];

export const leftOf = ({ amount_minor, refunded_minor }: Refundable["payment"]): number => amount_minor - refunded_minor;

/** What leaves nothing of a payment leaves no ticket either, however it was asked for. */
export function planRefund(wish: RefundWish, standing: Refundable): Result<RefundPlan, PlanRefusal> {
  const { payment, tickets, refundedIds } = standing;
  if (!HAS_MONEY.includes(payment.state)) return refuse({ code: "payment_not_refundable" });
  const chosen = [...new Set(wish.ticketIds)];
  if (!chosen.every((id) => tickets.some((ticket) => ticket.id === id))) return refuse({ code: "ticket_not_of_order" });
  const left = leftOf(payment);
  if (chosen.some((id) => refundedIds.has(id))) return refuse(exceeds(left, "A ticket was paid back before."));
  const open = tickets.filter(({ id }) => !refundedIds.has(id)).map(({ id }) => id);
  const amountMinor = wish.amountMinor ?? (wish.ticketIds === null ? left : shareOf(chosen, open, standing));
  if (left === 0 || amountMinor > left) return refuse(exceeds(left));
  if (amountMinor === 0) return refuse({ code: "payment_not_refundable", detail: "These tickets cost nothing." });
  return ok(
    amountMinor === left ? { amountMinor, voids: null, ticketIds: open } : { amountMinor, voids: chosen, ticketIds: chosen },
  );
}

const exceeds = (leftMinor: number, why = ""): Refusal<"refund_exceeds_payment"> => ({
  code: "refund_exceeds_payment",
  detail: `${why} ${leftMinor} is left, in the currency's minor unit.`.trim(),
});

/** Of the total, in proportion to the tickets' prices. What rounding left over goes with the last of them. */
function shareOf(chosen: readonly string[], open: readonly string[], { order, lines, tickets }: Refundable): number {
  const prices = new Map(lines.map((line) => [line.ticket_type_id, line.unit_price_minor]));
  const share = ({ ticketTypeId }: { ticketTypeId: string }): number =>
    order.subtotal_minor === 0
      ? 0
      : Number((BigInt(prices.get(ticketTypeId) ?? 0) * BigInt(order.total_minor)) / BigInt(order.subtotal_minor));
  const sum = (some: readonly { ticketTypeId: string }[]): number => some.reduce((total, ticket) => total + share(ticket), 0);
  const ofChosen = sum(tickets.filter(({ id }) => chosen.includes(id)));
  return chosen.length === open.length ? ofChosen + order.total_minor - sum(tickets) : ofChosen;
}
