/** What those who wait wish for. Entries of one wish are served in one order and refused for one reason, so that wishes are few. */
import { poolOfSeatCategory } from "../../shared/contracts/seats";
import { leastOf } from "./available";
import type { Terms } from "./event";
import { saleWindow } from "./sale";

export interface Wish {
  quantity: number;
  /** In the order of preference. */
  ticketTypeIds: string[];
}

export const keyOfWish = ({ quantity, ticketTypeIds }: Wish): string => JSON.stringify([quantity, ...ticketTypeIds]);

export function wishOfKey(key: string): Wish {
  // Written by `keyOfWish`.
  const [quantity, ...ticketTypeIds] = JSON.parse(key) as [number, ...string[]];
  return { quantity, ticketTypeIds };
}

/** The different wishes, by a seek each, in the order of the entry that comes first in each: the higher priority, then the earlier. */
export function readWishes(sql: SqlStorage): Wish[] {
  const rows = sql.exec<{ wish: string }>(
    `WITH RECURSIVE wishes (wish) AS (
       SELECT MIN(wish) FROM waiting_entries WHERE status = 'waiting'
       UNION ALL
       SELECT (SELECT MIN(e.wish) FROM waiting_entries e WHERE e.status = 'waiting' AND e.wish > w.wish)
       FROM wishes w WHERE w.wish IS NOT NULL
     )
     SELECT w.wish FROM wishes w JOIN waiting_entries first ON first.number = (
       SELECT e.number FROM waiting_entries e WHERE e.status = 'waiting' AND e.wish = w.wish ORDER BY e.priority DESC, e.number LIMIT 1
     ) ORDER BY first.priority DESC, first.number`,
  );
  return [...rows].map(({ wish }) => wishOfKey(wish));
}

/** The types that the wish may have now. One that is not on sale, or not in this quantity, neither serves it nor waits for it. */
export function typesOf(terms: Terms, { quantity, ticketTypeIds }: Wish, nowMs: number): string[] {
  return ticketTypeIds.filter((id) => {
    const type = terms.types.get(id);
    if (type === undefined || quantity < type.minPerOrder || quantity > type.maxPerOrder) return false;
    return saleWindow(terms, type, nowMs) === "on_sale";
  });
}

/** Sets aside for all who wait. A type of which nothing is left is passed over, so that a long list costs little more than a short one. */
export function setAsideForAll(terms: Terms, left: Map<string, number>, nowMs: number): void {
  const gone = new Set<string>();
  for (const wish of terms.wishes) {
    if (wish.ticketTypeIds.every((id) => gone.has(id))) continue;
    const types = typesOf(terms, wish, nowMs);
    setAside(terms, left, types);
    for (const id of types) gone.add(id);
  }
}

/**
 * Takes all that there is of these types out of `left`, for an entry that gets one of them once there is enough: whoever comes later
 * sees what remains of the pools that they share with others.
 */
export function setAside(terms: Terms, left: Map<string, number>, ticketTypeIds: readonly string[]): void {
  const aside = new Map<string, number>();
  for (const id of ticketTypeIds) {
    const some = leastOf(terms, left, id);
    if (some === 0) continue;
    const drawn = (terms.draws.get(id) ?? []).filter(({ isReserved }) => !isReserved).map(({ poolId }) => poolId);
    const seated = (terms.types.get(id)?.seatCategories ?? []).map(poolOfSeatCategory);
    for (const poolId of [...drawn, ...seated]) aside.set(poolId, Math.max(aside.get(poolId) ?? 0, some));
  }
  for (const [poolId, some] of aside) left.set(poolId, Math.max(0, (left.get(poolId) ?? 0) - some));
}
