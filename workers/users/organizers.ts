import { eq, inArray } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import { toTimestamp } from "../../shared/contracts/ids";
import type { Organizer, OrganizerChange, OrganizerDraft } from "../../shared/contracts/organizers";
import type { Refusal } from "../../shared/contracts/problems";
import { ok, type Result, refuse } from "../../shared/contracts/result";
import { uuidV7 } from "../../shared/crypto/uuid";
import { guardedBatch, isConstraint } from "../../shared/d1/guarded-batch";
import { askAccount, storeAccount } from "./accounts";
import { type OrganizerRow, organizers } from "./schema";

export const MAX_IDS = 100;
/** That one person makes, whoever owns them later: they cost nothing, and each has limits of its own. */
export const MAX_ORGANIZERS = 50;

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

export async function organizerBySlug(env: UsersEnv, slug: string): Promise<Organizer | null> {
  const row = await drizzle(env.DB).select().from(organizers).where(eq(organizers.slug, slug)).get();
  return row ? organizerOf(row) : null;
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
     WHERE (SELECT count(*) FROM organizers WHERE created_by = ?5) < ${MAX_ORGANIZERS}`,
  ).bind(row.id, row.name, row.slug, nowMs, userId);
  const own = env.DB.prepare(
    "INSERT INTO memberships (organizer_id, user_id, role, created_at_ms, updated_at_ms) VALUES (?1, ?2, 'owner', ?3, ?3)",
  ).bind(row.id, userId, nowMs);
  try {
    const made = await guardedBatch(env.DB, insert, [storeAccount(env.DB, account), own]);
    if (!made.ok) return refuse({ code: "too_many_organizers" });
  } catch (error) {
    if (isConstraint(error, "organizers.slug")) return refuse({ code: "slug_taken" });
    throw error;
  }
  return ok(row);
}

/** Changes the fields present. With `ifVersion` only while the organizer is at that version. */
export async function changeOrganizer(
  env: UsersEnv,
  id: string,
  change: OrganizerChange,
  ifVersion: number | null,
  nowMs: number,
): Promise<Result<OrganizerRow, Refusal<"slug_taken" | "version_stale">>> {
  if (change.slug !== undefined && RESERVED_SLUGS.has(change.slug)) return refuse({ code: "slug_taken" });
  try {
    const { success, meta } = await env.DB.prepare(
      `UPDATE organizers SET name = coalesce(?1, name), slug = coalesce(?2, slug), version = version + 1, updated_at_ms = ?3
       WHERE id = ?4 AND version = coalesce(?5, version)`,
    )
      .bind(change.name ?? null, change.slug ?? null, nowMs, id, ifVersion)
      .run();
    const row = success && meta.changes === 1 ? await findOrganizer(env, id) : undefined;
    return row ? ok(row) : refuse({ code: "version_stale" });
  } catch (error) {
    if (isConstraint(error, "organizers.slug")) return refuse({ code: "slug_taken" });
    throw error;
  }
}
