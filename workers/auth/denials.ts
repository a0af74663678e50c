/**
 * What was ended must stop at the gateway too, before its access tokens expire. The row is written with the change that it belongs to
 * and goes to the deny list right after; one that could not go is the sweep's.
 */
import type { Denied, DeniedClaim } from "../../shared/contracts/denials";
import { reportError } from "../../shared/observability/report";
import type { After } from "./news";

/** One object for everybody. */
const LIST = "everybody";
/** A copy serves all isolates of the gateway that ask this one within … */
const REMEMBER_MS = 2_000;
/** Denials of one call to the object. */
const BATCH = 100;
const BATCHES_A_SWEEP = 20;

/** For the batch that ends them: what `selected` (SQL of `SELECT id …`) finds after the change. */
const denySelected = (env: AuthEnv, claim: DeniedClaim, selected: string, values: readonly (string | number)[], nowMs: number) =>
  env.DB.prepare(
    `INSERT INTO pending_denials (id, claim, created_at_ms) SELECT id, ?, ? FROM (${selected}) WHERE true
     ON CONFLICT (id) DO UPDATE SET created_at_ms = excluded.created_at_ms`,
  ).bind(claim, nowMs, ...values);

/** The sessions of an account that were revoked at this moment. */
export const denyRevoked = (env: AuthEnv, accountId: string, nowMs: number): D1PreparedStatement =>
  denySelected(env, "sid", "SELECT id FROM sessions WHERE account_id = ? AND revoked_at_ms = ?", [accountId, nowMs], nowMs);

/** A session that has just been revoked. */
export const denySession = (env: AuthEnv, sessionId: string, nowMs: number): D1PreparedStatement =>
  denySelected(env, "sid", "SELECT id FROM sessions WHERE id = ? AND revoked_at_ms = ?", [sessionId, nowMs], nowMs);

/** Every access token that an account has: it was suspended or deleted, or has another role now. */
export const denyAccount = (env: AuthEnv, accountId: string, nowMs: number): D1PreparedStatement =>
  denySelected(env, "sub", "SELECT ? AS id", [accountId], nowMs);

interface Pending {
  id: string;
  claim: DeniedClaim;
  createdAtMs: number;
}

/** Hands the list what waits; how many that were. A row that was written anew meanwhile stays for another time. */
export async function sweepDenials(env: AuthEnv, batches = BATCHES_A_SWEEP): Promise<number> {
  let sent = 0;
  for (let batch = 0; batch < batches; batch++) {
    const { results } = await env.DB.prepare(
      "SELECT id, claim, created_at_ms AS createdAtMs FROM pending_denials ORDER BY created_at_ms LIMIT ?",
    )
      .bind(BATCH)
      .all<Pending>();
    if (results.length === 0) break;
    await env.DENY_LIST.getByName(LIST).deny(results.map(({ id, claim }) => ({ id, claim })));
    remembered = undefined;
    await env.DB.prepare(
      `DELETE FROM pending_denials WHERE EXISTS (
         SELECT 1 FROM json_each(?) AS sent WHERE sent.value ->> 'id' = pending_denials.id
           AND sent.value ->> 'createdAtMs' = pending_denials.created_at_ms)`,
    )
      .bind(JSON.stringify(results))
      .run();
    sent += results.length;
    if (results.length < BATCH) break;
  }
  return sent;
}

/** After the batch that wrote them. A failure is reported and left to the sweep: what ended has ended. */
export async function sendDenials(env: AuthEnv, after: After): Promise<void> {
  await sweepDenials(env, 1).catch((error: unknown) => reportError(error, env, after, { task: "send denials" }));
}

let remembered: Denied | undefined;

/** What the gateway refuses by. At most two seconds old. */
export async function denied(env: AuthEnv, nowMs: number): Promise<Denied> {
  const ageMs = nowMs - (remembered?.asOfMs ?? 0);
  if (remembered && ageMs >= 0 && ageMs < REMEMBER_MS) return remembered;
  // The time before the question, so that no denial after it counts as seen.
  const list = await env.DENY_LIST.getByName(LIST).denied();
  remembered = { ...list, asOfMs: Math.min(nowMs, list.asOfMs) };
  return remembered;
}
