import { type Message, type MessageHandlers, together } from "../../shared/queue/consume";
import type { Env } from "./environment";
import { putDocuments } from "./event-documents";
import { fillsFresh } from "./rebuild";

type EventMessage = Message<"event.published" | "event.changed" | "event.cancelled" | "event.completed">;

/** A message says that something changed; what stands there now is the owner's word, asked once for all of them. */
async function refresh(env: Env, messages: readonly EventMessage[]): Promise<void> {
  // Known before the owner is asked: what a rebuild that starts after this reads of these events is no older than what is read here.
  const sets = (await fillsFresh(env.DB)) ? (["", "fresh_"] as const) : ([""] as const);
  const events = await env.EVENTS.events([...new Set(messages.map((message) => message.data.eventId))]);
  const byId = new Map(events.map((event) => [event.id, event]));
  await putDocuments(
    env.DB,
    messages.map(({ data: { eventId }, version }) => ({ eventId, version, event: byId.get(eventId) ?? null })),
    Date.now(),
    sets,
  );
}

export const messageHandlers: MessageHandlers<Env> = {
  "event.published": together(refresh),
  "event.changed": together(refresh),
  "event.cancelled": together(refresh),
  "event.completed": together(refresh),
};
