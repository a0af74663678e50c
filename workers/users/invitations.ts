/** Asking somebody into a team by mail: nobody learns from it who has an account. The token is derived, single-use, and good for a week. */
import { z } from "zod";
import { toTimestamp, UUID_PATTERN } from "../../shared/contracts/ids";
import type { Invitation, InvitationDraft, InvitationMail, Member, MemberRole } from "../../shared/contracts/organizers";
import type { Refusal } from "../../shared/contracts/problems";
import { ok, type Result, refuse } from "../../shared/contracts/result";
import { hmacText, verifyHmac } from "../../shared/crypto/hmac";
import { uuidV7 } from "../../shared/crypto/uuid";
import { guardedBatch, isConstraint } from "../../shared/d1/guarded-batch";
import { announce } from "../../shared/d1/outbox";
import { decodeCursor, page } from "../../shared/http/list";
import { askAccount, storeAccount } from "./accounts";
import { findMember, joinTeam, membership, OWNERS_ONLY } from "./members";
import { type After, invitationNews, send } from "./news";
import { MAX_IDS } from "./organizers";

const DAY_MS = 86_400_000;
const VALID_MS = 7 * DAY_MS;
/** Of an organizer at once. */
const MAX_OPEN = 100;
/** Mails that one person may have sent a day, in all organizers together, and that an organizer may send to one address. */
const INVITATIONS_A_DAY = 100;
const SAME_ADDRESS_A_DAY = 3;
const DELIMITER = ".";
const PURPOSE = "invitation";

interface Row {
  id: string;
  organizerId: string;
  email: string;
  role: MemberRole;
  eventIds: string | null;
  invitedBy: string;
  createdAtMs: number;
  expiresAtMs: number;
}
const COLUMNS = `id, organizer_id AS organizerId, email, role, event_ids AS eventIds, invited_by AS invitedBy,
  created_at_ms AS createdAtMs, expires_at_ms AS expiresAtMs`;

const eventIdsOf = (row: Pick<Row, "eventIds">): string[] | null => (row.eventIds === null ? null : JSON.parse(row.eventIds));

const invitationOf = (row: Row): Invitation => ({
  id: row.id,
  email: row.email,
  role: row.role,
  eventIds: eventIdsOf(row),
  invitedBy: row.invitedBy,
  createdAt: toTimestamp(row.createdAtMs),
  expiresAt: toTimestamp(row.expiresAtMs),
});

export async function invite(
  env: UsersEnv,
  after: After,
  callerId: string,
  organizerId: string,
  { email, role, eventIds }: InvitationDraft,
  nowMs: number,
): Promise<Result<Invitation, Refusal<"invitation_exists" | "too_many_invitations" | "rate_limited" | "forbidden">>> {
  if (role === "owner" && (await membership(env, callerId, organizerId)) !== "owner") return refuse(OWNERS_ONLY);
  const key = email.toLowerCase();
  const counts = await env.DB.batch<{ n: number }>([
    // What nobody accepted in time makes room for another.
    env.DB.prepare(
      `UPDATE invitations SET status = 'revoked', settled_at_ms = ?3
       WHERE organizer_id = ?1 AND email_key = ?2 AND status = 'open' AND expires_at_ms <= ?3`,
    ).bind(organizerId, key, nowMs),
    env.DB.prepare(
      `SELECT max((SELECT count(*) FROM invitations WHERE invited_by = ?1 AND created_at_ms > ?4) >= ${INVITATIONS_A_DAY},
         (SELECT count(*) FROM invitations WHERE organizer_id = ?2 AND created_at_ms > ?4 AND email_key = ?3) >= ${SAME_ADDRESS_A_DAY})
       AS n`,
    ).bind(callerId, organizerId, key, nowMs - DAY_MS),
  ]);
  if (counts[1]?.results[0]?.n === 1) return refuse({ code: "rate_limited", retryAfterSeconds: DAY_MS / 1000 });

  const id = uuidV7(nowMs);
  const insert = env.DB.prepare(
    `INSERT INTO invitations (id, organizer_id, email, email_key, role, event_ids, invited_by, created_at_ms, expires_at_ms)
     SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9
     WHERE (SELECT count(*) FROM invitations WHERE organizer_id = ?2 AND status = 'open' AND expires_at_ms > ?8) < ${MAX_OPEN}`,
  ).bind(id, organizerId, email, key, role, eventIds ? JSON.stringify(eventIds) : null, callerId, nowMs, nowMs + VALID_MS);
  const news = invitationNews(id, organizerId, nowMs);
  try {
    const made = await guardedBatch(env.DB, insert, [announce(env.DB, news)]);
    if (!made.ok) return refuse({ code: "too_many_invitations" });
  } catch (error) {
    if (isConstraint(error, "invitations.organizer_id")) return refuse({ code: "invitation_exists" });
    throw error;
  }
  send(env, after, [news]);
  const at = { createdAtMs: nowMs, expiresAtMs: nowMs + VALID_MS };
  return ok(
    invitationOf({
      id,
      organizerId,
      email,
      role,
      eventIds: eventIds ? JSON.stringify(eventIds) : null,
      invitedBy: callerId,
      ...at,
    }),
  );
}

