/** Types, pools, and which draws from which, as a change of terms writes them: stock is counted anew where that moves it. */
import type { InventoryConfig, PoolConfig, TicketTypeConfig } from "../../shared/contracts/inventory";
import type { Refusal } from "../../shared/contracts/problems";
import { drawsOf, type PoolCounts, type PoolRow, poolsNow, setPool } from "./pools";

/** Null when it fits. */
export function writeStock(
  sql: SqlStorage,
  config: InventoryConfig,
  nowMs: number,
): Refusal<"capacity_below_sold" | "ticket_type_in_use"> | null {
  checkConfig(config);
  const kept = new Set(config.ticketTypes.map((type) => type.id));
  const before = sql.exec<{ id: string; name: string }>("SELECT id, name FROM ticket_types").toArray();
  const inUse = before.find(({ id }) => !kept.has(id) && isTypeInUse(sql, id, nowMs));
  if (inUse !== undefined) return { code: "ticket_type_in_use", detail: `“${inUse.name}” has holds or tickets.` };

  const membershipBefore = membershipNow(sql);
  const poolsBefore = new Map(poolsNow(sql).map((pool) => [pool.id, pool]));
  sql.exec("DELETE FROM ticket_type_pools");
  sql.exec("DELETE FROM pool_surroundings");
  for (const { id } of before) if (!kept.has(id)) sql.exec("DELETE FROM ticket_types WHERE id = ?", id);
  for (const [position, type] of config.ticketTypes.entries()) writeType(sql, type, position);
  for (const pool of config.pools)
    sql.exec("INSERT INTO pools (id, capacity) VALUES (?, ?) ON CONFLICT (id) DO NOTHING", pool.id, pool.capacity);
  for (const type of config.ticketTypes) drawFrom(sql, type);
  for (const pool of config.pools) surround(sql, pool);

  // A type that draws from other pools than before takes what it has sold and held with it, and what an allocation keeps changes with it.
  const moved = membershipBefore !== membershipNow(sql) || config.pools.some(isAllocation);
  const refusal = writePools(sql, config, moved ? recount(sql, config) : poolsBefore);
  if (refusal !== null) return refusal;
  const poolIds = JSON.stringify(config.pools.map((pool) => pool.id));
  // The pools of seats are the map's.
  sql.exec("DELETE FROM pools WHERE id NOT IN (SELECT value FROM json_each(?)) AND id NOT LIKE 'seats:%'", poolIds);
  return null;
}

const isAllocation = ({ withinPoolIds }: PoolConfig): boolean => withinPoolIds.length > 0;

/** What the API has refused before it came here: a fault that gets so far is a bug, and changes nothing. */
function checkConfig({ pools, ticketTypes }: InventoryConfig): void {
  const allocations = new Map(pools.filter(isAllocation).map(({ id, withinPoolIds }) => [id, withinPoolIds]));
  for (const [id, withinPoolIds] of allocations)
    if (withinPoolIds.some((poolId) => allocations.has(poolId))) throw new Error(`allocation ${id} lies within an allocation`);
  for (const { id, poolIds, opensAfterTicketTypeId } of ticketTypes) {
    const [first, second] = poolIds.filter((poolId) => allocations.has(poolId));
    if (second !== undefined) throw new Error(`ticket type ${id} draws from two allocations`);
    if (first !== undefined && !allocations.get(first)?.some((poolId) => poolIds.includes(poolId)))
      throw new Error(`ticket type ${id} draws from no pool around its allocation`);
    if (opensAfterTicketTypeId !== null && !ticketTypes.some((type) => type.id === opensAfterTicketTypeId))
      throw new Error(`ticket type ${id} opens after a type that is not there`);
  }
}

const NOTHING_TAKEN: PoolCounts = { sold: 0, held: 0, held_anonymously: 0, blocked: 0 };

/** Allocations first: one that keeps less than it has given is the one to refuse, before the pools around it are asked. */
function writePools(
  sql: SqlStorage,
  { pools }: InventoryConfig,
  counts: ReadonlyMap<string, PoolCounts>,
): Refusal<"capacity_below_sold"> | null {
  const inTurn = [...pools.filter(isAllocation), ...pools.filter((pool) => !isAllocation(pool))];
  for (const { id, capacity } of inTurn) {
    const pool = { ...(counts.get(id) ?? NOTHING_TAKEN), id, capacity };
    if (!setPool(sql, pool)) return capacityBelowSold(pool);
  }
  return null;
}

function capacityBelowSold({ id: poolId, capacity, sold, held, blocked }: PoolRow): Refusal<"capacity_below_sold"> {
  const detail = `Pool ${poolId} has ${sold} sold, ${held} held and ${blocked} kept back.`;
  return { code: "capacity_below_sold", detail, members: { poolId, capacity, sold, held, blocked } };
}

