/**
 * How a change of an event becomes true. A draft's lives in D1 alone. What is on sale is the object's to decide (rule 6): the wish is
 * written down first, then the object accepts or refuses, then D1 follows. Whoever finds a wish that was left behind carries on with it.
 */

import { and, eq, getTableColumns, notInArray, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import type { Refusal } from "../../shared/contracts/problems";
import { ok, type Result, refuse } from "../../shared/contracts/result";
import { isConstraint } from "../../shared/d1/guarded-batch";
import type { Env, Later } from "./environment";
import { applyAndTell, newsOf, statement } from "./event-batch";
import { askInventory } from "./inventory";
import { finishPublishing } from "./publishing";
import { eventChanges, events, ticketTypes } from "./schema";
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
  for (let tries = 1; ; tries++) {
    const nowMs = Date.now();
    const stored = await loadEvent(env, eventId);
    if (!stored) return refuse({ code: "event_not_found" });
    const changed =
      stored.event.status === "publishing"
        ? refuse({ code: "state_moved" } as const)
        : await tryChange(env, later, stored, mutate, nowMs);
    if (changed.ok || changed.error.code !== "state_moved" || tries === MAX_TRIES) return changed;
    await settle(env, later, eventId, nowMs - ABANDONED_AFTER_MS);
    await scheduler.wait(WAIT_MS * tries * (1 + Math.random()));
  }
}

async function tryChange(
  env: Env,
  later: Later,
  stored: StoredEvent,
  mutate: Mutation,
  nowMs: number,
): Promise<Result<StoredEvent, Refusal>> {
  const wanted = mutate(stored, nowMs);
  if (!wanted.ok || wanted.value === stored) return wanted;
  const after = stamped(stored, wanted.value, nowMs);
  if (stored.event.status === "draft") return applyToDatabase(env, later, after, nowMs);
  const wished = await wish(env, after, nowMs);
  return wished.ok ? carryOut(env, later, after, nowMs) : wished;
}

/** The next version, on the event and on each type that differs. */
function stamped(before: StoredEvent, after: StoredEvent, nowMs: number): StoredEvent {
  const version = before.event.version + 1;
  const untouched = new Set(before.types);
  return {
    event: { ...after.event, version, updatedAtMs: nowMs },
    types: after.types.map((type) => (untouched.has(type) ? type : { ...type, version })),
  };
}

/** One wish an event at a time, and only from the version that stands. */
async function wish(env: Env, after: StoredEvent, nowMs: number): Promise<Result<null, Refusal<"state_moved">>> {
  try {
    const written = await env.DB.prepare(
      `INSERT INTO event_changes (event_id, version, wanted, asked_at_ms)
       SELECT id, ?2, ?3, ?4 FROM events WHERE id = ?1 AND version = ?2 - 1 AND status <> 'publishing'`,
    )
      .bind(after.event.id, after.event.version, JSON.stringify(after), nowMs)
      .run();
    return written.meta.changes === 1 ? ok(null) : refuse({ code: "state_moved" });
  } catch (error) {
    if (isConstraint(error, "event_changes.event_id")) return refuse({ code: "state_moved" });
    throw error;
  }
}

/** Asks the object and lets D1 follow its word. Again with the same wish is the same answer. */
async function carryOut(env: Env, later: Later, after: StoredEvent, nowMs: number): Promise<Result<StoredEvent, Refusal>> {
  const { id, version } = after.event;
  const decided = await decide(env, after);
  if (!decided.ok) {
    await env.DB.prepare("DELETE FROM event_changes WHERE event_id = ? AND version = ?").bind(id, version).run();
    return decided;
  }
  const applied = await applyToDatabase(env, later, after, nowMs);
  if (applied.ok) return applied;
  // Another hand has carried the same wish out: only one wish at a time can have this version.
  const standing = await loadEvent(env, id);
  return standing && standing.event.version >= version ? ok(standing) : applied;
}

async function decide(env: Env, after: StoredEvent): Promise<Result<unknown, Refusal>> {
  const { id, status, version } = after.event;
  if (status === "cancelled" || status === "completed") return askInventory(env, id, (inventory) => inventory.close(status));
  const decided = await askInventory(env, id, (inventory) => inventory.reconfigure(toConfig(after, env.ENVIRONMENT)));
  if (decided.ok || decided.error.code !== "state_moved") return decided;
  // The object has heard this wish before, from a hand that did not live to tell.
  const standing = await askInventory(env, id, (inventory) => inventory.availability());
  return standing.ok && standing.value.version >= version ? ok(null) : decided;
}

/** D1 as the projection of one version after the other. */
function applyToDatabase(env: Env, later: Later, { event, types }: StoredEvent, nowMs: number) {
  const db = drizzle(env.DB);
  const { id, organizerId: _, createdAtMs: __, ...changing } = event;
  const compareAndSet = db
    .update(events)
    .set(changing)
    .where(and(eq(events.id, id), eq(events.version, event.version - 1)));
  const kept = types.map((type) => type.id);
  const effects = [
    db
      .delete(ticketTypes)
      .where(
        and(eq(ticketTypes.eventId, id), notInArray(ticketTypes.id, sql`(SELECT value FROM json_each(${JSON.stringify(kept)}))`)),
      ),
    ...types
      .filter((type) => type.version === event.version)
      .map((type) => db.insert(ticketTypes).values(type).onConflictDoUpdate({ target: ticketTypes.id, set: EXCLUDED })),
    db.delete(eventChanges).where(eq(eventChanges.eventId, id)),
  ];
  return applyAndTell(
    env,
    later,
    { event, types },
    statement(env, compareAndSet),
    effects.map((effect) => statement(env, effect)),
    newsOf(event, nowMs, later.traceparent),
  );
}

/** Every column of a ticket type from the row that came in. */
const EXCLUDED = Object.fromEntries(
  Object.entries(getTableColumns(ticketTypes))
    .filter(([key]) => key !== "id" && key !== "eventId")
    .map(([key, column]) => [key, sql`excluded.${sql.identifier(column.name)}`]),
);

/** Carries on with what was begun before this moment and left behind. */
export async function settle(env: Env, later: Later, eventId: string, beforeMs: number): Promise<void> {
  const stored = await loadEvent(env, eventId);
  if (stored?.event.status === "publishing" && stored.event.updatedAtMs <= beforeMs) await finishPublishing(env, later, stored);
  const [left] = await drizzle(env.DB).select().from(eventChanges).where(eq(eventChanges.eventId, eventId));
  // Written by `wish` above, out of rows of the same tables.
  if (left && left.askedAtMs <= beforeMs) await carryOut(env, later, JSON.parse(left.wanted) as StoredEvent, Date.now());
}
