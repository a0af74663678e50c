/** Small ways of looking at rows that all parts of the checker share. */
import type { Row } from "./snapshot.ts";

export const groupBy = <T, K>(items: readonly T[], keyOf: (item: T) => K): Map<K, T[]> => Map.groupBy(items, keyOf);

export const sumOf = <T>(items: readonly T[], of: (item: T) => number): number => items.reduce((sum, item) => sum + of(item), 0);

/** It has, or had, its tickets; `refunded` alone may also be money that bought nothing. */
export const hasBeenPaid = ({ state, paid_at_ms }: Row<"payments", "orders">): boolean =>
  ["paid", "partially_refunded", "refunded"].includes(state) && paid_at_ms !== null;

/** The provider has taken it. */
export const isMoney = ({ state }: Row<"payments", "payments">): boolean =>
  ["succeeded", "partially_refunded", "refunded"].includes(state);
