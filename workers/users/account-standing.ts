/** What admins decide about people. Auth decides and owns; here stands why, and the projection follows at once. */
import { z } from "zod";
import { type Account, ROLES, SETTABLE_STATUSES, type User } from "../../shared/contracts/accounts";
import { Id, Timestamp, toTimestamp } from "../../shared/contracts/ids";
import type { Refusal } from "../../shared/contracts/problems";
import { ok, type Result, refuse } from "../../shared/contracts/result";
import { Lines } from "../../shared/contracts/text";
import { uuidV7 } from "../../shared/crypto/uuid";
import { decodeCursor, page } from "../../shared/http/list";
import { storeAccount } from "./accounts";

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

type Refused = Refusal<"user_not_found" | "forbidden" | "account_state">;

export async function changeRole(
  env: UsersEnv,
  actorId: string,
  userId: string,
  role: User["role"],
): Promise<Result<Account, Refused>> {
  const changed = await env.AUTH.changeRole(actorId, userId, role);
  if (changed.ok) await storeAccount(env.DB, changed.value).run();
  return changed;
}

/** The reason is written before auth is asked: where the answer gets lost, it stands without the version that it made. */
export async function changeStatus(
  env: UsersEnv,
  actorId: string,
  userId: string,
  { status, reason }: z.infer<typeof StatusChangeDraft>,
  nowMs: number,
): Promise<Result<Account, Refused>> {
  const id = uuidV7(nowMs);
  await env.DB.prepare(
    "INSERT INTO status_changes (id, user_id, status, reason, actor_id, created_at_ms) VALUES (?, ?, ?, ?, ?, ?)",
  )
    .bind(id, userId, status, reason, actorId, nowMs)
    .run();
  const changed = await env.AUTH.changeStatus(actorId, userId, status);
  if (!changed.ok) {
    await env.DB.prepare("DELETE FROM status_changes WHERE id = ?").bind(id).run();
    return refuse(changed.error);
  }
  const apply = env.DB.prepare("UPDATE status_changes SET applied_version = ? WHERE id = ?").bind(changed.value.version, id);
  await env.DB.batch([storeAccount(env.DB, changed.value), apply]);
  return ok(changed.value);
}

const Keyset = z.tuple([z.int(), z.string()]);
type Row = Omit<StatusChange, "createdAt"> & { createdAtMs: number };

/** Newest first. */
export async function listStatusChanges(db: D1Database, userId: string, list: { limit: number; cursor?: string | undefined }) {
  const [beforeMs, beforeId] = decodeCursor(list.cursor, Keyset) ?? [Number.MAX_SAFE_INTEGER, ""];
  const { results } = await db
    .prepare(
      `SELECT id, user_id AS userId, status, reason, actor_id AS actorId, created_at_ms AS createdAtMs FROM status_changes
       WHERE user_id = ? AND (created_at_ms, id) < (?, ?) ORDER BY created_at_ms DESC, id DESC LIMIT ?`,
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
