/** The domain's pages in the OpenAPI document. */
import type { Operation } from "../../shared/http/operation";
import { EventSummary, SalesTimeseries } from "./answers";

const eventId = "0197f3c2-7b1e-7cc3-98c4-dc0c0c07398f";
const figures = { orders: 12, tickets: 25, refundedTickets: 1, revenue: { amount: 60000, currency: "EUR" } };
const stock = [
  { ticketTypeId: "0197f3c2-8c4d-7a10-9b52-6f0e1d2c3b4a", available: 26, sold: 24, asOf: "2027-03-01T09:30:00.000Z" },
];

export const operations = {
  getEventSummary: {
    operationId: "getEventSummary",
    summary: "What an event has sold, and what is left",
    description: "Follows sales, refunds and stock within seconds, without asking what sells them.",
    tags: ["analytics"],
    answers: { 200: { description: "All sales so far", schema: EventSummary, example: { eventId, ...figures, stock } } },
  },
  getEventTimeseries: {
    operationId: "getEventTimeseries",
    summary: "What an event has sold, day by day in its own zone",
    description:
      "Follows the sales within seconds. A refund counts on the day on which it was paid. Days without either are left out.",
    tags: ["analytics"],
    answers: {
      200: {
        description: "Sales by day",
        schema: SalesTimeseries,
        example: { eventId, interval: "day", timezone: "Europe/Vienna", data: [{ period: "2027-03-01", ...figures }] },
      },
    },
  },
} as const satisfies Record<string, Operation>;
