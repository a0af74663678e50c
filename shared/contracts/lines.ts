import type { z } from "zod";
import type { HoldLine } from "./holds";
import type { Line } from "./inventory";
import type { BestAvailable } from "./seats";

/** What is asked of the event's object, by a hold's form or an order's. No seat named is none asked for. */
export const toLines = (items: readonly z.infer<typeof HoldLine>[]): Line[] =>
  items.map(({ ticketTypeId, quantity, seatIds = [], bestAvailable }) => ({
    ticketTypeId,
    quantity,
    ...(seatIds.length === 0 ? {} : { seatIds }),
    ...(bestAvailable === undefined ? {} : { bestAvailable: toWish(bestAvailable) }),
  }));

function toWish(best: BestAvailable): NonNullable<Line["bestAvailable"]> {
  if (best === true) return true;
  const { sectionIds, accessible } = best;
  return { ...(sectionIds === undefined ? {} : { sectionIds }), ...(accessible === undefined ? {} : { accessible }) };
}
