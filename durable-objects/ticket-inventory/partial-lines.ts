/** What a partial hold gets: each line as much as there is, in the order asked, so that an earlier line comes before a later one. */
import type { HeldLine, Holder, Line, RefusedLine } from "../../shared/contracts/inventory";
import type { Refusal } from "../../shared/contracts/problems";
import { leastOf } from "./available";
import type { Terms } from "./event";
import { fitSeats } from "./partial-seats";
import { publicLeftNow } from "./public-stock";
import { saleWindow, typeOf } from "./sale";
import { checkCompanionsAmong } from "./seat-companions";

export interface FittedLine extends Line {
  /** Where it is more than the quantity. */
  asked?: number;
}

export interface Fitted {
  lines: FittedLine[];
  refused: RefusedLine[];
  /** Companions' seats that would have gone without their accessible ones. */
  alone?: Refusal<"seat_for_companion">;
}

/**
 * Expects lines whose types and quantities were checked. `had`: what the hold has given back, which is its own still, also of a type
 * whose sale is over. A companion's seat whose accessible one no line gets is left out, and what there is counted without it.
 */
export function fitLines(
  sql: SqlStorage,
  terms: Terms,
  holder: Holder,
  lines: readonly Line[],
  nowMs: number,
  had: readonly HeldLine[] = [],
): Fitted {
  const barred = new Set<string>();
  const left = publicLeftNow(sql, terms, nowMs, had);
  let alone: Fitted["alone"];
  for (;;) {
    const fitted = fitWithout(sql, terms, lines, nowMs, had, new Map(left), barred);
    const seatIds = fitted.lines.flatMap((line) => line.seatIds ?? []);
    const more = checkCompanionsAmong(sql, holder, seatIds, nowMs);
    if (more === null) return { ...fitted, ...(alone === undefined ? {} : { alone }) };
    alone = more;
    // Each turn bars one more of the seats that were named, and those are few.
    for (const id of more.members?.seatIds ?? seatIds) barred.add(id);
  }
}

function fitWithout(
  sql: SqlStorage,
  terms: Terms,
  lines: readonly Line[],
  nowMs: number,
  had: readonly HeldLine[],
  left: Map<string, number>,
  barred: ReadonlySet<string>,
): Fitted {
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
    const fit = isSeated ? fitSeats(sql, terms, line, room, seated, left, barred) : { ...line, quantity: room };
    const { quantity } = fit;
    if (quantity < minPerOrder) {
      const isAlone = line.seatIds?.some((id) => barred.has(id)) ?? false;
      const missing = isAlone ? "seat_for_companion" : "sold_out";
      fitted.refused.push({ ticketTypeId, asked, code: isOnSale ? missing : "ticket_type_not_on_sale" });
      continue;
    }
    fitted.lines.push(quantity < asked ? { ...fit, asked } : line);
    if (isSeated) seated.push(fit);
    for (const { poolId, isReserved } of terms.draws.get(ticketTypeId) ?? [])
      if (!isReserved) left.set(poolId, (left.get(poolId) ?? 0) - quantity);
  }
  return fitted;
}
