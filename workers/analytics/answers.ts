/** What this Worker answers, as it publishes it. */
import { z } from "zod";
import { TimeZone } from "../../shared/contracts/events";
import { Id } from "../../shared/contracts/ids";
import { Money } from "../../shared/contracts/money";
import { MAX_DAYS } from "./sales";

const figures = {
  orders: z.int(),
  tickets: z.int(),
  revenue: Money.nullable().meta({ description: "In the event's currency; null while it has no ticket type" }),
};

export const EventSummary = z.object({ eventId: Id, ...figures }).meta({ id: "EventSummary" });

export const SalesPeriod = z
  .object({ period: z.iso.date().meta({ description: "The day in the event's zone" }), ...figures })
  .meta({ id: "SalesPeriod" });

export const SalesTimeseries = z
  .object({
    eventId: Id,
    interval: z.enum(["day"]),
    timezone: TimeZone,
    data: z.array(SalesPeriod).meta({ description: "Days on which something was sold, oldest first" }),
  })
  .meta({ id: "SalesTimeseries" });

export const TimeseriesQuery = z.object({
  interval: z.enum(["day"]).default("day"),
  from: z.iso.date().optional().meta({ description: "First day, in the event's zone" }),
  to: z.iso
    .date()
    .optional()
    .meta({ description: `Last day, today without it; at most ${MAX_DAYS} days are answered, the latest` }),
});
