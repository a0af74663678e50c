/** What was tried to pay an order, what came of it, and what went back: the way from an order to a refund. */
import type { OrderPayment } from "../../shared/contracts/orders";
import type { Refusal } from "../../shared/contracts/problems";
import { ok, type Result } from "../../shared/contracts/result";
import type { Caller } from "./claims";
import type { Env } from "./environment";
import { rowsOf } from "./order-rows";
import { toPayment } from "./order-views";
import { readableOrder } from "./orders";
import { toRefund } from "./refund-views";
import type { PaymentRow, RefundRow } from "./schema";

/** The newest; tries behind them are of no use to anybody. */
const MAX_PAYMENTS = 100;
/** Of all of them together. */
const MAX_REFUNDS = 1_000;

/** Newest first, each with its refunds, oldest first. A secret of the buyer's browser is told by `GET /payments/{paymentId}` alone. */
export async function showOrderPayments(
  env: Env,
  caller: Caller,
  orderId: string,
): Promise<Result<{ data: OrderPayment[] }, Refusal>> {
  const found = await readableOrder(env, caller, orderId);
  if (!found.ok) return found;
  const [payments, refunds] = await found.value.db.batch([
    found.value.db
      .prepare("SELECT * FROM payments WHERE order_id = ? ORDER BY created_at_ms DESC, id DESC LIMIT ?")
      .bind(orderId, MAX_PAYMENTS),
    found.value.db
      .prepare("SELECT * FROM refunds WHERE order_id = ? ORDER BY created_at_ms, id LIMIT ?")
      .bind(orderId, MAX_REFUNDS),
  ]);
  const refundsOf = Map.groupBy(rowsOf<RefundRow>(refunds), ({ payment_id }) => payment_id);
  return ok({
    data: rowsOf<PaymentRow>(payments).map((payment) => ({
      ...toPayment(payment),
      refunds: (refundsOf.get(payment.id) ?? []).map(toRefund),
    })),
  });
}
