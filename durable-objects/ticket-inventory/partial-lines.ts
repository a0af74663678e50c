/** What a partial hold gets: each line as much as there is, in the order asked, so that an earlier line comes before a later one. */
import type { HeldLine, Line, RefusedLine } from "../../shared/contracts/inventory";
import { leastOf } from "./available";
import type { Terms } from "./event";
import { publicLeftNow } from "./public-stock";
import { typeOf } from "./sale";
import { countSeats } from "./seat-lines";

export interface FittedLine extends Line {
  /** Where it is more than the quantity. */
  asked?: number;
}

export interface Fitted {
  lines: FittedLine[];
  refused: RefusedLine[];
}

/** Expects lines whose types and quantities were checked. `had`: what the hold has given back, which is its own still. */
export function fitLines(
  sql: SqlStorage,
  terms: Terms,
  lines: readonly Line[],
  nowMs: number,
  had: readonly HeldLine[] = [],
): Fitted {
  const left = publicLeftNow(sql, terms, nowMs, had);
  const fitted: Fitted = { lines: [], refused: [] };
  /** Seats found so far, by the categories that they were looked for in. */
  const seated = new Map<string, number>();
  for (const line of lines) {
    const { ticketTypeId, quantity: asked } = line;
    const { minPerOrder, seatCategories } = typeOf(terms, ticketTypeId);
    const room = Math.min(asked, leastOf(terms, left, ticketTypeId));
    const field = [...seatCategories].sort().join(" ");
    const before = seated.get(field) ?? 0;
    const fit = seatCategories.length === 0 ? { ...line, quantity: room } : fitSeats(sql, terms, line, room, before);
    const { quantity } = fit;
    if (quantity < minPerOrder) {
      fitted.refused.push({ ticketTypeId, asked, code: "sold_out" });
      continue;
    }
    fitted.lines.push(quantity < asked ? { ...fit, asked } : line);
    seated.set(field, before + quantity);
    for (const { poolId, isReserved } of terms.draws.get(ticketTypeId) ?? [])
      if (!isReserved) left.set(poolId, (left.get(poolId) ?? 0) - quantity);
  }
  return fitted;
}

/** The seats of a line that are there, no more than its other pools have room for. `before`: seats of the lines before it. */
function fitSeats(sql: SqlStorage, terms: Terms, line: Line, room: number, before: number): Line {
  const { seatIds: asked, ...rest } = line;
  const named = (asked ?? []).slice(0, room);
  const { quantity, seatIds } = countSeats(sql, terms, { ...rest, quantity: room, seatIds: named }, before);
  return { ...rest, quantity, ...(seatIds.length > 0 ? { seatIds } : {}) };
}
