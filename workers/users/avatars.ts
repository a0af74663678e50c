/**
 * People's pictures. The row is there before its object, a profile names it after, and it goes only once no profile does: a kill in
 * between leaves nothing that anybody sees, and a row by which the sweep tidies.
 */
import type { Context } from "hono";
import { z } from "zod";
import type { Refusal } from "../../shared/contracts/problems";
import { ok, type Result, refuse } from "../../shared/contracts/result";
import { uuidV7 } from "../../shared/crypto/uuid";
import { isFresh } from "../../shared/http/etag";
import { documented, refusing } from "../../shared/http/operation";
import {
  type PictureRefusal,
  type PixelLimits,
  RASTER_TYPES,
  type RasterType,
  rasterTypeOf,
  readRaster,
} from "../../shared/pictures/raster";

type Bound = Pick<UsersEnv, "DB" | "AVATARS">;

/** 64 MB where it is drawn; nobody shows a face larger. The bytes are bounded as every body is: 1 MiB. */
const LIMITS: PixelLimits = { maxPixels: 16_000_000, maxSide: 8_000 };
/** A put that takes longer than this has failed. */
const STORING_MS = 10 * 60_000;
/** As many objects as R2 deletes at once. */
const SWEEP_LIMIT = 1_000;
/** Of one person: pictures replaced or being stored that no sweep took yet. They wait ten minutes, and so does who made them. */
export const MAX_UNSHOWN = 20;

/** The document's part of the picture, which is the body itself; what it is its bytes say, whatever its sender calls it. */
export const pictureBody = documented((_c, next) => next(), {
  requestBody: {
    required: true,
    content: Object.fromEntries(
      RASTER_TYPES.map((type) => [
        type,
        { schema: { type: "string" as const, format: "binary" }, example: "(the picture's bytes)" },
      ]),
    ),
  },
  ...refusing(["payload_too_large"]),
});

interface AvatarRow {
  id: string;
  userId: string;
  sha256: string;
  contentType: RasterType;
  sizeBytes: number;
}

const objectKey = ({ userId, id }: Pick<AvatarRow, "userId" | "id">): string => `${userId}/${id}`;

/** The address of a picture changes with it; without `id` it is whichever is shown. */
export const AvatarQuery = z.object({
  id: z.string().optional().meta({ description: "The picture meant; another one than is shown is not found" }),
});
export const avatarPath = (userId: string, avatarId: string): string => `/users/${userId}/avatar?id=${avatarId}`;

/** The new picture is the profile's from then on; with `ifVersion` only while the profile's own part is at that version. */
export async function storeAvatar(
  env: Bound,
  userId: string,
  bytes: Uint8Array,
  ifVersion: number | null,
  nowMs: number,
): Promise<Result<null, PictureRefusal | Refusal<"state_moved" | "version_stale" | "rate_limited">>> {
  const type = rasterTypeOf(bytes);
  if (!type) return refuse({ code: "asset_type_unsupported", detail: "PNG, JPEG and WebP are taken" });
  const read = readRaster(bytes, type, LIMITS);
  if (!read.ok) return read;
  const { contentType, bytes: kept, width, height } = read.value;
  const sha256 = new Uint8Array(await crypto.subtle.digest("SHA-256", kept)).toHex();
  const id = uuidV7(nowMs);
  const { meta } = await env.DB.prepare(
    `INSERT INTO avatars (id, user_id, sha256, content_type, size_bytes, width, height, created_at_ms, unshown_since_ms)
     SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8
     WHERE (SELECT count(*) FROM avatars WHERE user_id = ?2 AND unshown_since_ms IS NOT NULL) < ${MAX_UNSHOWN}`,
  )
    .bind(id, userId, sha256, contentType, kept.byteLength, width, height, nowMs)
    .run();
  if (meta.changes === 0) return refuse({ code: "rate_limited", retryAfterSeconds: STORING_MS / 1000 });
  await env.AVATARS.put(objectKey({ userId, id }), kept, { httpMetadata: { contentType }, sha256 });
  return show(env, userId, id, ifVersion, nowMs);
}

export async function removeAvatar(env: Bound, userId: string, nowMs: number): Promise<void> {
  await show(env, userId, null, null, nowMs);
}

