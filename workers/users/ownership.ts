/** Owners: only they make and unmake owners, with a fresh proof of who they are, and an organizer keeps one. */
import type { MemberRole, OwnerAppointment } from "../../shared/contracts/organizers";
import type { Refusal } from "../../shared/contracts/problems";
import { ok, type Result, refuse } from "../../shared/contracts/result";
import { uuidV7 } from "../../shared/crypto/uuid";
import { guardedBatch } from "../../shared/d1/guarded-batch";
import type { LackOfProof } from "../../shared/http/guards";
import { askAccount, storeAccount } from "./accounts";
import { settleThoseTo, takeBackFrom } from "./invitation-ends";
import { HAS_ROOM, standingRole } from "./memberships";
import { findMember, mayJoin, type StoredMember } from "./team";

/** Who asks, and what his proof of that lacks where ownership is at stake. */
export interface TeamCaller {
  userId: string;
  lack: LackOfProof | null;
}

const OWNERS_ONLY = { code: "forbidden", detail: "Only an owner makes or unmakes owners" } as const;

/** Of a row of `memberships`: who was made a manager must not make himself more. */
export const callerIsOwner = (caller: string): string =>
  `EXISTS (SELECT 1 FROM memberships owners WHERE owners.organizer_id = memberships.organizer_id AND owners.role = 'owner'
     AND owners.user_id = ${caller})`;

/** True of a row that is no owner, or not the only one who counts: in the statement itself, so that two owners cannot both leave. */
export const ANOTHER_OWNER_STAYS = `(role <> 'owner' OR EXISTS (SELECT 1 FROM memberships others
   JOIN accounts a ON a.id = others.user_id AND a.status = 'active'
   WHERE others.organizer_id = memberships.organizer_id AND others.role = 'owner' AND others.user_id <> memberships.user_id))`;

/** `roles`: what somebody is, and what he is to be. Whether he may comes before how he proved who he is. */
export async function mayDecide(
  env: UsersEnv,
  caller: TeamCaller,
  organizerId: string,
  roles: readonly (MemberRole | undefined)[],
): Promise<Result<null, LackOfProof>> {
  if (!roles.includes("owner")) return ok(null);
  if ((await standingRole(env, caller.userId, organizerId)) !== "owner") return refuse(OWNERS_ONLY);
  return caller.lack === null ? ok(null) : refuse(caller.lack);
}

/** The caller's ownership becomes the other's, who is a member already, and he a manager: both, or neither. */
export async function transferOwnership(
  env: UsersEnv,
  callerId: string,
  organizerId: string,
  userId: string,
  nowMs: number,
): Promise<Result<StoredMember, Refusal<"user_not_found" | "forbidden">>> {
  if (callerId === userId) return refuse({ code: "forbidden", detail: "The organizer is the caller's own already" });
  const raise = env.DB.prepare(
    `UPDATE memberships SET role = 'owner', event_ids = NULL, version = version + 1, updated_at_ms = ?1
     WHERE organizer_id = ?2 AND user_id = ?3
       AND ${callerIsOwner("?4")} AND EXISTS (SELECT 1 FROM accounts WHERE id = ?3 AND status = 'active')`,
  ).bind(nowMs, organizerId, userId, callerId);
  const lower = env.DB.prepare(
    "UPDATE memberships SET role = 'manager', version = version + 1, updated_at_ms = ? WHERE organizer_id = ? AND user_id = ?",
  ).bind(nowMs, organizerId, callerId);
  const moved = await guardedBatch(env.DB, raise, [lower, takeBackFrom(env.DB, organizerId, callerId, nowMs)]);
  const member = await findMember(env, organizerId, userId);
  if (moved.ok && member) return ok(member);
  if ((await standingRole(env, callerId, organizerId)) !== "owner") return refuse(OWNERS_ONLY);
  return refuse({ code: "user_not_found" });
}

/** An admin names an owner where none can sign in any more, and says why; what he says is kept. */
export async function appointOwner(
  env: UsersEnv,
  actorId: string,
  organizerId: string,
  { userId, reason }: OwnerAppointment,
  nowMs: number,
): Promise<Result<StoredMember, Refusal<"user_not_found" | "owner_exists" | "too_many_members">>> {
  const account = await askAccount(env, userId);
  if (!mayJoin(account)) return refuse({ code: "user_not_found" });
  await storeAccount(env.DB, account).run();
  const appoint = env.DB.prepare(
    `INSERT INTO memberships (organizer_id, user_id, role, created_at_ms, updated_at_ms) SELECT ?1, ?2, 'owner', ?3, ?3
     WHERE NOT EXISTS (SELECT 1 FROM memberships m JOIN accounts a ON a.id = m.user_id AND a.status = 'active'
         WHERE m.organizer_id = ?1 AND m.role = 'owner')
       AND (${HAS_ROOM} OR EXISTS (SELECT 1 FROM memberships WHERE organizer_id = ?1 AND user_id = ?2))
     ON CONFLICT (organizer_id, user_id) DO UPDATE SET role = 'owner', event_ids = NULL, version = version + 1, updated_at_ms = ?3`,
  ).bind(organizerId, userId, nowMs);
  const record = env.DB.prepare(
    "INSERT INTO owner_appointments (id, organizer_id, user_id, actor_id, reason, created_at_ms) VALUES (?, ?, ?, ?, ?, ?)",
  ).bind(uuidV7(nowMs), organizerId, userId, actorId, reason, nowMs);
  const appointed = await guardedBatch(env.DB, appoint, [record, settleThoseTo(env.DB, organizerId, userId, nowMs)]);
  const member = appointed.ok ? await findMember(env, organizerId, userId) : null;
  if (member) return ok(member);
  const owner = await env.DB.prepare(
    `SELECT 1 FROM memberships m JOIN accounts a ON a.id = m.user_id AND a.status = 'active'
     WHERE m.organizer_id = ? AND m.role = 'owner'`,
  )
    .bind(organizerId)
    .first();
  return refuse({ code: owner ? "owner_exists" : "too_many_members" });
}
