/** The first time that a provider is asked for a payment's money: in its turn, where it takes only so many a second. */
import { reportError } from "../../shared/observability/report";
import { askAdmission } from "./admission";
import { LOOK_UP_AFTER_MS } from "./attempts";
import type { Env, Later } from "./environment";
import { intentOf, providerOfPayment, tryAsking } from "./intents";
import { recordOutcome } from "./look-ups";
import type { Sale } from "./order-rows";
import { waitForSlot } from "./providers/pace";
import type { PaymentProvider, ProviderOutcome } from "./providers/provider";
import type { PaymentRow } from "./schema";

/** So long a buyer waits for his turn, and then hears that it is under way. */
const WAIT_MS = 8_000;
/** A request's shadow lives for 30 s, of which the call itself needs some. Who is further back than this comes again. */
const SHADOW_MS = 20_000;
/** It is written down that the provider is asked a moment before, so that the writing costs nobody his turn. */
const AHEAD_MS = 150;
/** The sweep leaves a turn to the shadow that waits for it for this long. */
const CUT_OFF_AFTER_MS = 10_000;
/** Whoever waits longer for his turn writes that down, or another would take him for cut off (`attempts.ts`). */
const SHORT_WAIT_MS = 4_000;

/** "unknown": nobody knows, or not yet; the sweep or the buyer's next question finds out. */
export async function askFirst(
  env: Env,
  later: Later,
  db: D1Database,
  provider: PaymentProvider,
  sale: Sale,
): Promise<ProviderOutcome | "unknown"> {
  const { takeTurn } = provider;
  if (!takeTurn) return tryAsking(env, later, () => provider.createPayment(intentOf(sale.payment, sale.order)));
  return tryAsking(env, later, async () => {
    const turnMs = await takeTurn(SHADOW_MS);
    const nowMs = Date.now();
    if (turnMs !== null && turnMs <= nowMs + SHORT_WAIT_MS) return askAt(turnMs, db, provider, sale);
    await comeBack(db, sale.payment, turnMs === null ? nowMs + SHADOW_MS : turnMs + CUT_OFF_AFTER_MS);
    if (turnMs !== null && turnMs <= nowMs + WAIT_MS) return askAt(turnMs, db, provider, sale);
    if (turnMs !== null) later.waitUntil(askInShadow(env, later, db, provider, sale, turnMs));
    return "unknown";
  });
}

/** One of those who came for it asks: after that it is looked up, never asked again blindly (rule 18). */
async function askAt(
  turnMs: number,
  db: D1Database,
  provider: PaymentProvider,
  { payment, order }: Sale,
): Promise<ProviderOutcome | "unknown"> {
  await scheduler.wait(Math.max(0, turnMs - AHEAD_MS - Date.now()));
  const askedAtMs = Date.now();
  const claimed = await db
    .prepare(
      `UPDATE payments SET asked_at_ms = ?, next_try_at_ms = ? WHERE id = ? AND asked_at_ms IS NULL AND state = 'initiated'
         AND EXISTS (SELECT 1 FROM orders WHERE orders.id = payments.order_id AND orders.state IN ('pending', 'expired'))`,
    )
    // The sweep looks it up only when whoever asks is done: what the provider has not heard of yet would be called failed.
    .bind(askedAtMs, askedAtMs + LOOK_UP_AFTER_MS, payment.id)
    .run();
  if (claimed.meta.changes === 0) return "unknown";
  await waitForSlot(turnMs, async () => (await provider.takeTurn?.(SHADOW_MS)) ?? null);
  return provider.createPayment(intentOf({ ...payment, asked_at_ms: askedAtMs }, order));
}

async function askInShadow(
  env: Env,
  later: Later,
  db: D1Database,
  provider: PaymentProvider,
  sale: Sale,
  turnMs: number,
): Promise<void> {
  try {
    const outcome = await askAt(turnMs, db, provider, sale);
    if (outcome !== "unknown") await recordOutcome(env, later, db, provider, sale.payment.id, outcome);
  } catch (error) {
    reportError(error, env, later, { task: "ask a payment provider" });
  }
}

const comeBack = (db: D1Database, { id }: PaymentRow, atMs: number): Promise<unknown> =>
  db.prepare("UPDATE payments SET next_try_at_ms = ? WHERE id = ? AND asked_at_ms IS NULL").bind(atMs, id).run();

/** Its row stands, and the provider was not asked for certain: it waits for a turn, or the request that wrote it was killed. */
export const isUnasked = ({ state, asked_at_ms }: PaymentRow): boolean => state === "initiated" && asked_at_ms === null;

/** Takes the next turn for it. Some time has passed, so that the object is asked again. */
export async function resume(env: Env, later: Later, db: D1Database, sale: Sale): Promise<void> {
  const provider = providerOfPayment(env, later, sale.payment);
  const admitted = await askAdmission(env, later, { db, provider, keyed: null }, sale);
  if (!admitted.ok) return;
  const outcome = await askFirst(env, later, db, provider, admitted.value);
  if (outcome !== "unknown") await recordOutcome(env, later, db, provider, sale.payment.id, outcome);
}

/** A buyer asks how it stands: where its turn is due, he takes it, and no other question of his does. */
export async function resumeWhenDue(env: Env, later: Later, db: D1Database, sale: Sale): Promise<void> {
  const { id, next_try_at_ms } = sale.payment;
  const nowMs = Date.now();
  if (!isUnasked(sale.payment) || next_try_at_ms > nowMs) return;
  const taken = await db
    .prepare("UPDATE payments SET next_try_at_ms = ? WHERE id = ? AND asked_at_ms IS NULL AND next_try_at_ms = ?")
    .bind(nowMs + SHADOW_MS + CUT_OFF_AFTER_MS, id, next_try_at_ms)
    .run();
  if (taken.meta.changes === 1) await resume(env, later, db, sale);
}
