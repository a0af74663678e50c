import type { Availability, TypeAvailability } from "../../shared/contracts/inventory";
import { reservedNow } from "./available";
import type { Terms } from "./event";
import { publicAvailableNow } from "./public-stock";
import { saleWindow } from "./sale";

export function tellAvailability(sql: SqlStorage, terms: Terms, nowMs: number): Availability {
  const left = publicAvailableNow(sql, terms, nowMs);
  const ticketTypes = [...terms.types.values()].map((type) => {
    const available = left.get(type.id) ?? 0;
    return { ...type, ticketTypeId: type.id, available, status: statusOf(saleWindow(terms, type, nowMs), available) };
  });
  const { eventId, isPublic, currency, version } = terms;
  return { eventId, isPublic, currency, version, asOfMs: nowMs, ticketTypes };
}

/** For those who ask. The feeds leave `reserved` out: each payment changes it, and nothing that anybody could choose. */
export function tellAvailabilityAndHeld(sql: SqlStorage, terms: Terms, nowMs: number): Availability {
  const told = tellAvailability(sql, terms, nowMs);
  const reserved = reservedNow(sql, terms, nowMs);
  return { ...told, ticketTypes: told.ticketTypes.map((type) => ({ ...type, reserved: reserved.get(type.id) ?? 0 })) };
}

/** A type that is not on sale yet, or no longer, says so also when nothing is left. */
function statusOf(window: ReturnType<typeof saleWindow>, available: number): TypeAvailability["status"] {
  return window === "on_sale" && available === 0 ? "sold_out" : window;
}
