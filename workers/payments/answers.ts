/** First answers of requests with an Idempotency-Key (rule 20). Personal data in them is this database's own; a secret is never kept. */
import type { Principal } from "../../shared/contracts/principal";
import { PROBLEMS, type Refusal } from "../../shared/contracts/problems";
import { type Result, refuse } from "../../shared/contracts/result";
import { uuidV7, uuidV8 } from "../../shared/crypto/uuid";
import { ANSWER_LIFE_MS, IN_PROGRESS, LEASE_MS } from "../../shared/d1/kept-answers";
import { callerScope } from "../../shared/http/idempotency-key";
import type { Condition } from "./claims";
import type { Env } from "./environment";
import type { AnswerRow } from "./schema";
import { allDatabases, shardOf } from "./shards";

/** What a client named by its key. `id` is the same for the same caller, method, route and key. */
export interface KeyedRequest {
  id: string;
  requestHash: string;
  leaseToken: string;
  /** What the request will make, if it is the key's first of the day; the row then says so to those that follow. */
  subjectId: string;
}

export interface KeyParts {
  principal: Principal;
  route: string;
  key: string;
  requestHash: string;
}

/** The thing that a key names: an order, an answer. Its last byte is the shard's. */
export const keyedId = (env: Env, purpose: string, parts: Pick<KeyParts, "principal" | "route" | "key">, shard?: number) =>
  uuidV8(env.ORDER_KEY, [purpose, callerScope(parts.principal), "POST", parts.route, parts.key], shard);

export interface Binding {
  /** False: the key is another body's. */
  fits: boolean;
  /** For a request that was refused before any work: its key stays free. */
  forget(): Promise<void>;
}

const FREE: Binding = { fits: true, forget: async () => undefined };

/**
 * What a key asks for names the shard, so that the same key with another body could look in another one and find nothing. Where there
 * are several, the key's body is therefore remembered in a shard of the key's own.
 */
export async function bindKey(env: Env, parts: KeyParts | null): Promise<Binding> {
  const databases = allDatabases(env);
  if (parts === null || databases.length === 1) return FREE;
  const id = await keyedId(env, "binding", parts);
  const db = databases[shardOf(id) % databases.length] ?? env.DB_0;
  const token = crypto.randomUUID();
  const nowMs = Date.now();
  const [, bound] = await db.batch<Pick<AnswerRow, "request_hash">>([
    db
      .prepare(
        `INSERT INTO answers (id, request_hash, lease_token, lease_until_ms, created_at_ms) VALUES (?, ?, ?, 0, ?)
         ON CONFLICT (id) DO UPDATE SET request_hash = excluded.request_hash, lease_token = excluded.lease_token,
           created_at_ms = excluded.created_at_ms WHERE answers.created_at_ms <= ?`,
      )
      .bind(id, parts.requestHash, token, nowMs, nowMs - ANSWER_LIFE_MS),
    db.prepare("SELECT request_hash FROM answers WHERE id = ?").bind(id),
  ]);
  return {
    fits: bound?.results[0]?.request_hash === parts.requestHash,
    forget: async () => void (await db.prepare("DELETE FROM answers WHERE id = ? AND lease_token = ?").bind(id, token).run()),
  };
}

export async function keyedRequest(env: Env, parts: KeyParts | null, shard: number): Promise<KeyedRequest | null> {
  if (parts === null) return null;
  return {
    id: await keyedId(env, "answer", parts, shard),
    requestHash: parts.requestHash,
    leaseToken: crypto.randomUUID(),
    subjectId: uuidV7(Date.now(), shard),
  };
}

/**
 * Claims the key for this request, in one statement, if the caller may see the order at all. Afterwards the row says whose turn it is:
 * ours (our lease token), somebody else's, or nobody's any more because the answer stands. A key that is older than its day is new.
 */
export function claimAnswer(
  db: D1Database,
  request: KeyedRequest,
  orderId: string,
  access: Condition,
  nowMs: number,
): D1PreparedStatement[] {
  const tooOldMs = nowMs - ANSWER_LIFE_MS;
  return [
    db
      .prepare(
        `INSERT INTO answers (id, request_hash, lease_token, lease_until_ms, created_at_ms, subject_id)
         SELECT ?, ?, ?, ?, ?, ? FROM orders WHERE orders.id = ? AND ${access.sql}
         ON CONFLICT (id) DO UPDATE SET request_hash = excluded.request_hash, lease_token = excluded.lease_token,
           lease_until_ms = excluded.lease_until_ms, status = NULL, body = NULL,
           subject_id = iif(answers.created_at_ms <= ?, excluded.subject_id, coalesce(answers.subject_id, excluded.subject_id)),
           created_at_ms = iif(answers.created_at_ms <= ?, excluded.created_at_ms, answers.created_at_ms)
         WHERE answers.created_at_ms <= ?
           OR (answers.status IS NULL AND answers.request_hash = excluded.request_hash AND answers.lease_until_ms <= ?)`,
      )
      .bind(
        request.id,
        request.requestHash,
        request.leaseToken,
        nowMs + LEASE_MS,
        nowMs,
        request.subjectId,
        orderId,
        ...access.values,
        tooOldMs,
        tooOldMs,
        tooOldMs,
        nowMs,
      ),
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
  return row.lease_token === request.leaseToken ? null : refuse(IN_PROGRESS);
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

/** Nothing was answered that may be kept: the next request with the key need not wait for the lease to end. */
export const freeLease = (db: D1Database, request: KeyedRequest): D1PreparedStatement =>
  db
    .prepare("UPDATE answers SET lease_until_ms = 0 WHERE id = ? AND lease_token = ? AND status IS NULL")
    .bind(request.id, request.leaseToken);

/** Whatever happens in the work, the key is free again where it was not answered. */
export async function whileLeased<T>(db: D1Database, request: KeyedRequest | null, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    // What the work died of is what the caller must hear; the lease ends by itself where this fails too.
    if (request)
      await freeLease(db, request)
        .run()
        .catch(() => undefined);
    throw error;
  }
}

export const keptRefusal = (refusal: Refusal): KeptAnswer => ({
  status: PROBLEMS[refusal.code].status === 422 ? 422 : 409,
  refusal,
});
