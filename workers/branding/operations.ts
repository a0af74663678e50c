/** The domain's pages in the OpenAPI document. */
import { BrandSettings } from "../../shared/contracts/branding";
import type { Operation } from "../../shared/http/operation";

const settings: BrandSettings = {
  organizerId: "0197f3c2-7b1e-7cc3-98c4-dc0c0c07398f",
  primaryColor: "#7c2d12",
  secondaryColor: "#1c1917",
  logoUrl: "https://cdn.bilten.example/blue-note/logo.svg",
  faviconUrl: null,
  fontFamily: "Georgia, serif",
  customCSS: "",
  updatedAt: "2027-03-01T09:30:00.000Z",
};

export const operations = {
  saveBrandSettings: {
    operationId: "saveBrandSettings",
    summary: "Save how an organizer's pages and mails look",
    description: "Changes the fields present and leaves the others. `If-Match` is optional.",
    tags: ["branding"],
    requestExample: { organizerId: settings.organizerId, primaryColor: "#7c2d12", fontFamily: "Georgia, serif" },
    answers: { 200: { description: "The settings as they stand now", schema: BrandSettings, example: settings } },
    refusals: ["state_moved", "version_stale"],
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
