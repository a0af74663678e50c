/** Teams: who may act for an organizer, and as what. */
import { z } from "zod";
import type { Account } from "../../shared/contracts/accounts";
import { toTimestamp } from "../../shared/contracts/ids";
import type { Member, MemberChange, MemberDraft, MemberRole } from "../../shared/contracts/organizers";
import type { Refusal } from "../../shared/contracts/problems";
import { ok, type Result, refuse } from "../../shared/contracts/result";
import { guardedBatch } from "../../shared/d1/guarded-batch";
import { decodeCursor, page } from "../../shared/http/list";
import { askAccount, storeAccount } from "./accounts";
import { lookUpMember } from "./member-lookups";

/**
 * The role that counts. Nobody's who cannot sign in: a membership of somebody suspended or deleted stands, and does not count. Door
 * staff of some events has its role there only.
 */
export async function membership(
  env: UsersEnv,
  userId: string,
  organizerId: string,
  eventId?: string,
): Promise<MemberRole | null> {
  const row = await env.DB.prepare(
    `SELECT m.role FROM memberships m JOIN accounts a ON a.id = m.user_id AND a.status = 'active'
     WHERE m.organizer_id = ?1 AND m.user_id = ?2
       AND (m.event_ids IS NULL OR EXISTS (SELECT 1 FROM json_each(m.event_ids) WHERE value = ?3))`,
  )
    .bind(organizerId, userId, eventId ?? null)
    .first<{ role: MemberRole }>();
  return row?.role ?? null;
}

/** The role as it stands, whatever its events: what a person may see and do of his own membership. */
export async function standingRole(env: UsersEnv, userId: string, organizerId: string): Promise<MemberRole | null> {
  const row = await env.DB.prepare(
    `SELECT m.role FROM memberships m JOIN accounts a ON a.id = m.user_id AND a.status = 'active'
     WHERE m.organizer_id = ? AND m.user_id = ?`,
  )
    .bind(organizerId, userId)
    .first<{ role: MemberRole }>();
  return row?.role ?? null;
}

const COLUMNS = `m.user_id AS userId, m.role, m.event_ids AS eventIds, a.name, a.email, m.created_at_ms AS createdAtMs,
  m.updated_at_ms AS updatedAtMs`;
interface MemberRow extends Pick<Member, "userId" | "role" | "name" | "email"> {
  eventIds: string | null;
  createdAtMs: number;
  updatedAtMs: number;
}

const memberOf = ({ createdAtMs, updatedAtMs, eventIds, ...row }: MemberRow): Member => ({
  ...row,
  eventIds: eventIds === null ? null : JSON.parse(eventIds),
  createdAt: toTimestamp(createdAtMs),
  updatedAt: toTimestamp(updatedAtMs),
});

export async function findMember(env: UsersEnv, organizerId: string, userId: string): Promise<Member | null> {
  const row = await env.DB.prepare(
    `SELECT ${COLUMNS} FROM memberships m JOIN accounts a ON a.id = m.user_id WHERE m.organizer_id = ? AND m.user_id = ?`,
  )
    .bind(organizerId, userId)
    .first<MemberRow>();
  return row && memberOf(row);
}

const MemberKeyset = z.tuple([z.int(), z.string()]);

/** Longest member first. */
export async function listMembers(env: UsersEnv, organizerId: string, list: { limit: number; cursor?: string | undefined }) {
  const [afterMs, afterId] = decodeCursor(list.cursor, MemberKeyset) ?? [0, ""];
  const { results } = await env.DB.prepare(
    `SELECT ${COLUMNS}
     FROM memberships m JOIN accounts a ON a.id = m.user_id
     WHERE m.organizer_id = ? AND (m.created_at_ms, m.user_id) > (?, ?)
     ORDER BY m.created_at_ms, m.user_id LIMIT ?`,
  )
    .bind(organizerId, afterMs, afterId, list.limit + 1)
    .all<MemberRow>();
  return page(results, list.limit, memberOf, (row) => [row.createdAtMs, row.userId]);
}

/** Only somebody who can sign in; an address that nobody confirmed would let a stranger in who opens it first. */
const mayJoin = (account: Account | null): account is Account => account?.status === "active" && account.emailVerified;

const asJson = (eventIds: string[] | null | undefined): string | null => (eventIds ? JSON.stringify(eventIds) : null);

/** Where ownership is at stake an owner decides: who was made a manager must not make himself more. */
const CALLER_IS_OWNER = (caller: string): string =>
  `EXISTS (SELECT 1 FROM memberships owners WHERE owners.organizer_id = memberships.organizer_id AND owners.role = 'owner'
     AND owners.user_id = ${caller})`;

export async function addMember(
  env: UsersEnv,
  callerId: string,
  organizerId: string,
  draft: MemberDraft,
  nowMs: number,
): Promise<Result<Member, Refusal<"user_not_found" | "member_exists" | "rate_limited" | "forbidden">>> {
  const { email, userId, role, eventIds } = draft;
  if (role === "owner" && (await membership(env, callerId, organizerId)) !== "owner") return refuse(OWNERS_ONLY);
  const found =
    email === undefined ? ok(await askAccount(env, userId ?? "")) : await lookUpMember(env, callerId, email, mayJoin, nowMs);
  if (!found.ok) return found;
  const account = found.value;
  if (!mayJoin(account)) return refuse({ code: "user_not_found" });
  const joining = joinTeam(env.DB, organizerId, account.id, { role, eventIds }, nowMs);
  const [, inserted] = await env.DB.batch([storeAccount(env.DB, account), joining]);
  if (inserted?.meta.changes !== 1) return refuse({ code: "member_exists" });
  const member = await findMember(env, organizerId, account.id);
  return member ? ok(member) : refuse({ code: "user_not_found" });
}

