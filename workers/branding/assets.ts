/**
 * An organizer's pictures. The row is there before its object and goes after it, so that a kill between the two leaves nothing that
 * anybody sees, and a row by which the sweep tidies.
 */
import type { AssetKind, AssetType, BrandAsset } from "../../shared/contracts/branding";
import { toTimestamp } from "../../shared/contracts/ids";
import type { Refusal } from "../../shared/contracts/problems";
import { ok, type Result, refuse } from "../../shared/contracts/result";
import { uuidV7 } from "../../shared/crypto/uuid";
import type { Env } from "./environment";
import type { Picture } from "./pictures";

/** Kept for an organizer at once. */
const MAX_ASSETS = 500;
/** A put that takes longer than this has failed. */
const STORING_LEASE_MS = 10 * 60_000;
const SWEEP_BATCH = 100;

/** Where an asset is served: on the API's host and on every organizer's, so that a page asks its own. */
export const assetPath = (assetId: string): string => `/branding/assets/${assetId}`;

export interface AssetRow {
  id: string;
  organizerId: string;
  kind: AssetKind;
  sha256: string;
  contentType: AssetType;
  sizeBytes: number;
  width: number;
  height: number;
  createdAtMs: number;
}

export const ASSET_COLUMNS = `id, organizer_id AS organizerId, kind, sha256, content_type AS contentType, size_bytes AS sizeBytes,
  width, height, created_at_ms AS createdAtMs`;

export const toAsset = ({ createdAtMs, ...row }: AssetRow): BrandAsset => ({
  ...row,
  url: assetPath(row.id),
  createdAt: toTimestamp(createdAtMs),
});

/** By organizer and content; the id keeps a picture that comes again apart from its like that is on its way out. */
export const objectKey = ({ organizerId, sha256, id }: Pick<AssetRow, "organizerId" | "sha256" | "id">): string =>
  `${organizerId}/${sha256}/${id}`;

type Bound = Pick<Env, "DB" | "BRAND_ASSETS">;

export interface Stored {
  asset: BrandAsset;
  /** False where the organizer had this picture for this purpose already. */
  isNew: boolean;
}

export async function storeAsset(
  { DB, BRAND_ASSETS }: Bound,
  { organizerId, kind, picture }: { organizerId: string; kind: AssetKind; picture: Picture },
  nowMs: number,
): Promise<Result<Stored, Refusal<"too_many_assets" | "state_moved">>> {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", picture.bytes)).toHex();
  const { contentType, width, height, bytes } = picture;
  const [claimed, found] = (await DB.batch([
    DB.prepare(
      `INSERT INTO brand_assets (id, organizer_id, kind, sha256, content_type, size_bytes, width, height, state, state_since_ms,
         created_at_ms)
       SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 'storing', ?9, ?9
       WHERE (SELECT count(*) FROM brand_assets WHERE organizer_id = ?2 AND state <> 'deleting') < ${MAX_ASSETS}
       ON CONFLICT (organizer_id, kind, sha256) WHERE state <> 'deleting' DO NOTHING`,
    ).bind(uuidV7(nowMs), organizerId, kind, hash, contentType, bytes.byteLength, width, height, nowMs),
    DB.prepare(
      `SELECT ${ASSET_COLUMNS}, state FROM brand_assets WHERE organizer_id = ? AND kind = ? AND sha256 = ? AND state <> 'deleting'`,
    ).bind(organizerId, kind, hash),
  ])) as [D1Result, D1Result<AssetRow & { state: string }>];
  const [row] = found.results;
  if (!row) return refuse({ code: "too_many_assets" });
  const { state, ...asset } = row;
  if (state === "stored") return ok({ asset: toAsset(asset), isNew: false });
  // Two who send the same at once put the same bytes under the same key.
  await BRAND_ASSETS.put(objectKey(asset), bytes, { httpMetadata: { contentType }, sha256: hash });
  const settled = await DB.prepare("UPDATE brand_assets SET state = 'stored' WHERE id = ? AND state <> 'deleting'")
    .bind(asset.id)
    .run();
  if (settled.meta.changes === 0) {
    // It took so long that the sweep gave it up, and with it the key.
    await BRAND_ASSETS.delete(objectKey(asset));
    return refuse({ code: "state_moved" });
  }
  return ok({ asset: toAsset(asset), isNew: claimed.meta.changes === 1 });
}

