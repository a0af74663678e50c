/** When sessions end by themselves. */
import type { ProblemCode, Refusal } from "../../shared/contracts/problems";
import type { SignedIn } from "./callers";
import type { SessionRow } from "./schema";
import type { Condition } from "./sessions";

const DAY_MS = 86_400_000;
/** A session that nobody uses ends after this … */
export const IDLE_MS = 30 * DAY_MS;
/** … and every session after this. */
export const SESSION_MS = 90 * DAY_MS;

/** As it stands: a use moves it on. */
export const endOf = ({ expiresAtMs, lastUsedAtMs }: Pick<SessionRow, "expiresAtMs" | "lastUsedAtMs">): number =>
  Math.min(expiresAtMs, lastUsedAtMs + IDLE_MS);

/**
 * True while a session goes on; for the statement by which somebody gets lasting access. The gateway may let a session in for seconds
 * after it ended, and whoever has stolen it must not be able to stay.
 */
export const goesOn = ({ userId, sessionId }: SignedIn, nowMs: number): Condition => ({
  sql: "EXISTS (SELECT 1 FROM sessions WHERE id = ? AND account_id = ? AND revoked_at_ms IS NULL AND expires_at_ms > ?)",
  values: [sessionId, userId, nowMs],
});

/** Why such a statement changed nothing: the session is over, or it is `otherwise`. */
export async function refusalOf<Code extends ProblemCode>(
  env: AuthEnv,
  who: SignedIn,
  otherwise: Code,
  nowMs: number,
): Promise<Refusal<Code | "credential_invalid">> {
  const { sql, values } = goesOn(who, nowMs);
  const goes = await env.DB.prepare(`SELECT ${sql} AS goes`)
    .bind(...values)
    .first<number>("goes");
  return { code: goes === 1 ? otherwise : "credential_invalid" };
}
