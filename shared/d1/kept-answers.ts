/** What all first answers of requests with an Idempotency-Key have in common (rule 20); where they stand, each domain says itself. */
import { PROBLEMS, type ProblemCode } from "../contracts/problems";

/** As long as a first answer is promised (API.md); a key that was used before that is a new one. */
export const ANSWER_LIFE_MS = 24 * 3_600_000;
/** Whoever has not answered by then is believed dead, and the next request with the key takes over. */
export const LEASE_MS = 30_000;
/** After this a client may ask again for the answer that the first request is about to give. */
export const IN_PROGRESS = { code: "request_in_progress", retryAfterSeconds: 1 } as const;

const KEPT_STATUSES: readonly number[] = [409, 412, 422];
/** About the key itself, or about another change that came first: asked again, this one may well be next. */
const NEVER_KEPT: readonly ProblemCode[] = ["request_in_progress", "idempotency_key_reused", "state_moved"];

/** Refusals given after work began stay; a 400, 401, 403, 404, 413, 429 or 5xx may be better the next time. */
export const isKept = (code: ProblemCode): boolean => KEPT_STATUSES.includes(PROBLEMS[code].status) && !NEVER_KEPT.includes(code);

/** Part of a sweep. */
export const forgetOldAnswers = (
  db: D1Database,
  table: "answers" | "kept_answers",
  nowMs: number,
  limit: number,
): D1PreparedStatement =>
  db
    .prepare(`DELETE FROM ${table} WHERE id IN (SELECT id FROM ${table} WHERE created_at_ms <= ? ORDER BY created_at_ms LIMIT ?)`)
    .bind(nowMs - ANSWER_LIFE_MS, limit);
