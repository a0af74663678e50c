/** First answers of requests with an Idempotency-Key (rule 20). Holds need none: their id is their key's. */
import type { Principal } from "../../shared/contracts/principal";
import type { Refusal } from "../../shared/contracts/problems";
import { type Result, refuse } from "../../shared/contracts/result";
import { uuidV8 } from "../../shared/crypto/uuid";
import { ANSWER_LIFE_MS, forgetOldAnswers as forget, IN_PROGRESS, isKept, LEASE_MS } from "../../shared/d1/kept-answers";
import { callerScope } from "../../shared/http/idempotency-key";
import type { Env } from "./environment";

const MAX_FORGOTTEN = 1_000;

export interface KeyedRequest {
  principal: Principal;
  /** The path that was asked, without its version. */
  route: string;
  key: string;
  requestHash: string;
}

interface KeptRow {
  request_hash: string;
  lease_token: string;
  answer: string | null;
}

/** Does the work once a key; again is the first answer, a refusal too. The value must survive JSON. */
export async function answerOnce<T>(
  env: Env,
  request: KeyedRequest | null,
  work: () => Promise<Result<T, Refusal>>,
): Promise<Result<T, Refusal>> {
  if (request === null) return work();
  const id = await uuidV8(env.HOLD_KEY, ["answer", callerScope(request.principal), "POST", request.route, request.key]);
  const leaseToken = crypto.randomUUID();
  const row = await claim(env, id, request.requestHash, leaseToken, Date.now());
  if (row.request_hash !== request.requestHash) return refuse({ code: "idempotency_key_reused" });
  // Written by `settle` below, from a value of the same route.
  if (row.answer !== null) return JSON.parse(row.answer) as Result<T, Refusal>;
  if (row.lease_token !== leaseToken) return refuse(IN_PROGRESS);
  try {
    const answer = await work();
    await settle(env, id, leaseToken, answer.ok || isKept(answer.error.code) ? JSON.stringify(answer) : null);
    return answer;
  } catch (error) {
    await settle(env, id, leaseToken, null);
    throw error;
  }
}

/** Whose turn it is, decided by one statement. A key that was used more than a day ago is a new one. */
async function claim(env: Env, id: string, requestHash: string, leaseToken: string, nowMs: number): Promise<KeptRow> {
  const [, found] = await env.DB.batch<KeptRow>([
    env.DB.prepare(
      `INSERT INTO kept_answers (id, request_hash, lease_token, lease_until_ms, created_at_ms) VALUES (?1, ?2, ?3, ?4, ?5)
       ON CONFLICT (id) DO UPDATE SET request_hash = excluded.request_hash, lease_token = excluded.lease_token,
         lease_until_ms = excluded.lease_until_ms, answer = NULL, created_at_ms = excluded.created_at_ms
       WHERE created_at_ms <= ?6 OR (answer IS NULL AND lease_until_ms <= ?5 AND request_hash = excluded.request_hash)`,
    ).bind(id, requestHash, leaseToken, nowMs + LEASE_MS, nowMs, nowMs - ANSWER_LIFE_MS),
    env.DB.prepare("SELECT request_hash, lease_token, answer FROM kept_answers WHERE id = ?").bind(id),
  ]);
  const row = found?.results[0];
  if (!row) throw new Error("a key that was just written is not there");
  return row;
}

/** Only where the lease is still ours; a request that was overtaken writes nothing. */
const settle = (env: Env, id: string, leaseToken: string, answer: string | null) =>
  (answer === null
    ? env.DB.prepare("DELETE FROM kept_answers WHERE id = ? AND lease_token = ?").bind(id, leaseToken)
    : env.DB.prepare("UPDATE kept_answers SET answer = ?3 WHERE id = ?1 AND lease_token = ?2").bind(id, leaseToken, answer)
  ).run();

/** Part of the sweep: how many keys are forgotten. */
export const forgetOldAnswers = async (env: Env, nowMs: number): Promise<number> =>
  (await forget(env.DB, "kept_answers", nowMs, MAX_FORGOTTEN).run()).meta.changes;
