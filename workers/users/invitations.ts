/** Asking somebody into a team by mail: nobody learns from it who has an account. The token is derived, single-use, and good for a week. */
import { z } from "zod";
import { toTimestamp, UUID_PATTERN } from "../../shared/contracts/ids";
import type { Invitation, InvitationDraft, InvitationMail, MemberGrant, MemberRole } from "../../shared/contracts/organizers";
import type { Refusal } from "../../shared/contracts/problems";
import { ok, type Result, refuse } from "../../shared/contracts/result";
import { hmacText, verifyHmac } from "../../shared/crypto/hmac";
import { uuidV7 } from "../../shared/crypto/uuid";
import { guardedBatch, isConstraint } from "../../shared/d1/guarded-batch";
import { announce } from "../../shared/d1/outbox";
import type { LackOfProof } from "../../shared/http/guards";
import { decodeCursor, page } from "../../shared/http/list";
import { askAccount, storeAccount } from "./accounts";
import { STILL_GIVEN } from "./invitation-ends";
import { asJson, eventIdsOf, HAS_ROOM, joinTeam } from "./memberships";
import { type After, invitationNews, send } from "./news";
import { MAX_IDS } from "./organizers";
import { mayDecide, type TeamCaller } from "./ownership";
import { findMember, type StoredMember } from "./team";

const DAY_MS = 86_400_000;
const VALID_MS = 7 * DAY_MS;
/** Of an organizer at once. */
const MAX_OPEN = 100;
/** Mails that one person may have sent a day, in all organizers together. */
const INVITATIONS_A_DAY = 100;
/** To one address: by one person, by one organizer, and by all together. */
export const SAME_ADDRESS_A_DAY = 3;
export const ADDRESS_A_DAY = 10;
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

const invitationOf = (row: Row): Invitation => ({
  id: row.id,
  email: row.email,
  role: row.role,
  eventIds: eventIdsOf(row.eventIds),
  invitedBy: row.invitedBy,
  createdAt: toTimestamp(row.createdAtMs),
  expiresAt: toTimestamp(row.expiresAtMs),
});

/** An address is written to so often a day, by whomever. Of a new row: ?2 its organizer, ?4 its address, ?7 its giver, ?8 its time. */
const WITHIN_LIMITS = `(SELECT count(*) FROM invitations WHERE invited_by = ?7 AND created_at_ms > ?8 - ${DAY_MS}) < ${INVITATIONS_A_DAY}
  AND (SELECT count(*) FROM invitations WHERE email_key = ?4 AND created_at_ms > ?8 - ${DAY_MS}) < ${ADDRESS_A_DAY}
  AND (SELECT count(*) FROM invitations WHERE email_key = ?4 AND created_at_ms > ?8 - ${DAY_MS}
         AND (organizer_id = ?2 OR invited_by = ?7)) < ${SAME_ADDRESS_A_DAY}`;
const INSERT = `INSERT INTO invitations (id, organizer_id, email, email_key, role, event_ids, invited_by, created_at_ms, expires_at_ms,
    status, settled_at_ms, added)
  SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8 + ${VALID_MS}`;

export async function invite(
  env: UsersEnv,
  after: After,
  caller: TeamCaller,
  organizerId: string,
  { email, role, eventIds }: InvitationDraft,
  nowMs: number,
): Promise<Result<Invitation, Refusal<"invitation_exists" | "too_many_invitations" | "rate_limited"> | LackOfProof>> {
  const decides = await mayDecide(env, caller, organizerId, [role]);
  if (!decides.ok) return decides;
  const key = email.toLowerCase();
  // What nobody accepted in time makes room for another.
  await env.DB.prepare(
    `UPDATE invitations SET status = 'revoked', settled_at_ms = ?3
     WHERE organizer_id = ?1 AND email_key = ?2 AND status = 'open' AND expires_at_ms <= ?3`,
  )
    .bind(organizerId, key, nowMs)
    .run();

  const id = uuidV7(nowMs);
  const values = [id, organizerId, email, key, role, asJson(eventIds), caller.userId, nowMs];
  const insert = env.DB.prepare(
    `${INSERT}, 'open', NULL, 0 WHERE ${WITHIN_LIMITS}
       AND (SELECT count(*) FROM invitations WHERE organizer_id = ?2 AND status = 'open' AND expires_at_ms > ?8) < ${MAX_OPEN}`,
  ).bind(...values);
  const news = invitationNews(id, organizerId, nowMs);
  try {
    const made = await guardedBatch(env.DB, insert, [announce(env.DB, news)]);
    if (!made.ok) return refuse(await limitReached(env.DB, values));
  } catch (error) {
    if (isConstraint(error, "invitations.organizer_id")) return refuse({ code: "invitation_exists" });
    throw error;
  }
  send(env, after, [news]);
  const row = { id, organizerId, email, role, eventIds: asJson(eventIds), invitedBy: caller.userId };
  return ok(invitationOf({ ...row, createdAtMs: nowMs, expiresAtMs: nowMs + VALID_MS }));
}

