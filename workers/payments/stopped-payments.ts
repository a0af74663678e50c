/** Payments of which nothing more shall come. Best effort: money that came first is a fact, and what nobody could stop is looked up. */
import { reportError } from "../../shared/observability/report";
import type { Env, Later } from "./environment";
import { intentOf, providerOfPayment } from "./intents";
import { abandon, lookUpSoon, recordOutcome } from "./look-ups";
import { readSale, type Sale } from "./order-rows";
import { patiently } from "./providers/patience";

/** A buyer does not wait for the end of his earlier payment as long as for his own. */
const STOP_PATIENCE_MS = 4_000;
/** Until the sweep tries what this request's shadow could not. */
const AGAIN_AFTER_MS = 15_000;

/** Its buyer comes with another one, and the row says so: what the provider took before it heard of it, its webhook tells too. */
export async function stopSuperseded(env: Env, later: Later, db: D1Database, { payment, order }: Sale): Promise<void> {
  try {
    const provider = providerOfPayment(env, later, payment);
    const outcome = await patiently(provider.cancelPayment(intentOf(payment, order)), STOP_PATIENCE_MS);
    if (outcome.status === "succeeded") await recordOutcome(env, later, db, provider, payment.id, outcome);
  } catch (error) {
    reportError(error, env, later, { task: "stop a superseded payment" });
  }
}

/** The order is cancelled: nobody may pay for it any more on a page that is still open. In the shadow of the request. */
export async function stopPaymentsOf(env: Env, later: Later, db: D1Database, orderId: string): Promise<void> {
  try {
    const [, waiting] = await db.batch<{ id: string }>([
      lookUpSoon(db, [orderId], Date.now() + AGAIN_AFTER_MS),
      db.prepare("SELECT id FROM payments WHERE order_id = ? AND state = 'requires_action'").bind(orderId),
    ]);
    for (const { id } of waiting?.results ?? []) {
      const sale = await readSale(db, id);
      if (!sale) continue;
      const provider = providerOfPayment(env, later, sale.payment);
      const outcome = await patiently(abandon(provider, intentOf(sale.payment, sale.order)));
      await recordOutcome(env, later, db, provider, id, outcome);
    }
  } catch (error) {
    reportError(error, env, later, { task: "stop a cancelled order's payment" });
  }
}
