/** Who is in which team, as what: what every permission is asked of. */
import { z } from "zod";
import { toTimestamp } from "../../shared/contracts/ids";
import type { MemberGrant, MemberRole, Membership } from "../../shared/contracts/organizers";
import { decodeCursor, page } from "../../shared/http/list";

/** Of one organizer. */
export const MAX_MEMBERS = 1_000;

/** Nobody's who cannot sign in: a membership of somebody suspended or deleted stands, and does not count. */
const STANDING = `SELECT m.role FROM memberships m JOIN accounts a ON a.id = m.user_id AND a.status = 'active'
  WHERE m.organizer_id = ?1 AND m.user_id = ?2`;

/** The role that counts. Door staff of some events has its role there only. */
export async function membership(
  env: UsersEnv,
  userId: string,
  organizerId: string,
  eventId?: string,
): Promise<MemberRole | null> {
  const row = await env.DB.prepare(
    `${STANDING} AND (m.event_ids IS NULL OR EXISTS (SELECT 1 FROM json_each(m.event_ids) WHERE value = ?3))`,
  )
    .bind(organizerId, userId, eventId ?? null)
    .first<{ role: MemberRole }>();
  return row?.role ?? null;
}

/** The role as it stands, whatever its events: what a person may see and do of his own membership. */
export async function standingRole(env: UsersEnv, userId: string, organizerId: string): Promise<MemberRole | null> {
  const row = await env.DB.prepare(STANDING).bind(organizerId, userId).first<{ role: MemberRole }>();
  return row?.role ?? null;
}

export const asJson = (eventIds: string[] | null | undefined): string | null => (eventIds ? JSON.stringify(eventIds) : null);
export const eventIdsOf = (text: string | null): string[] | null => (text === null ? null : JSON.parse(text));

/** `organizerId` is bound as ?1. */
export const HAS_ROOM = `(SELECT count(*) FROM memberships WHERE organizer_id = ?1) < ${MAX_MEMBERS}`;

/** Changes nothing where he is a member already, the team is full, or it makes an owner and `ownerId`, where there is one, is none. */
export const joinTeam = (
  db: D1Database,
  organizerId: string,
  userId: string,
  { role, eventIds }: MemberGrant,
  nowMs: number,
  ownerId: string | null = null,
): D1PreparedStatement =>
  db
    .prepare(
      `INSERT INTO memberships (organizer_id, user_id, role, event_ids, created_at_ms, updated_at_ms) SELECT ?1, ?2, ?3, ?4, ?5, ?5
       WHERE ${HAS_ROOM} AND (?3 <> 'owner' OR ?6 IS NULL
         OR EXISTS (SELECT 1 FROM memberships WHERE organizer_id = ?1 AND user_id = ?6 AND role = 'owner'))
       ON CONFLICT DO NOTHING`,
    )
    .bind(organizerId, userId, role, asJson(eventIds), nowMs, ownerId);

interface OwnRow {
  id: string;
  name: string;
  slug: string;
  organizerCreatedAtMs: number;
  organizerUpdatedAtMs: number;
  role: MemberRole;
  eventIds: string | null;
  createdAtMs: number;
  updatedAtMs: number;
}

const membershipOf = (row: OwnRow): Membership => ({
  organizer: {
    id: row.id,
    name: row.name,
    slug: row.slug,
    createdAt: toTimestamp(row.organizerCreatedAtMs),
    updatedAt: toTimestamp(row.organizerUpdatedAtMs),
  },
  role: row.role,
  eventIds: eventIdsOf(row.eventIds),
  createdAt: toTimestamp(row.createdAtMs),
  updatedAt: toTimestamp(row.updatedAtMs),
});

const Keyset = z.tuple([z.string()]);

/** The teams that a person is in, by the organizers' ids, so that the oldest organizer comes first. */
export async function listMemberships(db: D1Database, userId: string, list: { limit: number; cursor?: string | undefined }) {
  const [afterId] = decodeCursor(list.cursor, Keyset) ?? [""];
  const { results } = await db
    .prepare(
      `SELECT o.id, o.name, o.slug, o.created_at_ms AS organizerCreatedAtMs, o.updated_at_ms AS organizerUpdatedAtMs, m.role,
         m.event_ids AS eventIds, m.created_at_ms AS createdAtMs, m.updated_at_ms AS updatedAtMs
       FROM memberships m JOIN organizers o ON o.id = m.organizer_id
       WHERE m.user_id = ? AND m.organizer_id > ? ORDER BY m.organizer_id LIMIT ?`,
    )
    .bind(userId, afterId, list.limit + 1)
    .all<OwnRow>();
  return page(results, list.limit, membershipOf, (row) => [row.id]);
}
