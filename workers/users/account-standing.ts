/** What admins decide about people. Auth decides and owns; here stands why, and the projection follows at once. */
import { z } from "zod";
import { type Account, ROLES, SETTABLE_STATUSES, type User } from "../../shared/contracts/accounts";
import { Id, Timestamp, toTimestamp } from "../../shared/contracts/ids";
import type { Refusal } from "../../shared/contracts/problems";
import { ok, type Result, refuse } from "../../shared/contracts/result";
import { Lines } from "../../shared/contracts/text";
import { uuidV7 } from "../../shared/crypto/uuid";
import { decodeCursor, page } from "../../shared/http/list";
import { askAccount, storeAccount } from "./accounts";

const Reason = Lines.trim().min(1).max(1000);

export const RoleChange = z.strictObject({ role: z.enum(ROLES) }).meta({ id: "RoleChange" });
export const StatusChangeDraft = z
  .strictObject({ status: z.enum(SETTABLE_STATUSES), reason: Reason })
  .meta({ id: "StatusChangeDraft" });

export const StatusChange = z
  .object({
    id: Id,
    userId: Id,
    status: z.enum(SETTABLE_STATUSES),
    reason: z.string(),
    /** The admin who decided. */
    actorId: Id,
    createdAt: Timestamp,
  })
  .meta({ id: "StatusChange" });
export type StatusChange = z.infer<typeof StatusChange>;

type Refused = Refusal<"user_not_found" | "forbidden" | "account_state" | "version_stale">;

/** With `ifVersion` only while the account is at that version. */
export async function changeRole(
  env: UsersEnv,
  actorId: string,
  userId: string,
  role: User["role"],
  ifVersion: number | null,
): Promise<Result<Account, Refused>> {
  return storeChanged(env, await env.AUTH.changeRole(actorId, userId, role, ifVersion));
}

/**
 * The reason is written before auth is asked: where the answer gets lost, it stands without the version that it made until the sweep
 * knows what became of it. What changes nothing has no reason. With `ifVersion` only while the account is at that version.
 */
export async function changeStatus(
  env: UsersEnv,
  actorId: string,
  userId: string,
  { status, reason }: z.infer<typeof StatusChangeDraft>,
  nowMs: number,
  ifVersion: number | null = null,
): Promise<Result<Account, Refused>> {
  const before = await askAccount(env, userId);
  if (!before || before.status === status)
    return storeChanged(env, await env.AUTH.changeStatus(actorId, userId, status, ifVersion));
  const id = uuidV7(nowMs);
  await env.DB.prepare(
    "INSERT INTO status_changes (id, user_id, status, reason, actor_id, created_at_ms) VALUES (?, ?, ?, ?, ?, ?)",
  )
    .bind(id, userId, status, reason, actorId, nowMs)
    .run();
  const forget = env.DB.prepare("DELETE FROM status_changes WHERE id = ? AND applied_version IS NULL").bind(id);
  const changed = await env.AUTH.changeStatus(actorId, userId, status, ifVersion);
  if (!changed.ok) {
    await forget.run();
    return refuse(changed.error);
  }
  // Of two who decided the same at the same time one changed something.
  const apply = env.DB.prepare(
    `UPDATE status_changes SET applied_version = ?1 WHERE id = ?2 AND ?1 > ?3
       AND NOT EXISTS (SELECT 1 FROM status_changes WHERE user_id = ?4 AND applied_version = ?1)`,
  ).bind(changed.value.version, id, before.version, userId);
  await env.DB.batch([storeAccount(env.DB, changed.value), apply, forget]);
  return ok(changed.value);
}

async function storeChanged(env: UsersEnv, changed: Result<Account, Refused>): Promise<Result<Account, Refused>> {
  if (changed.ok) await storeAccount(env.DB, changed.value).run();
  return changed;
}

/** An answer that takes longer than this was lost. */
const ANSWER_MS = 60_000;
const SETTLE_LIMIT = 40;

/**
 * Asks auth what became of decisions whose answer was lost: one that the account shows, and that none written before it had brought
 * about already, was applied; the others never happened. How many there were.
 */
export async function settleStatusChanges(env: UsersEnv, nowMs: number): Promise<number> {
  const { results } = await env.DB.prepare(
    `SELECT id, user_id AS userId FROM status_changes WHERE applied_version IS NULL AND created_at_ms < ?
     ORDER BY created_at_ms, id LIMIT ?`,
  )
    .bind(nowMs - ANSWER_MS, SETTLE_LIMIT)
    .all<{ id: string; userId: string }>();
  if (results.length === 0) return 0;
  const accounts = new Map((await env.AUTH.accounts([...new Set(results.map(({ userId }) => userId))])).map((of) => [of.id, of]));
  await env.DB.batch(
    results.flatMap(({ id, userId }) => {
      const { status, version } = accounts.get(userId) ?? { status: null, version: null };
      const apply = env.DB.prepare(
        `UPDATE status_changes SET applied_version = ?1 WHERE id = ?2 AND status = ?3 AND status IS NOT
           (SELECT status FROM status_changes WHERE user_id = ?4 AND applied_version IS NOT NULL ORDER BY applied_version DESC LIMIT 1)`,
      ).bind(version, id, status, userId);
      return [apply, env.DB.prepare("DELETE FROM status_changes WHERE id = ? AND applied_version IS NULL").bind(id)];
    }),
  );
  return results.length;
}

const Keyset = z.tuple([z.int(), z.string()]);
type Row = Omit<StatusChange, "createdAt"> & { createdAtMs: number };

/** Those that came about, newest first. */
export async function listStatusChanges(db: D1Database, userId: string, list: { limit: number; cursor?: string | undefined }) {
  const [beforeMs, beforeId] = decodeCursor(list.cursor, Keyset) ?? [Number.MAX_SAFE_INTEGER, ""];
  const { results } = await db
    .prepare(
      `SELECT id, user_id AS userId, status, reason, actor_id AS actorId, created_at_ms AS createdAtMs FROM status_changes
       WHERE user_id = ? AND applied_version IS NOT NULL AND (created_at_ms, id) < (?, ?) ORDER BY created_at_ms DESC, id DESC LIMIT ?`,
    )
    .bind(userId, beforeMs, beforeId, list.limit + 1)
    .all<Row>();
  return page(
    results,
    list.limit,
    ({ createdAtMs, ...row }) => ({ ...row, createdAt: toTimestamp(createdAtMs) }),
    (row) => [row.createdAtMs, row.id],
  );
}
