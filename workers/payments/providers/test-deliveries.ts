/** The timers of the provider `test`: rows, so that a kill delays a webhook and loses none. */
import { reportError } from "../../../shared/observability/report";
import type { Env, Later } from "../environment";
import type { TestDeliveryRow } from "../schema";
import { dbOf } from "../shards";
import { SIGNATURE_HEADER, sign } from "./test-signature";

const TIMEOUT_MS = 5_000;
const MAX_ATTEMPTS = 100;
/** What is due sooner is waited for by the request that made it, which the sweep leaves in peace for a moment longer. */
const SOON_MS = 30_000;
const SHADOW_TAKES_MS = 2_000;
/** A sweep takes what falls due before the next one comes, and waits for it. */
const AHEAD_MS = 6_000;
/** Doubled with each failure, up to 16 times. */
const FIRST_PAUSE_MS = 5_000;
const MAX_DOUBLINGS = 4;

/** One delivery of one event; `copy` tells an event's deliveries apart. */
export type Delivery = Omit<TestDeliveryRow, "attempts" | "next_try_at_ms" | "delivered_at_ms">;

function databaseOf(env: Env, paymentId: string): D1Database {
  const db = dbOf(env, paymentId);
  if (!db) throw new Error("a payment has the id of a shard that is not there");
  return db;
}

const isSoon = ({ due_at_ms }: Delivery, nowMs: number): boolean => due_at_ms <= nowMs + SOON_MS;

/** All or none. The first of an event stays: a payment settled twice is settled as it was settled first. */
export async function write(env: Env, deliveries: readonly [Delivery, ...Delivery[]]): Promise<Delivery[]> {
  const nowMs = Date.now();
  const db = databaseOf(env, deliveries[0].payment_id);
  const written = await db.batch(
    deliveries.map((delivery) =>
      db
        .prepare(
          `INSERT INTO test_deliveries (event_id, copy, payment_id, type, failure_code, due_at_ms, port, next_try_at_ms)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
        )
        .bind(
          delivery.event_id,
          delivery.copy,
          delivery.payment_id,
          delivery.type,
          delivery.failure_code,
          delivery.due_at_ms,
          delivery.port,
          delivery.due_at_ms + (isSoon(delivery, nowMs) ? SHADOW_TAKES_MS : -AHEAD_MS),
        ),
    ),
  );
  return deliveries.filter((_, index) => written[index]?.meta.changes === 1);
}

/** Writes a payment's timers, and waits in this request's shadow for those that are due soon. */
export async function schedule(env: Env, later: Later, secret: string, deliveries: Delivery[]): Promise<void> {
  const [first, ...others] = deliveries;
  if (!first) return;
  const nowMs = Date.now();
  for (const delivery of await write(env, [first, ...others])) {
    if (isSoon(delivery, nowMs)) deliverLater(env, later, secret, delivery);
  }
}

/** How a payment is settled, or will be. */
export const settlementOf = (env: Env, paymentId: string): Promise<TestDeliveryRow | null> =>
  databaseOf(env, paymentId)
    .prepare("SELECT * FROM test_deliveries WHERE payment_id = ? AND type <> 'payment.processing' ORDER BY due_at_ms LIMIT 1")
    .bind(paymentId)
    .first<TestDeliveryRow>();

/** What is not due yet will never be. */
export const cancelDeliveries = (env: Env, paymentId: string, nowMs: number): Promise<unknown> =>
  databaseOf(env, paymentId)
    .prepare("DELETE FROM test_deliveries WHERE payment_id = ? AND due_at_ms > ? AND delivered_at_ms IS NULL")
    .bind(paymentId, nowMs)
    .run();

/** Counted before it is sent, so that one that can never arrive does not stand before the others for ever. */
export async function deliver(env: Env, secret: string, delivery: Delivery): Promise<void> {
  const db = databaseOf(env, delivery.payment_id);
  const values = [delivery.event_id, delivery.copy];
  const taken = await db
    .prepare("UPDATE test_deliveries SET attempts = attempts + 1 WHERE event_id = ? AND copy = ? AND delivered_at_ms IS NULL")
    .bind(...values)
    .run();
  if (taken.meta.changes === 0) return;
  await post(env, secret, delivery);
  await db
    .prepare("UPDATE test_deliveries SET delivered_at_ms = ? WHERE event_id = ? AND copy = ? AND delivered_at_ms IS NULL")
    .bind(Date.now(), ...values)
    .run();
}

/** The last one that a request's URL spelled out, in this isolate. */
let seenPort: number | undefined;

/** After a restart this server may answer on another port than the one that stands in its rows; requests say on which. */
export function rememberPort(url: string): void {
  seenPort = Number(new URL(url).port) || seenPort;
}

/** Posts to the public route of the running server, like a stranger; never to another host than this machine. */
async function post(env: Env, secret: string, delivery: Delivery): Promise<void> {
  let failure: unknown;
  const ports = new Set([delivery.port, seenPort, Number(env.LOCAL_PORT)].filter((port) => port));
  for (const port of ports) {
    try {
      await postTo(`http://127.0.0.1:${port}/v1/payments/webhooks/test`, secret, delivery);
      return;
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}

async function postTo(url: string, secret: string, delivery: Delivery): Promise<void> {
  const nowMs = Date.now();
  const body = JSON.stringify({
    id: delivery.event_id,
    type: delivery.type,
    created: nowMs,
    data: { paymentId: delivery.payment_id, failureCode: delivery.failure_code },
  });
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", [SIGNATURE_HEADER]: await sign(secret, body, nowMs) },
    body,
    redirect: "manual",
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  await response.body?.cancel();
  if (!response.ok) throw new Error(`a webhook of the test provider was answered ${response.status}`);
}

function deliverLater(env: Env, later: Later, secret: string, delivery: Delivery): void {
  const work = async () => {
    await scheduler.wait(Math.max(0, delivery.due_at_ms - Date.now()));
    await deliver(env, secret, delivery);
  };
  later.waitUntil(work().catch((error) => reportError(error, env, later, { task: "deliver a test webhook" })));
}

/** Part of the sweep: takes what nobody waits for, so that no other sweep takes it too, and delivers it in the sweep's shadow. */
export async function deliverDue(env: Env, later: Later, db: D1Database, nowMs: number, limit: number): Promise<number> {
  const secret = env.TEST_PROVIDER_SECRET;
  if (env.ENVIRONMENT !== "development" || !secret) return 0;
  const { results } = await db
    .prepare(
      `UPDATE test_deliveries SET next_try_at_ms = max(?1, due_at_ms) + (${FIRST_PAUSE_MS} << min(attempts, ${MAX_DOUBLINGS}))
       WHERE rowid IN (SELECT rowid FROM test_deliveries
         WHERE delivered_at_ms IS NULL AND next_try_at_ms <= ?1 AND attempts < ${MAX_ATTEMPTS} ORDER BY next_try_at_ms LIMIT ?2)
       RETURNING *`,
    )
    .bind(nowMs, limit)
    .all<TestDeliveryRow>();
  for (const delivery of results) deliverLater(env, later, secret, delivery);
  return results.length;
}
