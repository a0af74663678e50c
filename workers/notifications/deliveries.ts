/** What is owed to somebody, once a business key, and who has taken it up until when (rules 21, 22). */
import { and, asc, eq, inArray, lte, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import { uuidV7 } from "../../shared/crypto/uuid";
import { type DeliveryType, deliveries } from "./schema";

export type Delivery = typeof deliveries.$inferSelect;

/** A dispatcher that was cut off is given up after this, and what it may have sent is sent again; each further try waits twice as long. */
const FIRST_LEASE_MS = 60_000;
const MAX_LEASE_DOUBLINGS = 6;
/** What could not be written comes due again after this, and twice as long at each further try. */
const FIRST_PAUSE_MS = 15_000;
const MAX_PAUSE_DOUBLINGS = 8;
/** About a day of tries; what fails longer than that does not get better by itself. */
const MAX_ATTEMPTS = 30;
/** An owner is asked about them in one question, and with a breath after each they leave well within their lease. */
export const CLAIM_LIMIT = 20;

/** As a literal, which the partial indexes are known by. */
const isQueued = sql`${deliveries.status} = 'queued'`;

/** Whatever says so again, it is owed once; what was given up is tried again then. */
export const OWED_ONCE = `ON CONFLICT (business_key) DO UPDATE SET status = 'queued', attempts = 0, due_at_ms = excluded.due_at_ms,
  heard_at_ms = excluded.heard_at_ms, settled_at_ms = NULL WHERE deliveries.status = 'parked'`;

/** Due from `dueAtMs` on, in milliseconds since 1970. */
export async function owe(
  db: D1Database,
  type: DeliveryType,
  sourceIds: readonly string[],
  nowMs: number,
  dueAtMs = nowMs,
): Promise<void> {
  const rows = sourceIds.map((sourceId) => ({ id: uuidV7(nowMs), key: `${type}:${sourceId}`, sourceId }));
  await db
    .prepare(
      `INSERT INTO deliveries (id, business_key, type, source_id, status, attempts, due_at_ms, created_at_ms)
       SELECT value ->> 'id', value ->> 'key', ?1, value ->> 'sourceId', 'queued', 0, ?4, ?2 FROM json_each(?3) WHERE true ${OWED_ONCE}`,
    )
    .bind(type, nowMs, JSON.stringify(rows), dueAtMs)
    .run();
}

/** The kinds of which something is due at that time, the longest waiting first. */
export async function kindsDue(db: D1Database, types: readonly DeliveryType[], dueByMs: number): Promise<DeliveryType[]> {
  const { results } = await db
    .prepare(
      `SELECT type FROM (SELECT value AS type, (SELECT min(due_at_ms) FROM deliveries WHERE status = 'queued' AND type = value) AS since_ms
         FROM json_each(?1)) WHERE since_ms <= ?2 ORDER BY since_ms`,
    )
    .bind(JSON.stringify(types), dueByMs)
    .all<{ type: DeliveryType }>();
  return results.map(({ type }) => type);
}

/** Takes what is due, the longest waiting first; until the lease ends (`dueAtMs`) nobody else does. */
export function claimDue(db: D1Database, type: DeliveryType, nowMs: number, waitedMs: number): Promise<Delivery[]> {
  const database = drizzle(db);
  const due = database
    .select({ id: deliveries.id })
    .from(deliveries)
    .where(and(isQueued, eq(deliveries.type, type), lte(deliveries.dueAtMs, nowMs - waitedMs)))
    .orderBy(asc(deliveries.dueAtMs))
    .limit(CLAIM_LIMIT);
  return database
    .update(deliveries)
    .set({
      attempts: sql`${deliveries.attempts} + 1`,
      dueAtMs: sql`${nowMs} + (${FIRST_LEASE_MS} << min(${deliveries.attempts}, ${MAX_LEASE_DOUBLINGS}))`,
    })
    .where(inArray(deliveries.id, due))
    .returning();
}

/**
 * What nobody has sent comes due again before its lease ends, each at a time of its own: who fell together with one that never can be
 * written must not always be taken up with it.
 */
export async function pause(db: D1Database, claimed: readonly Delivery[], nowMs: number): Promise<void> {
  if (claimed.length === 0) return;
  const rows = claimed.map(({ id, attempts, dueAtMs }) => {
    const pauseMs = FIRST_PAUSE_MS * 2 ** Math.min(attempts - 1, MAX_PAUSE_DOUBLINGS);
    return { id, leaseMs: dueAtMs, untilMs: Math.round(nowMs + pauseMs * (1 + Math.random() / 2)) };
  });
  await db
    .prepare(
      `UPDATE deliveries SET due_at_ms = paused.value ->> 'untilMs' FROM json_each(?1) AS paused
       WHERE deliveries.id = paused.value ->> 'id' AND status = 'queued' AND due_at_ms = paused.value ->> 'leaseMs'`,
    )
    .bind(JSON.stringify(rows))
    .run();
}

export async function settle(db: D1Database, ids: string[], status: "sent" | "dropped" | "parked"): Promise<number> {
  if (ids.length === 0) return 0;
  await drizzle(db)
    .update(deliveries)
    .set({ status, settledAtMs: Date.now() })
    .where(and(inArray(deliveries.id, ids), isQueued));
  return ids.length;
}

const PARK_LIMIT = 500;
/** Gives up what was tried too often, so that it neither stands before the others nor is lost. Returns how many. */
export async function parkHopeless(db: D1Database, nowMs: number): Promise<number> {
  const { meta } = await db
    .prepare(
      `UPDATE deliveries SET status = 'parked', settled_at_ms = ?1 WHERE id IN
         (SELECT id FROM deliveries WHERE status = 'queued' AND due_at_ms <= ?1 AND attempts >= ?2 ORDER BY due_at_ms LIMIT ?3)`,
    )
    .bind(nowMs, MAX_ATTEMPTS, PARK_LIMIT)
    .run();
  return meta.changes;
}

export async function isAnythingDue(db: D1Database, nowMs: number): Promise<boolean> {
  const query = "SELECT 1 AS due FROM deliveries WHERE status = 'queued' AND due_at_ms <= ? LIMIT 1";
  return (await db.prepare(query).bind(nowMs).first()) !== null;
}

/** How many wait to be sent, whenever they are due, and how many were given up. */
export async function countOwed(db: D1Database): Promise<{ queued: number; parked: number }> {
  const count = "SELECT count(*) FROM deliveries WHERE status =";
  const row = await db
    .prepare(`SELECT (${count} 'queued') AS queued, (${count} 'parked') AS parked`)
    .first<{ queued: number; parked: number }>();
  return row ?? { queued: 0, parked: 0 };
}
