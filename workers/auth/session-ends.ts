/** When sessions end by themselves. */
import type { SessionRow } from "./schema";

const DAY_MS = 86_400_000;
/** A session that nobody uses ends after this … */
export const IDLE_MS = 30 * DAY_MS;
/** … and every session after this. */
export const SESSION_MS = 90 * DAY_MS;

/** As it stands: a use moves it on. */
export const endOf = ({ expiresAtMs, lastUsedAtMs }: Pick<SessionRow, "expiresAtMs" | "lastUsedAtMs">): number =>
  Math.min(expiresAtMs, lastUsedAtMs + IDLE_MS);
