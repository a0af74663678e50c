/** Keys by which programs act for whoever made them: in a team, as far as both his membership and the key's scopes go. */
import { z } from "zod";
import type { ResolvedApiKey } from "../../shared/contracts/accounts";
import { Id, Timestamp, toTimestamp } from "../../shared/contracts/ids";
import { PersonName } from "../../shared/contracts/orders";
import { PERMISSIONS, type Permission } from "../../shared/contracts/organizers";
import type { Refusal } from "../../shared/contracts/problems";
import { ok, type Result, refuse } from "../../shared/contracts/result";
import { HINT_LENGTH, makeApiKey, markOf } from "../../shared/crypto/api-key";
import { sha256 } from "../../shared/crypto/bytes";
import { uuidV7 } from "../../shared/crypto/uuid";
import { guardedBatch } from "../../shared/d1/guarded-batch";
import { decodeCursor, listOf, page } from "../../shared/http/list";
import type { SignedIn } from "./callers";
import { notice } from "./mails";
import { type After, send } from "./news";
import type { ApiKeyRow } from "./schema";
import { recordEvent } from "./security-events";
import { goesOn, refusalOf } from "./session-ends";
import type { Condition } from "./sessions";
import { noteUse } from "./uses";

/** Giving an organizer away asks who is there, and a key cannot prove that. */
const PEOPLES_OWN = "ownership:transfer" satisfies Permission;
type Scope = Exclude<Permission, typeof PEOPLES_OWN>;
const SCOPES = Object.keys(PERMISSIONS).filter((name) => name !== PEOPLES_OWN) as [Scope, ...Scope[]];
/** Of one account, those that work and were not replaced. */
export const MAX_KEYS = 50;
/** The same with those that were replaced and go on for their overlap. */
export const MAX_KEYS_REPLACED_TOO = 2 * MAX_KEYS;
/** Seconds for which a replaced key goes on, unless somebody says otherwise, and at most. */
const OVERLAP_SECONDS = 86_400;
const MAX_OVERLAP_SECONDS = 7 * 86_400;

export const ApiKeyDraft = z
  .strictObject({
    name: PersonName.max(100),
    /** Names of permissions, each at most once. */
    scopes: z
      .array(z.enum(SCOPES))
      .min(1)
      .max(SCOPES.length)
      .refine((scopes) => new Set(scopes).size === scopes.length, "names a scope twice"),
    /** The one organizer that it may act for; without it every one where its maker is a member. */
    organizerId: Id.optional(),
    expiresAt: Timestamp.optional(),
  })
  .meta({ id: "ApiKeyDraft" });
export type ApiKeyDraft = z.infer<typeof ApiKeyDraft>;

export const ApiKeyRotation = z
  .strictObject({ overlapSeconds: z.int().min(0).max(MAX_OVERLAP_SECONDS).optional() })
  .optional()
  .meta({ id: "ApiKeyRotation" });

export const ApiKey = z
  .object({
    id: Id,
    name: z.string(),
    /** How the key starts, to tell it from others. */
    hint: z.string(),
    scopes: z.array(z.string()),
    organizerId: Id.nullable(),
    createdAt: Timestamp,
    expiresAt: Timestamp.nullable(),
    /** Within a minute. */
    lastUsedAt: Timestamp.nullable(),
    /** The key that it took the place of. */
    rotatedFrom: Id.nullable(),
  })
  .meta({ id: "ApiKey" });
export type ApiKey = z.infer<typeof ApiKey>;
export const ApiKeyList = listOf(ApiKey).meta({ id: "ApiKeyList" });
export const NewApiKey = ApiKey.extend({ key: z.string() }).meta({
  id: "NewApiKey",
  description: "The key is shown in this answer and never again.",
});
export type NewApiKey = z.infer<typeof NewApiKey>;

const shown = (row: Omit<ApiKeyRow, "hash" | "accountId" | "revokedAtMs">): ApiKey => ({
  id: row.id,
  name: row.name,
  hint: row.hint,
  scopes: z.array(z.string()).parse(JSON.parse(row.scopes)),
  organizerId: row.organizerId,
  createdAt: toTimestamp(row.createdAtMs),
  expiresAt: row.expiresAtMs === null ? null : toTimestamp(row.expiresAtMs),
  lastUsedAt: row.lastUsedAtMs === null ? null : toTimestamp(row.lastUsedAtMs),
  rotatedFrom: row.rotatedFrom,
});

const COLUMNS = `id, organizer_id AS organizerId, name, hint, scopes, created_at_ms AS createdAtMs, expires_at_ms AS expiresAtMs,
  last_used_at_ms AS lastUsedAtMs, rotated_from AS rotatedFrom`;
