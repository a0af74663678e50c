/**
 * What was ended must stop at the gateway too, before its access tokens expire. The row is written with the change that it belongs to
 * and goes to the deny list right after; while it waits, whoever asks what is denied hears of it all the same.
 */
import { type Denial, type Denied, type DeniedClaim, KEPT_MS } from "../../shared/contracts/denials";
import { reportError } from "../../shared/observability/report";
import type { After } from "./news";

/** One object for everybody. */
const LIST = "everybody";
/** A copy serves all isolates of the gateway that ask this one within … */
const REMEMBER_MS = 2_000;
/** Denials of one call to the object. */
const BATCH = 100;
const BATCHES_A_SWEEP = 20;
/** Of those that wait, what an answer carries. */
const MAX_WAITING_TOLD = 1_000;
/** From the moment that a change is stamped with until it stands: a token that was signed between the two says what was before. */
const COMMITTED_WITHIN_MS = 10_000;

/** For the batch that ends them: what `selected` (SQL of `SELECT id …`) finds after the change. */
const denySelected = (env: AuthEnv, claim: DeniedClaim, selected: string, values: readonly (string | number)[], nowMs: number) =>
  env.DB.prepare(
    `INSERT INTO pending_denials (id, claim, created_at_ms) SELECT id, ?, ? FROM (${selected}) WHERE true
     ON CONFLICT (id) DO UPDATE SET created_at_ms = excluded.created_at_ms`,
  ).bind(claim, nowMs, ...values);

export const JUST_REVOKED = "SELECT id FROM sessions WHERE account_id = ? AND revoked_at_ms = ? AND last_used_at_ms > ?";

/** The sessions of an account that were revoked at this moment, as far as an access token of theirs may live. */
export const denyRevoked = (env: AuthEnv, accountId: string, nowMs: number): D1PreparedStatement =>
  denySelected(env, "sid", JUST_REVOKED, [accountId, nowMs, nowMs - KEPT_MS], nowMs);

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

/** The newest first, and of one moment accounts before sessions: whoever has just ended something waits behind nobody's queue. */
async function waiting(env: AuthEnv, nowMs: number, limit: number): Promise<Pending[]> {
  const { results } = await env.DB.prepare(
    `SELECT id, claim, created_at_ms AS createdAtMs FROM pending_denials WHERE created_at_ms > ?
     ORDER BY created_at_ms DESC, claim DESC LIMIT ?`,
  )
    .bind(nowMs - KEPT_MS, limit)
    .all<Pending>();
  return results;
}

/** Hands the list what waits; how many that were. A row that was written anew meanwhile stays for another time. */
export async function sweepDenials(env: AuthEnv, nowMs: number, batches = BATCHES_A_SWEEP): Promise<number> {
  let sent = 0;
  for (let batch = 0; batch < batches; batch++) {
    const rows = await waiting(env, nowMs, BATCH);
    if (rows.length === 0) break;
    await env.DENY_LIST.getByName(LIST).deny(rows.map(({ id, claim }) => ({ id, claim })));
    remembered = undefined;
    const tooOld = env.DB.prepare("DELETE FROM pending_denials WHERE created_at_ms <= ?").bind(nowMs - KEPT_MS);
    const taken = env.DB.prepare(
      `DELETE FROM pending_denials WHERE (id, created_at_ms) IN (
         SELECT sent.value ->> 'id', sent.value ->> 'createdAtMs' FROM json_each(?) AS sent)`,
    ).bind(JSON.stringify(rows));
    await env.DB.batch([taken, tooOld]);
    sent += rows.length;
    if (rows.length < BATCH) break;
  }
  return sent;
}

/** After the batch that wrote them. A failure is reported, and what waits is told by `denied`: what ended has ended. */
export async function sendDenials(env: AuthEnv, after: After, nowMs: number): Promise<void> {
  remembered = undefined;
  await sweepDenials(env, nowMs, 1).catch((error: unknown) => reportError(error, env, after, { task: "send denials" }));
}

let remembered: Denied | undefined;

/** What the list has not got, and on its way to it. While the database does not answer, nothing can be ended in it either. */
async function unsentDenials(env: AuthEnv, after: After, nowMs: number): Promise<Denial[]> {
  const report = (error: unknown) => reportError(error, env, after, { task: "hand on denials" });
  try {
    const rows = await waiting(env, nowMs, MAX_WAITING_TOLD);
    if (rows.length > 0) after.waitUntil(sweepDenials(env, nowMs).catch(report));
    return rows.map(({ id, claim, createdAtMs }) => ({
      id,
      claim,
      notBeforeMs: Math.min(nowMs, createdAtMs + COMMITTED_WITHIN_MS),
    }));
  } catch (error) {
    report(error);
    return [];
  }
}

/** What the gateway refuses by, with what has not reached the list yet. At most two seconds old. */
export async function denied(env: AuthEnv, after: After, nowMs: number): Promise<Denied> {
  const ageMs = nowMs - (remembered?.asOfMs ?? 0);
  if (remembered && ageMs >= 0 && ageMs < REMEMBER_MS) return remembered;
  // Before the list: what leaves the table between the two questions is on it.
  const unsent = await unsentDenials(env, after, nowMs);
  // The time before the question, so that no denial after it counts as seen.
  const list = await env.DENY_LIST.getByName(LIST).denied();
  remembered = { ...list, asOfMs: Math.min(nowMs, list.asOfMs), denials: [...list.denials, ...unsent] };
  return remembered;
}
