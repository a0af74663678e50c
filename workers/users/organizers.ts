import { and, eq, gt, inArray } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import { toTimestamp } from "../../shared/contracts/ids";
import type { Organizer, OrganizerChange, OrganizerDraft } from "../../shared/contracts/organizers";
import type { Refusal } from "../../shared/contracts/problems";
import { ok, type Result, refuse } from "../../shared/contracts/result";
import { uuidV7 } from "../../shared/crypto/uuid";
import { guardedBatch, isConstraint } from "../../shared/d1/guarded-batch";
import { askAccount, storeAccount } from "./accounts";
import { type OrganizerRow, oldSlugs, organizers } from "./schema";

export const MAX_IDS = 100;
/** That one person makes, whoever owns them later: they cost nothing, and each has limits of its own. */
export const MAX_ORGANIZERS = 50;
/** For how long a name that an organizer left is nobody else's. */
const SLUG_KEPT_MS = 365 * 86_400_000;
/** Names that one organizer has left and keeps. */
const MAX_OLD_SLUGS = 10;

/** Hosts that are the house's own, or that people would take for it. */
const RESERVED_SLUGS = new Set(
  (
    "account accounts admin administrator api app apps assets auth autodiscover billing bilten blog cdn checkout dashboard dev docs " +
    "email files ftp gateway health help imap legal localhost login mail manage media mta-sts mobile news ns1 ns2 oauth organizer " +
    "organizers pay payments pop pop3 root search security sites smtp ssl sso staging static status stats support system webhooks " +
    "webmail wpad www www2"
  ).split(" "),
);

export const organizerOf = (row: OrganizerRow): Organizer => ({
  id: row.id,
  name: row.name,
  slug: row.slug,
  createdAt: toTimestamp(row.createdAtMs),
  updatedAt: toTimestamp(row.updatedAtMs),
});

export const findOrganizer = (env: UsersEnv, id: string): Promise<OrganizerRow | undefined> =>
  drizzle(env.DB).select().from(organizers).where(eq(organizers.id, id)).get();

export async function organizersByIds(env: UsersEnv, ids: readonly string[]): Promise<Organizer[]> {
  if (ids.length > MAX_IDS) throw new RangeError(`at most ${MAX_IDS} ids`);
  const rows = await drizzle(env.DB)
    .select()
    .from(organizers)
    .where(inArray(organizers.id, [...ids]));
  return rows.map(organizerOf);
}

/** By a name that he left too, for as long as it is kept for him: links in people's mails lead there. */
export async function organizerBySlug(env: UsersEnv, slug: string, nowMs: number): Promise<Organizer | null> {
  const db = drizzle(env.DB);
  const row = await db.select().from(organizers).where(eq(organizers.slug, slug)).get();
  if (row) return organizerOf(row);
  const kept = await db
    .select()
    .from(oldSlugs)
    .innerJoin(organizers, eq(organizers.id, oldSlugs.organizerId))
    .where(and(eq(oldSlugs.slug, slug), gt(oldSlugs.leftAtMs, nowMs - SLUG_KEPT_MS)))
    .get();
  return kept ? organizerOf(kept.organizers) : null;
}

/** True of a slug that is kept for another organizer than this one. */
const keptForAnother = (slug: string, organizerId: string, nowMs: string): string =>
  `EXISTS (SELECT 1 FROM old_slugs WHERE old_slugs.slug = ${slug} AND organizer_id <> ${organizerId}
     AND left_at_ms > ${nowMs} - ${SLUG_KEPT_MS})`;

async function isKeptForAnother(db: D1Database, slug: string, organizerId: string, nowMs: number): Promise<boolean> {
  const row = await db
    .prepare(`SELECT ${keptForAnother("?1", "?2", "?3")} AS isKept`)
    .bind(slug, organizerId, nowMs)
    .first<{ isKept: number }>();
  return row?.isKept === 1;
}

