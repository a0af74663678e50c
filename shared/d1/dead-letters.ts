/**
 * Messages that no delivery could settle, parked in the database of the Worker whose mailbox they were sent to (rule 21). They stay
 * until a replay succeeds or somebody drops them with `npm run dead-letters`.
 */
import { type MessageType, schemaOf } from "../contracts/messages";
import { sha256, toBase64Url } from "../crypto/bytes";
import { type ReportingEnv, reportError, tell } from "../observability/report";
import { type Failure, handlerOf, type MessageHandlers, readMessage } from "../queue/consume";

/** Replays of one sweep; at worst each asks a sibling, and an invocation makes at most 25 such calls. */
const REPLAYS = 20;
const MAX_ERROR_CHARS = 500;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Nothing here lets a body be lost: what JSON cannot say is kept as the text that it gives. */
function jsonOf(body: unknown): string {
  if (body instanceof ArrayBuffer || body instanceof Uint8Array) return JSON.stringify({ base64url: toBase64Url(body) });
  try {
    return JSON.stringify(body) ?? "null";
  } catch {
    return JSON.stringify(String(body));
  }
}

/** The report's words, which quote no bound value; an address that a sibling's error names goes too. */
function errorText(error: unknown): string {
  const { name, message } = tell(error);
  return `${name}: ${message}`.replace(/[^\s"'<>]+@[^\s"'<>]+/g, "(an address)").slice(0, MAX_ERROR_CHARS);
}

/** Parks a message, or adds to what is known of one that is parked already; who did not see it fail adds nothing. */
export async function parkDeadLetter(
  db: D1Database,
  body: unknown,
  { reason, envelope, error }: Failure,
  attempts: number,
  nowMs: number,
  { seen = true } = {},
): Promise<void> {
  const again = `UPDATE SET reason = excluded.reason, error = excluded.error,
    attempts = attempts + excluded.attempts, tried_at_ms = max(excluded.tried_at_ms, parked_at_ms)`;
  const text = jsonOf(body);
  const id = envelope && UUID.test(envelope.id) ? envelope.id : `sha256-${await sha256(text)}`;
  await db
    .prepare(
      `INSERT INTO dead_letters (id, reason, type, dataschema, subject, body, error, attempts, parked_at_ms, tried_at_ms)
       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9)
       ON CONFLICT (id) DO ${seen ? again : "NOTHING"}`,
    )
    .bind(
      id,
      reason,
      envelope?.type ?? null,
      envelope?.dataschema ?? null,
      envelope?.subject ?? null,
      text,
      errorText(error),
      attempts,
      nowMs,
    )
    .run();
}

export async function countDeadLetters(db: D1Database): Promise<number> {
  return (await db.prepare("SELECT count(*) AS count FROM dead_letters").first<number>("count")) ?? 0;
}

interface Parked {
  id: string;
  body: string;
}

/**
 * Hands over again what somebody asked to replay, and what was parked because an older version of this Worker did not know it. The
 * latter once: whatever comes of it, the row then waits for a person. Returns how many were tried.
 */
export async function replayDeadLetters<Env extends ReportingEnv>(
  env: Env,
  ctx: Pick<ExecutionContext, "waitUntil">,
  db: D1Database,
  handlers: MessageHandlers<Env>,
  limit = REPLAYS,
): Promise<number> {
  const known = Object.fromEntries((Object.keys(handlers) as MessageType[]).map((type) => [type, schemaOf(type)]));
  const { results } = await db
    .prepare(
      `SELECT id, body FROM dead_letters WHERE replay_requested_at_ms IS NOT NULL
       UNION ALL
       SELECT id, body FROM dead_letters WHERE reason = 'unknown' AND replay_requested_at_ms IS NULL
         AND (type, dataschema) IN (SELECT key, value FROM json_each(?1))
       LIMIT ?2`,
    )
    .bind(JSON.stringify(known), limit)
    .all<Parked>();
  for (const parked of results) {
    const failure = await replay(env, db, handlers, parked);
    if (failure) reportError(failure.error, env, ctx, { task: `replay ${failure.envelope?.type ?? failure.reason}` });
  }
  return results.length;
}

/** The request is spent before the handler runs: a message that kills its Worker must not kill every sweep. */
async function replay<Env>(
  env: Env,
  db: D1Database,
  handlers: MessageHandlers<Env>,
  { id, body }: Parked,
): Promise<Failure | null> {
  await db
    .prepare(
      `UPDATE dead_letters SET replay_requested_at_ms = NULL, reason = iif(reason = 'unknown', 'failed', reason),
         error = 'the last replay was cut off', attempts = attempts + 1, tried_at_ms = max(?, parked_at_ms) WHERE id = ?`,
    )
    .bind(Date.now(), id)
    .run();
  const failure = await handle(env, handlers, JSON.parse(body));
  await (failure
    ? db
        .prepare("UPDATE dead_letters SET reason = ?, error = ? WHERE id = ?")
        .bind(failure.reason, errorText(failure.error), id)
        .run()
    : db.prepare("DELETE FROM dead_letters WHERE id = ?").bind(id).run());
  return failure;
}

async function handle<Env>(env: Env, handlers: MessageHandlers<Env>, body: unknown): Promise<Failure | null> {
  const read = readMessage(body, handlers);
  if ("reason" in read) return read;
  try {
    await handlerOf(handlers, read.message.type)(env, read.message);
    return null;
  } catch (error) {
    return { reason: "failed", envelope: read.envelope, error };
  }
}

/** The part of a sweep that every mailbox's owner has. */
export const deadLetterSteps = <Env extends ReportingEnv>(
  env: Env,
  ctx: Pick<ExecutionContext, "waitUntil">,
  db: D1Database,
  handlers: MessageHandlers<Env>,
  limit = REPLAYS,
) => ({
  replayed: () => replayDeadLetters(env, ctx, db, handlers, limit),
  deadLetters: () => countDeadLetters(db),
});
