/** What a partial hold gets of a seated line: as many of its seats as there are beside those of the lines before it. */
import type { Line } from "../../shared/contracts/inventory";
import { poolOfSeatCategory } from "../../shared/contracts/seats";
import type { Terms } from "./event";
import { typeOf } from "./sale";
import { companionOf } from "./seat-companions";
import { hasBest, tryPicking } from "./seat-lines";
import { findSeats, readSegments } from "./seat-rows";
import { freeAmong } from "./seats";

/**
 * The line with no more seats than its other pools have `room` for; where it would come to fewer than its type's `minPerOrder`, with
 * none. `planned`: the lines before it, as they will be taken together with it. `barred`: named seats that it may not have.
 */
export function fitSeats(
  sql: SqlStorage,
  terms: Terms,
  line: Line,
  room: number,
  planned: readonly Line[],
  left: ReadonlyMap<string, number>,
  barred: ReadonlySet<string>,
): Line {
  const { seatIds: asked = [], bestAvailable, ...rest } = line;
  const { minPerOrder } = typeOf(terms, line.ticketTypeId);
  const most = Math.min(room, placesLeft(terms, line, planned, left));
  let seatIds = namedThere(
    sql,
    asked.filter((id) => !barred.has(id)),
    most,
  );
  let best = bestAvailable === undefined ? 0 : Math.min(line.quantity - asked.length, most - seatIds.length);
  while (seatIds.length + best >= minPerOrder) {
    const fit: Line = {
      ...rest,
      quantity: seatIds.length + best,
      ...(seatIds.length > 0 ? { seatIds } : {}),
      ...(best > 0 && bestAvailable !== undefined ? { bestAvailable } : {}),
    };
    if (isThere(sql, terms, fit, planned)) return fit;
    if (best > 0) best -= 1;
    else seatIds = namedThere(sql, seatIds, seatIds.length - 1);
  }
  return { ...rest, quantity: 0 };
}

/**
 * Of the named seats those that nobody has, at most so many; a table that was named whole is there whole, or not at all, and a companion's
 * seat not without the accessible one that was named with it.
 */
function namedThere(sql: SqlStorage, seatIds: readonly string[], most: number): string[] {
  if (seatIds.length === 0) return [];
  const free = new Set(freeAmong(sql, seatIds));
  const found = findSeats(sql, seatIds);
  const segments = readSegments(
    sql,
    [...found.values()].map(({ segment }) => segment),
  );
  const kept = new Set<string>();
  const besideOf = (id: string) => {
    const { segment = -1, place = -1 } = found.get(id) ?? {};
    const row = segments.get(segment);
    return row === undefined ? null : companionOf(row, place);
  };
  const companions = seatIds.filter((id) => besideOf(id) !== null);
  for (const id of [...seatIds.filter((other) => !companions.includes(other)), ...companions]) {
    const beside = besideOf(id);
    if (beside !== null && seatIds.includes(beside) && !kept.has(beside)) continue;
    const segment = segments.get(found.get(id)?.segment ?? -1);
    const table = segment?.whole ? segment.seats.map(([seatId]) => seatId) : [];
    const together = table.length > 0 && table.every((seatId) => seatIds.includes(seatId)) ? table : [id];
    if (kept.has(id) || kept.size + together.length > most || !together.every((seatId) => free.has(seatId))) continue;
    for (const seatId of together) kept.add(seatId);
  }
  return seatIds.filter((id) => kept.has(id));
}

/** No more than these can be there, which spares trying more: lines before it that have no other choice have taken theirs. */
function placesLeft(terms: Terms, { ticketTypeId }: Line, planned: readonly Line[], left: ReadonlyMap<string, number>): number {
  const { seatCategories } = typeOf(terms, ticketTypeId);
  const places = seatCategories.reduce((sum, category) => sum + (left.get(poolOfSeatCategory(category)) ?? 0), 0);
  const taken = planned.filter((line) => categoriesOf(terms, line).every((category) => seatCategories.includes(category)));
  return taken.reduce((sum, { quantity }) => sum - quantity, places);
}

const categoriesOf = (terms: Terms, { ticketTypeId }: Line): string[] => typeOf(terms, ticketTypeId).seatCategories;

function isThere(sql: SqlStorage, terms: Terms, fit: Line, planned: readonly Line[]): boolean {
  const { seatIds = [], bestAvailable } = fit;
  const own = categoriesOf(terms, fit);
  const isShared = planned.some((line) => categoriesOf(terms, line).some((category) => own.includes(category)));
  if (!isShared && bestAvailable === undefined) return true;
  if (!isShared && seatIds.length === 0) return hasBest(sql, terms, fit);
  // Any other refusal is not for want of seats, and the hold's to hear.
  return tryPicking(sql, terms, [...planned, fit])?.code !== "sold_out";
}
