/** The pools that an organizer makes: shared ones that several types draw from, and allocations that keep tickets back. */
import { MAX_CAPACITY } from "../../shared/contracts/events";
import { MAX_POOLS, type Pool, type PoolChange, type PoolDraft, type PoolMove } from "../../shared/contracts/pools";
import type { Refusal } from "../../shared/contracts/problems";
import { ok, type Result, refuse } from "../../shared/contracts/result";
import { uuidV7 } from "../../shared/crypto/uuid";
import type { Env, Later } from "./environment";
import { changeEvent, type Mutation } from "./event-changes";
import { checkConsistency } from "./event-checks";
import { askInventory } from "./inventory";
import { type PoolPlan, plannedPools, poolsOf, standingPools } from "./pool-plans";
import type { PoolRow } from "./schema";
import { loadEvent, type StoredEvent } from "./stored-event";
import { type Precondition, refuseClosed } from "./ticket-types";

/** What is sold of them as the object says it; of a draft, which it has never heard of, as they are planned. */
export async function readPools(env: Env, eventId: string): Promise<Result<Pool[], Refusal<"event_not_found">>> {
  const stored = await loadEvent(env, eventId);
  if (!stored) return refuse({ code: "event_not_found" });
  return ok(await poolsNow(env, stored));
}

async function poolsNow(env: Env, stored: StoredEvent): Promise<Pool[]> {
  if (stored.event.status === "draft") return plannedPools(stored);
  const standing = await askInventory(env, stored.event.id, (inventory) => inventory.pools());
  return standing.ok ? standingPools(stored, standing.value) : plannedPools(stored);
}

export interface ChangedPool {
  pool: Pool;
  /** The event's version at its last change. */
  version: number;
}

/** Whatever the object refuses, it refuses with the numbers that stand against the wish. */
async function changePools(
  env: Env,
  later: Later,
  eventId: string,
  shownId: string,
  mutate: Mutation,
): Promise<Result<ChangedPool, Refusal>> {
  const changed = await changeEvent(env, later, eventId, mutate);
  if (!changed.ok) return changed;
  const pool = (await poolsNow(env, changed.value)).find(({ id }) => id === shownId);
  return pool ? ok({ pool, version: versionOf(changed.value, shownId) }) : refuse({ code: "pool_not_found" });
}

const versionOf = ({ event, types, pools }: StoredEvent, poolId: string): number =>
  [...pools, ...types].find(({ id }) => id === poolId)?.version ?? event.version;

/** The event with other pools, when that is consistent. */
function checked(after: StoredEvent): Result<StoredEvent, Refusal> {
  const inconsistent = checkConsistency(after);
  return inconsistent ? refuse(inconsistent) : ok(after);
}

export function addPool(env: Env, later: Later, eventId: string, draft: PoolDraft): Promise<Result<ChangedPool, Refusal>> {
  // One id however often it is tried, so that a pool which another hand has carried in is found and not added once more.
  const id = uuidV7(Date.now());
  return changePools(env, later, eventId, id, (stored) => {
    if (stored.pools.some((pool) => pool.id === id)) return ok(stored);
    const closed = refuseClosed(stored);
    if (closed) return refuse(closed);
    if (stored.pools.length >= MAX_POOLS)
      return refuse({ code: "too_many_pools", detail: `An event has at most ${MAX_POOLS} pools of its organizer's.` });
    const within = draft.withinPoolIds ?? [];
    const kind = draft.kind ?? (within.length > 0 ? "allocation" : "shared");
    const pool: PoolRow = {
      id,
      eventId,
      name: draft.name,
      kind,
      capacity: draft.capacity,
      withinPoolIds: kind === "allocation" && within.length === 0 ? [eventId] : within,
      position: 1 + Math.max(-1, ...stored.pools.map(({ position }) => position)),
      version: stored.event.version + 1,
    };
    return checked({ ...stored, pools: [...stored.pools, pool] });
  });
}

/** The organizer's own; the event's and the types' are changed where they are. */
export function findPool({ pools }: StoredEvent, poolId: string): Result<PoolRow, Refusal<"pool_not_found">> {
  const pool = pools.find(({ id }) => id === poolId);
  return pool ? ok(pool) : refuse({ code: "pool_not_found" });
}

