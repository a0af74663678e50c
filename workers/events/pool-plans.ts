/** An event's pools as its organizer plans them, and what must hold of them whoever decides. */

import type { PoolState } from "../../shared/contracts/inventory";
import type { Pool } from "../../shared/contracts/pools";
import type { Refusal } from "../../shared/contracts/problems";
import type { PoolRow, TicketTypeRow } from "./schema";
import type { StoredEvent } from "./stored-event";

/** What a pool is, whatever is sold of it. */
export type PoolPlan = Pick<Pool, "id" | "name" | "kind" | "capacity" | "withinPoolIds">;

/** The event's own first, then each type's, then the organizer's. */
export const poolsOf = ({ event, types, pools }: StoredEvent): PoolPlan[] => [
  { id: event.id, name: event.title, kind: "event", capacity: event.capacity, withinPoolIds: [] },
  ...types.map(({ id, name, quantity }) => ({
    id,
    name,
    kind: "ticket_type" as const,
    capacity: quantity,
    withinPoolIds: [],
  })),
  ...pools.map(({ id, name, kind, capacity, withinPoolIds }) => ({ id, name, kind, capacity, withinPoolIds })),
];

/** What allocations keep back within each pool, by the pool's id, while nothing is sold. */
function keptBack({ pools }: StoredEvent): Map<string, number> {
  const kept = new Map<string, number>();
  for (const { capacity, withinPoolIds } of pools) for (const id of withinPoolIds) kept.set(id, (kept.get(id) ?? 0) + capacity);
  return kept;
}

/** As they stand while nothing can be sold. */
export function plannedPools(stored: StoredEvent): Pool[] {
  const kept = keptBack(stored);
  return poolsOf(stored).map((pool) => {
    const blocked = kept.get(pool.id) ?? 0;
    return { ...pool, sold: 0, held: 0, blocked, available: pool.capacity - blocked };
  });
}

/** As the object tells them, in the organizer's order and with his names; what only the house made comes last, by its id. */
export function standingPools(stored: StoredEvent, standing: readonly PoolState[]): Pool[] {
  const states = new Map(standing.map((state) => [state.id, state]));
  const plans = poolsOf(stored);
  const known = plans.flatMap((plan) => {
    const state = states.get(plan.id);
    states.delete(plan.id);
    return state ? [{ ...plan, ...state }] : [];
  });
  return [...known, ...[...states.values()].map((state): Pool => ({ name: state.id, kind: "seat_category", ...state }))];
}

/** The one allocation that a type draws from, if any. */
export const allocationOf = ({ pools }: StoredEvent, { poolIds }: TicketTypeRow): PoolRow | undefined =>
  pools.find(({ id, kind }) => kind === "allocation" && poolIds.includes(id));

/** Null when pools and types lead to each other as the object will take them. */
export function checkPools(stored: StoredEvent): Refusal | null {
  const plain = new Map(
    poolsOf(stored)
      .filter(({ kind }) => kind !== "allocation")
      .map((pool) => [pool.id, pool]),
  );
  for (const pool of stored.pools) {
    const refusal = checkPool(pool, plain);
    if (refusal) return refusal;
  }
  for (const type of stored.types) {
    const refusal = checkDrawing(stored, type);
    if (refusal) return refusal;
  }
  return stored.event.status === "draft" ? checkRoom(stored) : null;
}

function checkPool({ name, kind, capacity, withinPoolIds }: PoolRow, plain: ReadonlyMap<string, PoolPlan>): Refusal | null {
  if (kind === "shared" && withinPoolIds.length > 0) return contradiction(`“${name}” is no allocation, and lies within no pool.`);
  if (kind === "allocation" && withinPoolIds.length === 0) return contradiction(`The allocation “${name}” lies within no pool.`);
  for (const id of withinPoolIds) {
    const around = plain.get(id);
    if (!around) return { code: "pool_unknown", detail: `The event has no plain pool ${id}.` };
    if (around.capacity < capacity)
      return contradiction(`The allocation “${name}” of ${capacity} is larger than “${around.name}” of ${around.capacity}.`);
  }
  return null;
}

const nameOf = (stored: StoredEvent, poolId: string): string => poolsOf(stored).find(({ id }) => id === poolId)?.name ?? poolId;

function checkDrawing(stored: StoredEvent, type: TicketTypeRow): Refusal | null {
  const { event, pools } = stored;
  const unknown = type.poolIds.find((id) => !pools.some((pool) => pool.id === id));
  if (unknown !== undefined)
    return { code: "pool_unknown", detail: `The event has no shared pool and no allocation ${unknown}.` };
  const [allocation, second] = pools.filter(({ id, kind }) => kind === "allocation" && type.poolIds.includes(id));
  if (second) return contradiction(`“${type.name}” would draw from two allocations.`);
  const drawn = new Set([type.id, event.id, ...type.poolIds]);
  const around = allocation?.withinPoolIds.find((id) => !drawn.has(id));
  return around === undefined
    ? null
    : contradiction(`“${type.name}” would draw from “${allocation?.name}” and not from “${nameOf(stored, around)}” around it.`);
}

/** Nothing is sold, so that what allocations keep back is all there is to fit; of an event on sale the object says it. */
function checkRoom(stored: StoredEvent): Refusal<"capacity_below_sold"> | null {
  const full = plannedPools(stored).find(({ available }) => available < 0);
  if (!full) return null;
  const { id, name, capacity, blocked } = full;
  const detail = `Of the ${capacity} of “${name}” allocations would keep ${blocked} back.`;
  return { code: "capacity_below_sold", detail, members: { poolId: id, capacity, sold: 0, held: 0, blocked } };
}

/** The object knows pools by their ids alone: an organizer reads their names, with the numbers on both sides. */
export function nameRefusedPool(stored: StoredEvent, refusal: Refusal): Refusal {
  const { poolId, capacity, sold = 0, held = 0, blocked = 0 } = refusal.members ?? {};
  const pool = poolsOf(stored).find(({ id }) => id === poolId);
  if (refusal.code !== "capacity_below_sold" || !pool || capacity === undefined) return refusal;
  const detail = `“${pool.name}” would have ${capacity}, and has ${sold} sold, ${held} held and ${blocked} kept back.`;
  return { ...refusal, detail };
}

const contradiction = (detail: string): Refusal<"pool_inconsistent"> => ({ code: "pool_inconsistent", detail });
