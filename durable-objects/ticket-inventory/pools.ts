/**
 * Stock is counted by pools (rule 8). A counter moves by one plain UPDATE and the table's own constraint decides whether it may, so that
 * nothing is checked in one step and written in another.
 */
import type { Line, PoolConfig, TicketTypeConfig } from "../../shared/contracts/inventory";
import { ROOM_LEFT } from "./migrations";

/** workerd binds at most 100 values a statement, four of which are not ids. */
const POOLS_PER_STATEMENT = 90;

export type PoolRow = { id: string; capacity: number; sold: number; held: number; held_anonymously: number; blocked: number };
export type PoolCounts = Pick<PoolRow, "sold" | "held" | "held_anonymously" | "blocked">;

/** A pool that a type draws from. */
export interface Draw {
  poolId: string;
  /** The type draws from an allocation within this pool, which has kept the place already: it is blocked there until it is taken. */
  isReserved: boolean;
}

/** Tickets by pool; `reserved` of the quantity take places that an allocation has kept. */
export type Demand = Map<string, { quantity: number; reserved: number }>;

export type Quantity = Pick<Line, "ticketTypeId" | "quantity">;

/** Which counters a movement changes, in tickets a ticket: a hold is `{ held: 1 }`, a sale out of a hold `{ sold: 1, held: -1 }`. */
export interface Movement {
  sold?: -1 | 1;
  held?: -1 | 1;
}

export const TAKE: Movement = { held: 1 };
export const GIVE_BACK: Movement = { held: -1 };
export const SELL_HELD: Movement = { sold: 1, held: -1 };
export const SELL: Movement = { sold: 1 };
export const UNSELL: Movement = { sold: -1 };

/** What each type draws from, by its id. */
export function drawsOf(
  pools: readonly Pick<PoolConfig, "id" | "withinPoolIds">[],
  types: Iterable<Pick<TicketTypeConfig, "id" | "poolIds">>,
): Map<string, Draw[]> {
  const surroundings = new Map(pools.map(({ id, withinPoolIds }) => [id, withinPoolIds]));
  const draws = new Map<string, Draw[]>();
  for (const { id, poolIds } of types) {
    const reserved = new Set(poolIds.flatMap((poolId) => surroundings.get(poolId) ?? []));
    draws.set(
      id,
      [...new Set(poolIds)].map((poolId) => ({ poolId, isReserved: reserved.has(poolId) })),
    );
  }
  return draws;
}

/** Two types of one hold that share a pool ask it once, for the sum. A type that has been taken away since asks for nothing. */
export function demandOf(draws: ReadonlyMap<string, Draw[]>, lines: Iterable<Quantity>): Demand {
  const demand: Demand = new Map();
  for (const { ticketTypeId, quantity } of lines) {
    for (const { poolId, isReserved } of draws.get(ticketTypeId) ?? []) {
      const asked = demand.get(poolId) ?? { quantity: 0, reserved: 0 };
      demand.set(poolId, { quantity: asked.quantity + quantity, reserved: asked.reserved + (isReserved ? quantity : 0) });
    }
  }
  return demand;
}

/**
 * Moves counters in every pool of the demand. False when one has no room: earlier pools are changed by then, so the caller must refuse,
 * and its savepoint gives them back.
 */
export function movePools(sql: SqlStorage, demand: Demand, movement: Movement, isAnonymous: boolean): boolean {
  for (const { quantity, reserved, poolIds } of groupsOf(demand)) {
    const sold = (movement.sold ?? 0) * quantity;
    const held = (movement.held ?? 0) * quantity;
    const unblocked = ((movement.sold ?? 0) + (movement.held ?? 0)) * reserved;
    for (const some of chunksOf(poolIds)) {
      const statement = `UPDATE pools SET sold = sold + ?, held = held + ?, held_anonymously = held_anonymously + ?, blocked = blocked - ? WHERE id IN (${marksOf(some)})`;
      if (!withRoom(() => sql.exec(statement, sold, held, isAnonymous ? held : 0, unblocked, ...some))) return false;
    }
  }
  return true;
}

export const marksOf = (values: readonly unknown[]): string => values.map(() => "?").join(", ");

/** As many as one statement takes. */
export function chunksOf(poolIds: string[]): string[][] {
  if (poolIds.length <= POOLS_PER_STATEMENT) return [poolIds];
  return [poolIds.slice(0, POOLS_PER_STATEMENT), ...chunksOf(poolIds.slice(POOLS_PER_STATEMENT))];
}

interface Group {
  quantity: number;
  reserved: number;
  poolIds: string[];
}

/**
 * Pools that are asked for the same move in one statement: a hold of one type, which most are, is one. An allocation comes before the
 * pools around it, so that it is the one to say that nothing is left.
 */
export function groupsOf(demand: Demand): Group[] {
  const groups: Group[] = [];
  for (const [poolId, { quantity, reserved }] of demand) {
    const group = groups.find((other) => other.quantity === quantity && other.reserved === reserved);
    if (group === undefined) groups.push({ quantity, reserved, poolIds: [poolId] });
    else group.poolIds.push(poolId);
  }
  return groups.length === 1 ? groups : groups.sort((one, other) => one.reserved - other.reserved);
}

/** False when the new capacity is below what the pool has sold, held and blocked. */
export function setPool(sql: SqlStorage, pool: PoolRow): boolean {
  return withRoom(() =>
    sql.exec(
      "UPDATE pools SET capacity = ?, sold = ?, held = ?, held_anonymously = ?, blocked = ? WHERE id = ?",
      pool.capacity,
      pool.sold,
      pool.held,
      pool.held_anonymously,
      pool.blocked,
      pool.id,
    ),
  );
}

function withRoom(write: () => void): boolean {
  try {
    write();
    return true;
  } catch (error) {
    if (error instanceof Error && error.message.includes(`CHECK constraint failed: ${ROOM_LEFT}`)) return false;
    throw error;
  }
}

/** In the order of ids. */
export function poolsNow(sql: SqlStorage): PoolRow[] {
  return sql.exec<PoolRow>("SELECT * FROM pools ORDER BY id").toArray();
}
