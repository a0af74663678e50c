/**
 * What this isolate remembers of events that anybody may read, so that a page under load is not a database read a visitor. Half of what
 * `s-maxage` allows a cache; a change made in this isolate is seen at once.
 */
const REMEMBERED_MS = 1_000;
const MAX_REMEMBERED = 1_000;

export interface RememberedEvent {
  body: string;
  etag: string;
}

const remembered = new Map<string, RememberedEvent & { untilMs: number }>();
/** Counts what was forgotten, so that a read which began before a change is not remembered after it. */
let generation = 0;

export const generationNow = (): number => generation;

export function rememberedEvent(eventId: string, nowMs: number): RememberedEvent | null {
  const found = remembered.get(eventId);
  return found && found.untilMs > nowMs ? found : null;
}

/** `readAt` is the generation, and `nowMs` the time, from before the read. */
export function rememberEvent(eventId: string, event: RememberedEvent, readAt: number, nowMs: number): void {
  if (readAt !== generation) return;
  if (remembered.size >= MAX_REMEMBERED) remembered.clear();
  remembered.set(eventId, { ...event, untilMs: nowMs + REMEMBERED_MS });
}

export function forgetEvent(eventId: string): void {
  generation++;
  remembered.delete(eventId);
}
