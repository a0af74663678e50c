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
import { reportError } from "../../shared/observability/report";
import type { After } from "./news";
import type { ApiKeyRow } from "./schema";
import { recordEvent } from "./security-events";

const SCOPES = Object.keys(PERMISSIONS) as [Permission, ...Permission[]];
/** Of one account, those that work. */
export const MAX_KEYS = 50;
/** Seconds for which a replaced key goes on, unless somebody says otherwise, and at most. */
const OVERLAP_SECONDS = 86_400;
const MAX_OVERLAP_SECONDS = 7 * 86_400;
/** A key's last use is noted this often. */
const NOTE_USE_MS = 60_000;

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

type Draft = Pick<ApiKeyRow, "name" | "scopes" | "organizerId" | "expiresAtMs" | "rotatedFrom">;

/** A new key, and the statement that stores it while the account has room. */
async function draftKey(env: AuthEnv, accountId: string, draft: Draft, nowMs: number) {
  const key = makeApiKey(markOf(env.ENVIRONMENT));
  const row = { ...draft, id: uuidV7(nowMs), hint: key.slice(0, HINT_LENGTH), createdAtMs: nowMs, lastUsedAtMs: null };
  const insert = env.DB.prepare(
    `INSERT INTO api_keys (id, account_id, organizer_id, name, hash, hint, scopes, created_at_ms, expires_at_ms, rotated_from)
     SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, ? WHERE (SELECT count(*) FROM api_keys WHERE account_id = ? AND ${WORKS}) < ?`,
  ).bind(
    ...[row.id, accountId, row.organizerId, row.name, await sha256(key), row.hint, row.scopes],
    ...[row.createdAtMs, row.expiresAtMs, row.rotatedFrom, accountId, nowMs, MAX_KEYS],
  );
  return { insert, made: { ...shown(row), key } satisfies NewApiKey };
}

export async function createApiKey(
  env: AuthEnv,
  accountId: string,
  { name, scopes, organizerId = null, expiresAt }: Omit<ApiKeyDraft, "organizerId"> & { organizerId?: string | null | undefined },
  nowMs: number,
): Promise<Result<NewApiKey, Refusal<"invalid_body" | "too_many_api_keys">>> {
  const expiresAtMs = expiresAt === undefined ? null : Date.parse(expiresAt);
  if (expiresAtMs !== null && expiresAtMs <= nowMs)
    return refuse({ code: "invalid_body", errors: [{ pointer: "/expiresAt", message: "is not in the future" }] });
  const draft = { name, scopes: JSON.stringify(scopes), organizerId, expiresAtMs, rotatedFrom: null };
  const { insert, made } = await draftKey(env, accountId, draft, nowMs);
  const stored = await guardedBatch(env.DB, insert, [recordEvent(env, accountId, "api_key_created", nowMs)]);
  return stored.ok ? ok(made) : refuse({ code: "too_many_api_keys" });
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

/** Another key with the same name, scopes and organizer; the old one goes on for the overlap, or to its own end where that is sooner. */
export async function rotateApiKey(
  env: AuthEnv,
  accountId: string,
  id: string,
  { overlapSeconds = OVERLAP_SECONDS }: { overlapSeconds?: number | undefined },
  nowMs: number,
): Promise<Result<NewApiKey, Refusal<"api_key_not_found" | "too_many_api_keys">>> {
  const old = await env.DB.prepare(`SELECT ${COLUMNS} FROM api_keys WHERE id = ? AND account_id = ? AND ${WORKS}`)
    .bind(id, accountId, nowMs)
    .first<Omit<ApiKeyRow, "hash" | "accountId" | "revokedAtMs">>();
  if (!old) return refuse({ code: "api_key_not_found" });
  const { insert, made } = await draftKey(env, accountId, { ...old, rotatedFrom: id }, nowMs);
  const endsAtMs = nowMs + overlapSeconds * 1_000;
  const end = env.DB.prepare("UPDATE api_keys SET expires_at_ms = min(coalesce(expires_at_ms, ?1), ?1) WHERE id = ?2");
  const rotated = await guardedBatch(env.DB, insert, [
    end.bind(endsAtMs, id),
    recordEvent(env, accountId, "api_key_rotated", nowMs),
  ]);
  return rotated.ok ? ok(made) : refuse({ code: "too_many_api_keys" });
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
  if (lastUsedAtMs === null || lastUsedAtMs <= nowMs - NOTE_USE_MS) {
    const note = env.DB.prepare("UPDATE api_keys SET last_used_at_ms = max(coalesce(last_used_at_ms, 0), ?) WHERE id = ?");
    after.waitUntil(
      note
        .bind(nowMs, keyId)
        .run()
        .catch((error: unknown) => reportError(error, env, after, { task: "note an API key's use" })),
    );
  }
  return { keyId, userId, organizerId, scopes: z.array(z.string()).parse(JSON.parse(row.scopes)) };
}

const KEYS_A_SWEEP = 200;
/** A key that no longer works is remembered a while, for whoever looks for what it did. */
const KEPT_MS = 90 * 86_400_000;
export async function sweepApiKeys(env: AuthEnv, nowMs: number): Promise<number> {
  const { meta } = await env.DB.prepare(
    "DELETE FROM api_keys WHERE id IN (SELECT id FROM api_keys WHERE min(coalesce(revoked_at_ms, 9007199254740991), coalesce(expires_at_ms, 9007199254740991)) <= ? LIMIT ?)",
  )
    .bind(nowMs - KEPT_MS, KEYS_A_SWEEP)
    .run();
  return meta.changes;
}
