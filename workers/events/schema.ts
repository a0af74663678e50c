/** A typed view of the tables; `migrations/events` is the truth about them, and a test compares the two. */

import { blob, integer, real, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { DEFAULT_OFFER_SECONDS } from "../../shared/contracts/events";
import type { CompiledSeatMap } from "../../shared/contracts/seats";

export const STORED_STATUSES = ["draft", "publishing", "published", "cancelled", "completed"] as const;

export const events = sqliteTable("events", {
  id: text("id").primaryKey(),
  organizerId: text("organizer_id").notNull(),
  title: text("title").notNull(),
  description: text("description").notNull(),
  category: text("category").notNull(),
  startMs: integer("start_ms").notNull(),
  endMs: integer("end_ms").notNull(),
  timezone: text("timezone").notNull(),
  venue: text("venue").notNull(),
  address: text("address").notNull(),
  city: text("city").notNull(),
  country: text("country").notNull(),
  lat: real("lat").notNull(),
  lng: real("lng").notNull(),
  capacity: integer("capacity").notNull(),
  status: text("status", { enum: STORED_STATUSES }).notNull(),
  isPublic: integer("is_public", { mode: "boolean" }).notNull(),
  allowWaitlist: integer("allow_waitlist", { mode: "boolean" }).notNull(),
  requireApproval: integer("require_approval", { mode: "boolean" }).notNull(),
  refundPolicy: text("refund_policy").notNull(),
  holdSeconds: integer("hold_seconds").notNull(),
  cancelReason: text("cancel_reason"),
  version: integer("version").notNull(),
  changeId: text("change_id").notNull(),
  createdAtMs: integer("created_at_ms").notNull(),
  updatedAtMs: integer("updated_at_ms").notNull(),
  maxHoldSeconds: integer("max_hold_seconds"),
  maxPerPerson: integer("max_per_person"),
  refuseOrphanSeats: integer("refuse_orphan_seats", { mode: "boolean" }).notNull().default(false),
  offerSeconds: integer("offer_seconds").notNull().default(DEFAULT_OFFER_SECONDS),
  seatMapId: text("seat_map_id"),
  seatCategories: text("seat_categories", { mode: "json" }).$type<string[]>().notNull().default([]),
});
export type EventRow = typeof events.$inferSelect;

export const ticketTypes = sqliteTable("ticket_types", {
  id: text("id").primaryKey(),
  eventId: text("event_id").notNull(),
  name: text("name").notNull(),
  description: text("description"),
  currency: text("currency").notNull(),
  priceMinor: integer("price_minor").notNull(),
  quantity: integer("quantity").notNull(),
  minPerOrder: integer("min_per_order").notNull(),
  maxPerOrder: integer("max_per_order").notNull(),
  saleStartMs: integer("sale_start_ms"),
  saleEndMs: integer("sale_end_ms"),
  position: integer("position").notNull(),
  version: integer("version").notNull(),
  poolIds: text("pool_ids", { mode: "json" }).$type<string[]>().notNull().default([]),
  opensAfterTicketTypeId: text("opens_after_ticket_type_id"),
  maxPerPerson: integer("max_per_person"),
  seatCategories: text("seat_categories", { mode: "json" }).$type<string[]>().notNull().default([]),
});
export type TicketTypeRow = typeof ticketTypes.$inferSelect;

/** What a type has by default that was not there from the beginning. */
export const NEW_TYPE_COLUMNS = {
  poolIds: [] as string[],
  opensAfterTicketTypeId: null,
  maxPerPerson: null,
  seatCategories: [] as string[],
};

export const pools = sqliteTable("pools", {
  id: text("id").primaryKey(),
  eventId: text("event_id").notNull(),
  name: text("name").notNull(),
  kind: text("kind", { enum: ["shared", "allocation"] }).notNull(),
  capacity: integer("capacity").notNull(),
  withinPoolIds: text("within_pool_ids", { mode: "json" }).$type<string[]>().notNull(),
  position: integer("position").notNull(),
  version: integer("version").notNull(),
});
export type PoolRow = typeof pools.$inferSelect;

export const seatMaps = sqliteTable("seat_maps", {
  id: text("id").primaryKey(),
  organizerId: text("organizer_id").notNull(),
  name: text("name").notNull(),
  seats: integer("seats").notNull(),
  categories: text("categories", { mode: "json" }).$type<CompiledSeatMap["categories"]>().notNull(),
  sections: text("sections", { mode: "json" }).$type<{ id: string; name: string; seats: number }[]>().notNull(),
  createdAtMs: integer("created_at_ms").notNull(),
});
export type SeatMapRow = typeof seatMaps.$inferSelect;

export const seatMapPieces = sqliteTable("seat_map_pieces", {
  seatMapId: text("seat_map_id").notNull(),
  piece: integer("piece").notNull(),
  bytes: blob("bytes").notNull(),
});

export const formerAppointments = sqliteTable("former_appointments", {
  eventId: text("event_id").notNull(),
  untilVersion: integer("until_version").notNull(),
  untilMs: integer("until_ms").notNull(),
  startMs: integer("start_ms").notNull(),
  endMs: integer("end_ms").notNull(),
  timezone: text("timezone").notNull(),
  venue: text("venue").notNull(),
  address: text("address").notNull(),
  city: text("city").notNull(),
  country: text("country").notNull(),
});

export const eventChanges = sqliteTable("event_changes", {
  eventId: text("event_id").primaryKey(),
  changeId: text("change_id").notNull(),
  wanted: text("wanted").notNull(),
  askedAtMs: integer("asked_at_ms").notNull(),
});
