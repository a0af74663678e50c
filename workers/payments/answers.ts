/** First answers of requests with an Idempotency-Key (rule 20). Personal data in them is this database's own; a secret is never kept. */
import type { Principal } from "../../shared/contracts/principal";
import { PROBLEMS, type ProblemCode, type Refusal } from "../../shared/contracts/problems";
import { type Result, refuse } from "../../shared/contracts/result";
import { uuidV8 } from "../../shared/crypto/uuid";
import { callerScope } from "../../shared/http/idempotency-key";
import type { Condition } from "./claims";
import type { Env } from "./environment";
import type { AnswerRow } from "./schema";
import { allDatabases, shardOf } from "./shards";

/** As long as a first answer is promised (API.md). */
export const ANSWER_LIFE_MS = 24 * 3_600_000;
/** Whoever has not answered by then is believed dead, and the next request with the key takes over. */
const LEASE_MS = 30_000;

/** What a client named by its key. `id` is the same for the same caller, method, route and key. */
export interface KeyedRequest {
  id: string;
  requestHash: string;
  leaseToken: string;
}

export interface KeyParts {
  principal: Principal;
  route: string;
  key: string;
  requestHash: string;
}

/** The thing that a key names: an order, a payment, an answer. Its last byte is the shard's. */
export const keyedId = (env: Env, purpose: string, parts: Pick<KeyParts, "principal" | "route" | "key">, shard?: number) =>
  uuidV8(env.ORDER_KEY, [purpose, callerScope(parts.principal), "POST", parts.route, parts.key], shard);

/**
 * What a key asks for names the shard, so that the same key with another body could look in another one and find nothing. Where there
 * are several, the key's body is therefore remembered in a shard of the key's own. False: it was another body.
 */
export async function bindKey(env: Env, parts: KeyParts): Promise<boolean> {
  const databases = allDatabases(env);
  if (databases.length === 1) return true;
  const id = await keyedId(env, "binding", parts);
  const db = databases[shardOf(id) % databases.length] ?? env.DB_0;
  const [, bound] = await db.batch<Pick<AnswerRow, "request_hash">>([
    db
      .prepare(
        `INSERT INTO answers (id, request_hash, lease_token, lease_until_ms, created_at_ms) VALUES (?, ?, '', 0, ?)
         ON CONFLICT (id) DO NOTHING`,
      )
      .bind(id, parts.requestHash, Date.now()),
    db.prepare("SELECT request_hash FROM answers WHERE id = ?").bind(id),
  ]);
  return bound?.results[0]?.request_hash === parts.requestHash;
}

export async function keyedRequest(env: Env, parts: KeyParts | null, shard: number): Promise<KeyedRequest | null> {
  if (parts === null) return null;
  return { id: await keyedId(env, "answer", parts, shard), requestHash: parts.requestHash, leaseToken: crypto.randomUUID() };
}

/**
 * Claims the key for this request, in one statement, if the caller may see the order at all. Afterwards the row says whose turn it is:
 * ours (our lease token), somebody else's, or nobody's any more because the answer stands.
 */
export function claimAnswer(
  db: D1Database,
  request: KeyedRequest,
  orderId: string,
  access: Condition,
  nowMs: number,
): D1PreparedStatement[] {
  return [
    db
      .prepare(
        `INSERT INTO answers (id, request_hash, lease_token, lease_until_ms, created_at_ms)
         SELECT ?, ?, ?, ?, ? FROM orders WHERE orders.id = ? AND ${access.sql}
         ON CONFLICT (id) DO UPDATE SET lease_token = excluded.lease_token, lease_until_ms = excluded.lease_until_ms
         WHERE answers.status IS NULL AND answers.request_hash = excluded.request_hash AND answers.lease_until_ms <= ?`,
      )
      .bind(request.id, request.requestHash, request.leaseToken, nowMs + LEASE_MS, nowMs, orderId, ...access.values, nowMs),
    selectAnswer(db, request.id),
  ];
}

export const selectAnswer = (db: D1Database, id: string): D1PreparedStatement =>
  db.prepare("SELECT * FROM answers WHERE id = ?").bind(id);

/** An answer as it left, so that it can leave again. */
export type KeptAnswer = { status: 200 | 201 | 202; body: unknown } | { status: 409 | 422; refusal: Refusal };

/** Null when it is this request's turn to work. */
export function standingAnswer(
  request: KeyedRequest,
  row: AnswerRow,
): Result<KeptAnswer, Refusal<"idempotency_key_reused" | "request_in_progress">> | null {
  if (row.request_hash !== request.requestHash) return refuse({ code: "idempotency_key_reused" });
  if (row.status !== null && row.body !== null) return { ok: true, value: toKept(row.status, row.body) };
  return row.lease_token === request.leaseToken ? null : refuse({ code: "request_in_progress" });
}

export function toKept(status: number, body: string): KeptAnswer {
  const kept: unknown = JSON.parse(body);
  // Only `keepAnswer` and `keepRefusal` write these rows, under the table's own CHECK of the status.
  if (status === 409 || status === 422) return { status, refusal: kept as Refusal };
  return { status: status as 200 | 201 | 202, body: kept };
}

/** Writes the answer where the lease is still ours; a request that was overtaken writes nothing. */
export function keepAnswer(db: D1Database, request: KeyedRequest, answer: KeptAnswer): D1PreparedStatement {
  return db
    .prepare("UPDATE answers SET status = ?, body = ? WHERE id = ? AND lease_token = ? AND status IS NULL")
    .bind(answer.status, JSON.stringify("refusal" in answer ? answer.refusal : answer.body), request.id, request.leaseToken);
}

/** Which refusals are answers worth keeping: those given after work began, never 400, 401, 403, 404, 413, 429 or 5xx. */
export function isKept(code: ProblemCode): boolean {
  const { status } = PROBLEMS[code];
  return (status === 409 || status === 422) && code !== "request_in_progress" && code !== "idempotency_key_reused";
}

export const keptRefusal = (refusal: Refusal): KeptAnswer => ({
  status: PROBLEMS[refusal.code].status === 422 ? 422 : 409,
  refusal,
});

/** Part of the sweep. */
export const forgetOldAnswers = (db: D1Database, nowMs: number, limit: number): D1PreparedStatement =>
  db
    .prepare("DELETE FROM answers WHERE id IN (SELECT id FROM answers WHERE created_at_ms <= ? ORDER BY created_at_ms LIMIT ?)")
    .bind(nowMs - ANSWER_LIFE_MS, limit);
