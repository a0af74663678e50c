/** Drizzle's view of migrations/payments, with the columns' own names, so that raw and typed queries give the same rows. */
import { integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";
import type { RefundReason } from "../../shared/contracts/orders";
import type { Language } from "../../shared/locale/languages";
import type { LedgerAccount, LedgerFact } from "./ledger-facts";
import type { OrderState, PaymentFact, PaymentState } from "./order-states";
import type { RefundFact, RefundState } from "./refund-states";

export const orders = sqliteTable("orders", {
  id: text().primaryKey(),
  event_id: text().notNull(),
  organizer_id: text().notNull(),
  hold_id: text().notNull().unique(),
  user_id: text(),
  state: text().$type<OrderState>().notNull(),
  version: integer().notNull().default(1),
  token_version: integer().notNull().default(1),
  request_hash: text().notNull(),
  currency: text().notNull(),
  subtotal_minor: integer().notNull(),
  discount_minor: integer().notNull(),
  fees_minor: integer().notNull(),
  tax_minor: integer().notNull(),
  total_minor: integer().notNull(),
  buyer_email: text().notNull(),
  buyer_name: text().notNull(),
  attendees: text().notNull(),
  placed_until_ms: integer().notNull(),
  expires_at_ms: integer().notNull(),
  created_at_ms: integer().notNull(),
  updated_at_ms: integer().notNull(),
  paid_at_ms: integer(),
  attempts: integer().notNull().default(0),
  next_try_at_ms: integer().notNull().default(0),
  language: text().$type<Language>(),
  api_key_id: text(),
});
export type OrderRow = typeof orders.$inferSelect;

export const orderLines = sqliteTable(
  "order_lines",
  {
    order_id: text().notNull(),
    position: integer().notNull(),
    ticket_type_id: text().notNull(),
    name: text().notNull(),
    quantity: integer().notNull(),
    unit_price_minor: integer().notNull(),
    seats: text(),
  },
  (table) => [primaryKey({ columns: [table.order_id, table.position] })],
);
export type LineRow = typeof orderLines.$inferSelect;

export const payments = sqliteTable("payments", {
  id: text().primaryKey(),
  order_id: text().notNull(),
  provider: text().notNull(),
  state: text().$type<PaymentState>().notNull(),
  amount_minor: integer().notNull(),
  currency: text().notNull(),
  reference: text(),
  next_action: text(),
  failure_code: text(),
  method: text().notNull(),
  return_url: text(),
  is_surplus: integer().notNull().default(0),
  created_at_ms: integer().notNull(),
  updated_at_ms: integer().notNull(),
  attempts: integer().notNull().default(0),
  next_try_at_ms: integer().notNull().default(0),
  refunded_minor: integer().notNull().default(0),
  returned_minor: integer().notNull().default(0),
  asked_at_ms: integer(),
});
export type PaymentRow = typeof payments.$inferSelect;

export const providerEvents = sqliteTable(
  "provider_events",
  {
    provider: text().notNull(),
    event_id: text().notNull(),
    type: text().notNull(),
    payment_id: text(),
    refund_id: text(),
    fact: text().$type<PaymentFact | RefundFact>(),
    failure_code: text(),
    body_hash: text().notNull(),
    body: text(),
    archived_at_ms: integer(),
    received_at_ms: integer().notNull(),
    processed_at_ms: integer(),
    attempts: integer().notNull().default(0),
    reference: text(),
    next_action: text(),
    next_try_at_ms: integer().notNull().default(0),
  },
  (table) => [primaryKey({ columns: [table.provider, table.event_id] })],
);
export type ProviderEventRow = typeof providerEvents.$inferSelect;

export const refunds = sqliteTable("refunds", {
  id: text().primaryKey(),
  payment_id: text().notNull(),
  order_id: text().notNull(),
  reason: text().$type<RefundReason>().notNull(),
  note: text(),
  requested_by: text(),
  state: text().$type<RefundState>().notNull(),
  version: integer().notNull().default(1),
  amount_minor: integer().notNull(),
  currency: text().notNull(),
  ticket_ids: text(),
  voided_at_ms: integer(),
  reference: text(),
  failure_code: text(),
  generation: integer().notNull().default(0),
  attempts: integer().notNull().default(0),
  next_try_at_ms: integer().notNull(),
  created_at_ms: integer().notNull(),
  updated_at_ms: integer().notNull(),
});
export type RefundRow = typeof refunds.$inferSelect;

export const refundedTickets = sqliteTable("refunded_tickets", {
  ticket_id: text().primaryKey(),
  refund_id: text().notNull(),
  order_id: text().notNull(),
});

export const eventRefunds = sqliteTable("event_refunds", {
  event_id: text().primaryKey(),
  after_created_at_ms: integer().notNull().default(-1),
  after_id: text().notNull().default(""),
  left_behind: integer().notNull().default(0),
  passes: integer().notNull().default(0),
  attempts: integer().notNull().default(0),
  next_try_at_ms: integer().notNull(),
  created_at_ms: integer().notNull(),
  finished_at_ms: integer(),
});
export type EventRefundRow = typeof eventRefunds.$inferSelect;

export const ledgerEntries = sqliteTable(
  "ledger_entries",
  {
    transaction_id: text().notNull(),
    position: integer().notNull(),
    organizer_id: text().notNull(),
    account: text().$type<LedgerAccount>().notNull(),
    currency: text().notNull(),
    amount_minor: integer().notNull(),
  },
  (table) => [primaryKey({ columns: [table.transaction_id, table.position] })],
);

export const ledgerTransactions = sqliteTable("ledger_transactions", {
  id: text().primaryKey(),
  fact: text().$type<LedgerFact>().notNull(),
  organizer_id: text().notNull(),
  event_id: text().notNull(),
  order_id: text().notNull(),
  payment_id: text().notNull(),
  refund_id: text(),
  provider: text().notNull(),
  posted_at_ms: integer().notNull(),
  refund_version: integer(),
});

export const answers = sqliteTable("answers", {
  id: text().primaryKey(),
  request_hash: text().notNull(),
  lease_token: text().notNull(),
  lease_until_ms: integer().notNull(),
  status: integer(),
  body: text(),
  created_at_ms: integer().notNull(),
  subject_id: text(),
});
export type AnswerRow = typeof answers.$inferSelect;

export const testDeliveries = sqliteTable(
  "test_deliveries",
  {
    event_id: text().notNull(),
    copy: integer().notNull(),
    payment_id: text().notNull(),
    type: text().$type<"payment.processing" | "payment.succeeded" | "payment.failed">().notNull(),
    failure_code: text(),
    due_at_ms: integer().notNull(),
    port: integer().notNull(),
    attempts: integer().notNull().default(0),
    next_try_at_ms: integer().notNull(),
    delivered_at_ms: integer(),
  },
  (table) => [primaryKey({ columns: [table.event_id, table.copy] })],
);
export type TestDeliveryRow = typeof testDeliveries.$inferSelect;

export const providerPace = sqliteTable("provider_pace", {
  endpoint: text().primaryKey(),
  next_at_ms: integer().notNull(),
});

export const outbox = sqliteTable("outbox", {
  id: text().primaryKey(),
  type: text().notNull(),
  envelope: text().notNull(),
  created_at_ms: integer().notNull(),
  sent_to: text().notNull().default("[]"),
  attempts: integer().notNull().default(0),
  next_try_at_ms: integer().notNull().default(0),
});

export const guard = sqliteTable("guard", { ok: integer().notNull() });