/** The caller is the first owner. A token outlives a suspension by minutes, hence the question to auth. */
export async function createOrganizer(
  env: UsersEnv,
  userId: string,
  draft: OrganizerDraft,
  nowMs: number,
): Promise<Result<OrganizerRow, Refusal<"slug_taken" | "account_suspended" | "email_not_verified" | "too_many_organizers">>> {
  const account = await askAccount(env, userId);
  if (!account || account.status === "suspended" || account.status === "deleted") return refuse({ code: "account_suspended" });
  if (!account.emailVerified) return refuse({ code: "email_not_verified" });
  if (RESERVED_SLUGS.has(draft.slug)) return refuse({ code: "slug_taken" });

  const times = { createdAtMs: nowMs, updatedAtMs: nowMs };
  const row: OrganizerRow = { id: uuidV7(nowMs), ...draft, version: 1, createdBy: userId, ...times };
  const insert = env.DB.prepare(
    `INSERT INTO organizers (id, name, slug, created_at_ms, updated_at_ms, created_by) SELECT ?1, ?2, ?3, ?4, ?4, ?5
     WHERE (SELECT count(*) FROM organizers WHERE created_by = ?5) < ${MAX_ORGANIZERS}
       AND NOT ${keptForAnother("?3", "?1", "?4")}`,
  ).bind(row.id, row.name, row.slug, nowMs, userId);
  const own = env.DB.prepare(
    "INSERT INTO memberships (organizer_id, user_id, role, created_at_ms, updated_at_ms) VALUES (?1, ?2, 'owner', ?3, ?3)",
  ).bind(row.id, userId, nowMs);
  try {
    const made = await guardedBatch(env.DB, insert, [storeAccount(env.DB, account), own]);
    if (!made.ok) {
      const isKept = await isKeptForAnother(env.DB, row.slug, row.id, nowMs);
      return refuse({ code: isKept ? "slug_taken" : "too_many_organizers" });
    }
  } catch (error) {
    if (isConstraint(error, "organizers.slug")) return refuse({ code: "slug_taken" });
    throw error;
  }
  return ok(row);
}

/**
 * Changes the fields present. With `ifVersion` only while the organizer is at that version. A name that it leaves is kept for it, ten at
 * once, of which the oldest go first.
 */
export async function changeOrganizer(
  env: UsersEnv,
  id: string,
  change: OrganizerChange,
  ifVersion: number | null,
  nowMs: number,
): Promise<Result<OrganizerRow, Refusal<"slug_taken" | "version_stale">>> {
  if (change.slug !== undefined && RESERVED_SLUGS.has(change.slug)) return refuse({ code: "slug_taken" });
  const isAsked = `id = ?1 AND version = coalesce(?2, version) AND (?3 IS NULL OR NOT ${keptForAnother("?3", "?1", "?4")})`;
  const condition = [id, ifVersion, change.slug ?? null, nowMs];
  const keep = env.DB.prepare(
    `INSERT INTO old_slugs (slug, organizer_id, left_at_ms) SELECT slug, id, ?4 FROM organizers
     WHERE ${isAsked} AND slug <> coalesce(?3, slug) ON CONFLICT (slug) DO UPDATE SET organizer_id = ?1, left_at_ms = ?4`,
  ).bind(...condition);
  const update = env.DB.prepare(
    `UPDATE organizers SET name = coalesce(?5, name), slug = coalesce(?3, slug), version = version + 1, updated_at_ms = ?4
     WHERE ${isAsked}`,
  ).bind(...condition, change.name ?? null);
  const forget = env.DB.prepare(
    `DELETE FROM old_slugs WHERE organizer_id = ?1 AND (slug = (SELECT slug FROM organizers WHERE id = ?1) OR slug NOT IN
       (SELECT slug FROM old_slugs WHERE organizer_id = ?1 ORDER BY left_at_ms DESC LIMIT ${MAX_OLD_SLUGS}))`,
  ).bind(id);
  try {
    const [, updated] = await env.DB.batch([keep, update, forget]);
    const row = updated?.meta.changes === 1 ? await findOrganizer(env, id) : undefined;
    if (row) return ok(row);
    const isKept = change.slug !== undefined && (await isKeptForAnother(env.DB, change.slug, id, nowMs));
    return refuse({ code: isKept ? "slug_taken" : "version_stale" });
  } catch (error) {
    if (isConstraint(error, "organizers.slug")) return refuse({ code: "slug_taken" });
    throw error;
  }
}

const SWEEP_LIMIT = 500;
/** Names that are anybody's again. */
export async function sweepOldSlugs(db: D1Database, nowMs: number): Promise<number> {
  const { meta } = await db
    .prepare("DELETE FROM old_slugs WHERE slug IN (SELECT slug FROM old_slugs WHERE left_at_ms <= ? LIMIT ?)")
    .bind(nowMs - SLUG_KEPT_MS, SWEEP_LIMIT)
    .run();
  return meta.changes;
}
