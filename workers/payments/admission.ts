/** Before any money is taken the object says whether the order may still be paid: its event may be over, the order released. */
import type { Refusal } from "../../shared/contracts/problems";
import { ok, type Result, refuse } from "../../shared/contracts/result";
import { type KeyedRequest, keepAnswer, keptRefusal } from "./answers";
import { unpayable } from "./attempts";
import type { Env, Later } from "./environment";
import { moveEnd } from "./order-moves";
import type { Sale } from "./order-rows";
import type { PaymentProvider } from "./providers/provider";
import { settle } from "./settlement";

interface Asking {
  db: D1Database;
  provider: PaymentProvider;
  /** Whose answer the refusal is; null where nobody waits for one. */
  keyed: KeyedRequest | null;
}

/**
 * Where the provider takes its time, the order's end follows (rule 13): the sale then has its new one. What the object refuses, or cannot
 * answer, is a failed payment.
 */
export async function askAdmission(
  env: Env,
  later: Later,
  { db, provider, keyed }: Asking,
  sale: Sale,
): Promise<Result<Sale, Refusal>> {
  const { order } = sale;
  const fail = (failureCode: string, alongside: D1PreparedStatement[]) =>
    settle(env, later, db, sale, { type: "payment_failed", failureCode, reference: null, nextAction: null }, () => alongside);
  const untilMs = provider.payableForMs === null ? order.expires_at_ms : Date.now() + provider.payableForMs;
  const extended = await env.EVENTS.extendOrder(order.event_id, order.id, untilMs).catch(async (error) => {
    await fail("unavailable", []);
    throw error;
  });
  if (!extended.ok) {
    const refusal = unpayable(extended.error);
    await fail(refusal.code, keyed ? [keepAnswer(db, keyed, keptRefusal(refusal))] : []);
    return refuse(refusal);
  }
  const { expiresAtMs } = extended.value;
  if (expiresAtMs <= order.expires_at_ms) return ok(sale);
  await moveEnd(db, order, expiresAtMs).run();
  return ok({ ...sale, order: { ...order, expires_at_ms: expiresAtMs } });
}