export const readAsset = (db: D1Database | D1DatabaseSession, assetId: string): Promise<AssetRow | null> =>
  db.prepare(`SELECT ${ASSET_COLUMNS} FROM brand_assets WHERE id = ? AND state = 'stored'`).bind(assetId).first<AssetRow>();

/** Up to one more than `limit`, newest first. */
export async function listAssets(
  db: D1Database,
  organizerId: string,
  { kind, before, limit }: { kind?: AssetKind | undefined; before: readonly [number, string] | null; limit: number },
): Promise<AssetRow[]> {
  const { results } = await db
    .prepare(
      `SELECT ${ASSET_COLUMNS} FROM brand_assets
       WHERE organizer_id = ?1 AND state = 'stored' AND (?2 IS NULL OR kind = ?2) AND (?3 IS NULL OR (created_at_ms, id) < (?3, ?4))
       ORDER BY created_at_ms DESC, id DESC LIMIT ?5`,
    )
    .bind(organizerId, kind ?? null, before?.[0] ?? null, before?.[1] ?? null, limit + 1)
    .all<AssetRow>();
  return results;
}

/** What the settings show stays: whoever wants it gone takes it out of them first. */
export async function deleteAsset(
  { DB, BRAND_ASSETS }: Bound,
  asset: AssetRow,
  nowMs: number,
): Promise<Result<void, Refusal<"asset_in_use" | "asset_not_found">>> {
  const marked = await DB.prepare(
    `UPDATE brand_assets SET state = 'deleting', state_since_ms = ?3 WHERE id = ?1 AND organizer_id = ?2 AND state = 'stored'
       AND NOT EXISTS (SELECT 1 FROM brand_settings WHERE organizer_id = ?2
                       AND ?1 IN (logo_asset_id, favicon_asset_id, cover_asset_id))`,
  )
    .bind(asset.id, asset.organizerId, nowMs)
    .run();
  if (marked.meta.changes === 0) return refuse({ code: (await readAsset(DB, asset.id)) ? "asset_in_use" : "asset_not_found" });
  await removeObjects({ DB, BRAND_ASSETS }, [asset]);
  return ok(undefined);
}

async function removeObjects(
  { DB, BRAND_ASSETS }: Bound,
  assets: Pick<AssetRow, "organizerId" | "sha256" | "id">[],
): Promise<void> {
  await BRAND_ASSETS.delete(assets.map(objectKey));
  await DB.prepare("DELETE FROM brand_assets WHERE state = 'deleting' AND id IN (SELECT value FROM json_each(?))")
    .bind(JSON.stringify(assets.map(({ id }) => id)))
    .run();
}

/** Takes away what an upload or a deletion that was cut short left behind; how many there were. */
export async function sweepAssets(env: Bound, nowMs: number): Promise<number> {
  const { results } = await env.DB.prepare(
    `UPDATE brand_assets SET state = 'deleting', state_since_ms = ?1 WHERE id IN
       (SELECT id FROM brand_assets WHERE state <> 'stored' AND (state = 'deleting' OR state_since_ms <= ?2)
        ORDER BY state_since_ms LIMIT ${SWEEP_BATCH})
     RETURNING id, organizer_id AS organizerId, sha256`,
  )
    .bind(nowMs, nowMs - STORING_LEASE_MS)
    .all<Pick<AssetRow, "id" | "organizerId" | "sha256">>();
  if (results.length > 0) await removeObjects(env, results);
  return results.length;
}
