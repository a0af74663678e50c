/** The form of what is asked of seated types; whether the seats are there is asked later. */
import type { HoldRefusal, Line } from "../../shared/contracts/inventory";
import type { Refusal } from "../../shared/contracts/problems";
import { MAX_SEATS_TOGETHER, MAX_SECTIONS_ASKED } from "../../shared/contracts/seats";
import type { Terms } from "./event";
import type { MergedLine } from "./sale";

/** The first line whose form does not fit its type. */
export function checkSeatForm(terms: Terms, lines: readonly MergedLine[]): HoldRefusal | null {
  for (const { ticketTypeId, quantity, seatIds = [], bestAvailable, isMixed = false } of lines) {
    const { name, seatCategories } = terms.types.get(ticketTypeId) ?? { name: "", seatCategories: [] };
    if (seatCategories.length === 0) {
      if (seatIds.length > 0 || bestAvailable !== undefined)
        return { code: "seat_unknown", detail: `“${name}” is sold without seats.`, members: { seatIds } };
      continue;
    }
    if (seatIds.length === 0 && bestAvailable === undefined)
      return { code: "seats_required", detail: `“${name}” is sold by seats: name them, or ask for the best available.` };
    if (isMixed)
      return { code: "seat_count_mismatch", detail: `“${name}” is asked for in different sections: ask for it in one line.` };
    if (quantity > MAX_SEATS_TOGETHER)
      return { code: "quantity_out_of_range", detail: `At most ${MAX_SEATS_TOGETHER} seats of “${name}” are taken together.` };
    const best = quantity - seatIds.length;
    if (bestAvailable === undefined ? best !== 0 : best < 1)
      return {
        code: "seat_count_mismatch",
        detail: `${quantity} of “${name}” are asked for, and ${seatIds.length} seats named.`,
      };
    if (typeof bestAvailable === "object" && (bestAvailable.sectionIds ?? []).length > MAX_SECTIONS_ASKED)
      throw new RangeError(`at most ${MAX_SECTIONS_ASKED} sections a line`);
    if (accessibleOf(bestAvailable) > best)
      return { code: "quantity_out_of_range", detail: `More accessible seats than seats of “${name}” are asked for.` };
  }
  const named = lines.flatMap(({ seatIds = [] }) => seatIds);
  return new Set(named).size === named.length ? null : seatRepeated(named);
}

export function seatRepeated(seatIds: readonly string[]): Refusal<"seat_repeated"> {
  const repeated = seatIds.filter((id, index) => seatIds.indexOf(id) < index);
  return { code: "seat_repeated", members: { seatIds: [...new Set(repeated)] } };
}

export const accessibleOf = (best: Line["bestAvailable"]): number => (typeof best === "object" ? (best.accessible ?? 0) : 0);

export const sectionsOf = (best: Line["bestAvailable"]): string[] | null =>
  typeof best === "object" && best.sectionIds ? [...new Set(best.sectionIds)].sort() : null;
