/** An event's life but for its publishing: drafted, changed, deleted, cancelled, completed. */

import { drizzle } from "drizzle-orm/d1";
import { DEFAULT_OFFER_SECONDS, DEFAULT_REFUND_POLICY, type EventChange, type EventDraft } from "../../shared/contracts/events";
import type { Refusal } from "../../shared/contracts/problems";
import { ok, type Result, refuse } from "../../shared/contracts/result";
import { uuidV7 } from "../../shared/crypto/uuid";
import type { Env, Later } from "./environment";
import { statement } from "./event-batch";
import { changeEvent } from "./event-changes";
import { checkConsistency, checkSettings } from "./event-checks";
import { askInventory } from "./inventory";
import { forgetEvent } from "./remembered-events";
import { type EventRow, events, ticketTypes } from "./schema";
import { loadEvent, type StoredEvent } from "./stored-event";
import { draftType, type Precondition } from "./ticket-types";

const FIRST_VERSION = 1;
const DEFAULT_HOLD_SECONDS = 600;

export async function draftEvent(env: Env, draft: EventDraft): Promise<Result<StoredEvent, Refusal>> {
  const unusable = checkSettings(env.ENVIRONMENT, draft.settings);
  if (unusable) return refuse(unusable);
  const nowMs = Date.now();
  const { location, settings = {} } = draft;
  const event: EventRow = {
    id: uuidV7(nowMs),
    organizerId: draft.organizerId,
    title: draft.title,
    description: draft.description,
    category: draft.category,
    startMs: Date.parse(draft.startDate),
    endMs: Date.parse(draft.endDate),
    timezone: draft.timezone,
    ...placeOf(location),
    capacity: draft.capacity,
    status: "draft",
    isPublic: settings.isPublic ?? true,
    allowWaitlist: settings.allowWaitlist ?? false,
    requireApproval: settings.requireApproval ?? false,
    refundPolicy: settings.refundPolicy ?? DEFAULT_REFUND_POLICY,
    holdSeconds: settings.holdSeconds ?? DEFAULT_HOLD_SECONDS,
    cancelReason: null,
    version: FIRST_VERSION,
    changeId: crypto.randomUUID(),
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
    seatMapId: null,
    seatCategories: [],
    ...newSettings(settings),
  };
  const types = (draft.ticketTypes ?? []).map((type, position) => draftType(event.id, type, position, FIRST_VERSION, nowMs));
  const stored: StoredEvent = { event, types, pools: [] };
  const inconsistent = checkConsistency(stored);
  if (inconsistent) return refuse(inconsistent);
  const db = drizzle(env.DB);
  await env.DB.batch([
    statement(env, db.insert(events).values(event)),
    ...types.map((type) => statement(env, db.insert(ticketTypes).values(type))),
  ]);
  return ok(stored);
}

const newSettings = ({ maxHoldSeconds, maxPerPerson, refuseOrphanSeats, offerSeconds }: NonNullable<EventDraft["settings"]>) => ({
  maxHoldSeconds: maxHoldSeconds ?? null,
  maxPerPerson: maxPerPerson ?? null,
  refuseOrphanSeats: refuseOrphanSeats ?? false,
  offerSeconds: offerSeconds ?? DEFAULT_OFFER_SECONDS,
});

const placeOf = ({ venue, address, city, country, coordinates }: EventDraft["location"]) => ({
  venue,
  address,
  city,
  country,
  lat: coordinates.lat,
  lng: coordinates.lng,
});

export async function updateEvent(
  env: Env,
  later: Later,
  eventId: string,
  change: EventChange,
  precondition: Precondition,
): Promise<Result<StoredEvent, Refusal>> {
  const unusable = checkSettings(env.ENVIRONMENT, change.settings);
  if (unusable) return refuse(unusable);
  return changeEvent(env, later, eventId, (stored, nowMs) => {
    precondition(stored.event.version);
    const { status } = stored.event;
    if (status === "cancelled" || status === "completed")
      return refuse({ code: "event_state", detail: `The event is ${status}.` });
    if (Object.keys(change).length === 0) return ok(stored);
    const after = { ...stored, event: changed(stored.event, change) };
    if (status === "published" && change.endDate !== undefined && after.event.endMs <= nowMs)
      return refuse({ code: "dates_inconsistent", detail: "An event on sale cannot be moved into the past." });
    const inconsistent = checkConsistency(after);
    return inconsistent ? refuse(inconsistent) : ok(after);
  });
}

