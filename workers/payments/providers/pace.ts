/** Calls of a provider's endpoint, spread over time, whichever isolate and shard they come from: one row an endpoint. */
import type { Env } from "../environment";

/** 20 a second, where Stripe takes 25 an endpoint: what a busy network bunches together still fits. */
const APART_MS = 50;

/** Reserves the next free moment, in one statement. Null where it is further away than `withinMs`: then nothing is reserved. */
export async function reserveSlot({ DB_0 }: Pick<Env, "DB_0">, endpoint: string, withinMs: number): Promise<number | null> {
  const nowMs = Date.now();
  const reserved = await DB_0.prepare(
    `INSERT INTO provider_pace (endpoint, next_at_ms) VALUES (?1, ?2 + ${APART_MS})
     ON CONFLICT (endpoint) DO UPDATE SET next_at_ms = max(next_at_ms, ?2) + ${APART_MS} WHERE next_at_ms <= ?2 + ?3
     RETURNING next_at_ms - ${APART_MS} AS slot_ms`,
  )
    .bind(endpoint, nowMs, withinMs)
    .first<{ slot_ms: number }>();
  return reserved?.slot_ms ?? null;
}

/** The provider said that it is too much: everybody waits, not only who heard it. */
export async function holdBack({ DB_0 }: Pick<Env, "DB_0">, endpoint: string, forMs: number): Promise<void> {
  await DB_0.prepare("UPDATE provider_pace SET next_at_ms = max(next_at_ms, ?) WHERE endpoint = ?")
    .bind(Math.round(Date.now() + forMs), endpoint)
    .run();
}

/** Who comes later than this stands in the place of the next. */
const LATE_MS = APART_MS;
const MAX_MISSED = 3;

/** Waits for a slot. One that a busy machine has missed is given up for another, or all who were late would go at once. */
export async function waitForSlot(slotMs: number, another: () => Promise<number | null>): Promise<void> {
  let atMs: number | null = slotMs;
  for (let missed = 0; atMs !== null; missed++) {
    await scheduler.wait(Math.max(0, atMs - Date.now()));
    if (Date.now() - atMs <= LATE_MS || missed === MAX_MISSED) return;
    atMs = await another();
  }
}
