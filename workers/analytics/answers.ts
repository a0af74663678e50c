/** What this Worker answers, as it publishes it. */
import { z } from "zod";
import { Id, Timestamp } from "../../shared/contracts/ids";
import { Currency } from "../../shared/contracts/money";
import { TimeZone } from "../../shared/contracts/places";
import { MAX_DAYS } from "./figures";
import { INTERVALS } from "./local-periods";

/** A day on which more was paid back than sold has a negative sum. */
export const NetMoney = z
  .object({ amount: z.int().meta({ description: "In the currency's minor unit" }), currency: Currency })
  .meta({ id: "NetMoney", example: { amount: -2500, currency: "EUR" } });
export type NetMoney = z.infer<typeof NetMoney>;

const figures = {
  orders: z.int().meta({ description: "Paid orders; one that was refunded later stays counted" }),
  tickets: z.int().meta({ description: "Tickets sold; a refund takes none away here" }),
  refundedTickets: z.int().meta({
    description:
      "Of the tickets sold so far, those paid back, by the time of the refund; negative where the money came back to the provider, until it is paid again",
  }),
  checkIns: z.int().meta({ description: "Tickets admitted at the door, by the time at which they were" }),
  revenue: NetMoney.nullable().meta({
    description:
      "What was paid for orders, less what the provider has paid back of it, in the event's currency; money that bought nothing counts neither as it comes nor as it goes; null while the event has no ticket type",
  }),
};
export const Figures = z.object(figures);
export type Figures = z.infer<typeof Figures>;

export const StockLevel = z
  .object({
    ticketTypeId: Id,
    available: z.int().meta({ description: "What could still be held or bought" }),
    sold: z.int().nullable().meta({ description: "Tickets out; null where the type only shares others' stock" }),
    asOf: Timestamp,
  })
  .meta({ id: "StockLevel" });
export type StockLevel = z.infer<typeof StockLevel>;

export const EventSummary = z
  .object({
    eventId: Id,
    ...figures,
    stock: z.array(StockLevel).meta({ description: "By ticket type, as told last; empty until the event is published" }),
  })
  .meta({ id: "EventSummary" });

const MAX = `at most ${MAX_DAYS.day} days or the hours of ${MAX_DAYS.hour} are answered, the latest`;
const PeriodName = z.union([z.iso.date(), z.iso.datetime({ offset: true })]).meta({
  description:
    "The day in the event's zone, or the hour's first moment with the zone's offset: an hour that comes twice, as summer time ends, has two names",
});

export const SalesPeriod = z.object({ period: PeriodName, startsAt: Timestamp, ...figures }).meta({ id: "SalesPeriod" });

export const SalesTimeseries = z
  .object({
    eventId: Id,
    interval: z.enum(INTERVALS),
    timezone: TimeZone,
    data: z
      .array(SalesPeriod)
      .meta({ description: "Periods in which something was sold or paid back or somebody let in, oldest first" }),
  })
  .meta({ id: "SalesTimeseries" });

const days = {
  from: z.iso.date().optional().meta({ description: "First day, in the event's zone" }),
  to: z.iso
    .date()
    .optional()
    .meta({ description: `Last day, today without it; ${MAX}` }),
};
const interval = z.enum(INTERVALS).default("day");
export const TimeseriesQuery = z.object({ interval, ...days });

export const METRICS = ["revenue", "tickets", "checkIns"] as const;
export type Metric = (typeof METRICS)[number];
export const ChartQuery = z.object({ metric: z.enum(METRICS).default("revenue"), interval, ...days });
