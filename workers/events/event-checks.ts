/** What must hold of an event as a whole, whichever field of it was changed. */

import type { z } from "zod";
import type { EventSettingsDraft } from "../../shared/contracts/events";
import type { Refusal } from "../../shared/contracts/problems";
import { checkPools } from "./pool-plans";
import type { TicketTypeRow } from "./schema";
import { checkSeatCategories } from "./seat-categories";
import type { StoredEvent } from "./stored-event";

/** Shorter ones are for tests that wait for a hold's end. */
const MIN_HOLD_SECONDS = 60;
/** Somebody must have read his mail. */
const MIN_OFFER_SECONDS = 300;

/** What the form's schema cannot know: how short a hold may be here. */
export function checkSettings(
  environment: string,
  settings: z.infer<typeof EventSettingsDraft> | undefined,
): Refusal<"invalid_body"> | null {
  if (environment === "development" || !settings) return null;
  const shortest = { holdSeconds: MIN_HOLD_SECONDS, maxHoldSeconds: MIN_HOLD_SECONDS, offerSeconds: MIN_OFFER_SECONDS };
  const errors = Object.entries(shortest)
    .filter(([name, seconds]) => (settings[name as keyof typeof shortest] ?? seconds) < seconds)
    .map(([name, seconds]) => ({ pointer: `/settings/${name}`, message: `is below ${seconds}` }));
  return errors.length === 0 ? null : { code: "invalid_body", errors };
}

/** Null when dates, currency, quantities, tiers and pools agree with each other. */
export function checkConsistency(stored: StoredEvent): Refusal | null {
  const { event, types } = stored;
  if (event.maxHoldSeconds !== null && event.maxHoldSeconds < event.holdSeconds)
    return {
      code: "settings_inconsistent",
      detail: `A hold lasts ${event.holdSeconds} s, and could be extended to ${event.maxHoldSeconds} s.`,
    };
  if (event.endMs <= event.startMs) return disorder("The event ends before it starts.");
  for (const type of types) {
    if (type.saleStartMs !== null && type.saleStartMs >= event.endMs)
      return disorder(`The sale of “${type.name}” would start after the event's end.`);
    if (type.saleEndMs !== null && type.saleEndMs > event.endMs)
      return disorder(`The sale of “${type.name}” would end after the event's end.`);
    if (type.saleStartMs !== null && type.saleEndMs !== null && type.saleEndMs <= type.saleStartMs)
      return disorder(`The sale of “${type.name}” would end before it starts.`);
    if (type.minPerOrder > type.maxPerOrder)
      return {
        code: "quantity_out_of_range",
        detail: `“${type.name}” would take at least ${type.minPerOrder} and at most ${type.maxPerOrder} an order.`,
      };
    if (type.currency !== types[0]?.currency)
      return { code: "currency_mixed", detail: `“${type.name}” costs ${type.currency}, others cost ${types[0]?.currency}.` };
  }
  return checkTiers(types) ?? checkPools(stored) ?? checkSeatCategories(stored);
}

/** A type that opened after itself, by however many others, would never open. */
function checkTiers(types: readonly TicketTypeRow[]): Refusal<"tiers_inconsistent"> | null {
  const byId = new Map(types.map((type) => [type.id, type]));
  for (const type of types) {
    let before: TicketTypeRow | undefined = type;
    for (let steps = 0; before?.opensAfterTicketTypeId; steps++) {
      const { name, opensAfterTicketTypeId: earlier }: TicketTypeRow = before;
      before = byId.get(earlier);
      if (!before)
        return { code: "tiers_inconsistent", detail: `“${name}” would open after ${earlier}, which is no type of the event.` };
      if (before === type || steps >= types.length)
        return { code: "tiers_inconsistent", detail: `“${type.name}” would open after itself.` };
    }
  }
  return null;
}

const disorder = (detail: string): Refusal => ({ code: "dates_inconsistent", detail });