/** `state_moved` where the sweep gave the picture up, because storing it took so long. */
async function show(
  env: Bound,
  userId: string,
  id: string | null,
  ifVersion: number | null,
  nowMs: number,
): Promise<Result<null, Refusal<"state_moved" | "version_stale">>> {
  const before = env.DB.prepare("SELECT version FROM profiles WHERE user_id = ?").bind(userId);
  const name = env.DB.prepare(
    `INSERT INTO profiles (user_id, avatar_id, version, updated_at_ms)
     SELECT ?1, ?2, 1, ?3
     WHERE (EXISTS (SELECT 1 FROM avatars WHERE id = ?2 AND doomed = 0)
         OR (?2 IS NULL AND EXISTS (SELECT 1 FROM profiles WHERE user_id = ?1 AND avatar_id IS NOT NULL)))
       AND (?4 IS NULL OR ?4 = coalesce((SELECT version FROM profiles WHERE user_id = ?1), 0))
     ON CONFLICT (user_id) DO UPDATE SET avatar_id = excluded.avatar_id, version = version + 1, updated_at_ms = excluded.updated_at_ms`,
  ).bind(userId, id, nowMs, ifVersion);
  const settle = env.DB.prepare(
    `UPDATE avatars SET unshown_since_ms =
       iif(id = (SELECT avatar_id FROM profiles WHERE user_id = ?1), NULL, coalesce(unshown_since_ms, ?2))
     WHERE user_id = ?1 AND doomed = 0`,
  ).bind(userId, nowMs);
  const [known, named] = await env.DB.batch<{ version: number }>([before, name, settle]);
  if (named?.meta.changes === 1) return ok(null);
  const isStale = ifVersion !== null && ifVersion !== (known?.results[0]?.version ?? 0);
  return refuse({ code: isStale ? "version_stale" : "state_moved" });
}

export const readAvatar = (db: D1Database, userId: string): Promise<AvatarRow | null> =>
  db
    .prepare(
      `SELECT a.id, a.user_id AS userId, a.sha256, a.content_type AS contentType, a.size_bytes AS sizeBytes
       FROM profiles p JOIN avatars a ON a.id = p.avatar_id WHERE p.user_id = ?`,
    )
    .bind(userId)
    .first<AvatarRow>();

/** Whether one may see the other's face: oneself, and who works in one team with oneself. */
export async function isColleague(db: D1Database, userId: string, otherId: string): Promise<boolean> {
  if (userId === otherId) return true;
  const row = await db
    .prepare(
      `SELECT 1 FROM memberships mine JOIN memberships theirs ON theirs.organizer_id = mine.organizer_id AND theirs.user_id = ?2
       WHERE mine.user_id = ?1 LIMIT 1`,
    )
    .bind(userId, otherId)
    .first();
  return row !== null;
}

/** Only for who may see it: whoever uses the same browser next is asked who he is before he sees what it kept. */
const HEADERS = { "cache-control": "private, no-cache", "x-content-type-options": "nosniff" };

/** Null where the object is gone though its row was read a moment ago. */
export async function avatarResponse(c: Context, env: Bound, avatar: AvatarRow): Promise<Response | null> {
  const headers = { ...HEADERS, etag: `"${avatar.sha256}"` };
  if (isFresh(c, headers.etag)) return c.body(null, 304, headers);
  const object = await env.AVATARS.get(objectKey(avatar));
  return (
    object &&
    new Response(object.body, {
      headers: { ...headers, "content-type": avatar.contentType, "content-length": String(avatar.sizeBytes) },
    })
  );
}

/** Takes away what no profile names, replaced or cut short; how many there were. A request that reads one just replaced still gets it. */
export async function sweepAvatars(env: Bound, nowMs: number): Promise<number> {
  const { results } = await env.DB.prepare(
    `UPDATE avatars SET doomed = 1 WHERE id IN
       (SELECT id FROM avatars WHERE unshown_since_ms <= ? ORDER BY unshown_since_ms LIMIT ${SWEEP_LIMIT})
     RETURNING id, user_id AS userId`,
  )
    .bind(nowMs - STORING_MS)
    .all<Pick<AvatarRow, "id" | "userId">>();
  if (results.length === 0) return 0;
  await env.AVATARS.delete(results.map(objectKey));
  await env.DB.prepare("DELETE FROM avatars WHERE doomed = 1 AND id IN (SELECT value FROM json_each(?))")
    .bind(JSON.stringify(results.map(({ id }) => id)))
    .run();
  return results.length;
}
