import type { Message, MessageHandlers } from "../../shared/queue/consume";
import type { Env } from "./environment";
import { putDocument } from "./event-documents";

type EventMessage = Message<"event.published" | "event.changed" | "event.cancelled" | "event.completed">;

/** A message says that something changed; what stands there now is the owner's word. */
async function refresh(env: Env, { data: { eventId }, version }: EventMessage): Promise<void> {
  const [event] = await env.EVENTS.events([eventId]);
  await putDocument(env.DB, eventId, version, event ?? null);
}

export const messageHandlers: MessageHandlers<Env> = {
  "event.published": refresh,
  "event.changed": refresh,
  "event.cancelled": refresh,
  "event.completed": refresh,
};
