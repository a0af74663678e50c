/** The timers of the provider `test`: rows, so that a kill delays a webhook and loses none. */
import { reportError } from "../../../shared/observability/report";
import type { Env, Later } from "../environment";
import type { TestDeliveryRow } from "../schema";
import { dbOf } from "../shards";
import { SIGNATURE_HEADER, sign } from "./test-signature";

const TIMEOUT_MS = 5_000;
const MAX_ATTEMPTS = 100;
/** The sweep leaves a delivery to the request that made it for this long. */
const SWEEP_AFTER_MS = 2_000;

export type Delivery = Omit<TestDeliveryRow, "attempts" | "delivered_at_ms">;

function databaseOf(env: Env, paymentId: string): D1Database {
  const db = dbOf(env, paymentId);
  if (!db) throw new Error("a payment has the id of a shard that is not there");
  return db;
}

/** The first of an id stays: a payment settled twice is settled as it was settled first. */
export async function schedule(env: Env, delivery: Delivery): Promise<Delivery> {
  const db = databaseOf(env, delivery.payment_id);
  const [, selected] = await db.batch<TestDeliveryRow>([
    db
      .prepare(
        `INSERT INTO test_deliveries (id, payment_id, type, failure_code, due_at_ms, port) VALUES (?, ?, ?, ?, ?, ?)
         ON CONFLICT (id) DO NOTHING`,
      )
      .bind(delivery.id, delivery.payment_id, delivery.type, delivery.failure_code, delivery.due_at_ms, delivery.port),
    db.prepare("SELECT * FROM test_deliveries WHERE id = ?").bind(delivery.id),
  ]);
  return selected?.results[0] ?? delivery;
}

/** How a payment is settled, or will be. */
export const settlementOf = (env: Env, paymentId: string): Promise<TestDeliveryRow | null> =>
  databaseOf(env, paymentId)
    .prepare("SELECT * FROM test_deliveries WHERE payment_id = ? AND type <> 'payment.processing' ORDER BY due_at_ms LIMIT 1")
    .bind(paymentId)
    .first<TestDeliveryRow>();

/** Posts to the public route of the running server, like a stranger; never to another host than this machine. */
export async function post(env: Env, secret: string, delivery: Delivery): Promise<void> {
  const nowMs = Date.now();
  const body = JSON.stringify({
    id: delivery.id,
    type: delivery.type,
    created: nowMs,
    data: { paymentId: delivery.payment_id, failureCode: delivery.failure_code },
  });
  // Counted before it is sent, so that one that can never arrive does not stand before the others for ever.
  const db = databaseOf(env, delivery.payment_id);
  await db.prepare("UPDATE test_deliveries SET attempts = attempts + 1 WHERE id = ?").bind(delivery.id).run();
  const response = await fetch(`http://127.0.0.1:${delivery.port}/v1/payments/webhooks/test`, {
    method: "POST",
    headers: { "content-type": "application/json", [SIGNATURE_HEADER]: await sign(secret, body, nowMs) },
    body,
    redirect: "manual",
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  await response.body?.cancel();
  if (!response.ok) throw new Error(`a webhook of the test provider was answered ${response.status}`);
  await db
    .prepare("UPDATE test_deliveries SET delivered_at_ms = ? WHERE id = ? AND delivered_at_ms IS NULL")
    .bind(Date.now(), delivery.id)
    .run();
}

/** Waits for the time in this request's shadow; what is cut off, the sweep delivers. */
export function deliverLater(env: Env, later: Later, secret: string, delivery: Delivery): void {
  const work = async () => {
    await scheduler.wait(Math.max(0, delivery.due_at_ms - Date.now()));
    await post(env, secret, delivery);
  };
  later.waitUntil(work().catch((error) => reportError(error, env, later, { task: "deliver a test webhook" })));
}

/** Part of the sweep: what is due and was not delivered, on the port where this server answers now if that is known. */
export async function deliverDue(env: Env, later: Later, db: D1Database, nowMs: number, limit: number): Promise<number> {
  const secret = env.TEST_PROVIDER_SECRET;
  if (env.ENVIRONMENT !== "development" || !secret) return 0;
  const { results } = await db
    .prepare(
      `SELECT * FROM test_deliveries WHERE delivered_at_ms IS NULL AND due_at_ms <= ? AND attempts < ${MAX_ATTEMPTS}
       ORDER BY due_at_ms LIMIT ?`,
    )
    .bind(nowMs - SWEEP_AFTER_MS, limit)
    .all<TestDeliveryRow>();
  for (const delivery of results) {
    await post(env, secret, delivery).catch((error) => reportError(error, env, later, { task: "deliver a test webhook" }));
  }
  return results.length;
}