/** Changes nothing where he is a member already. */
export const joinTeam = (
  db: D1Database,
  organizerId: string,
  userId: string,
  { role, eventIds }: MemberChange,
  nowMs: number,
): D1PreparedStatement =>
  db
    .prepare(
      `INSERT INTO memberships (organizer_id, user_id, role, event_ids, created_at_ms, updated_at_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?5)
       ON CONFLICT DO NOTHING`,
    )
    .bind(organizerId, userId, role, asJson(eventIds), nowMs);

export const OWNERS_ONLY = { code: "forbidden", detail: "Only an owner makes or unmakes owners" } as const;

/** True of a row that is no owner, or not the only one who counts: in the statement itself, so that two owners cannot both leave. */
const ANOTHER_OWNER_STAYS = `(role <> 'owner' OR EXISTS (SELECT 1 FROM memberships others
   JOIN accounts a ON a.id = others.user_id AND a.status = 'active'
   WHERE others.organizer_id = memberships.organizer_id AND others.role = 'owner' AND others.user_id <> memberships.user_id))`;

export async function changeMember(
  env: UsersEnv,
  callerId: string,
  organizerId: string,
  userId: string,
  { role, eventIds }: MemberChange,
  nowMs: number,
): Promise<Result<Member, Refusal<"user_not_found" | "last_owner" | "forbidden">>> {
  const { meta } = await env.DB.prepare(
    `UPDATE memberships SET role = ?1, updated_at_ms = ?2,
       event_ids = CASE WHEN ?1 <> 'door' THEN NULL WHEN ?5 THEN ?6 ELSE event_ids END
     WHERE organizer_id = ?3 AND user_id = ?4 AND (?1 = 'owner' OR ${ANOTHER_OWNER_STAYS})
       AND ((role <> 'owner' AND ?1 <> 'owner') OR ${CALLER_IS_OWNER("?7")})`,
  )
    .bind(role, nowMs, organizerId, userId, eventIds === undefined ? 0 : 1, asJson(eventIds), callerId)
    .run();
  const member = await findMember(env, organizerId, userId);
  if (!member) return refuse({ code: "user_not_found" });
  return meta.changes === 1 ? ok(member) : refuse(await ownersRefusal(env, callerId, organizerId));
}

/** A member leaves by himself, or is sent away; what he invited is taken back with it. */
export async function removeMember(
  env: UsersEnv,
  callerId: string,
  organizerId: string,
  userId: string,
  nowMs: number,
): Promise<Result<null, Refusal<"user_not_found" | "last_owner" | "forbidden">>> {
  const leave = env.DB.prepare(
    `DELETE FROM memberships WHERE organizer_id = ?1 AND user_id = ?2 AND ${ANOTHER_OWNER_STAYS}
       AND (role <> 'owner' OR ${CALLER_IS_OWNER("?3")})`,
  ).bind(organizerId, userId, callerId);
  const takeBack = env.DB.prepare(
    `UPDATE invitations SET status = 'revoked', settled_at_ms = ?3 WHERE organizer_id = ?1 AND invited_by = ?2 AND status = 'open'
       AND NOT EXISTS (SELECT 1 FROM memberships WHERE organizer_id = ?1 AND user_id = ?2)`,
  ).bind(organizerId, userId, nowMs);
  const [left] = await env.DB.batch([leave, takeBack]);
  if (left?.meta.changes === 1) return ok(null);
  const isMember = (await findMember(env, organizerId, userId)) !== null;
  return refuse(isMember ? await ownersRefusal(env, callerId, organizerId) : { code: "user_not_found" });
}

async function ownersRefusal(env: UsersEnv, callerId: string, organizerId: string): Promise<Refusal<"last_owner" | "forbidden">> {
  return (await membership(env, callerId, organizerId)) === "owner" ? { code: "last_owner" } : OWNERS_ONLY;
}

/** The caller's ownership becomes the other's, who is a member already, and he a manager: both, or neither. */
export async function transferOwnership(
  env: UsersEnv,
  callerId: string,
  organizerId: string,
  userId: string,
  nowMs: number,
): Promise<Result<Member, Refusal<"user_not_found" | "forbidden" | "state_moved">>> {
  if (callerId === userId) return refuse({ code: "forbidden", detail: "The organizer is the caller's own already" });
  const raise = env.DB.prepare(
    `UPDATE memberships SET role = 'owner', event_ids = NULL, updated_at_ms = ?1 WHERE organizer_id = ?2 AND user_id = ?3
       AND ${CALLER_IS_OWNER("?4")} AND EXISTS (SELECT 1 FROM accounts WHERE id = ?3 AND status = 'active')`,
  ).bind(nowMs, organizerId, userId, callerId);
  const lower = env.DB.prepare(
    "UPDATE memberships SET role = 'manager', updated_at_ms = ? WHERE organizer_id = ? AND user_id = ?",
  ).bind(nowMs, organizerId, callerId);
  const moved = await guardedBatch(env.DB, raise, [lower]);
  const member = await findMember(env, organizerId, userId);
  if (moved.ok && member) return ok(member);
  if ((await membership(env, callerId, organizerId)) !== "owner") return refuse(OWNERS_ONLY);
  return refuse({ code: "user_not_found" });
}
