/** What is left. A hold that is due counts as gone although nothing has expired it yet (rule 10). */
import type { PoolState } from "../../shared/contracts/inventory";
import type { Refusal } from "../../shared/contracts/problems";
import { poolOfSeatCategory } from "../../shared/contracts/seats";
import type { Terms } from "./event";
import { type Demand, demandOf, type PoolRow, poolsNow, type Quantity } from "./pools";
import { dueSeatsByPool } from "./seats";

/** What the holds have that are due and not ended yet. The index knows them by their end: those that still live are not read. */
function dueDemand(sql: SqlStorage, terms: Terms, nowMs: number): Demand {
  const due = sql.exec<Quantity & Record<string, SqlStorageValue>>(
    `SELECT l.value ->> 'ticketTypeId' AS ticketTypeId, SUM(l.value ->> 'quantity') AS quantity
     FROM holds h JOIN json_each(h.lines) l
     WHERE h.status IN ('held', 'claimed') AND h.expires_at_ms <= ? GROUP BY 1`,
    nowMs,
  );
  return demandOf(terms.draws, due);
}

const NOTHING = { quantity: 0, reserved: 0 };

/** The pools with what is due given back. */
function poolsWithoutDue(sql: SqlStorage, terms: Terms, nowMs: number): PoolRow[] {
  const due = dueDemand(sql, terms, nowMs);
  const seats = terms.seatMapId === null || due.size === 0 ? null : dueSeatsByPool(sql, nowMs);
  return poolsNow(sql).map((pool) => {
    const { quantity, reserved } = due.get(pool.id) ?? NOTHING;
    return { ...pool, held: pool.held - quantity - (seats?.get(pool.id) ?? 0), blocked: pool.blocked + reserved };
  });
}

/** Of a single pool; never below zero, because its table does not allow it. */
const leftOf = ({ capacity, sold, held, blocked }: PoolRow): number => capacity - sold - held - blocked;

/** Tickets by pool. */
export function leftNow(sql: SqlStorage, terms: Terms, nowMs: number): Map<string, number> {
  return new Map(poolsWithoutDue(sql, terms, nowMs).map((pool) => [pool.id, leftOf(pool)]));
}

/** The least of the type's pools, but for those that an allocation has kept the places in; of a seated type its seats in all are one. */
export function leastOf(terms: Terms, left: ReadonlyMap<string, number>, ticketTypeId: string): number {
  const own = (terms.draws.get(ticketTypeId) ?? []).filter(({ isReserved }) => !isReserved);
  const pools = own.map(({ poolId }) => left.get(poolId) ?? 0);
  const { seatCategories } = terms.types.get(ticketTypeId) ?? { seatCategories: [] };
  const seats = seatCategories.map((category) => left.get(poolOfSeatCategory(category)) ?? 0);
  if (seats.length > 0) pools.push(seats.reduce((sum, some) => sum + some));
  return Math.max(0, Math.min(...pools));
}

/** Tickets by type, of every type of the event. */
export function availableNow(sql: SqlStorage, terms: Terms, nowMs: number): Map<string, number> {
  const left = leftNow(sql, terms, nowMs);
  return new Map([...terms.types.keys()].map((id) => [id, leastOf(terms, left, id)]));
}

/** By type, how much more would be left if nothing were held: what may come back, or be sold. */
export function reservedNow(sql: SqlStorage, terms: Terms, nowMs: number): Map<string, number> {
  const pools = poolsWithoutDue(sql, terms, nowMs);
  const left = new Map(pools.map((pool) => [pool.id, leftOf(pool)]));
  const unheld = new Map(pools.map((pool) => [pool.id, leftOf({ ...pool, held: 0 })]));
  return new Map([...terms.types.keys()].map((id) => [id, leastOf(terms, unheld, id) - leastOf(terms, left, id)]));
}

/** Every pool as it stands, in the order of ids. */
export function tellPools(sql: SqlStorage, terms: Terms, nowMs: number): PoolState[] {
  return poolsWithoutDue(sql, terms, nowMs).map((pool) => {
    const { id, capacity, sold, held, blocked } = pool;
    return { id, capacity, withinPoolIds: terms.surroundings.get(id) ?? [], sold, held, blocked, available: leftOf(pool) };
  });
}

/** Names the types that were asked for; what is left of each is counted by `countSoldOut` once the refused writes are undone. */
export function soldOut(lines: readonly Quantity[]): Refusal<"sold_out"> {
  const asked = [...new Set(lines.map((line) => line.ticketTypeId))];
  return { code: "sold_out", members: { available: asked.map((ticketTypeId) => ({ ticketTypeId, available: 0 })) } };
}
