/** Drizzle's view of migrations/analytics, which is the truth. */
import { integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";

export const countedOrders = sqliteTable("counted_orders", {
  orderId: text("order_id").primaryKey(),
  eventId: text("event_id").notNull(),
  countedAtMs: integer("counted_at_ms").notNull(),
});

export const sales = sqliteTable(
  "sales",
  {
    eventId: text("event_id").notNull(),
    quarterStartsAtMs: integer("quarter_starts_at_ms").notNull(),
    currency: text("currency").notNull(),
    orders: integer("orders").notNull(),
    tickets: integer("tickets").notNull(),
    revenueMinor: integer("revenue_minor").notNull(),
  },
  (table) => [primaryKey({ columns: [table.eventId, table.quarterStartsAtMs, table.currency] })],
);

export const countedRefundFacts = sqliteTable(
  "counted_refund_facts",
  {
    refundId: text("refund_id").notNull(),
    version: integer("version").notNull(),
    eventId: text("event_id").notNull(),
    countedAtMs: integer("counted_at_ms").notNull(),
  },
  (table) => [primaryKey({ columns: [table.refundId, table.version] })],
);

export const refunds = sqliteTable(
  "refunds",
  {
    eventId: text("event_id").notNull(),
    quarterStartsAtMs: integer("quarter_starts_at_ms").notNull(),
    currency: text("currency").notNull(),
    tickets: integer("tickets").notNull(),
    refundedMinor: integer("refunded_minor").notNull(),
    returnedTickets: integer("returned_tickets").notNull().default(0),
    returnedMinor: integer("returned_minor").notNull().default(0),
  },
  (table) => [primaryKey({ columns: [table.eventId, table.quarterStartsAtMs, table.currency] })],
);

export const stockLevels = sqliteTable(
  "stock_levels",
  {
    eventId: text("event_id").notNull(),
    ticketTypeId: text("ticket_type_id").notNull(),
    version: integer("version").notNull(),
    available: integer("available").notNull(),
    sold: integer("sold"),
    asOfMs: integer("as_of_ms").notNull(),
  },
  (table) => [primaryKey({ columns: [table.eventId, table.ticketTypeId] })],
);

export const admissions = sqliteTable(
  "admissions",
  {
    eventId: text("event_id").notNull(),
    quarterStartsAtMs: integer("quarter_starts_at_ms").notNull(),
    version: integer("version").notNull(),
    admitted: integer("admitted").notNull(),
  },
  (table) => [primaryKey({ columns: [table.eventId, table.quarterStartsAtMs] })],
);
