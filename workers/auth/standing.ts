/** What platform admins decide about accounts: their role, and whether they may be used. */
import type { Account, SettableStatus, User } from "../../shared/contracts/accounts";
import type { Refusal } from "../../shared/contracts/problems";
import { ok, type Result, refuse } from "../../shared/contracts/result";
import { accountOf, change, findById } from "./accounts";
import { denyAccount } from "./denials";
import type { After } from "./news";
import { recordEvent } from "./security-events";
import { revokeAll } from "./sessions";

type Refused = Refusal<"user_not_found" | "forbidden" | "account_state" | "version_stale">;

/**
 * True while the one who decides is an admin, and it is not about himself: in the statement, so that of two admins who suspend each
 * other one stays, and there is always one.
 */
const BY_ANOTHER_ADMIN =
  "id <> ?4 AND EXISTS (SELECT 1 FROM accounts actors WHERE actors.id = ?4 AND actors.role = 'admin' AND actors.status = 'active')";

/** Of anybody whose account is not deleted; with `ifVersion` only while it is at that version. Tokens that say the old role are refused. */
export async function changeRole(
  env: AuthEnv,
  after: After,
  actorId: string,
  id: string,
  role: User["role"],
  ifVersion: number | null,
  nowMs: number,
): Promise<Result<Account, Refused>> {
  const row = await findById(env, id);
  if (!row) return refuse({ code: "user_not_found" });
  if (row.role === role && row.status !== "deleted" && row.version === (ifVersion ?? row.version)) return ok(accountOf(row));
  const update = env.DB.prepare(
    `UPDATE accounts SET role = ?1, version = version + 1, updated_at_ms = ?2
     WHERE id = ?3 AND status <> 'deleted' AND version = coalesce(?5, version) AND ${BY_ANOTHER_ADMIN}`,
  ).bind(role, nowMs, id, actorId, ifVersion);
  return (
    (await change(env, after, row, update, nowMs, [denyAccount(env, id, nowMs), recordEvent(env, id, "role_changed", nowMs)])) ??
    refusal(env, actorId, id, ifVersion)
  );
}

/** An account that nobody confirmed has no status to change, and one that was deleted stays so. Ending one ends its sessions. */
export async function changeStatus(
  env: AuthEnv,
  after: After,
  actorId: string,
  id: string,
  status: SettableStatus,
  ifVersion: number | null,
  nowMs: number,
): Promise<Result<Account, Refused>> {
  const row = await findById(env, id);
  if (!row) return refuse({ code: "user_not_found" });
  if (row.status === status && row.version === (ifVersion ?? row.version)) return ok(accountOf(row));
  const update = env.DB.prepare(
    `UPDATE accounts SET status = ?1, version = version + 1, updated_at_ms = ?2
     WHERE id = ?3 AND status IN ('active', 'suspended') AND version = coalesce(?5, version) AND ${BY_ANOTHER_ADMIN}`,
  ).bind(status, nowMs, id, actorId, ifVersion);
  const told = recordEvent(env, id, "status_changed", nowMs);
  const ended = [...revokeAll(env, id, "account_ended", nowMs), denyAccount(env, id, nowMs)];
  const changed = await change(env, after, row, update, nowMs, status === "active" ? [told] : [told, ...ended]);
  return changed ?? refusal(env, actorId, id, ifVersion);
}

async function refusal(env: AuthEnv, actorId: string, id: string, ifVersion: number | null): Promise<Result<never, Refused>> {
  const [actor, row] = await Promise.all([findById(env, actorId), findById(env, id)]);
  if (actorId === id) return refuse({ code: "forbidden", detail: "Nobody changes his own role or status" });
  const isAdmin = actor?.role === "admin" && actor.status === "active";
  if (!isAdmin) return refuse({ code: "forbidden" });
  return refuse({ code: ifVersion === null || row?.version === ifVersion ? "account_state" : "version_stale" });
}
