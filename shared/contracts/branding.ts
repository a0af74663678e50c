import { z } from "zod";
import type { DomainRpc } from "./domain";
import { Id, Timestamp } from "./ids";
import { Lines } from "./text";

const HexColor = z
  .string()
  .regex(/^#[0-9a-fA-F]{6}$/, "a colour as #rrggbb")
  .toLowerCase();
/** Kept as a browser would ask for it: `https:example.com` is an address too, spelled otherwise. */
const Url = z.url({ protocol: /^https$/, normalize: true }).max(2048);

/** CSS's own names (CSS Fonts 4, 2.1.3): quoted they would be the names of fonts that nobody has. */
export const GENERIC_FONTS = [
  "system-ui",
  "ui-sans-serif",
  "ui-serif",
  "ui-rounded",
  "ui-monospace",
  "sans-serif",
  "serif",
  "monospace",
  "cursive",
] as const;

/** Those, and fonts that stand on phones and desktops: pages load no font from anywhere. Compared without case. */
export const FONTS = [
  ...GENERIC_FONTS,
  "Arial",
  "Avenir",
  "Avenir Next",
  "Baskerville",
  "Book Antiqua",
  "Calibri",
  "Cambria",
  "Candara",
  "Charter",
  "Consolas",
  "Constantia",
  "Corbel",
  "Courier New",
  "DejaVu Sans",
  "DejaVu Serif",
  "Didot",
  "Franklin Gothic Medium",
  "Futura",
  "Garamond",
  "Georgia",
  "Gill Sans",
  "Helvetica",
  "Helvetica Neue",
  "Hoefler Text",
  "Impact",
  "Inter",
  "Iowan Old Style",
  "Lato",
  "Liberation Sans",
  "Liberation Serif",
  "Lucida Grande",
  "Menlo",
  "Merriweather",
  "Montserrat",
  "Noto Sans",
  "Noto Serif",
  "Open Sans",
  "Optima",
  "Palatino",
  "Palatino Linotype",
  "Playfair Display",
  "Poppins",
  "Roboto",
  "Rockwell",
  "Segoe UI",
  "Source Sans Pro",
  "Tahoma",
  "Times",
  "Times New Roman",
  "Trebuchet MS",
  "Ubuntu",
  "Verdana",
] as const;
const known = new Map<string, string>(FONTS.map((name) => [name.toLowerCase(), name]));
const MAX_FONTS = 8;

const fontNames = (list: string): string[] =>
  list.split(",").map((name) =>
    name
      .trim()
      .replace(/^(["'])(.*)\1$/, "$2")
      .trim(),
  );

/** Kept as names and commas, without quotes: whoever writes a style sheet quotes them anew. */
const FontFamily = z
  .string()
  .min(1)
  .max(200)
  .refine((list) => fontNames(list).length <= MAX_FONTS && fontNames(list).every((name) => known.has(name.toLowerCase())), {
    message: `up to ${MAX_FONTS} names with commas between them, each one of: ${FONTS.join(", ")}`,
  })
  .overwrite((list) =>
    fontNames(list)
      .map((name) => known.get(name.toLowerCase()) ?? name)
      .join(", "),
  );

/** One line, seen as written. */
const Line = (max: number) =>
  Lines.regex(/^[^\t\n\r\u2028\u2029]*$/u, "one line")
    .trim()
    .min(1)
    .max(max);

/** An imprint, privacy words, a shop: what the foot of a page and of a mail leads to. */
const BrandLink = z.strictObject({ label: Line(60), url: Url }).meta({ id: "BrandLink" });
export type BrandLink = z.infer<typeof BrandLink>;

/**
 * SEED's branding settings. A picture is an asset of the organizer's own or an https address; naming one takes the other away, null
 * takes it away.
 */
export const BrandSettingsDraft = z
  .strictObject({
    organizerId: Id,
    primaryColor: HexColor.optional(),
    secondaryColor: HexColor.optional(),
    logoUrl: Url.nullable().optional(),
    logoAssetId: Id.nullable().optional(),
    faviconUrl: Url.nullable().optional(),
    faviconAssetId: Id.nullable().optional(),
    coverAssetId: Id.nullable().optional(),
    fontFamily: FontFamily.optional(),
    tagline: Line(160).nullable().optional(),
    links: z.array(BrandLink).max(8).optional(),
    customCSS: Lines.max(50_000).optional().meta({
      description:
        "Kept and told, for pages of the organizer's own. Bilten's pages and mails do not apply it: no style sheet of another's can be held to contrast and to what a buyer must see before paying",
    }),
  })
  .refine(({ logoUrl, logoAssetId }) => !logoUrl || !logoAssetId, { path: ["logoUrl"], message: "either logoUrl or logoAssetId" })
  .refine(({ faviconUrl, faviconAssetId }) => !faviconUrl || !faviconAssetId, {
    path: ["faviconUrl"],
    message: "either faviconUrl or faviconAssetId",
  })
  .meta({ id: "BrandSettingsDraft" });
export type BrandSettingsDraft = z.infer<typeof BrandSettingsDraft>;

/** What a page needs to leave room for a picture before it is there, and a mail to know whether a client can show it. */
export const BrandPicture = z
  .object({
    assetId: Id,
    url: z.string().meta({ description: "Rooted: it is there on the API's host and on every organizer's" }),
    contentType: z.string(),
    width: z.int(),
    height: z.int(),
  })
  .meta({ id: "BrandPicture" });
export type BrandPicture = z.infer<typeof BrandPicture>;

export const BrandSettings = z
  .object({
    organizerId: Id,
    primaryColor: z.string(),
    secondaryColor: z.string(),
    /** The asset's rooted path, or the address that was saved. */
    logoUrl: z.string().nullable(),
    faviconUrl: z.string().nullable(),
    /** Null where there is none, and for an address outside. */
    logo: BrandPicture.nullable(),
    favicon: BrandPicture.nullable(),
    cover: BrandPicture.nullable(),
    fontFamily: z.string(),
    tagline: z.string().nullable(),
    links: z.array(BrandLink),
    customCSS: z.string(),
    /** Contrast ratios (WCAG 2.2, 1 to 21) and the text colour to put on each: text needs 4.5. Pages keep the contrast by themselves. */
    contrast: z.object({
      primaryOnWhite: z.number(),
      secondaryOnWhite: z.number(),
      textOnPrimary: z.enum(["#000000", "#ffffff"]),
      textOnSecondary: z.enum(["#000000", "#ffffff"]),
    }),
    updatedAt: Timestamp.nullable(),
  })
  .meta({ id: "BrandSettings" });
export type BrandSettings = z.infer<typeof BrandSettings>;

/** What a picture is for; only the first three stand in the settings. */
export const ASSET_KINDS = ["logo", "favicon", "cover", "image"] as const;
export type AssetKind = (typeof ASSET_KINDS)[number];

export const ASSET_TYPES = ["image/png", "image/jpeg", "image/webp", "image/svg+xml"] as const;
export type AssetType = (typeof ASSET_TYPES)[number];

/**
 * Of a picture that stands on every page, in bytes as it is served: with all three a page stays below 30 kB, whatever is on them. What
 * is uploaded is kept as it is, up to `MAX_UPLOAD_BYTES`; making it smaller is its owner's.
 */
export const MAX_SHOWN_BYTES = { logo: 6_000, favicon: 2_000, cover: 14_000 } as const satisfies Partial<
  Record<AssetKind, number>
>;

export const MAX_UPLOAD_BYTES = 20 * 1024 * 1024;

/** What comes with a file: in the address, or as fields of its form. */
export const UploadFields = z.object({ organizerId: Id, kind: z.enum(ASSET_KINDS).default("image") });
export type UploadFields = z.infer<typeof UploadFields>;

export const BrandAsset = z
  .object({
    id: Id,
    organizerId: Id,
    kind: z.enum(ASSET_KINDS),
    url: z.string(),
    contentType: z.enum(ASSET_TYPES),
    /** Of what is kept and served: without metadata, and an SVG without what could do something. */
    sizeBytes: z.int(),
    sha256: z.string().meta({ description: "Of the bytes that are served, in hex" }),
    width: z.int(),
    height: z.int(),
    createdAt: Timestamp,
  })
  .meta({ id: "BrandAsset" });
export type BrandAsset = z.infer<typeof BrandAsset>;

export interface BrandingRpc extends DomainRpc {
  /** Whose host this is (`<slug>.<base>` or a verified custom domain), null when nobody's (rule 5). Remembered at most 60 s by the gateway. */
  organizerOfHost(host: string): Promise<{ organizerId: string; slug: string } | null>;
  /** The organizer's settings, the defaults where nothing was saved. */
  settings(organizerId: string): Promise<BrandSettings>;
  /** The settings of several, one each in the order asked; at most 100 ids. */
  settingsOf(organizerIds: string[]): Promise<BrandSettings[]>;
}
