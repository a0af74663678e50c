/** An organizer's team, as its managers see it. */
import { z } from "zod";
import type { Account } from "../../shared/contracts/accounts";
import { toTimestamp } from "../../shared/contracts/ids";
import type { Member } from "../../shared/contracts/organizers";
import { decodeCursor, page } from "../../shared/http/list";
import { eventIdsOf } from "./memberships";

export interface StoredMember {
  member: Member;
  /** The account's and the membership's only grow, and so does their sum. */
  version: number;
  /** Of the membership alone. */
  ownVersion: number;
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
  eventIds: eventIdsOf(eventIds),
  createdAt: toTimestamp(createdAtMs),
  updatedAt: toTimestamp(updatedAtMs),
});

export async function findMember(env: UsersEnv, organizerId: string, userId: string): Promise<StoredMember | null> {
  const found = await env.DB.prepare(
    `SELECT ${COLUMNS}, m.version AS ownVersion, m.version + a.version AS version
     FROM memberships m JOIN accounts a ON a.id = m.user_id WHERE m.organizer_id = ? AND m.user_id = ?`,
  )
    .bind(organizerId, userId)
    .first<MemberRow & Omit<StoredMember, "member">>();
  if (!found) return null;
  const { version, ownVersion, ...row } = found;
  return { member: memberOf(row), version, ownVersion };
}

const Keyset = z.tuple([z.int(), z.string()]);

/** Longest member first. */
export async function listMembers(env: UsersEnv, organizerId: string, list: { limit: number; cursor?: string | undefined }) {
  const [afterMs, afterId] = decodeCursor(list.cursor, Keyset) ?? [0, ""];
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
export const mayJoin = (account: Account | null): account is Account => account?.status === "active" && account.emailVerified;
