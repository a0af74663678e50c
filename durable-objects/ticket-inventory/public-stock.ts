/** What is left for everybody: what there is of a type is first for those who wait for it. */
import type { HeldLine } from "../../shared/contracts/inventory";
import type { Refusal } from "../../shared/contracts/problems";
import { leastOf, leftNow } from "./available";
import type { Terms } from "./event";
import { demandOf, type Quantity } from "./pools";
import type { LanesFor } from "./seat-lines";
import { seatIdsOf } from "./seats";
import { countKinds, kindsOfSeats, openLanes } from "./waiting-seats";
import { type Supply, supplyOf } from "./waiting-supply";
import { setAsideForAll } from "./waiting-wishes";

/** By pool, and by kind of seat where somebody waits. `had`: what a hold has given back to ask for other lines is still its own. */
export function publicLeftNow(sql: SqlStorage, terms: Terms, nowMs: number, had: readonly HeldLine[] = []): Map<string, number> {
  return sharesNow(sql, terms, nowMs, had).left;
}

/** What is left for somebody, of all that there is. */
export interface Shares {
  supply: Supply;
  /** What there is, before anything of it is set aside. */
  all: Map<string, number>;
  left: Map<string, number>;
}

function sharesNow(sql: SqlStorage, terms: Terms, nowMs: number, had: readonly HeldLine[]): Shares {
  const left = leftNow(sql, terms, nowMs);
  if (terms.wishes.length === 0) return { supply: { pools: new Map(), seats: new Map() }, all: left, left };
  const supply = supplyOf(sql, terms);
  countKinds(sql, supply, left);
  const all = new Map(left);
  const own = new Map([...demandOf(terms.draws, had)].map(([poolId, { quantity, reserved }]) => [poolId, quantity - reserved]));
  for (const [key, seats] of kindsOfSeats(sql, seatIdsOf(had))) own.set(key, seats);
  for (const [key, quantity] of own) left.set(key, (left.get(key) ?? 0) - quantity);
  setAsideForAll(terms, supply, left, nowMs);
  for (const [key, quantity] of own) left.set(key, (left.get(key) ?? 0) + quantity);
  return { supply, all, left };
}

/** Tickets by type, of every type of the event. */
export function publicAvailableNow(sql: SqlStorage, terms: Terms, nowMs: number): Map<string, number> {
  const left = publicLeftNow(sql, terms, nowMs);
  return new Map([...terms.types.keys()].map((id) => [id, leastOf(terms, left, id)]));
}

/** What of the seats a command may take. */
export interface Share {
  /** Whether a party of so many may choose its seats there. */
  lanes: LanesFor;
  /** Whether seats that were picked are such as are set aside. */
  isKept: (seatIds: readonly string[]) => boolean;
}

const EVERYTHING: Share = { lanes: () => () => true, isKept: () => false };

/** Null when the lines would take what is set aside for those who wait. Nothing is looked at while nobody does. */
export function shareFor(
  sql: SqlStorage,
  terms: Terms,
  lines: readonly Quantity[],
  nowMs: number,
  had: readonly HeldLine[] = [],
): Share | null {
  if (terms.wishes.length === 0) return EVERYTHING;
  const shares = sharesNow(sql, terms, nowMs, had);
  const { left } = shares;
  const overdrawn = [...demandOf(terms.draws, lines)].some(
    ([poolId, { quantity, reserved }]) => quantity - reserved > (left.get(poolId) ?? 0),
  );
  if (overdrawn || lines.some((line) => wantsMoreSeats(terms, left, line))) return null;
  return seatsOfShare(sql, shares);
}

export const seatsOfShare = (sql: SqlStorage, { supply, all, left }: Shares): Share => ({
  lanes: (quantity) => openLanes(sql, supply, all, left, quantity),
  isKept: (seatIds) => [...kindsOfSeats(sql, seatIds)].some(([key, seats]) => seats > (left.get(key) ?? 0)),
});

/** Which categories the best seats will be of nobody knows yet. */
function wantsMoreSeats(terms: Terms, left: Map<string, number>, { ticketTypeId, quantity }: Quantity): boolean {
  const { seatCategories } = terms.types.get(ticketTypeId) ?? { seatCategories: [] };
  return seatCategories.length > 0 && quantity > leastOf(terms, left, ticketTypeId);
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
