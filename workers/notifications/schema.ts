/** Drizzle's view of migrations/notifications, which is the truth. */
import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";

export const deliveries = sqliteTable("deliveries", {
  id: text("id").primaryKey(),
  businessKey: text("business_key").notNull().unique(),
  type: text("type").notNull().$type<DeliveryType>(),
  sourceId: text("source_id").notNull(),
  status: text("status").notNull().$type<"queued" | "sent" | "dropped" | "parked">(),
  attempts: integer("attempts").notNull(),
  dueAtMs: integer("due_at_ms").notNull(),
  createdAtMs: integer("created_at_ms").notNull(),
  settledAtMs: integer("settled_at_ms"),
  heardAtMs: integer("heard_at_ms"),
});

export const cancelledEvents = sqliteTable("cancelled_events", {
  eventId: text("event_id").primaryKey(),
  cursor: text("cursor"),
  dueAtMs: integer("due_at_ms").notNull(),
  createdAtMs: integer("created_at_ms").notNull(),
  finishedAtMs: integer("finished_at_ms"),
  passes: integer("passes").notNull().default(0),
});

export const movedEvents = sqliteTable("moved_events", {
  eventId: text("event_id").primaryKey(),
  version: integer("version").notNull(),
  movedAtMs: integer("moved_at_ms").notNull(),
  heardAtMs: integer("heard_at_ms").notNull(),
  cursor: text("cursor"),
  dueAtMs: integer("due_at_ms").notNull(),
  finishedAtMs: integer("finished_at_ms"),
});

export const capturedMessages = sqliteTable("captured_messages", {
  id: text("id").primaryKey(),
  recipient: text("recipient").notNull(),
  message: text("message").notNull(),
  createdAtMs: integer("created_at_ms").notNull(),
});

/** What is composed, each from the ids of one kind of thing: auth's mails, orders, refunds, what became of who waits. */
export type DeliveryType =
  | "account_mail"
  | "invitation_mail"
  | "order_confirmation"
  | "refund_mail"
  | "event_cancellation"
  | "event_move"
  | "seat_change"
  | "order_expiry"
  | "waitlist_mail";
