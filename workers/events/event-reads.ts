/** Who may read an event, and what a reader gets. */
import type { Principal } from "../../shared/contracts/principal";
import type { Refusal } from "../../shared/contracts/problems";
import { ok, type Result, refuse } from "../../shared/contracts/result";
import { etagOfVersion } from "../../shared/http/etag";
import type { Env } from "./environment";
import { isInsider } from "./members";
import { generationNow, rememberEvent, rememberedEvent } from "./remembered-events";
import { isKnown, loadEvent, type StoredEvent, toEvent } from "./stored-event";

export interface ReadableEvent {
  /** The `Event` as JSON text. */
  body: string;
  etag: string;
  /** True when the answer is the same for everybody, so that a cache may keep it. */
  known: boolean;
}

/** What the caller may know of; a draft or a private event is for members and admins. */
export async function readEvent(
  env: Env,
  principal: Principal,
  eventId: string,
): Promise<Result<StoredEvent, Refusal<"event_not_found">>> {
  const stored = await loadEvent(env, eventId);
  const readable =
    stored && (isKnown(stored.event) || (await isInsider(env, principal, stored.event.organizerId, stored.event.id)));
  return stored && readable ? ok(stored) : refuse({ code: "event_not_found" });
}

/** The same as an answer, out of this isolate's memory where everybody gets the same. */
export async function showEvent(
  env: Env,
  principal: Principal,
  eventId: string,
): Promise<Result<ReadableEvent, Refusal<"event_not_found">>> {
  const nowMs = Date.now();
  const readAt = generationNow();
  const remembered = rememberedEvent(eventId, nowMs);
  if (remembered) return ok({ ...remembered, known: true });
  const read = await readEvent(env, principal, eventId);
  if (!read.ok) return read;
  const shown = { body: JSON.stringify(toEvent(read.value)), etag: etagOfVersion(read.value.event.version) };
  const known = isKnown(read.value.event);
  if (known) rememberEvent(eventId, shown, readAt, nowMs);
  return ok({ ...shown, known });
}