export function changePool(
  env: Env,
  later: Later,
  eventId: string,
  poolId: string,
  change: PoolChange,
  precondition: Precondition,
): Promise<Result<ChangedPool, Refusal>> {
  return changePools(env, later, eventId, poolId, (stored) => {
    const found = findPool(stored, poolId);
    if (!found.ok) return found;
    precondition(found.value.version);
    const closed = refuseClosed(stored);
    if (closed) return refuse(closed);
    if (Object.keys(change).length === 0) return ok(stored);
    const pool: PoolRow = {
      ...found.value,
      name: change.name ?? found.value.name,
      capacity: change.capacity ?? found.value.capacity,
      withinPoolIds: change.withinPoolIds ?? found.value.withinPoolIds,
    };
    return checked({ ...stored, pools: stored.pools.map((other) => (other === found.value ? pool : other)) });
  });
}

/** What an allocation kept back is free again. */
export function removePool(
  env: Env,
  later: Later,
  eventId: string,
  poolId: string,
  precondition: Precondition,
): Promise<Result<StoredEvent, Refusal>> {
  return changeEvent(env, later, eventId, (stored) => {
    const found = findPool(stored, poolId);
    if (!found.ok) return found;
    precondition(found.value.version);
    const closed = refuseClosed(stored);
    if (closed) return refuse(closed);
    const drawing = stored.types.find(({ poolIds }) => poolIds.includes(poolId));
    if (drawing) return refuse({ code: "pool_in_use", detail: `“${drawing.name}” draws from it.` });
    const within = stored.pools.find(({ withinPoolIds }) => withinPoolIds.includes(poolId));
    if (within) return refuse({ code: "pool_in_use", detail: `The allocation “${within.name}” lies within it.` });
    return checked({ ...stored, pools: stored.pools.filter((pool) => pool !== found.value) });
  });
}

/**
 * Capacity from one pool to another in one change. Between an allocation and a pool around it nothing but the allocation changes its
 * size: given back, or kept back besides.
 */
export function movePool(
  env: Env,
  later: Later,
  eventId: string,
  fromId: string,
  { toPoolId, quantity }: PoolMove,
): Promise<Result<ChangedPool, Refusal>> {
  return changePools(env, later, eventId, fromId, (stored) => {
    const plans = poolsOf(stored);
    const [from, to] = [fromId, toPoolId].map((poolId) => plans.find(({ id }) => id === poolId));
    if (!from) return refuse({ code: "pool_not_found" });
    if (!to) return refuse({ code: "pool_unknown", detail: `The event has no pool ${toPoolId}.` });
    const closed = refuseClosed(stored);
    if (closed) return refuse(closed);
    if (from === to) return refuse({ code: "pool_inconsistent", detail: "A pool has nothing to give to itself." });
    const shrunk = to.withinPoolIds.includes(from.id) ? stored : resized(stored, from, -quantity);
    const grown = from.withinPoolIds.includes(to.id) ? shrunk : resized(shrunk, to, quantity);
    return refuseSize(from, quantity, to, grown) ?? checked(grown);
  });
}

function resized(stored: StoredEvent, { id }: PoolPlan, by: number): StoredEvent {
  const { event } = stored;
  if (id === event.id) return { ...stored, event: { ...event, capacity: event.capacity + by } };
  return {
    ...stored,
    types: stored.types.map((type) => (type.id === id ? { ...type, quantity: type.quantity + by } : type)),
    pools: stored.pools.map((pool) => (pool.id === id ? { ...pool, capacity: pool.capacity + by } : pool)),
  };
}

/** What no row may say; whether it fits what is sold is the next question. */
function refuseSize(from: PoolPlan, quantity: number, to: PoolPlan, after: StoredEvent): Result<never, Refusal> | null {
  if (from.capacity < quantity)
    return refuse({ code: "quantity_out_of_range", detail: `“${from.name}” has ${from.capacity} in all.` });
  const sizes = poolsOf(after);
  const emptied = sizes.find(({ id, kind, capacity }) => id === from.id && capacity < 1 && isNeverEmpty(kind));
  if (emptied) return refuse({ code: "quantity_out_of_range", detail: `“${emptied.name}” keeps at least 1.` });
  const overfull = sizes.find(({ id, capacity }) => id === to.id && capacity > MAX_CAPACITY);
  return overfull ? refuse({ code: "quantity_out_of_range", detail: `A pool has at most ${MAX_CAPACITY}.` }) : null;
}

const isNeverEmpty = (kind: PoolPlan["kind"]): boolean => kind === "event" || kind === "ticket_type";
