/** News that says how things stand: told at most once a second, and only when that differs from what was told last (rule 21). */
import type { MessageType } from "../../shared/contracts/messages";
import { isWaiting } from "../../shared/durable/outbox";

export const SOURCE = "/events/inventory";

/** From the first change to its announcement, and at least so long from one to the next of its kind. */
export const ANNOUNCE_EVERY_MS = 1_000;

/** What was told last, as JSON. */
export type Announced = { version: number; told: string; announced_at_ms: number };

/**
 * Whether there is news and its time has come: `now`, or when to come again for what must wait its second, or null. While an earlier
 * announcement has not left, none is added: the one after it will tell everything.
 */
export function turnOf(
  sql: SqlStorage,
  type: MessageType,
  { told, announced_at_ms: announcedAtMs }: Announced,
  tellable: string,
  nowMs: number,
): "now" | number | null {
  if (tellable === told || isWaiting(sql, type)) return null;
  const notBeforeMs = announcedAtMs + ANNOUNCE_EVERY_MS;
  // A clock that was set back does not silence the object.
  return nowMs < notBeforeMs && nowMs >= announcedAtMs ? notBeforeMs : "now";
}
