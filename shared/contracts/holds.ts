/** Tickets that are kept for somebody for a while. */
import { z } from "zod";
import { MAX_LINES, MAX_PER_ORDER } from "./events";
import { Id, Timestamp } from "./ids";
import { Money } from "./money";
import type { Principal } from "./principal";
import { BestAvailable, NamedSeats } from "./seats";

export const HoldLine = z
  .strictObject({
    ticketTypeId: Id,
    quantity: z.int().min(1).max(MAX_PER_ORDER),
    seatIds: z.array(z.string().min(1).max(64)).max(MAX_PER_ORDER).optional().meta({
      description:
        "Of a ticket type with seats: these, as many as `quantity`. A companion's seat goes with the accessible seat that it belongs to, in the same hold or one that its holder has, until the organizer releases it.",
    }),
    bestAvailable: BestAvailable.optional().meta({
      description: "Of a ticket type with seats: the best that are left, together where that is possible",
    }),
  })
  .refine(({ seatIds = [], bestAvailable }) => seatIds.length === 0 || bestAvailable === undefined, {
    path: ["bestAvailable"],
    message: "either seatIds or bestAvailable",
  })
  .meta({ id: "HoldLine" });
export const HoldDraft = z
  .strictObject({
    items: z.array(HoldLine).min(1).max(MAX_LINES),
    partial: z.boolean().optional().meta({
      description:
        "Each line as much as there is, never below its `minPerOrder`, and nothing of what is not on sale; all or nothing without it",
    }),
  })
  .meta({ id: "HoldDraft" });
export type HoldDraft = z.infer<typeof HoldDraft>;
export const Hold = z
  .object({
    id: Id,
    eventId: Id,
    expiresAt: Timestamp,
    extendableUntil: Timestamp.optional().meta({ description: "`extend` never moves the end beyond this" }),
    items: z.array(
      z.object({
        ticketTypeId: Id,
        quantity: z.int(),
        unitPrice: Money,
        asked: z.int().optional().meta({ description: "Where a partial hold got fewer" }),
        seatIds: z.array(z.string()).optional(),
        seats: NamedSeats.optional(),
      }),
    ),
    refused: z
      .array(z.object({ ticketTypeId: Id, asked: z.int(), code: z.string() }))
      .optional()
      .meta({
        description:
          "Lines of which a partial hold got nothing, and why: `sold_out`, `ticket_type_not_on_sale` or `seat_for_companion` (only companions' seats were left, without their accessible ones)",
      }),
    repriced: z
      .array(z.object({ ticketTypeId: Id, from: Money, to: Money }))
      .optional()
      .meta({ description: "Lines that cost something else since the hold was placed" }),
    secret: z.string(),
  })
  .meta({ id: "Hold" });
export type Hold = z.infer<typeof Hold>;

/** A request to place a hold without a key, of which the gateway has read what it says and who says it. */
export interface PlainHold {
  eventId: string;
  principal: Principal;
  address: string;
  /** As it came. */
  body: string;
  requestId: string;
}
