/** The domain's pages in the OpenAPI document. */
import { z } from "zod";
import type { Operation } from "../../shared/http/operation";
import { EventSummary, SalesTimeseries } from "./answers";

const eventId = "0197f3c2-7b1e-7cc3-98c4-dc0c0c07398f";
const figures = { orders: 12, tickets: 25, refundedTickets: 1, checkIns: 18, revenue: { amount: 60000, currency: "EUR" } };
const stock = [
  { ticketTypeId: "0197f3c2-8c4d-7a10-9b52-6f0e1d2c3b4a", available: 26, sold: 24, asOf: "2027-03-01T09:30:00.000Z" },
];

const Picture = z.string().meta({ description: "SVG 1.1 without script" });
const picture =
  '<svg role="img" aria-labelledby="chart-title" aria-describedby="chart-description" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 960 420"><title id="chart-title">Revenue by day</title><desc id="chart-description">Revenue by day, Late Set, 1 March 2027 to 1 March 2027: €600.00 in all, most at 1 March 2027 with €600.00.</desc></svg>';

export const operations = {
  getEventSummary: {
    operationId: "getEventSummary",
    summary: "What an event has sold, who came, and what is left",
    description:
      "Follows sales, refunds, the door and stock within seconds, without asking what sells and admits. While no refund waits for its provider, revenue is what the ledger holds of the event's orders, to the minor unit: what the organizer, the authorities and the platform are owed of them together.",
    tags: ["analytics"],
    answers: { 200: { description: "All so far", schema: EventSummary, example: { eventId, ...figures, stock } } },
  },
  getEventTimeseries: {
    operationId: "getEventTimeseries",
    summary: "What an event has sold and who came, by hour or by day in its own zone",
    description:
      "Follows sales and the door within seconds. A refund counts when it was paid. Periods without anything are left out. A day on which the clocks change has 23 or 25 hours, and where offsets are of half an hour, hours begin at half past in UTC.",
    tags: ["analytics"],
    answers: {
      200: {
        description: "Figures by period",
        schema: SalesTimeseries,
        example: {
          eventId,
          interval: "hour",
          timezone: "Europe/Vienna",
          data: [{ period: "2027-03-01T18:00:00+01:00", startsAt: "2027-03-01T17:00:00.000Z", ...figures }],
        },
      },
    },
  },
  getEventChart: {
    operationId: "getEventChart",
    summary: "An event's revenue, tickets or check-ins as a picture",
    description:
      "The figures of the timeseries as bars, up to 92 days or 168 hours, the latest, from the first in which something happened to the last. In the organizer's colours where they stand out from white, with a title and a description for those who do not see it, in the language of `Accept-Language` (English and German).",
    tags: ["analytics"],
    answers: { 200: { description: "An SVG of 960 by 420", contentType: "image/svg+xml", schema: Picture, example: picture } },
  },
} as const satisfies Record<string, Operation>;
