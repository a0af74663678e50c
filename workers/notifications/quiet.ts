/** How long an edit must have been the last before it is told: an organizer who puts one thing right after the other writes one mail. */
import type { Env } from "./environment";

const QUIET_MS = 5 * 60_000;
/** Of one who goes on and on: from the first of his edits. */
export const LONGEST_QUIET_MS = 30 * 60_000;
/** In development everything is told within ten seconds. */
const DEVELOPMENT_QUIET_MS = 1_500;

export const quietMs = ({ ENVIRONMENT }: Pick<Env, "ENVIRONMENT">): number =>
  ENVIRONMENT === "development" ? DEVELOPMENT_QUIET_MS : QUIET_MS;
