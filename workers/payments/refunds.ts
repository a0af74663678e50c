/** A refund's saga after its promise: its tickets void, then the provider, then the record of what it said (rules 12, 18). */
import type { ProviderName } from "../../shared/contracts/orders";
import { reportError } from "../../shared/observability/report";
import type { Env, Later } from "./environment";
import type { Sale } from "./order-rows";
import { NO_PORT, providerOf } from "./providers/configured";
import { patiently } from "./providers/patience";
import { factOfRefund, type RefundOutcome } from "./providers/provider";
import { applyRefundWord, readRefund } from "./refund-words";
import type { RefundRow } from "./schema";

/** Nobody waits longer for a provider; what it says afterwards is asked for again. */
const PATIENCE_MS = 8_000;

/** Right after the row was written; whatever fails is the sweep's to try again. How the refund then stands. */
export async function tryPayingBack(env: Env, later: Later, db: D1Database, refund: RefundRow): Promise<RefundRow> {
  try {
    return await payBack(env, later, db, refund);
  } catch (error) {
    reportError(error, env, later, { task: "pay back" });
    return (await readRefund(db, refund.id))?.refund ?? refund;
  }
}

/** Each step may be taken again, by several at once: the object, the provider and the record know what they have done. */
export async function payBack(env: Env, later: Later, db: D1Database, { id }: Pick<RefundRow, "id">): Promise<RefundRow> {
  const standing = await readRefund(db, id);
  if (!standing) throw new Error("a refund is gone");
  const { refund, sale } = standing;
  if (refund.state === "succeeded") return refund;
  if (refund.voided_at_ms === null) await voidTickets(env, db, refund, sale);
  const outcome = await askProvider(env, later, refund, sale);
  const { reference, failureCode = null } = outcome;
  const word = { fact: factOfRefund(outcome), failureCode, reference, generation: refund.generation };
  return (await applyRefundWord(env, later, db, refund.id, word)) ?? refund;
}

/** A ticket that was admitted stays so: its person is inside, and the money goes back all the same. */
async function voidTickets(env: Env, db: D1Database, refund: RefundRow, { order }: Sale): Promise<void> {
  // Written by `newRefund` alone.
  const ticketIds = refund.ticket_ids === null ? null : (JSON.parse(refund.ticket_ids) as string[]);
  const voided = await env.EVENTS.voidTickets(order.event_id, order.id, ticketIds);
  if (!voided.ok) throw new Error(`the object does not know tickets of its own: ${voided.error.code}`);
  await db.prepare("UPDATE refunds SET voided_at_ms = ? WHERE id = ? AND voided_at_ms IS NULL").bind(Date.now(), refund.id).run();
}

/** The refund's id and generation are the provider's idempotency key, so that asking again after a lost answer pays nothing twice. */
async function askProvider(env: Env, later: Later, refund: RefundRow, { payment }: Sale): Promise<RefundOutcome> {
  const provider = providerOf(env, later, payment.provider as ProviderName, NO_PORT);
  if (!provider) throw new Error(`the provider ${payment.provider} is no longer configured`);
  const asked = provider.refundPayment({
    refundId: refund.id,
    generation: refund.generation,
    paymentId: payment.id,
    paymentReference: payment.reference,
    amountMinor: refund.amount_minor,
    currency: refund.currency,
  });
  return patiently(asked, PATIENCE_MS);
}
