/**
 * Stock is counted by pools (rule 8). A counter moves by one plain UPDATE and the table's own constraint decides whether it may, so that
 * nothing is checked in one step and written in another.
 */
import type { Line, PoolState, TicketTypeConfig } from "../../shared/contracts/inventory";
import type { Refusal } from "../../shared/contracts/problems";
import { ROOM_LEFT } from "./migrations";

/** workerd binds at most 100 values a statement, three of which are not ids. */
const POOLS_PER_STATEMENT = 90;

export type PoolRow = { id: string; capacity: number; sold: number; held: number; held_anonymously: number; blocked: number };
export type PoolCounts = Pick<PoolRow, "sold" | "held" | "held_anonymously">;

/** Tickets by pool. */
export type Demand = Map<string, number>;

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

/** Two types of one hold that share a pool ask it once, for the sum. */
export function demandOf(types: Map<string, TicketTypeConfig>, lines: readonly Line[]): Demand {
  const demand: Demand = new Map();
  for (const { ticketTypeId, quantity } of lines) {
    for (const poolId of types.get(ticketTypeId)?.poolIds ?? []) demand.set(poolId, (demand.get(poolId) ?? 0) + quantity);
  }
  return demand;
}

/**
 * Moves counters in every pool of the demand. False when one has no room: earlier pools are changed by then, so the caller must refuse,
 * and its savepoint gives them back.
 */
export function movePools(sql: SqlStorage, demand: Demand, movement: Movement, isAnonymous: boolean): boolean {
  for (const [quantity, poolIds] of byQuantity(demand)) {
    const sold = (movement.sold ?? 0) * quantity;
    const held = (movement.held ?? 0) * quantity;
    for (let first = 0; first < poolIds.length; first += POOLS_PER_STATEMENT) {
      const some = poolIds.slice(first, first + POOLS_PER_STATEMENT);
      const statement = `UPDATE pools SET sold = sold + ?, held = held + ?, held_anonymously = held_anonymously + ? WHERE id IN (${marksOf(some)})`;
      if (!withRoom(() => sql.exec(statement, sold, held, isAnonymous ? held : 0, ...some))) return false;
    }
  }
  return true;
}

const marksOf = (values: readonly unknown[]): string => values.map(() => "?").join(", ");

/** Pools that are asked for the same quantity move in one statement: a hold of one type, which most are, is one. */
function byQuantity(demand: Demand): Map<number, string[]> {
  const groups = new Map<number, string[]>();
  for (const [poolId, quantity] of demand) groups.set(quantity, [...(groups.get(quantity) ?? []), poolId]);
  return groups;
}

/** For movements that only give: no room is a bug there, not a refusal. */
export function returnToPools(sql: SqlStorage, demand: Demand, movement: Movement, isAnonymous: boolean): void {
  if (!movePools(sql, demand, movement, isAnonymous)) throw new Error("giving stock back found no room");
}

/** False when the new capacity is below what the pool has sold, held and blocked. */
export function setPool(sql: SqlStorage, pool: Pick<PoolRow, "id" | "capacity"> & PoolCounts): boolean {
  return withRoom(() =>
    sql.exec(
      "UPDATE pools SET capacity = ?, sold = ?, held = ?, held_anonymously = ? WHERE id = ?",
      pool.capacity,
      pool.sold,
      pool.held,
      pool.held_anonymously,
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

export function poolsNow(sql: SqlStorage): PoolRow[] {
  return sql.exec<PoolRow>("SELECT * FROM pools").toArray();
}

/** A pool's counters from the tickets and holds themselves, by the pools that their types draw from now. */
export function recountPool(sql: SqlStorage, poolId: string): PoolCounts {
  return sql
    .exec<PoolCounts>(
      `SELECT
         (SELECT COUNT(*) FROM tickets t JOIN ticket_type_pools tp ON tp.ticket_type_id = t.ticket_type_id
          WHERE tp.pool_id = ?1 AND t.status <> 'void') AS sold,
         COALESCE(SUM(l.value ->> 'quantity'), 0) AS held,
         COALESCE(SUM(l.value ->> 'quantity') FILTER (WHERE h.holder_kind <> 'user'), 0) AS held_anonymously
       FROM holds h JOIN json_each(h.lines) l JOIN ticket_type_pools tp ON tp.ticket_type_id = l.value ->> 'ticketTypeId'
       WHERE tp.pool_id = ?1 AND h.status IN ('held', 'claimed')`,
      poolId,
    )
    .one();
}

/**
 * What is left of each type: the least of its pools, where a hold that is due counts as gone although nothing has expired it yet
 * (rule 10).
 */
export function availableNow(sql: SqlStorage, nowMs: number): Map<string, number> {
  const rows = sql.exec<{ ticket_type_id: string; available: number }>(
    `WITH due AS (
       SELECT tp.pool_id, SUM(l.value ->> 'quantity') AS quantity
       FROM holds h JOIN json_each(h.lines) l JOIN ticket_type_pools tp ON tp.ticket_type_id = l.value ->> 'ticketTypeId'
       WHERE h.status IN ('held', 'claimed') AND h.expires_at_ms <= ?
       GROUP BY tp.pool_id
     )
     SELECT tp.ticket_type_id, MAX(0, MIN(p.capacity - p.sold - p.held - p.blocked + COALESCE(due.quantity, 0))) AS available
     FROM ticket_type_pools tp JOIN pools p ON p.id = tp.pool_id LEFT JOIN due ON due.pool_id = p.id
     GROUP BY tp.ticket_type_id`,
    nowMs,
  );
  return new Map([...rows].map((row) => [row.ticket_type_id, row.available]));
}

/** Names the types that were asked for; what is left of each is counted by `countSoldOut` once the refused writes are undone. */
export function soldOut(lines: readonly Line[]): Refusal<"sold_out"> {
  const asked = [...new Set(lines.map((line) => line.ticketTypeId))];
  return { code: "sold_out", members: { available: asked.map((ticketTypeId) => ({ ticketTypeId, available: 0 })) } };
}

export function countSoldOut<E extends Refusal>(sql: SqlStorage, refusal: E, nowMs: number): E {
  const left = availableNow(sql, nowMs);
  const available = refusal.members?.available?.map(({ ticketTypeId }) => ({
    ticketTypeId,
    available: left.get(ticketTypeId) ?? 0,
  }));
  return available === undefined ? refusal : { ...refusal, members: { ...refusal.members, available } };
}

/** Every pool as it stands, in the order of ids. */
export function tellPools(sql: SqlStorage): PoolState[] {
  return poolsNow(sql).map(({ id, capacity, sold, held, blocked }) => ({
    id,
    capacity,
    withinPoolIds: [],
    sold,
    held,
    blocked,
    available: capacity - sold - held - blocked,
  }));
}