function changed(event: EventRow, change: EventChange): EventRow {
  const { settings = {}, location } = change;
  return {
    ...event,
    title: change.title ?? event.title,
    description: change.description ?? event.description,
    category: change.category ?? event.category,
    startMs: change.startDate === undefined ? event.startMs : Date.parse(change.startDate),
    endMs: change.endDate === undefined ? event.endMs : Date.parse(change.endDate),
    timezone: change.timezone ?? event.timezone,
    ...(location ? placeOf(location) : {}),
    capacity: change.capacity ?? event.capacity,
    isPublic: settings.isPublic ?? event.isPublic,
    allowWaitlist: settings.allowWaitlist ?? event.allowWaitlist,
    requireApproval: settings.requireApproval ?? event.requireApproval,
    refundPolicy: settings.refundPolicy ?? event.refundPolicy,
    holdSeconds: settings.holdSeconds ?? event.holdSeconds,
    // Null takes away what was said before.
    maxHoldSeconds: settings.maxHoldSeconds === undefined ? event.maxHoldSeconds : settings.maxHoldSeconds,
    maxPerPerson: settings.maxPerPerson === undefined ? event.maxPerPerson : settings.maxPerPerson,
    refuseOrphanSeats: settings.refuseOrphanSeats ?? event.refuseOrphanSeats,
    offerSeconds: settings.offerSeconds ?? event.offerSeconds,
  };
}

/** Only a draft, of which nobody has heard yet. */
export async function deleteEvent(env: Env, eventId: string, precondition: Precondition): Promise<Result<null, Refusal>> {
  const stored = await loadEvent(env, eventId);
  if (!stored) return refuse({ code: "event_not_found" });
  precondition(stored.event.version);
  const deleted = await env.DB.prepare(
    "DELETE FROM events WHERE id = ? AND organizer_id = ? AND status = 'draft' AND version = ?",
  )
    .bind(eventId, stored.event.organizerId, stored.event.version)
    .run();
  forgetEvent(eventId);
  if (deleted.meta.changes > 0) return ok(null);
  return stored.event.status === "draft"
    ? refuse({ code: "state_moved" })
    : refuse({ code: "event_state", detail: "Only a draft can be deleted; an event that was published can be cancelled." });
}

/** The one table of (status, command) → status; what is not in it is refused. Publishing has its own steps. */
const NEXT: Partial<Record<EventRow["status"], { cancel?: "cancelled"; complete?: "completed" }>> = {
  published: { cancel: "cancelled", complete: "completed" },
  cancelled: { cancel: "cancelled" },
  completed: { complete: "completed" },
};

export interface CancelledEvent extends StoredEvent {
  /** Somebody has paid for a ticket that still stands: his refund is payments' to see to, which hears of the cancellation. */
  refundsRun: boolean;
}

export async function cancelEvent(
  env: Env,
  later: Later,
  eventId: string,
  reason: string,
): Promise<Result<CancelledEvent, Refusal>> {
  const stored = await closeEvent(env, later, eventId, "cancel", reason);
  if (!stored.ok) return stored;
  const paid = await askInventory(env, eventId, (inventory) => inventory.hasPaidTickets());
  return ok({ ...stored.value, refundsRun: paid.ok && paid.value });
}

export const completeEvent = (env: Env, later: Later, eventId: string): Promise<Result<StoredEvent, Refusal>> =>
  closeEvent(env, later, eventId, "complete", null);

/** Again is the same answer. */
function closeEvent(env: Env, later: Later, eventId: string, command: "cancel" | "complete", cancelReason: string | null) {
  return changeEvent(env, later, eventId, (stored): Result<StoredEvent, Refusal> => {
    const { event } = stored;
    const status = NEXT[event.status]?.[command];
    if (!status) return refuse({ code: "event_state", detail: `The event is ${event.status}.` });
    return event.status === status ? ok(stored) : ok({ ...stored, event: { ...event, status, cancelReason } });
  });
}
