/** What must hold of an event as a whole, whichever field of it was changed. */

import type { z } from "zod";
import type { EventSettingsDraft } from "../../shared/contracts/events";
import type { Refusal } from "../../shared/contracts/problems";
import type { StoredEvent } from "./stored-event";

/** Shorter ones are for tests that wait for a hold's end. */
const MIN_HOLD_SECONDS = 60;

/** What the form's schema cannot know: how short a hold may be here. */
export function checkSettings(
  environment: string,
  settings: z.infer<typeof EventSettingsDraft> | undefined,
): Refusal<"invalid_body"> | null {
  if (environment === "development" || (settings?.holdSeconds ?? MIN_HOLD_SECONDS) >= MIN_HOLD_SECONDS) return null;
  return {
    code: "invalid_body",
    errors: [{ pointer: "/settings/holdSeconds", message: `is below ${MIN_HOLD_SECONDS}` }],
  };
}

/** Null when dates, currency and quantities agree with each other. */
export function checkConsistency({ event, types }: StoredEvent): Refusal | null {
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
  return null;
}

const disorder = (detail: string): Refusal => ({ code: "dates_inconsistent", detail });
