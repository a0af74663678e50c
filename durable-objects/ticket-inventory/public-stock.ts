/** What is left for everybody: what there is of a type is first for those who wait for it. */
import type { Refusal } from "../../shared/contracts/problems";
import { leastOf, leftNow } from "./available";
import type { Terms } from "./event";
import { demandOf, type Quantity } from "./pools";
import { setAsideForAll } from "./waiting-wishes";

/** By pool. `had`: what a hold has given back to ask for other lines is still its own. */
export function publicLeftNow(sql: SqlStorage, terms: Terms, nowMs: number, had: readonly Quantity[] = []): Map<string, number> {
  const left = leftNow(sql, terms, nowMs);
  if (terms.wishes.length === 0) return left;
  const own = [...demandOf(terms.draws, had)].map(([poolId, { quantity, reserved }]) => [poolId, quantity - reserved] as const);
  for (const [poolId, quantity] of own) left.set(poolId, (left.get(poolId) ?? 0) - quantity);
  setAsideForAll(terms, left, nowMs);
  for (const [poolId, quantity] of own) left.set(poolId, (left.get(poolId) ?? 0) + quantity);
  return left;
}

/** Tickets by type, of every type of the event. */
export function publicAvailableNow(sql: SqlStorage, terms: Terms, nowMs: number): Map<string, number> {
  const left = publicLeftNow(sql, terms, nowMs);
  return new Map([...terms.types.keys()].map((id) => [id, leastOf(terms, left, id)]));
}

/** Whether the lines would take what is set aside for those who wait. Nothing is looked at while nobody does. */
export function isSetAside(
  sql: SqlStorage,
  terms: Terms,
  lines: readonly Quantity[],
  nowMs: number,
  had: readonly Quantity[] = [],
): boolean {
  if (terms.wishes.length === 0) return false;
  const left = publicLeftNow(sql, terms, nowMs, had);
  const overdrawn = [...demandOf(terms.draws, lines)].some(
    ([poolId, { quantity, reserved }]) => quantity - reserved > (left.get(poolId) ?? 0),
  );
  return overdrawn || lines.some((line) => wantsMoreSeats(terms, left, line, had));
}

/** Which categories the best seats will be of nobody knows yet. */
function wantsMoreSeats(terms: Terms, left: Map<string, number>, line: Quantity, had: readonly Quantity[]): boolean {
  if ((terms.types.get(line.ticketTypeId)?.seatCategories ?? []).length === 0) return false;
  const before = had.find(({ ticketTypeId }) => ticketTypeId === line.ticketTypeId)?.quantity ?? 0;
  return line.quantity > before && line.quantity - before > leastOf(terms, left, line.ticketTypeId);
}

/** Completes a refusal with what is left of the types that it names. */
export function countSoldOut<E extends Refusal>(sql: SqlStorage, terms: Terms, refusal: E, nowMs: number): E {
  const left = publicAvailableNow(sql, terms, nowMs);
  const available = refusal.members?.available?.map(({ ticketTypeId }) => ({
    ticketTypeId,
    available: left.get(ticketTypeId) ?? 0,
  }));
  return available === undefined ? refusal : { ...refusal, members: { ...refusal.members, available } };
}
