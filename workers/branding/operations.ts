/** The domain's pages in the OpenAPI document. */
import { ASSET_TYPES, BrandAsset, BrandSettings } from "../../shared/contracts/branding";
import { listOf } from "../../shared/http/list";
import type { Operation } from "../../shared/http/operation";

const settings: BrandSettings = {
  organizerId: "0197f3c2-7b1e-7cc3-98c4-dc0c0c07398f",
  primaryColor: "#7c2d12",
  secondaryColor: "#1c1917",
  logoUrl: "/branding/assets/0197f3c2-9d10-7a44-8f00-5b1f6a0c2d3e",
  faviconUrl: null,
  logo: {
    assetId: "0197f3c2-9d10-7a44-8f00-5b1f6a0c2d3e",
    url: "/branding/assets/0197f3c2-9d10-7a44-8f00-5b1f6a0c2d3e",
    contentType: "image/svg+xml",
    width: 320,
    height: 96,
  },
  favicon: null,
  cover: null,
  fontFamily: "Georgia, serif",
  tagline: "Jazz under the bridge since 1979",
  links: [{ label: "Imprint", url: "https://blue-note.example/imprint" }],
  customCSS: "",
  contrast: { primaryOnWhite: 9.37, secondaryOnWhite: 17.48, textOnPrimary: "#ffffff", textOnSecondary: "#ffffff" },
  updatedAt: "2027-03-01T09:30:00.000Z",
};

const asset: BrandAsset = {
  id: "0197f3c2-9d10-7a44-8f00-5b1f6a0c2d3e",
  organizerId: settings.organizerId,
  kind: "logo",
  url: "/branding/assets/0197f3c2-9d10-7a44-8f00-5b1f6a0c2d3e",
  contentType: "image/svg+xml",
  sizeBytes: 2_311,
  sha256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
  width: 320,
  height: 96,
  createdAt: "2027-03-01T09:12:00.000Z",
};

export const operations = {
  uploadBrandAsset: {
    operationId: "uploadBrandAsset",
    summary: "Keep a picture for an organizer's pages and mails",
    description:
      "The raw body, or the `file` of a form. PNG, JPEG, WebP or SVG by its bytes, never by its name or `Content-Type`; at most 20 MiB and 50 million pixels, an SVG 1 MiB. What is kept and served has no metadata (no place, no camera, no comment), and an SVG nothing that runs, loads or leads anywhere. The same picture for the same purpose is the same asset: 200.",
    tags: ["branding"],
    answers: {
      201: { description: "The asset", schema: BrandAsset, example: asset },
      200: { description: "The organizer had this picture for this purpose already", schema: BrandAsset, example: asset },
    },
    refusals: ["asset_type_unsupported", "asset_broken", "asset_too_large", "too_many_assets", "state_moved", "overloaded"],
  },
  listBrandAssets: {
    operationId: "listBrandAssets",
    summary: "An organizer's pictures, newest first",
    tags: ["branding"],
    answers: {
      200: { description: "A page of them", schema: listOf(BrandAsset), example: { data: [asset], nextCursor: null } },
    },
    refusals: ["invalid_cursor"],
  },
  getBrandAsset: {
    operationId: "getBrandAsset",
    summary: "A picture",
    description:
      "It never changes under its address. One range is answered by 206, on condition of `If-Range` too; several, or one that cannot be read, by the whole.",
    tags: ["branding"],
    answers: {
      200: { description: "The picture, as PNG, JPEG, WebP or SVG", contentTypes: ASSET_TYPES },
      206: { description: "The range that was asked for", contentTypes: ASSET_TYPES },
      304: { description: "The copy named in `If-None-Match` is the picture" },
      416: { description: "The range begins behind the picture's end; `Content-Range` says how long it is" },
    },
    refusals: ["asset_not_found"],
  },
  deleteBrandAsset: {
    operationId: "deleteBrandAsset",
    summary: "Take a picture away",
    description:
      "What the settings show stays until they no longer do: `asset_in_use`. Browsers and caches that have the picture may keep it for as long as they were told.",
    tags: ["branding"],
    answers: { 204: { description: "It is gone" } },
    refusals: ["asset_in_use"],
  },
  saveBrandSettings: {
    operationId: "saveBrandSettings",
    summary: "Save how an organizer's pages and mails look",
    description:
      "Changes the fields present and leaves the others. `If-Match` is optional. A logo or favicon is an asset of the organizer's own or an https address: naming one takes the other away, null takes the picture away. What stands on every page is small, or it keeps readers waiting: a logo has at most 6,000 bytes, a favicon 2,000, a cover 14,000.",
    tags: ["branding"],
    requestExample: {
      organizerId: settings.organizerId,
      primaryColor: "#7c2d12",
      logoAssetId: "0197f3c2-9d10-7a44-8f00-5b1f6a0c2d3e",
      fontFamily: "Georgia, serif",
    },
    answers: { 200: { description: "The settings as they stand now", schema: BrandSettings, example: settings } },
    refusals: ["state_moved", "version_stale", "asset_unknown", "asset_too_large"],
  },
  getBrandSettings: {
    operationId: "getBrandSettings",
    summary: "How an organizer's pages and mails look",
    description: "The house's own look where nothing was saved; `updatedAt` is null then.",
    tags: ["branding"],
    answers: {
      200: { description: "The settings", schema: BrandSettings, example: settings },
      304: { description: "The copy named in `If-None-Match` is the current one" },
    },
    refusals: ["organizer_not_found"],
  },
} as const satisfies Record<string, Operation>;
