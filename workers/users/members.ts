/** Teams: who may act for an organizer, and as what. */
import { and, eq } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import { z } from "zod";
import type { Account } from "../../shared/contracts/accounts";
import { toTimestamp } from "../../shared/contracts/ids";
import type { Member, MemberDraft, MemberRole } from "../../shared/contracts/organizers";
import type { Refusal } from "../../shared/contracts/problems";
import { ok, type Result, refuse } from "../../shared/contracts/result";
import { decodeCursor, page } from "../../shared/http/list";
import { askAccount, storeAccount } from "./accounts";
import { lookUpMember } from "./member-lookups";
import { accounts, memberships } from "./schema";

/** Nobody's who cannot sign in: a membership of somebody suspended or deleted stands, and does not count. */
export async function membership(
  env: UsersEnv,
  userId: string,
  organizerId: string,
  _eventId?: string,
): Promise<MemberRole | null> {
  const row = await env.DB.prepare(
    `SELECT m.role FROM memberships m JOIN accounts a ON a.id = m.user_id AND a.status = 'active'
     WHERE m.organizer_id = ? AND m.user_id = ?`,
  )
    .bind(organizerId, userId)
    .first<{ role: MemberRole }>();
  return row?.role ?? null;
}

const memberColumns = {
  userId: memberships.userId,
  role: memberships.role,
  name: accounts.name,
  email: accounts.email,
  createdAtMs: memberships.createdAtMs,
  updatedAtMs: memberships.updatedAtMs,
};
type MemberRow = Pick<Member, "userId" | "role" | "name" | "email"> & { createdAtMs: number; updatedAtMs: number };

const memberOf = ({ createdAtMs, updatedAtMs, ...row }: MemberRow): Member => ({
  ...row,
  createdAt: toTimestamp(createdAtMs),
  updatedAt: toTimestamp(updatedAtMs),
});

export async function findMember(env: UsersEnv, organizerId: string, userId: string): Promise<Member | null> {
  const row = await drizzle(env.DB)
    .select(memberColumns)
    .from(memberships)
    .innerJoin(accounts, eq(accounts.id, memberships.userId))
    .where(and(eq(memberships.organizerId, organizerId), eq(memberships.userId, userId)))
    .get();
  return row ? memberOf(row) : null;
}

const MemberKeyset = z.tuple([z.int(), z.string()]);

/** Longest member first. */
export async function listMembers(env: UsersEnv, organizerId: string, list: { limit: number; cursor?: string | undefined }) {
  const [afterMs, afterId] = decodeCursor(list.cursor, MemberKeyset) ?? [0, ""];
  const { results } = await env.DB.prepare(
    `SELECT m.user_id AS userId, m.role, a.name, a.email, m.created_at_ms AS createdAtMs, m.updated_at_ms AS updatedAtMs
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

export async function addMember(
  env: UsersEnv,
  callerId: string,
  organizerId: string,
  draft: MemberDraft,
  nowMs: number,
): Promise<Result<Member, Refusal<"user_not_found" | "member_exists" | "rate_limited">>> {
  const { email, userId, role } = draft;
  const found =
    email === undefined ? ok(await askAccount(env, userId ?? "")) : await lookUpMember(env, callerId, email, mayJoin, nowMs);
  if (!found.ok) return found;
  const account = found.value;
  if (!mayJoin(account)) return refuse({ code: "user_not_found" });
  const insert = env.DB.prepare(
    `INSERT INTO memberships (organizer_id, user_id, role, created_at_ms, updated_at_ms) VALUES (?1, ?2, ?3, ?4, ?4)
     ON CONFLICT DO NOTHING`,
  ).bind(organizerId, account.id, role, nowMs);
  const [, inserted] = await env.DB.batch([storeAccount(env.DB, account), insert]);
  if (inserted?.meta.changes !== 1) return refuse({ code: "member_exists" });
  const at = { createdAtMs: nowMs, updatedAtMs: nowMs };
  return ok(memberOf({ userId: account.id, role, name: account.name, email: account.email, ...at }));
}

/** True of a row that is no owner, or not the only one: in the statement itself, so that two owners cannot both leave. */
const ANOTHER_OWNER_STAYS = `(role <> 'owner' OR EXISTS (SELECT 1 FROM memberships others
   WHERE others.organizer_id = memberships.organizer_id AND others.role = 'owner' AND others.user_id <> memberships.user_id))`;

export async function changeMember(
  env: UsersEnv,
  organizerId: string,
  userId: string,
  role: MemberRole,
  nowMs: number,
): Promise<Result<Member, Refusal<"user_not_found" | "last_owner">>> {
  const { meta } = await env.DB.prepare(
    `UPDATE memberships SET role = ?1, updated_at_ms = ?2
     WHERE organizer_id = ?3 AND user_id = ?4 AND (?1 = 'owner' OR ${ANOTHER_OWNER_STAYS})`,
  )
    .bind(role, nowMs, organizerId, userId)
    .run();
  const member = await findMember(env, organizerId, userId);
  if (!member) return refuse({ code: "user_not_found" });
  return meta.changes === 1 ? ok(member) : refuse({ code: "last_owner" });
}

export async function removeMember(
  env: UsersEnv,
  organizerId: string,
  userId: string,
): Promise<Result<null, Refusal<"user_not_found" | "last_owner">>> {
  const { meta } = await env.DB.prepare(
    `DELETE FROM memberships WHERE organizer_id = ? AND user_id = ? AND ${ANOTHER_OWNER_STAYS}`,
  )
    .bind(organizerId, userId)
    .run();
  if (meta.changes === 1) return ok(null);
  return refuse({ code: (await membership(env, userId, organizerId)) ? "last_owner" : "user_not_found" });
}
