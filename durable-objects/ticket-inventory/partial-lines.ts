/** What a partial hold gets: each line as much as there is, in the order asked, so that an earlier line comes before a later one. */
import type { HeldLine, Line, RefusedLine } from "../../shared/contracts/inventory";
import { leastOf } from "./available";
import type { Terms } from "./event";
import { fitSeats } from "./partial-seats";
import { publicLeftNow } from "./public-stock";
import { saleWindow, typeOf } from "./sale";

export interface FittedLine extends Line {
  /** Where it is more than the quantity. */
  asked?: number;
}

export interface Fitted {
  lines: FittedLine[];
  refused: RefusedLine[];
}

/**
 * Expects lines whose types and quantities were checked. `had`: what the hold has given back, which is its own still, also of a type
 * whose sale is over.
 */
export function fitLines(
  sql: SqlStorage,
  terms: Terms,
  lines: readonly Line[],
  nowMs: number,
  had: readonly HeldLine[] = [],
): Fitted {
  const left = publicLeftNow(sql, terms, nowMs, had);
  const fitted: Fitted = { lines: [], refused: [] };
  const seated: Line[] = [];
  for (const line of lines) {
    const { ticketTypeId, quantity: asked } = line;
    const type = typeOf(terms, ticketTypeId);
    const { minPerOrder, seatCategories } = type;
    const isOnSale = saleWindow(terms, type, nowMs) === "on_sale";
    const kept = had.find((earlier) => earlier.ticketTypeId === ticketTypeId)?.quantity ?? 0;
    const room = Math.min(isOnSale ? asked : Math.min(asked, kept), leastOf(terms, left, ticketTypeId));
    const isSeated = seatCategories.length > 0;
    const fit = isSeated ? fitSeats(sql, terms, line, room, seated, left) : { ...line, quantity: room };
    const { quantity } = fit;
    if (quantity < minPerOrder) {
      fitted.refused.push({ ticketTypeId, asked, code: isOnSale ? "sold_out" : "ticket_type_not_on_sale" });
      continue;
    }
    fitted.lines.push(quantity < asked ? { ...fit, asked } : line);
    if (isSeated) seated.push(fit);
    for (const { poolId, isReserved } of terms.draws.get(ticketTypeId) ?? [])
      if (!isReserved) left.set(poolId, (left.get(poolId) ?? 0) - quantity);
  }
  return fitted;
}
