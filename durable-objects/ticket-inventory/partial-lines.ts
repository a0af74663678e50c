/** What a partial hold gets: each line as much as there is, in the order asked, so that an earlier line comes before a later one. */
import type { Line, RefusedLine } from "../../shared/contracts/inventory";
import { leastOf, leftNow } from "./available";
import type { Terms } from "./event";
import { typeOf } from "./sale";

export interface FittedLine extends Line {
  /** Where it is more than the quantity. */
  asked?: number;
}

export interface Fitted {
  lines: FittedLine[];
  refused: RefusedLine[];
}

/** Expects lines whose types and quantities were checked. */
export function fitLines(sql: SqlStorage, terms: Terms, lines: readonly Line[], nowMs: number): Fitted {
  const left = leftNow(sql, terms, nowMs);
  const fitted: Fitted = { lines: [], refused: [] };
  for (const line of lines) {
    const { ticketTypeId, quantity: asked } = line;
    const quantity = Math.min(asked, leastOf(terms, left, ticketTypeId));
    if (quantity < typeOf(terms, ticketTypeId).minPerOrder) {
      fitted.refused.push({ ticketTypeId, asked, code: "sold_out" });
      continue;
    }
    fitted.lines.push(quantity < asked ? { ...line, quantity, asked } : line);
    for (const { poolId, isReserved } of terms.draws.get(ticketTypeId) ?? [])
      if (!isReserved) left.set(poolId, (left.get(poolId) ?? 0) - quantity);
  }
  return fitted;
}