const WORKS = "revoked_at_ms IS NULL AND (expires_at_ms IS NULL OR expires_at_ms > ?)";
/** Of one account's keys, those whose place another has taken. */
const REPLACED = "SELECT rotated_from FROM api_keys WHERE account_id = ? AND rotated_from IS NOT NULL";

type Draft = Pick<ApiKeyRow, "name" | "scopes" | "organizerId" | "expiresAtMs" | "rotatedFrom">;

/** A new key, and the statement that stores it where the `condition` is so. */
async function draftKey(
  env: AuthEnv,
  accountId: string,
  draft: Draft,
  nowMs: number,
  { sql, values }: Condition = { sql: "true", values: [] },
) {
  const key = makeApiKey(markOf(env.ENVIRONMENT));
  const row = { ...draft, id: uuidV7(nowMs), hint: key.slice(0, HINT_LENGTH), createdAtMs: nowMs, lastUsedAtMs: null };
  const insert = env.DB.prepare(
    `INSERT INTO api_keys (id, account_id, organizer_id, name, hash, hint, scopes, created_at_ms, expires_at_ms, rotated_from)
     SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, ? WHERE ${sql}`,
  ).bind(
    ...[row.id, accountId, row.organizerId, row.name, await sha256(key), row.hint, row.scopes],
    ...[row.createdAtMs, row.expiresAtMs, row.rotatedFrom, ...values],
  );
  return { insert, made: { ...shown(row), key } satisfies NewApiKey };
}

export async function createApiKey(
  env: AuthEnv,
  after: After,
  who: SignedIn,
  { name, scopes, organizerId, expiresAt }: ApiKeyDraft,
  nowMs: number,
): Promise<Result<NewApiKey, Refusal<"invalid_body" | "too_many_api_keys" | "credential_invalid">>> {
  const { userId, client } = who;
  const expiresAtMs = expiresAt === undefined ? null : Date.parse(expiresAt);
  if (expiresAtMs !== null && expiresAtMs <= nowMs)
    return refuse({ code: "invalid_body", errors: [{ pointer: "/expiresAt", message: "is not in the future" }] });
  const draft = { name, scopes: JSON.stringify(scopes), organizerId: organizerId ?? null, expiresAtMs, rotatedFrom: null };
  const signedIn = goesOn(who, nowMs);
  const { insert, made } = await draftKey(env, userId, draft, nowMs, {
    sql: `(SELECT count(*) FROM api_keys WHERE account_id = ? AND ${WORKS} AND id NOT IN (${REPLACED})) < ? AND ${signedIn.sql}`,
    values: [userId, nowMs, userId, MAX_KEYS, ...signedIn.values],
  });
  const told = notice(env, userId, "api_key_created", nowMs, { client });
  const stored = await guardedBatch(env.DB, insert, told.effects);
  if (!stored.ok) return refuse(await refusalOf(env, who, "too_many_api_keys", nowMs));
  send(env, after, [told.news]);
  return ok(made);
}

const Keyset = z.tuple([z.int(), z.string()]);

/** Those that work, the newest first. */
export async function listApiKeys(
  env: AuthEnv,
  accountId: string,
  { limit, cursor }: { limit: number; cursor?: string | undefined },
  nowMs: number,
) {
  const [createdAtMs, id] = decodeCursor(cursor, Keyset) ?? [Number.MAX_SAFE_INTEGER, ""];
  const { results } = await env.DB.prepare(
    `SELECT ${COLUMNS} FROM api_keys WHERE account_id = ? AND ${WORKS} AND (created_at_ms, id) < (?, ?)
     ORDER BY created_at_ms DESC, id DESC LIMIT ?`,
  )
    .bind(accountId, nowMs, createdAtMs, id, limit + 1)
    .all<Omit<ApiKeyRow, "hash" | "accountId" | "revokedAtMs">>();
  return page(results, limit, shown, (row) => [row.createdAtMs, row.id]);
}

/** The gateway refuses it within five seconds. */
export async function revokeApiKey(
  env: AuthEnv,
  accountId: string,
  id: string,
  nowMs: number,
): Promise<Result<null, Refusal<"api_key_not_found">>> {
  const end = env.DB.prepare(`UPDATE api_keys SET revoked_at_ms = ? WHERE id = ? AND account_id = ? AND ${WORKS}`);
  const told = recordEvent(env, accountId, "api_key_revoked", nowMs);
  const ended = await guardedBatch(env.DB, end.bind(nowMs, id, accountId, nowMs), [told]);
  return ended.ok ? ok(null) : refuse({ code: "api_key_not_found" });
}

/**
 * Another key with the same name, scopes, organizer and end; the old one goes on for the overlap, or to its own end where that is sooner.
 * Each key is replaced once. The old one's row decides, in the batch: who ends it meanwhile, or replaces it too, leaves nothing to this.
 */
