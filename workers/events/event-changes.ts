/**
 * How a change of an event becomes true. A draft's lives in D1 alone. What is on sale is the object's to decide (rule 6): the wish is
 * written down first, then the object accepts or refuses, then D1 follows. Whoever finds a wish that was left behind carries on with it.
 */

import { and, eq, getTableColumns, lt, notInArray, type SQL, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import type { Refusal } from "../../shared/contracts/problems";
import { ok, type Result, refuse } from "../../shared/contracts/result";
import { isConstraint } from "../../shared/d1/guarded-batch";
import { isMoved } from "./appointments";
import type { Env, Later } from "./environment";
import { applyAndTell, newsOf, newsOfMove, statement } from "./event-batch";
import { askInventory } from "./inventory";
import { nameRefusedPool } from "./pool-plans";
import { finishPublishing } from "./publishing";
import { eventChanges, events, NEW_TYPE_COLUMNS, pools, ticketTypes } from "./schema";
import { askWithSeats } from "./seat-installation";
import { findSeatMap } from "./seat-maps";
import { loadEvent, type StoredEvent, toConfig } from "./stored-event";

/** A wish, or a publication, older than this belongs to nobody any more. */
export const ABANDONED_AFTER_MS = 5_000;
const MAX_TRIES = 8;
const WAIT_MS = 40;

/** What should stand after what stands now; the version is not its business. The same object back is no change. */
export type Mutation = (stored: StoredEvent, nowMs: number) => Result<StoredEvent, Refusal>;

/**
 * Applies a mutation to what stands now, and again to what stands then when somebody else's change came first: two people who edit two
 * ticket types at once both get their way. `If-Match` is the mutation's business.
 */
export async function changeEvent(
  env: Env,
  later: Later,
  eventId: string,
  mutate: Mutation,
): Promise<Result<StoredEvent, Refusal>> {
  let above = 0;
  for (let tries = 1; ; tries++) {
    const nowMs = Date.now();
    const stored = await loadEvent(env, eventId);
    if (!stored) return refuse({ code: "event_not_found" });
    const changed =
      stored.event.status === "publishing"
        ? refuse({ code: "state_moved" } as const)
        : await tryChange(env, later, stored, mutate, above, nowMs);
    if (changed.ok || changed.error.code !== "state_moved" || tries === MAX_TRIES) return changed;
    await settle(env, later, eventId, nowMs - ABANDONED_AFTER_MS);
    if (stored.event.status === "published") above = await versionOnSale(env, eventId);
    await scheduler.wait(WAIT_MS * tries * (1 + Math.random()));
  }
}

/** A wish that was given up may have reached the object all the same: what comes next must stand above it. */
async function versionOnSale(env: Env, eventId: string): Promise<number> {
  const standing = await askInventory(env, eventId, (inventory) => inventory.availability());
  return standing.ok ? standing.value.version : 0;
}

async function tryChange(
  env: Env,
  later: Later,
  stored: StoredEvent,
  mutate: Mutation,
  above: number,
  nowMs: number,
): Promise<Result<StoredEvent, Refusal>> {
  const wanted = mutate(stored, nowMs);
  if (!wanted.ok || wanted.value === stored) return wanted;
  const { version, status } = stored.event;
  const after = stamped(stored, wanted.value, Math.max(version, above) + 1, nowMs);
  if (status === "draft") {
    const { seatMapId } = after.event;
    const mapIsThere = sql`(${seatMapId} IS NULL OR EXISTS (SELECT 1 FROM seat_maps m WHERE m.id = ${seatMapId}))`;
    const applied = await applyToDatabase(
      env,
      later,
      stored,
      after,
      sql`${events.version} = ${version} AND ${mapIsThere}`,
      nowMs,
    );
    return applied.ok ? applied : refuse({ code: await goneOrMoved(env, after.event) });
  }
  const wished = await wish(env, after, version, nowMs);
  return wished.ok ? carryOut(env, later, stored, after, nowMs) : wished;
}

/** The next version, on the event and on each type and pool that differs. */
function stamped(before: StoredEvent, after: StoredEvent, version: number, nowMs: number): StoredEvent {
  const untouched = new Set<object>([...before.types, ...before.pools]);
  const stamp = <T extends object>(row: T): T => (untouched.has(row) ? row : { ...row, version });
  return {
    event: { ...after.event, version, changeId: crypto.randomUUID(), updatedAtMs: nowMs },
    types: after.types.map(stamp),
    pools: after.pools.map(stamp),
  };
}

/** One wish an event at a time, and only from the version that stands. */
async function wish(
  env: Env,
  { event, types, pools: ofEvent }: StoredEvent,
  standingVersion: number,
  nowMs: number,
): Promise<Result<null, Refusal<"state_moved" | "seat_map_not_found">>> {
  try {
    const written = await env.DB.prepare(
      `INSERT INTO event_changes (event_id, change_id, wanted, asked_at_ms)
       SELECT id, ?3, ?4, ?5 FROM events WHERE id = ?1 AND organizer_id = ?6 AND version = ?2 AND status <> 'publishing'
         AND (?7 IS NULL OR EXISTS (SELECT 1 FROM seat_maps WHERE id = ?7 AND organizer_id = ?6))`,
    )
      .bind(
        event.id,
        standingVersion,
        event.changeId,
        JSON.stringify({ event, types, pools: ofEvent }),
        nowMs,
        event.organizerId,
        event.seatMapId,
      )
      .run();
    return written.meta.changes === 1 ? ok(null) : refuse({ code: await goneOrMoved(env, event) });
  } catch (error) {
    if (isConstraint(error, "event_changes.event_id")) return refuse({ code: "state_moved" });
    throw error;
  }
}

/** The map that the event shall be sold by may have been deleted since it was read: then no try more will find it. */
const goneOrMoved = async (env: Env, { seatMapId }: StoredEvent["event"]): Promise<"state_moved" | "seat_map_not_found"> =>
  seatMapId === null || (await findSeatMap(env, seatMapId)) ? "state_moved" : "seat_map_not_found";

/** Asks the object and lets D1 follow its word, while the wish stands. Again with the same wish is the same answer. */
async function carryOut(
  env: Env,
  later: Later,
  before: StoredEvent,
  after: StoredEvent,
  nowMs: number,
): Promise<Result<StoredEvent, Refusal>> {
  const { id, changeId } = after.event;
  const decided = await decide(env, after);
  if (!decided.ok) {
    await env.DB.prepare("DELETE FROM event_changes WHERE event_id = ? AND change_id = ?").bind(id, changeId).run();
    return refuse(nameRefusedPool(after, decided.error));
  }
  const wishStands = sql`EXISTS (SELECT 1 FROM event_changes w WHERE w.event_id = ${id} AND w.change_id = ${changeId})`;
  const applied = await applyToDatabase(env, later, before, after, wishStands, nowMs);
  if (applied.ok) return applied;
  // The wish is gone: another hand has carried it out, or given it up.
  const standing = await loadEvent(env, id);
  return standing?.event.changeId === changeId ? ok(standing) : applied;
}

/** The object knows a change by its id, so that a wish which it has heard from a hand that did not live to tell is no refusal. */
function decide(env: Env, after: StoredEvent): Promise<Result<unknown, Refusal>> {
  const { status } = after.event;
  return askWithSeats(
    env,
    after,
    (inventory): Promise<Result<unknown, Refusal>> =>
      status === "cancelled" || status === "completed"
        ? inventory.close(status)
        : inventory.reconfigure(toConfig(after, env.ENVIRONMENT)),
  );
}

/** D1 as the projection of one version after the other. */
function applyToDatabase(env: Env, later: Later, before: StoredEvent, after: StoredEvent, isDue: SQL, nowMs: number) {
  const { event, types, pools: ofEvent } = after;
  const db = drizzle(env.DB);
  const { id, organizerId, createdAtMs: _, ...changing } = event;
  const compareAndSet = db
    .update(events)
    .set(changing)
    .where(and(eq(events.id, id), eq(events.organizerId, organizerId), lt(events.version, event.version), isDue));
  const isNew = ({ version }: { version: number }) => version === event.version;
  const effects = [
    db.delete(ticketTypes).where(and(eq(ticketTypes.eventId, id), notInArray(ticketTypes.id, idsOf(types)))),
    db.delete(pools).where(and(eq(pools.eventId, id), notInArray(pools.id, idsOf(ofEvent)))),
    ...types
      .filter(isNew)
      .map((type) => db.insert(ticketTypes).values(type).onConflictDoUpdate({ target: ticketTypes.id, set: EXCLUDED_TYPE })),
    ...ofEvent
      .filter(isNew)
      .map((pool) => db.insert(pools).values(pool).onConflictDoUpdate({ target: pools.id, set: EXCLUDED_POOL })),
    db.delete(eventChanges).where(eq(eventChanges.eventId, id)),
  ];
  return applyAndTell(
    env,
    later,
    after,
    statement(env, compareAndSet),
    effects.map((effect) => statement(env, effect)),
    [
      ...newsOf(event, nowMs, later.traceparent),
      ...(isMoved(before.event, event) ? [newsOfMove(event, nowMs, later.traceparent)] : []),
    ],
  );
}

/** One value however many: D1 binds at most 100. */
const idsOf = (rows: readonly { id: string }[]): SQL =>
  sql`(SELECT value FROM json_each(${JSON.stringify(rows.map(({ id }) => id))}))`;

/** Every column from the row that came in. */
const excluded = (table: typeof ticketTypes | typeof pools): Record<string, SQL> =>
  Object.fromEntries(
    Object.entries(getTableColumns(table))
      .filter(([key]) => key !== "id" && key !== "eventId")
      .map(([key, column]) => [key, sql`excluded.${sql.identifier(column.name)}`]),
  );
const EXCLUDED_TYPE = excluded(ticketTypes);
const EXCLUDED_POOL = excluded(pools);

/** Carries on with what was begun before this moment and left behind. */
export async function settle(env: Env, later: Later, eventId: string, beforeMs: number): Promise<void> {
  const stored = await loadEvent(env, eventId);
  if (stored?.event.status === "publishing" && stored.event.updatedAtMs <= beforeMs) await finishPublishing(env, later, stored);
  const [left] = await drizzle(env.DB).select().from(eventChanges).where(eq(eventChanges.eventId, eventId));
  if (stored && left && left.askedAtMs <= beforeMs) await carryOut(env, later, stored, readWish(left.wanted, stored), Date.now());
}

/** Written by `wish` above, out of rows of the same tables; by an earlier version perhaps, which knew fewer columns. */
function readWish(wanted: string, stored: StoredEvent): StoredEvent {
  const wish = JSON.parse(wanted) as Omit<StoredEvent, "pools"> & Partial<Pick<StoredEvent, "pools">>;
  return {
    event: { ...stored.event, ...wish.event },
    types: wish.types.map((type) => ({ ...NEW_TYPE_COLUMNS, ...type })),
    pools: wish.pools ?? stored.pools,
  };
}
