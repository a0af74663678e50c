/** Assets against the real D1 and R2: what is stored once, what a kill leaves, and what the sweep tidies. */
import { applyD1Migrations, reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { MAX_SHOWN_BYTES } from "../../shared/contracts/branding";
import { deleteAsset, readAsset, sweepAssets } from "../../workers/branding/assets";
import { readSettings, readSettingsOf, saveSettings } from "../../workers/branding/brand-settings";
import { bound, codeOf, NOW_MS, objects, organizerId, picture, request, rows, store, strangerId } from "../support/branding-room";

beforeEach(() => applyD1Migrations(bound.DB, env.MIGRATIONS.branding));
afterEach(() => reset());

describe("the same picture for the same purpose is one asset", () => {
  it("also when twenty send it at once", async () => {
    const stored = await Promise.all(Array.from({ length: 20 }, () => store()));
    expect(new Set(stored.map(({ asset }) => asset.id)).size).toBe(1);
    expect(stored.filter(({ isNew }) => isNew)).toHaveLength(1);
    expect(await objects()).toBe(1);
    expect(await rows()).toEqual(["stored"]);
  });

  it("but another for another organizer, and for another purpose", async () => {
    const ids = [await store(), await store({ organizerId: strangerId }), await store({ kind: "favicon" })].map(
      ({ asset }) => asset.id,
    );
    expect(new Set(ids).size).toBe(3);
    expect(await objects()).toBe(3);
  });

  it("and comes back as a new one after it was taken away", async () => {
    const { asset } = await store();
    const row = await readAsset(bound.DB, asset.id);
    expect(row && (await deleteAsset(bound, row, NOW_MS))).toEqual({ ok: true, value: undefined });
    expect(await objects()).toBe(0);
    const again = await store();
    expect(again.isNew).toBe(true);
    expect(again.asset.id).not.toBe(asset.id);
    expect(await objects()).toBe(1);
  });
});

describe("a kill", () => {
  const failing = (method: "put" | "delete") => ({
    ...bound,
    BRAND_ASSETS: new Proxy(bound.BRAND_ASSETS, {
      get(target, name) {
        if (name === method) return () => Promise.reject(new Error("killed"));
        const value: unknown = Reflect.get(target, name);
        return typeof value === "function" ? value.bind(target) : value;
      },
    }),
  });

  it("between row and object leaves nothing that is seen, and the next upload of it succeeds", async () => {
    await expect(store({}, failing("put"))).rejects.toThrow("killed");
    expect(await rows()).toEqual(["storing"]);
    expect(await codeOf(await request(`/branding/assets/${await firstId()}`))).toBe("404 asset_not_found");
    expect((await store()).isNew).toBe(false);
    expect(await rows()).toEqual(["stored"]);
  });

  it("that nobody comes back from is tidied by the sweep, after the lease and not before", async () => {
    await expect(store({}, failing("put"))).rejects.toThrow("killed");
    expect(await sweepAssets(bound, NOW_MS + 9 * 60_000)).toBe(0);
    expect(await sweepAssets(bound, NOW_MS + 11 * 60_000)).toBe(1);
    expect(await rows()).toEqual([]);
  });

  it("between a deletion's row and its object leaves an object that the sweep takes", async () => {
    const { asset } = await store();
    const row = await readAsset(bound.DB, asset.id);
    if (!row) throw new Error("no row");
    await expect(deleteAsset(failing("delete"), row, NOW_MS)).rejects.toThrow("killed");
    expect(await codeOf(await request(`/branding/assets/${asset.id}`))).toBe("404 asset_not_found");
    expect(await objects()).toBe(1);
    await sweepAssets(bound, NOW_MS);
    expect([await objects(), await rows()]).toEqual([0, []]);
  });

  const firstId = async (): Promise<string> =>
    (await bound.DB.prepare("SELECT id FROM brand_assets").first<string>("id")) ?? "none";
});

describe("the settings", () => {
  const save = async (draft: object, over = organizerId) =>
    saveSettings(bound.DB, await readSettings(bound.DB, over), { organizerId: over, ...draft }, NOW_MS);

  it("show the organizer's own asset with its size, and keep it from going", async () => {
    const { asset } = await store();
    const saved = await save({ logoAssetId: asset.id, coverAssetId: asset.id });
    const logo = { assetId: asset.id, url: asset.url, contentType: "image/png", width: 3, height: 2 };
    expect(saved).toMatchObject({ ok: true, value: { settings: { logoUrl: asset.url, logo, cover: logo, favicon: null } } });
    const row = await readAsset(bound.DB, asset.id);
    expect(row && (await deleteAsset(bound, row, NOW_MS))).toEqual({ ok: false, error: { code: "asset_in_use" } });
    await save({ coverAssetId: null });
    await save({ logoUrl: "https://a.example/l.png" });
    const outside = await readSettings(bound.DB, organizerId);
    expect(outside.settings).toMatchObject({ logo: null, logoUrl: "https://a.example/l.png", cover: null });
    expect(row && (await deleteAsset(bound, row, NOW_MS))).toMatchObject({ ok: true });
  });

  it("refuse an asset that is another organizer's, gone, or was never there", async () => {
    const { asset } = await store({ organizerId: strangerId });
    for (const id of [asset.id, crypto.randomUUID()])
      expect(await save({ faviconAssetId: id })).toMatchObject({
        ok: false,
        error: { code: "asset_unknown", errors: [{ pointer: "/faviconAssetId" }] },
      });
    expect((await readSettings(bound.DB, organizerId)).version).toBe(0);
  });

  it("refuse what would keep a page's readers waiting, and keep it as an asset", async () => {
    const of = (bytes: number) => ({ ...picture, bytes: new Uint8Array(bytes) });
    const { asset: cover } = await store({ kind: "cover", picture: of(MAX_SHOWN_BYTES.cover) });
    const { asset: heavy } = await store({ kind: "cover", picture: of(MAX_SHOWN_BYTES.cover + 1) });
    expect(await save({ coverAssetId: cover.id })).toMatchObject({ ok: true });
    expect(await save({ coverAssetId: heavy.id })).toMatchObject({
      ok: false,
      error: {
        code: "asset_too_large",
        errors: [{ pointer: "/coverAssetId", message: "has 14001 bytes; a page shows at most 14000" }],
      },
    });
    // What is light enough for a cover is none for a logo.
    expect(await save({ logoAssetId: cover.id })).toMatchObject({ ok: false, error: { errors: [{ pointer: "/logoAssetId" }] } });
    expect((await readSettings(bound.DB, organizerId)).settings).toMatchObject({ cover: { assetId: cover.id }, logo: null });
  });

  it("never show an asset that went while they were saved", async () => {
    const { asset } = await store();
    const row = await readAsset(bound.DB, asset.id);
    if (!row) throw new Error("no row");
    const [saved, deleted] = await Promise.all([save({ logoAssetId: asset.id }), deleteAsset(bound, row, NOW_MS)]);
    expect([saved.ok, deleted.ok].filter(Boolean)).toHaveLength(1);
    const { settings } = await readSettings(bound.DB, organizerId);
    expect(settings.logo !== null).toBe((await readAsset(bound.DB, asset.id)) !== null);
  });

  it("of a hundred organizers come at once, in the order asked", async () => {
    const ids = Array.from({ length: 99 }, () => crypto.randomUUID());
    await save({ primaryColor: "#112233" });
    const all = await readSettingsOf(bound.DB, [...ids, organizerId]);
    expect(all.map((one) => one.organizerId)).toEqual([...ids, organizerId]);
    expect(all.at(-1)).toMatchObject({ primaryColor: "#112233", contrast: { textOnPrimary: "#ffffff", primaryOnWhite: 16.14 } });
    await expect(readSettingsOf(bound.DB, [...ids, ...ids])).rejects.toThrow(RangeError);
  });
});
