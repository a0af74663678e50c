/** Publishing (rule 6): D1 says `publishing`, the object opens, D1 says `published`. Each step may be taken again. */

import type { Refusal } from "../../shared/contracts/problems";
import { ok, type Result, refuse } from "../../shared/contracts/result";
import type { Env, Later } from "./environment";
import { applyAndTell, newsOfPublication } from "./event-batch";
import { forgetEvent } from "./remembered-events";
import { askWithSeats } from "./seat-installation";
import { loadEvent, type StoredEvent, toConfig } from "./stored-event";

const MAX_TRIES = 5;

export async function publish(env: Env, later: Later, eventId: string): Promise<Result<StoredEvent, Refusal>> {
  for (let tries = 1; ; tries++) {
    const nowMs = Date.now();
    const stored = await loadEvent(env, eventId);
    if (!stored) return refuse({ code: "event_not_found" });
    const { status } = stored.event;
    if (status === "published") return ok(stored);
    if (status === "publishing") return finishPublishing(env, later, stored);
    if (status !== "draft") return refuse({ code: "event_state", detail: `The event is ${status}.` });
    const incomplete = refusePublishing(stored, nowMs);
    if (incomplete) return refuse(incomplete);
    const begun = await env.DB.prepare(
      "UPDATE events SET status = 'publishing', version = version + 1, updated_at_ms = ?3 WHERE id = ?1 AND version = ?2 AND organizer_id = ?4 AND status = 'draft'",
    )
      .bind(eventId, stored.event.version, nowMs, stored.event.organizerId)
      .run();
    forgetEvent(eventId);
    // Somebody changed the draft meanwhile: what is published is what then stands.
    if (begun.meta.changes !== 1) {
      if (tries < MAX_TRIES) continue;
      return refuse({ code: "state_moved" });
    }
    const event = { ...stored.event, status: "publishing" as const, version: stored.event.version + 1, updatedAtMs: nowMs };
    return finishPublishing(env, later, { ...stored, event });
  }
}

function refusePublishing({ event, types }: StoredEvent, nowMs: number): Refusal | null {
  if (types.length === 0) return { code: "event_incomplete", detail: "Publishing needs at least one ticket type." };
  if (event.endMs <= nowMs) return { code: "dates_inconsistent", detail: "The event is over." };
  const seated = types.find(({ seatCategories }) => seatCategories.length > 0);
  if (seated && event.seatMapId === null)
    return { code: "event_incomplete", detail: `“${seated.name}” sells seats, and the event has no seat map.` };
  return null;
}

/** Carries on from `publishing`, whoever began it. */
export async function finishPublishing(env: Env, later: Later, stored: StoredEvent): Promise<Result<StoredEvent, Refusal>> {
  const { id, organizerId, version } = stored.event;
  const opened = await askWithSeats(env, stored, (inventory) => inventory.open(toConfig(stored, env.ENVIRONMENT)));
  if (!opened.ok) return opened;
  const event = { ...stored.event, status: "published" as const };
  const published = await applyAndTell(
    env,
    later,
    { ...stored, event },
    env.DB.prepare(
      "UPDATE events SET status = 'published' WHERE id = ? AND organizer_id = ? AND version = ? AND status = 'publishing'",
    ).bind(id, organizerId, version),
    [],
    [newsOfPublication(event, Date.now(), later.traceparent)],
  );
  if (published.ok) return published;
  // Another hand finished it.
  const standing = await loadEvent(env, id);
  return standing ? ok(standing) : published;
}