export async function rotateApiKey(
  env: AuthEnv,
  after: After,
  who: SignedIn,
  id: string,
  { overlapSeconds = OVERLAP_SECONDS }: { overlapSeconds?: number | undefined },
  nowMs: number,
): Promise<Result<NewApiKey, Refusal<RotationRefusal>>> {
  const { userId, client } = who;
  const old = await env.DB.prepare(`SELECT ${COLUMNS} FROM api_keys WHERE id = ? AND account_id = ? AND ${WORKS}`)
    .bind(id, userId, nowMs)
    .first<Omit<ApiKeyRow, "hash" | "accountId" | "revokedAtMs">>();
  if (!old) return refuse({ code: "api_key_not_found" });
  const { insert, made } = await draftKey(env, userId, { ...old, rotatedFrom: id }, nowMs);
  const signedIn = goesOn(who, nowMs);
  const end = env.DB.prepare(
    `UPDATE api_keys SET expires_at_ms = min(coalesce(expires_at_ms, ?1), ?1)
     WHERE id = ? AND account_id = ? AND ${WORKS} AND id NOT IN (${REPLACED})
       AND (SELECT count(*) FROM api_keys WHERE account_id = ? AND ${WORKS}) < ? AND ${signedIn.sql}`,
  ).bind(
    ...[nowMs + overlapSeconds * 1_000, id, userId, nowMs, userId],
    ...[userId, nowMs, MAX_KEYS_REPLACED_TOO],
    ...signedIn.values,
  );
  const told = notice(env, userId, "api_key_rotated", nowMs, { client });
  const rotated = await guardedBatch(env.DB, end, [insert, ...told.effects]);
  if (!rotated.ok) return refuse(await refusalOfRotation(env, who, id, nowMs));
  send(env, after, [told.news]);
  return ok(made);
}

type RotationRefusal = "api_key_not_found" | "state_moved" | "too_many_api_keys" | "credential_invalid";

/** What stood in the way, as it stands now. */
async function refusalOfRotation(env: AuthEnv, who: SignedIn, id: string, nowMs: number): Promise<Refusal<RotationRefusal>> {
  const accountId = who.userId;
  const now = await env.DB.prepare(
    `SELECT id IN (${REPLACED}) AS replaced FROM api_keys WHERE id = ? AND account_id = ? AND ${WORKS}`,
  )
    .bind(accountId, id, accountId, nowMs)
    .first<{ replaced: number }>();
  if (!now) return { code: "api_key_not_found" };
  return now.replaced === 1
    ? { code: "state_moved", detail: "The key was replaced before: replace the one that took its place." }
    : refusalOf(env, who, "too_many_api_keys", nowMs);
}

/** For the gateway. Null too while its maker is suspended. Notes the use, at most once a minute, after the answer. */
export async function apiKeyOf(env: AuthEnv, after: After, hash: string, nowMs: number): Promise<ResolvedApiKey | null> {
  const row = await env.DB.prepare(
    `SELECT k.id AS keyId, k.account_id AS userId, k.organizer_id AS organizerId, k.scopes, k.last_used_at_ms AS lastUsedAtMs
     FROM api_keys k JOIN accounts a ON a.id = k.account_id
     WHERE k.hash = ? AND a.status = 'active' AND k.revoked_at_ms IS NULL AND (k.expires_at_ms IS NULL OR k.expires_at_ms > ?)`,
  )
    .bind(hash, nowMs)
    .first<{ keyId: string; userId: string; organizerId: string | null; scopes: string; lastUsedAtMs: number | null }>();
  if (!row) return null;
  const { keyId, userId, organizerId, lastUsedAtMs } = row;
  noteUse(env, after, "api_keys", { id: keyId, lastUsedAtMs }, nowMs);
  return { keyId, userId, organizerId, scopes: z.array(z.string()).parse(JSON.parse(row.scopes)) };
}

const KEYS_A_SWEEP = 200;
/** A key that no longer works is remembered a while, for whoever looks for what it did. */
const KEPT_MS = 90 * 86_400_000;
/** As the index `api_keys_by_end` spells it, letter for letter: of another text for the same, SQLite reads the whole table. */
const ENDED_AT_MS = "min(coalesce(revoked_at_ms, 9007199254740991), coalesce(expires_at_ms, 9007199254740991))";
export const ENDED_KEYS = `SELECT id FROM api_keys WHERE ${ENDED_AT_MS} <= ? LIMIT ?`;

export async function sweepApiKeys(env: AuthEnv, nowMs: number): Promise<number> {
  const { meta } = await env.DB.prepare(`DELETE FROM api_keys WHERE id IN (${ENDED_KEYS})`)
    .bind(nowMs - KEPT_MS, KEYS_A_SWEEP)
    .run();
  return meta.changes;
}
