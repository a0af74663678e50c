/** The domain's pages in the OpenAPI document. */
import type { Operation } from "../../shared/http/operation";
import { EventSummary, SalesTimeseries } from "./answers";

const eventId = "0197f3c2-7b1e-7cc3-98c4-dc0c0c07398f";
const figures = { orders: 12, tickets: 25, revenue: { amount: 62500, currency: "EUR" } };

export const operations = {
  getEventSummary: {
    operationId: "getEventSummary",
    summary: "What an event has sold",
    description: "Follows the sales within seconds.",
    tags: ["analytics"],
    answers: { 200: { description: "All sales so far", schema: EventSummary, example: { eventId, ...figures } } },
  },
  getEventTimeseries: {
    operationId: "getEventTimeseries",
    summary: "What an event has sold, day by day in its own zone",
    description: "Follows the sales within seconds. Days without a sale are left out.",
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
