/** What those who wait wish for. Entries of one wish are served in one order and refused for one reason, so that wishes are few. */
import type { TicketTypeConfig } from "../../shared/contracts/inventory";
import { poolOfSeatCategory } from "../../shared/contracts/seats";
import { leastOf } from "./available";
import type { Terms } from "./event";
import { saleWindow } from "./sale";
import { keysFor, keysOf } from "./waiting-seats";
import { couldServe, type Supply } from "./waiting-supply";

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

/** The types that the wish may have now. One that is not on sale, or never had in this quantity, neither serves it nor waits for it. */
export function typesOf(terms: Terms, supply: Supply, wish: Wish, nowMs: number): string[] {
  return wish.ticketTypeIds.filter((id) => {
    const type = typeFor(terms, supply, wish, id);
    return type !== null && saleWindow(terms, type, nowMs) === "on_sale";
  });
}

/** Nothing can come of the wish, unless the organizer changes the event. */
export const isHopeless = (terms: Terms, supply: Supply, wish: Wish, nowMs: number): boolean =>
  wish.ticketTypeIds.every((id) => {
    const type = typeFor(terms, supply, wish, id);
    return type === null || saleWindow(terms, type, nowMs) === "ended";
  });

function typeFor(terms: Terms, supply: Supply, { quantity }: Wish, id: string): TicketTypeConfig | null {
  const type = terms.types.get(id);
  if (type === undefined || quantity < type.minPerOrder || quantity > type.maxPerOrder) return null;
  return couldServe(terms, supply, type, quantity) ? type : null;
}

/** Sets aside for all who wait, in the order of whose turn it is. */
export function setAsideForAll(terms: Terms, supply: Supply, left: Map<string, number>, nowMs: number): void {
  for (const wish of terms.wishes) setAside(terms, supply, left, typesOf(terms, supply, wish, nowMs), wish.quantity);
}

/**
 * Takes all that there is of these types out of `left`, for an entry that gets one of them once there is enough: whoever comes later
 * sees what remains of the pools that they share with others. Of seats only such as an offer of the quantity may be made of.
 */
export function setAside(
  terms: Terms,
  supply: Supply,
  left: Map<string, number>,
  ticketTypeIds: readonly string[],
  quantity: number,
): void {
  const aside = new Map<string, number>();
  const keep = (key: string, some: number) => {
    const kept = Math.min(some, left.get(key) ?? 0);
    if (kept > 0) aside.set(key, Math.max(aside.get(key) ?? 0, kept));
  };
  const categories = new Set<string>();
  for (const id of ticketTypeIds) {
    const own = terms.types.get(id)?.seatCategories ?? [];
    const keys = own.flatMap((category) => keysFor(supply, category, quantity));
    const most = own.length === 0 ? Number.POSITIVE_INFINITY : keys.reduce((sum, key) => sum + (left.get(key) ?? 0), 0);
    const some = Math.min(leastOf(terms, left, id), most);
    if (some === 0) continue;
    for (const { poolId, isReserved } of terms.draws.get(id) ?? []) if (!isReserved) keep(poolId, some);
    for (const key of keys) keep(key, some);
    for (const category of own) categories.add(category);
  }
  for (const category of categories) {
    const kept = keysOf(supply, category).reduce((sum, key) => sum + (aside.get(key) ?? 0), 0);
    aside.set(poolOfSeatCategory(category), kept);
  }
  for (const [key, some] of aside) left.set(key, Math.max(0, (left.get(key) ?? 0) - some));
}
