/** What is on sale and what is left, as everybody reads it: by a question, and frame by frame over a WebSocket (RFC 6455). */
import { z } from "zod";
import { AvailableTicketType } from "./events";
import { Timestamp, toTimestamp, UUID_PATTERN } from "./ids";
import type { Availability } from "./inventory";
import { money } from "./money";

const counted = {
  version: z.int().meta({ description: "Grows with each change. A frame whose version is not above the last one's is old news" }),
  asOf: Timestamp.meta({ description: "When it was counted; nothing has changed since" }),
};

/** Everything: the first frame, and again whenever more than numbers and statuses have changed. It takes the place of all before. */
export const AvailabilityState = z
  .object({ type: z.literal("state"), ...counted, data: z.array(AvailableTicketType) })
  .meta({ id: "AvailabilityState" });
export type AvailabilityState = z.infer<typeof AvailabilityState>;

/** The ticket types whose numbers have changed, and no others. */
export const AvailabilityChange = z
  .object({
    type: z.literal("change"),
    ...counted,
    data: z.array(AvailableTicketType.pick({ id: true, available: true, status: true })),
  })
  .meta({ id: "AvailabilityChange" });
export type AvailabilityChange = z.infer<typeof AvailabilityChange>;

/** The last frame: nothing is sold any more. The socket closes after it with code 1000 and the status as its reason. */
export const AvailabilityEnd = z
  .object({
    type: z.literal("end"),
    ...counted,
    status: z.enum(["cancelled", "completed"]),
    data: z.array(AvailableTicketType),
  })
  .meta({ id: "AvailabilityEnd" });
export type AvailabilityEnd = z.infer<typeof AvailabilityEnd>;

export const AvailabilityFrame = z
  .discriminatedUnion("type", [AvailabilityState, AvailabilityChange, AvailabilityEnd])
  .meta({ id: "AvailabilityFrame" });
export type AvailabilityFrame = z.infer<typeof AvailabilityFrame>;

/** The object's word in the wire's: a type's own pool and the event's are not named, and a seat category's is no UUID. */
export const toAvailableTicketTypes = ({ eventId, currency, ticketTypes }: Availability): AvailableTicketType[] =>
  ticketTypes.map((type) => {
    const poolIds = type.poolIds.filter((id) => id !== type.id && id !== eventId && UUID_PATTERN.test(id));
    return {
      id: type.id,
      eventId,
      name: type.name,
      ...(type.description === null ? {} : { description: type.description }),
      price: money(type.unitPriceMinor, currency),
      quantity: type.quantity,
      minPerOrder: type.minPerOrder,
      maxPerOrder: type.maxPerOrder,
      ...(type.saleStartMs === null ? {} : { saleStart: toTimestamp(type.saleStartMs) }),
      ...(type.saleEndMs === null ? {} : { saleEnd: toTimestamp(type.saleEndMs) }),
      ...(poolIds.length === 0 ? {} : { poolIds }),
      ...(type.opensAfterTicketTypeId === null ? {} : { opensAfterTicketTypeId: type.opensAfterTicketTypeId }),
      ...(type.maxPerPerson === null ? {} : { maxPerPerson: type.maxPerPerson }),
      ...(type.seatCategories.length === 0 ? {} : { seatCategories: type.seatCategories }),
      available: type.available,
      ...(type.reserved === undefined ? {} : { reserved: type.reserved }),
      status: type.status,
    };
  });
