/** Who comes into a team, changes his role in it, and leaves it. */
import type { MemberChange, MemberDraft } from "../../shared/contracts/organizers";
import type { Refusal } from "../../shared/contracts/problems";
import { ok, type Result, refuse } from "../../shared/contracts/result";
import { guardedBatch } from "../../shared/d1/guarded-batch";
import { announce } from "../../shared/d1/outbox";
import type { LackOfProof } from "../../shared/http/guards";
import { askAccount, storeAccount } from "./accounts";
import { settleThoseTo, takeBackFrom } from "./invitation-ends";
import { recordAddition } from "./invitations";
import { countAddition, lookUpMember } from "./member-lookups";
import { asJson, joinTeam } from "./memberships";
import { type After, invitationNews, send } from "./news";
import { ANOTHER_OWNER_STAYS, callerIsOwner, mayDecide, type TeamCaller } from "./ownership";
import { findMember, mayJoin, type StoredMember } from "./team";

type NotAdded = Refusal<"user_not_found" | "member_exists" | "too_many_members" | "rate_limited"> | LackOfProof;

/** Takes somebody in who is not asked before, and so is told by a mail. */
export async function addMember(
  env: UsersEnv,
  after: After,
  caller: TeamCaller,
  organizerId: string,
  draft: MemberDraft,
  nowMs: number,
): Promise<Result<StoredMember, NotAdded>> {
  const { email, userId, role, eventIds } = draft;
  const decides = await mayDecide(env, caller, organizerId, [role]);
  if (!decides.ok) return decides;
  const found =
    email === undefined ? ok(await askAccount(env, userId ?? "")) : await lookUpMember(env, caller.userId, email, mayJoin, nowMs);
  if (!found.ok) return found;
  const account = found.value;
  if (!mayJoin(account)) return refuse({ code: "user_not_found" });
  const counted = await countAddition(env.DB, caller.userId, nowMs);
  if (!counted.ok) return counted;

  await storeAccount(env.DB, account).run();
  const addition = { organizerId, email: account.email, role, eventIds, callerId: caller.userId };
  const { id, statement: record } = recordAddition(env.DB, addition, nowMs);
  const news = invitationNews(id, organizerId, nowMs);
  const joined = await guardedBatch(env.DB, joinTeam(env.DB, organizerId, account.id, { role, eventIds }, nowMs, caller.userId), [
    settleThoseTo(env.DB, organizerId, account.id, nowMs),
    record,
    announce(env.DB, news),
  ]);
  const member = await findMember(env, organizerId, account.id);
  if (joined.ok) send(env, after, [news]);
  if (member) return joined.ok ? ok(member) : refuse({ code: "member_exists" });
  const stillDecides = await mayDecide(env, caller, organizerId, [role]);
  return stillDecides.ok ? refuse({ code: "too_many_members" }) : stillDecides;
}

type NotChanged = Refusal<"user_not_found" | "last_owner" | "version_stale" | "invalid_body"> | LackOfProof;

/** Changes the fields present. With `ifVersion`, which is the membership's own, only while it is at that. */
export async function changeMember(
  env: UsersEnv,
  caller: TeamCaller,
  organizerId: string,
  userId: string,
  { role, eventIds }: MemberChange,
  ifVersion: number | null,
  nowMs: number,
): Promise<Result<StoredMember, NotChanged>> {
  const next = "coalesce(?1, role)";
  const change = env.DB.prepare(
    `UPDATE memberships SET role = ${next}, updated_at_ms = ?2, version = version + 1,
       event_ids = CASE WHEN ${next} <> 'door' THEN NULL WHEN ?5 THEN ?6 ELSE event_ids END
     WHERE organizer_id = ?3 AND user_id = ?4 AND version = coalesce(?8, version) AND (?6 IS NULL OR ${next} = 'door')
       AND (${next} = 'owner' OR ${ANOTHER_OWNER_STAYS})
       AND (?1 IS NULL OR (role <> 'owner' AND ?1 <> 'owner') OR (?9 AND ${callerIsOwner("?7")}))`,
  ).bind(
    role ?? null,
    nowMs,
    organizerId,
    userId,
    eventIds === undefined ? 0 : 1,
    asJson(eventIds),
    caller.userId,
    ifVersion,
    caller.lack === null ? 1 : 0,
  );
  const [changed] = await env.DB.batch([change, takeBackFrom(env.DB, organizerId, userId, nowMs)]);
  const found = await findMember(env, organizerId, userId);
  if (!found) return refuse({ code: "user_not_found" });
  if (changed?.meta.changes === 1) return ok(found);
  const decides = await mayDecide(env, caller, organizerId, role === undefined ? [] : [role, found.member.role]);
  if (!decides.ok) return decides;
  if ((role ?? found.member.role) !== "door" && (eventIds ?? null) !== null)
    return refuse({ code: "invalid_body", errors: [{ pointer: "/eventIds", message: "only of the role door" }] });
  return refuse({ code: ifVersion !== null && ifVersion !== found.ownVersion ? "version_stale" : "last_owner" });
}

type NotRemoved = Refusal<"user_not_found" | "last_owner"> | LackOfProof;

/** A member leaves by himself, or is sent away; what he invited is taken back with it, and what he was invited to ends. */
export async function removeMember(
  env: UsersEnv,
  caller: TeamCaller,
  organizerId: string,
  userId: string,
  nowMs: number,
): Promise<Result<null, NotRemoved>> {
  const leave = env.DB.prepare(
    `DELETE FROM memberships WHERE organizer_id = ?1 AND user_id = ?2 AND ${ANOTHER_OWNER_STAYS}
       AND (role <> 'owner' OR (?4 AND ${callerIsOwner("?3")}))`,
  ).bind(organizerId, userId, caller.userId, caller.lack === null ? 1 : 0);
  const left = await guardedBatch(env.DB, leave, [
    takeBackFrom(env.DB, organizerId, userId, nowMs),
    settleThoseTo(env.DB, organizerId, userId, nowMs),
  ]);
  if (left.ok) return ok(null);
  const found = await findMember(env, organizerId, userId);
  if (!found) return refuse({ code: "user_not_found" });
  const decides = await mayDecide(env, caller, organizerId, [found.member.role]);
  return decides.ok ? refuse({ code: "last_owner" }) : decides;
}