async function limitReached(
  db: D1Database,
  values: (string | number | null)[],
): Promise<Refusal<"too_many_invitations" | "rate_limited">> {
  const row = await db
    .prepare(`SELECT ${WITHIN_LIMITS} AS isWithin`)
    .bind(...values)
    .first<{ isWithin: number }>();
  return row?.isWithin ? { code: "too_many_invitations" } : { code: "rate_limited", retryAfterSeconds: DAY_MS / 1000 };
}

interface Addition extends MemberGrant {
  organizerId: string;
  email: string;
  callerId: string;
}

/** Somebody was taken in: an invitation accepted as it was made, for its mail, which is not written where he has had too many. */
export function recordAddition(
  db: D1Database,
  { organizerId, email, role, eventIds, callerId }: Addition,
  nowMs: number,
): { id: string; statement: D1PreparedStatement } {
  const id = uuidV7(nowMs);
  const values = [id, organizerId, email, email.toLowerCase(), role, asJson(eventIds), callerId, nowMs];
  return { id, statement: db.prepare(`${INSERT}, 'accepted', ?8, 1 WHERE ${WITHIN_LIMITS}`).bind(...values) };
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

/** Only by the owner of the address that was asked, once, within the week, and while who gave it may give it. */
export async function acceptInvitation(
  env: UsersEnv,
  userId: string,
  token: string,
  nowMs: number,
): Promise<
  Result<StoredMember, Refusal<"invalid_token" | "forbidden" | "email_not_verified" | "member_exists" | "too_many_members">>
> {
  const row = await openInvitation(env, token, nowMs);
  if (!row) return refuse({ code: "invalid_token" });
  const account = await askAccount(env, userId);
  if (!account || account.email.toLowerCase() !== row.email.toLowerCase())
    return refuse({ code: "forbidden", detail: "The invitation was sent to another address" });
  if (!account.emailVerified || account.status !== "active") return refuse({ code: "email_not_verified" });
  const accept = env.DB.prepare(
    `UPDATE invitations SET status = 'accepted', settled_at_ms = ?2 WHERE id = ?3 AND status = 'open' AND expires_at_ms > ?2
       AND NOT EXISTS (SELECT 1 FROM memberships WHERE organizer_id = ?1 AND user_id = ?4) AND ${HAS_ROOM} AND ${STILL_GIVEN}`,
  ).bind(row.organizerId, nowMs, row.id, userId);
  const join = joinTeam(env.DB, row.organizerId, userId, { role: row.role, eventIds: eventIdsOf(row.eventIds) }, nowMs);
  const accepted = await guardedBatch(env.DB, accept, [storeAccount(env.DB, account), join]);
  const member = await findMember(env, row.organizerId, userId);
  if (accepted.ok && member) return ok(member);
  if (member) return refuse({ code: "member_exists" });
  const room = await env.DB.prepare(`SELECT ${HAS_ROOM} AS hasRoom`).bind(row.organizerId).first<{ hasRoom: number }>();
  return refuse({ code: room?.hasRoom ? "invalid_token" : "too_many_members" });
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
    `SELECT invitations.id, invitations.email AS "to", o.name AS organizerName, coalesce(a.name, '') AS inviterName, invitations.role,
       invitations.added,
       coalesce((SELECT p.locale FROM accounts invited JOIN preferences p ON p.user_id = invited.id
                 WHERE invited.email_key = invitations.email_key),
         (SELECT locale FROM preferences WHERE user_id = invitations.invited_by)) AS locale
     FROM invitations JOIN organizers o ON o.id = invitations.organizer_id LEFT JOIN accounts a ON a.id = invitations.invited_by
     WHERE invitations.id IN (SELECT value FROM json_each(?))
       AND (added = 1 OR (invitations.status = 'open' AND expires_at_ms > ? AND ${STILL_GIVEN}))`,
  )
    .bind(JSON.stringify(ids), nowMs)
    .all<Omit<InvitationMail, "token"> & { added: number }>();
  return Promise.all(
    results.map(async ({ added, ...row }) => ({
      ...row,
      token: added === 1 ? null : row.id + DELIMITER + (await hmacText(env.INVITATION_KEY, [PURPOSE, row.id])),
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
