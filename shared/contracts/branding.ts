import { z } from "zod";
import type { DomainRpc } from "./domain";
import { Id, Timestamp } from "./ids";
import { Lines } from "./text";

const HexColor = z
  .string()
  .toLowerCase()
  .regex(/^#[0-9a-f]{6}$/, "a colour as #rrggbb");
/** Kept as a browser would ask for it: `https:example.com` is an address too, spelled otherwise. */
const Url = z.url({ protocol: /^https$/, normalize: true }).max(2048);

/** SEED's branding settings. `customCSS` is stored, and used only by pages that can confine it. */
export const BrandSettingsDraft = z
  .strictObject({
    organizerId: Id,
    primaryColor: HexColor.optional(),
    secondaryColor: HexColor.optional(),
    logoUrl: Url.nullable().optional(),
    faviconUrl: Url.nullable().optional(),
    fontFamily: z
      .string()
      .min(1)
      .max(100)
      .regex(/^[\p{L}\p{N} ,'"-]+$/u, "font names and commas")
      .optional(),
    customCSS: Lines.max(50_000).optional(),
  })
  .meta({ id: "BrandSettingsDraft" });
export type BrandSettingsDraft = z.infer<typeof BrandSettingsDraft>;

export const BrandSettings = z
  .object({
    organizerId: Id,
    primaryColor: z.string(),
    secondaryColor: z.string(),
    logoUrl: z.string().nullable(),
    faviconUrl: z.string().nullable(),
    fontFamily: z.string(),
    customCSS: z.string(),
    updatedAt: Timestamp.nullable(),
  })
  .meta({ id: "BrandSettings" });
export type BrandSettings = z.infer<typeof BrandSettings>;

export interface BrandingRpc extends DomainRpc {
  /** Whose host this is (`<slug>.<base>` or a verified custom domain), null when nobody's (rule 5). Remembered at most 60 s by the gateway. */
  organizerOfHost(host: string): Promise<{ organizerId: string; slug: string } | null>;
  /** The organizer's settings, the defaults where nothing was saved. */
  settings(organizerId: string): Promise<BrandSettings>;
}
