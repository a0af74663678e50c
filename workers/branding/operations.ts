/** The domain's pages in the OpenAPI document. */
import { BrandSettings } from "../../shared/contracts/branding";
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

export const operations = {
  saveBrandSettings: {
    operationId: "saveBrandSettings",
    summary: "Save how an organizer's pages and mails look",
    description:
      "Changes the fields present and leaves the others. `If-Match` is optional. A logo or favicon is an asset of the organizer's own or an https address: naming one takes the other away, null takes the picture away.",
    tags: ["branding"],
    requestExample: {
      organizerId: settings.organizerId,
      primaryColor: "#7c2d12",
      logoAssetId: "0197f3c2-9d10-7a44-8f00-5b1f6a0c2d3e",
      fontFamily: "Georgia, serif",
    },
    answers: { 200: { description: "The settings as they stand now", schema: BrandSettings, example: settings } },
    refusals: ["state_moved", "version_stale", "asset_unknown"],
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
