import { z } from "zod";
import { ASSET_KINDS, BrandSettingsDraft } from "../../shared/contracts/branding";
import { Id } from "../../shared/contracts/ids";
import { domainApp } from "../../shared/http/app";
import { checkIfMatch, etagOfVersion, isFresh } from "../../shared/http/etag";
import { form, pathId, query, unwrap } from "../../shared/http/form";
import { anyone } from "../../shared/http/guards";
import { decodeCursor, listQuery, page } from "../../shared/http/list";
import { operation } from "../../shared/http/operation";
import { Problem } from "../../shared/http/problem";
import { assetResponse } from "./asset-response";
import { deleteAsset, listAssets, readAsset, storeAsset, toAsset } from "./assets";
import { readSettings, saveSettings } from "./brand-settings";
import type { Env } from "./environment";
import { operations } from "./operations";
import { organizerExists, requireMember, requireMemberOfAsset, requireMemberOfQuery, requireUploader } from "./organizers";
import { readPicture } from "./pictures";
import { boundedUploads, readUpload, uploadBody } from "./upload";

const AssetsQuery = z.object({ ...listQuery, organizerId: Id, kind: z.enum(ASSET_KINDS).optional() });

export const app = domainApp<Env>()
  .post(
    "/branding/settings",
    operation(operations.saveBrandSettings),
    requireMember("branding:write"),
    form(BrandSettingsDraft),
    async (c) => {
      const current = await readSettings(c.env.DB, c.var.form.organizerId);
      checkIfMatch(c, etagOfVersion(current.version));
      const answer = await saveSettings(c.env.DB, current, c.var.form, Date.now());
      // Whoever insisted on a version hears that it is not the one any more, also when it changed just now.
      if (!answer.ok && (c.req.header("if-match") ?? "*").trim() !== "*") throw new Problem("version_stale");
      const saved = unwrap(answer);
      return c.json(saved.settings, 200, { etag: etagOfVersion(saved.version) });
    },
  )
  .get("/branding/settings/:organizerId", operation(operations.getBrandSettings), anyone(), async (c) => {
    const organizerId = pathId(c, "organizerId", "organizer_not_found");
    const { settings, version } = await readSettings(c.env.DB, organizerId);
    // Only members of an organizer that exists can have saved anything, so that the question is asked once at most.
    if (version === 0 && !(await organizerExists(c.env, organizerId))) throw new Problem("organizer_not_found");
    const headers = { etag: etagOfVersion(version), "cache-control": "public, max-age=0, s-maxage=2" };
    return isFresh(c, headers.etag) ? c.body(null, 304, headers) : c.json(settings, 200, headers);
  })
  .post(
    "/branding/assets",
    operation(operations.uploadBrandAsset),
    boundedUploads,
    requireUploader("branding:write"),
    uploadBody,
    async (c) => {
      const { organizerId, kind, file } = await readUpload(c);
      const picture = unwrap(readPicture(file));
      const { asset, isNew } = unwrap(await storeAsset(c.env, { organizerId, kind, picture }, Date.now()));
      return c.json(asset, isNew ? 201 : 200, { location: asset.url });
    },
  )
  .get(
    "/branding/assets",
    operation(operations.listBrandAssets),
    requireMemberOfQuery("organizer:read"),
    query(AssetsQuery),
    async (c) => {
      const { organizerId, kind, limit, cursor } = c.var.query;
      const before = decodeCursor(cursor, z.tuple([z.int(), Id]));
      const rows = await listAssets(c.env.DB, organizerId, { kind, before, limit });
      return c.json(page(rows, limit, toAsset, ({ createdAtMs, id }) => [createdAtMs, id]));
    },
  )
  .get("/branding/assets/:assetId", operation(operations.getBrandAsset), anyone({ badCredential: "ignored" }), async (c) => {
    const assetId = pathId(c, "assetId", "asset_not_found");
    const asset = await readAsset(c.env.DB.withSession("first-unconstrained"), assetId);
    const answer = asset && (await assetResponse(c, asset));
    if (!answer) throw new Problem("asset_not_found");
    return answer;
  })
  .delete(
    "/branding/assets/:assetId",
    operation(operations.deleteBrandAsset),
    requireMemberOfAsset("branding:write"),
    async (c) => {
      const asset = await readAsset(c.env.DB, pathId(c, "assetId", "asset_not_found"));
      if (!asset) throw new Problem("asset_not_found");
      unwrap(await deleteAsset(c.env, asset, Date.now()));
      return c.body(null, 204);
    },
  );