/** Every pool's counters from the tickets and holds themselves, by the pools that their types draw from now. */
function recount(sql: SqlStorage, { pools, ticketTypes }: InventoryConfig): Map<string, PoolCounts> {
  const taken = takenByType(sql);
  const counts = new Map(pools.map(({ id }) => [id, { ...NOTHING_TAKEN }]));
  for (const { capacity, withinPoolIds } of pools)
    for (const poolId of new Set(withinPoolIds)) add(counts, poolId, { ...NOTHING_TAKEN, blocked: capacity });
  for (const [ticketTypeId, draws] of drawsOf(pools, ticketTypes)) {
    const { sold, held, held_anonymously } = taken.get(ticketTypeId) ?? NOTHING_TAKEN;
    for (const { poolId, isReserved } of draws)
      add(counts, poolId, { sold, held, held_anonymously, blocked: isReserved ? -(sold + held) : 0 });
  }
  return counts;
}

function add(counts: Map<string, PoolCounts>, poolId: string, more: PoolCounts): void {
  const pool = counts.get(poolId);
  if (pool === undefined) return;
  pool.sold += more.sold;
  pool.held += more.held;
  pool.held_anonymously += more.held_anonymously;
  pool.blocked += more.blocked;
}

type TakenRow = { ticket_type_id: string; sold: number; held: number; held_anonymously: number };

/** Reads every ticket and every live hold once, which a change of terms may and a hold may not. */
function takenByType(sql: SqlStorage): Map<string, Omit<PoolCounts, "blocked">> {
  const rows = sql.exec<TakenRow>(
    `SELECT ticket_type_id, SUM(sold) AS sold, SUM(held) AS held, SUM(held_anonymously) AS held_anonymously FROM (
       SELECT ticket_type_id, COUNT(*) AS sold, 0 AS held, 0 AS held_anonymously FROM tickets WHERE status <> 'void' GROUP BY 1
       UNION ALL
       SELECT l.value ->> 'ticketTypeId', 0, l.value ->> 'quantity', iif(h.holder_kind = 'user', 0, l.value ->> 'quantity')
       FROM holds h JOIN json_each(h.lines) l WHERE h.status IN ('held', 'claimed')
     ) GROUP BY 1`,
  );
  return new Map([...rows].map(({ ticket_type_id, ...counts }) => [ticket_type_id, counts]));
}

function membershipNow(sql: SqlStorage): string {
  const drawn = sql.exec("SELECT ticket_type_id, pool_id FROM ticket_type_pools ORDER BY 1, 2").toArray();
  const within = sql.exec("SELECT allocation_id, pool_id FROM pool_surroundings ORDER BY 1, 2").toArray();
  return JSON.stringify([drawn, within]);
}

function writeType(sql: SqlStorage, type: TicketTypeConfig, position: number): void {
  sql.exec(
    `INSERT INTO ticket_types (id, position, name, description, quantity, unit_price_minor, min_per_order, max_per_order, sale_start_ms, sale_end_ms,
       opens_after, max_per_person, seat_categories)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET position = excluded.position, name = excluded.name, description = excluded.description,
       quantity = excluded.quantity, unit_price_minor = excluded.unit_price_minor, min_per_order = excluded.min_per_order,
       max_per_order = excluded.max_per_order, sale_start_ms = excluded.sale_start_ms, sale_end_ms = excluded.sale_end_ms,
       opens_after = excluded.opens_after, opened_at_ms = iif(excluded.opens_after IS NULL, NULL, opened_at_ms),
       max_per_person = excluded.max_per_person, seat_categories = excluded.seat_categories`,
    type.id,
    position,
    type.name,
    type.description,
    type.quantity,
    type.unitPriceMinor,
    type.minPerOrder,
    type.maxPerOrder,
    type.saleStartMs,
    type.saleEndMs,
    type.opensAfterTicketTypeId,
    type.maxPerPerson,
    JSON.stringify(type.seatCategories),
  );
}

function drawFrom(sql: SqlStorage, type: TicketTypeConfig): void {
  // Without a pool nothing would limit the type; an unknown pool fails by its foreign key.
  if (type.poolIds.length === 0) throw new Error(`ticket type ${type.id} draws from no pool`);
  for (const poolId of new Set(type.poolIds))
    sql.exec("INSERT INTO ticket_type_pools (ticket_type_id, pool_id) VALUES (?, ?)", type.id, poolId);
}

function surround(sql: SqlStorage, { id, withinPoolIds }: PoolConfig): void {
  for (const poolId of new Set(withinPoolIds))
    sql.exec("INSERT INTO pool_surroundings (allocation_id, pool_id) VALUES (?, ?)", id, poolId);
}

/**
 * Tickets, live holds, or an order that may still be paid: one that nobody has decided counts until its cap, because an order that was
 * claimed and never written is decided by nobody. Reads every hold, which a change of terms may and a hold may not.
 */
function isTypeInUse(sql: SqlStorage, ticketTypeId: string, nowMs: number): boolean {
  const used = sql.exec(
    `SELECT 1 FROM tickets WHERE ticket_type_id = ?1
     UNION ALL
     SELECT 1 FROM holds h LEFT JOIN orders o ON o.order_id = h.order_id JOIN json_each(h.lines) l
     WHERE ((h.status = 'held' AND h.expires_at_ms > ?2) OR (h.order_id IS NOT NULL AND o.order_id IS NULL AND h.cap_ms > ?2))
       AND l.value ->> 'ticketTypeId' = ?1
     LIMIT 1`,
    ticketTypeId,
    nowMs,
  );
  return used.toArray().length > 0;
}