const Keyset = z.tuple([z.int(), z.string()]);

/** Those that may still be accepted, oldest first. */
export async function listInvitations(
  db: D1Database,
  organizerId: string,
  list: { limit: number; cursor?: string | undefined },
  nowMs: number,
) {
  const [afterMs, afterId] = decodeCursor(list.cursor, Keyset) ?? [0, ""];
  const { results } = await db
    .prepare(
      `SELECT ${COLUMNS} FROM invitations
       WHERE organizer_id = ? AND status = 'open' AND expires_at_ms > ? AND (created_at_ms, id) > (?, ?)
       ORDER BY created_at_ms, id LIMIT ?`,
    )
    .bind(organizerId, nowMs, afterMs, afterId, list.limit + 1)
    .all<Row>();
  return page(results, list.limit, invitationOf, (row) => [row.createdAtMs, row.id]);
}

export async function revokeInvitation(
  db: D1Database,
  organizerId: string,
  id: string,
  nowMs: number,
): Promise<Result<null, Refusal<"invitation_not_found">>> {
  const { meta } = await db
    .prepare(
      `UPDATE invitations SET status = 'revoked', settled_at_ms = ?3
       WHERE id = ?1 AND organizer_id = ?2 AND status = 'open' AND expires_at_ms > ?3`,
    )
    .bind(id, organizerId, nowMs)
    .run();
  return meta.changes === 1 ? ok(null) : refuse({ code: "invitation_not_found" });
}

/** Only by the owner of the address that was asked, once, and within the week. */
export async function acceptInvitation(
  env: UsersEnv,
  userId: string,
  token: string,
  nowMs: number,
): Promise<Result<Member, Refusal<"invalid_token" | "forbidden" | "email_not_verified" | "member_exists">>> {
  const row = await openInvitation(env, token, nowMs);
  if (!row) return refuse({ code: "invalid_token" });
  const account = await askAccount(env, userId);
  if (!account || account.email.toLowerCase() !== row.email.toLowerCase())
    return refuse({ code: "forbidden", detail: "The invitation was sent to another address" });
  if (!account.emailVerified || account.status !== "active") return refuse({ code: "email_not_verified" });
  const accept = env.DB.prepare(
    `UPDATE invitations SET status = 'accepted', settled_at_ms = ?2 WHERE id = ?1 AND status = 'open' AND expires_at_ms > ?2
       AND NOT EXISTS (SELECT 1 FROM memberships WHERE organizer_id = ?3 AND user_id = ?4)`,
  ).bind(row.id, nowMs, row.organizerId, userId);
  const join = joinTeam(env.DB, row.organizerId, userId, { role: row.role, eventIds: eventIdsOf(row) }, nowMs);
  const accepted = await guardedBatch(env.DB, accept, [storeAccount(env.DB, account), join]);
  const member = await findMember(env, row.organizerId, userId);
  if (accepted.ok && member) return ok(member);
  return refuse({ code: member ? "member_exists" : "invalid_token" });
}

async function openInvitation(env: UsersEnv, token: string, nowMs: number): Promise<Row | null> {
  const [id = "", mac = ""] = token.split(DELIMITER, 2);
  if (!UUID_PATTERN.test(id) || !(await verifyHmac(env.INVITATION_KEY, [PURPOSE, id], mac))) return null;
  return env.DB.prepare(`SELECT ${COLUMNS} FROM invitations WHERE id = ? AND status = 'open' AND expires_at_ms > ?`)
    .bind(id, nowMs)
    .first<Row>();
}

export async function invitationMails(env: UsersEnv, ids: readonly string[], nowMs: number): Promise<InvitationMail[]> {
  if (ids.length > MAX_IDS) throw new RangeError(`at most ${MAX_IDS} ids`);
  const { results } = await env.DB.prepare(
    `SELECT i.id, i.email AS "to", o.name AS organizerName, coalesce(a.name, '') AS inviterName, i.role,
       coalesce((SELECT p.locale FROM accounts invited JOIN preferences p ON p.user_id = invited.id
                 WHERE invited.email_key = i.email_key), (SELECT locale FROM preferences WHERE user_id = i.invited_by)) AS locale
     FROM invitations i JOIN organizers o ON o.id = i.organizer_id LEFT JOIN accounts a ON a.id = i.invited_by
     WHERE i.id IN (SELECT value FROM json_each(?)) AND i.status = 'open' AND i.expires_at_ms > ?`,
  )
    .bind(JSON.stringify(ids), nowMs)
    .all<Omit<InvitationMail, "token">>();
  return Promise.all(
    results.map(async (row) => ({
      ...row,
      token: row.id + DELIMITER + (await hmacText(env.INVITATION_KEY, [PURPOSE, row.id])),
    })),
  );
}

const SWEEP_LIMIT = 500;
/** Addresses of people who never came are not kept: a month after its end an invitation goes. */
export async function sweepInvitations(db: D1Database, nowMs: number): Promise<number> {
  const { meta } = await db
    .prepare("DELETE FROM invitations WHERE rowid IN (SELECT rowid FROM invitations WHERE expires_at_ms < ? LIMIT ?)")
    .bind(nowMs - 30 * DAY_MS, SWEEP_LIMIT)
    .run();
  return meta.changes;
}
