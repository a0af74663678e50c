/** What may be asked of an event now, before any stock is looked at. */
import type { HeldLine, HoldRefusal, Line, TicketTypeConfig } from "../../shared/contracts/inventory";
import type { Refusal } from "../../shared/contracts/problems";
import type { Terms } from "./event";
import type { FittedLine } from "./partial-lines";
import { accessibleOf, checkSeatForm, sectionsOf } from "./seat-form";

export interface MergedLine extends Line {
  /** Parts of it shall sit in different sections, which no line can say. */
  isMixed?: true;
}

/** One line a type, in the order of first mention: a limit must not be passed by asking twice. */
export function mergeLines(items: readonly Line[]): MergedLine[] {
  const merged = new Map<string, MergedLine>();
  for (const item of items) {
    const earlier = merged.get(item.ticketTypeId);
    merged.set(item.ticketTypeId, earlier === undefined ? item : mergeTwo(earlier, item));
  }
  return [...merged.values()];
}

/** Seats are kept with their repetitions, so that a seat asked for twice is seen. */
function mergeTwo(one: MergedLine, other: Line): MergedLine {
  const seatIds = [...(one.seatIds ?? []), ...(other.seatIds ?? [])];
  const merged = { ...other, ...one, quantity: one.quantity + other.quantity, ...(seatIds.length > 0 ? { seatIds } : {}) };
  const [best, more] = [one.bestAvailable, other.bestAvailable];
  if (best === undefined || more === undefined || (best === true && more === true)) return merged;
  if (JSON.stringify(sectionsOf(best)) !== JSON.stringify(sectionsOf(more))) return { ...merged, isMixed: true };
  const sectionIds = sectionsOf(best);
  const accessible = accessibleOf(best) + accessibleOf(more);
  return { ...merged, bestAvailable: { ...(sectionIds === null ? {} : { sectionIds }), accessible } };
}

/**
 * Null when every line may be sold now; otherwise the first refusal in the order event, type, quantity, sale window. `had`: what a hold
 * has already, of which it may keep what it has got when the type's sale is over; null where each line's sale is looked at by itself.
 */
export function checkSale(
  terms: Terms,
  lines: readonly MergedLine[],
  nowMs: number,
  had: readonly HeldLine[] | null = [],
): HoldRefusal | null {
  const closed = checkEvent(terms, nowMs);
  if (closed !== null) return closed;
  const unknown = lines.find((line) => !terms.types.has(line.ticketTypeId));
  if (unknown !== undefined)
    return { code: "ticket_type_not_found", detail: `The event has no ticket type ${unknown.ticketTypeId}.` };
  return (
    checkQuantities(terms, lines) ?? checkSeatForm(terms, lines) ?? (had === null ? null : checkWindows(terms, lines, nowMs, had))
  );
}

export function checkEvent(terms: Terms, nowMs: number): Refusal<"event_not_on_sale"> | null {
  if (terms.state !== "open") return { code: "event_not_on_sale", detail: `The event is ${terms.state}.` };
  return nowMs >= terms.endMs ? { code: "event_not_on_sale", detail: "The event has ended." } : null;
}

function checkQuantities(terms: Terms, lines: readonly Line[]): HoldRefusal | null {
  if (lines.length === 0) return { code: "quantity_out_of_range", detail: "At least one ticket is asked for." };
  for (const { ticketTypeId, quantity } of lines) {
    const { name, minPerOrder, maxPerOrder } = typeOf(terms, ticketTypeId);
    if (!Number.isInteger(quantity) || quantity < minPerOrder || quantity > maxPerOrder) {
      return { code: "quantity_out_of_range", detail: `One order may have ${minPerOrder} to ${maxPerOrder} of “${name}”.` };
    }
  }
  return null;
}

export function checkWindows(terms: Terms, lines: readonly Line[], nowMs: number, had: readonly HeldLine[]): HoldRefusal | null {
  for (const { ticketTypeId, quantity } of lines) {
    if (had.some((line) => line.ticketTypeId === ticketTypeId && line.quantity >= quantity)) continue;
    const type = typeOf(terms, ticketTypeId);
    const window = saleWindow(terms, type, nowMs);
    if (window !== "on_sale")
      return {
        code: "ticket_type_not_on_sale",
        detail: `“${type.name}” is ${window === "scheduled" ? "not on sale yet" : "no longer on sale"}.`,
      };
  }
  return null;
}

export function saleWindow(terms: Terms, type: TicketTypeConfig, nowMs: number): "scheduled" | "on_sale" | "ended" {
  if (terms.state !== "open" || nowMs >= Math.min(type.saleEndMs ?? terms.endMs, terms.endMs)) return "ended";
  return hasOpened(terms, type, nowMs) ? "on_sale" : "scheduled";
}

/** By the sell-out of the type before it or at its own time, whichever comes first; without either from publishing. */
function hasOpened(terms: Terms, { id, opensAfterTicketTypeId, saleStartMs }: TicketTypeConfig, nowMs: number): boolean {
  if (terms.openedTiers.has(id)) return true;
  return saleStartMs === null ? opensAfterTicketTypeId === null : nowMs >= saleStartMs;
}

/** Prices are frozen while a hold lives: what it had keeps its price, what comes in gets today's. */
export function priceLines(terms: Terms, lines: readonly FittedLine[], earlier: readonly HeldLine[]): HeldLine[] {
  return lines.map(({ ticketTypeId, quantity, asked }) => {
    const frozen = earlier.find((line) => line.ticketTypeId === ticketTypeId);
    const { name, unitPriceMinor } = frozen ?? typeOf(terms, ticketTypeId);
    return { ticketTypeId, quantity, name, unitPriceMinor, ...(asked === undefined ? {} : { asked }) };
  });
}

export function typeOf(terms: Terms, ticketTypeId: string): TicketTypeConfig {
  const type = terms.types.get(ticketTypeId);
  if (type === undefined) throw new Error(`ticket type ${ticketTypeId} was not checked`);
  return type;
}
