/** How an organizer looks: what was saved, or the house's own look. */
import { contrast, textOn } from "../../shared/color/contrast";
import {
  type BrandLink,
  type BrandPicture,
  type BrandSettings,
  type BrandSettingsDraft,
  MAX_SHOWN_BYTES,
} from "../../shared/contracts/branding";
import { toTimestamp } from "../../shared/contracts/ids";
import type { Refusal } from "../../shared/contracts/problems";
import { ok, type Result, refuse } from "../../shared/contracts/result";
import { assetPath } from "./assets";

/** The row's own fields, as they are saved. */
interface Look {
  primaryColor: string;
  secondaryColor: string;
  logoUrl: string | null;
  faviconUrl: string | null;
  logoAssetId: string | null;
  faviconAssetId: string | null;
  coverAssetId: string | null;
  fontFamily: string;
  tagline: string | null;
  links: BrandLink[];
  customCSS: string;
}

const DEFAULTS: Look = {
  primaryColor: "#1d4ed8",
  secondaryColor: "#0f172a",
  logoUrl: null,
  faviconUrl: null,
  logoAssetId: null,
  faviconAssetId: null,
  coverAssetId: null,
  fontFamily: "system-ui",
  tagline: null,
  links: [],
  customCSS: "",
};

export interface SavedSettings {
  settings: BrandSettings;
  look: Look;
  /** 0: nothing was saved yet. */
  version: number;
}

/** JSON of what `BrandPicture` has, but for its address. */
type PictureJson = string | null;

interface Row extends Omit<Look, "links"> {
  organizerId: string;
  links: string;
  logo: PictureJson;
  favicon: PictureJson;
  cover: PictureJson;
  version: number;
  updatedAtMs: number;
}

const picture = (column: string): string =>
  `(SELECT json_object('assetId', id, 'contentType', content_type, 'width', width, 'height', height)
    FROM brand_assets WHERE id = brand_settings.${column} AND state = 'stored')`;

const COLUMNS = `organizer_id AS organizerId, version, primary_color AS primaryColor, secondary_color AS secondaryColor,
  logo_url AS logoUrl, favicon_url AS faviconUrl, logo_asset_id AS logoAssetId, favicon_asset_id AS faviconAssetId,
  cover_asset_id AS coverAssetId, font_family AS fontFamily, tagline, links, custom_css AS customCSS,
  updated_at_ms AS updatedAtMs, ${picture("logo_asset_id")} AS logo, ${picture("favicon_asset_id")} AS favicon,
  ${picture("cover_asset_id")} AS cover`;

function toPicture(json: PictureJson): BrandPicture | null {
  if (json === null) return null;
  const found = JSON.parse(json) as Omit<BrandPicture, "url">;
  return { ...found, url: assetPath(found.assetId) };
}

/** Two decimals, never rounded up to a contrast that is not there. */
const ratio = (color: string): number => Math.floor(contrast(color, "#ffffff") * 100) / 100;

function toSettings(
  organizerId: string,
  look: Look,
  pictures: Pick<BrandSettings, "logo" | "favicon" | "cover">,
  updatedAt: string | null,
): BrandSettings {
  const { primaryColor, secondaryColor, fontFamily, tagline, links, customCSS } = look;
  return {
    organizerId,
    primaryColor,
    secondaryColor,
    logoUrl: pictures.logo?.url ?? look.logoUrl,
    faviconUrl: pictures.favicon?.url ?? look.faviconUrl,
    ...pictures,
    fontFamily,
    tagline,
    links,
    customCSS,
    contrast: {
      primaryOnWhite: ratio(primaryColor),
      secondaryOnWhite: ratio(secondaryColor),
      textOnPrimary: textOn(primaryColor),
      textOnSecondary: textOn(secondaryColor),
    },
    updatedAt,
  };
}

function toSaved({ organizerId, version, updatedAtMs, logo, favicon, cover, links, ...rest }: Row): SavedSettings {
  const look: Look = { ...rest, links: JSON.parse(links) as BrandLink[] };
  const pictures = { logo: toPicture(logo), favicon: toPicture(favicon), cover: toPicture(cover) };
  return { settings: toSettings(organizerId, look, pictures, toTimestamp(updatedAtMs)), look, version };
}

const unsaved = (organizerId: string): SavedSettings => ({
  settings: toSettings(organizerId, DEFAULTS, { logo: null, favicon: null, cover: null }, null),
  look: DEFAULTS,
  version: 0,
});

/** The organizer's settings, the defaults where nothing was saved. */
export async function readSettings(db: D1Database, organizerId: string): Promise<SavedSettings> {
  const row = await db.prepare(`SELECT ${COLUMNS} FROM brand_settings WHERE organizer_id = ?`).bind(organizerId).first<Row>();
  return row ? toSaved(row) : unsaved(organizerId);
}

/** What one sibling may ask for at once. */
const MOST_AT_ONCE = 100;

/** The settings of several, one each in the order asked. */
export async function readSettingsOf(db: D1Database, organizerIds: string[]): Promise<BrandSettings[]> {
  if (organizerIds.length > MOST_AT_ONCE) throw new RangeError(`${organizerIds.length} organizers at once`);
  const { results } = await db
    .prepare(`SELECT ${COLUMNS} FROM brand_settings WHERE organizer_id IN (SELECT value FROM json_each(?))`)
    .bind(JSON.stringify(organizerIds))
    .all<Row>();
  const saved = new Map(results.map((row) => [row.organizerId, toSaved(row)]));
  return organizerIds.map((id) => (saved.get(id) ?? unsaved(id)).settings);
}

/** Changes the fields that the draft has and leaves the others, if nobody changed them since `current` was read. */
export async function saveSettings(
  db: D1Database,
  current: SavedSettings,
  draft: BrandSettingsDraft,
  nowMs: number,
): Promise<Result<SavedSettings, Refusal<"state_moved" | "asset_unknown" | "asset_too_large">>> {
  const look = changed(current.look, draft);
  const assetIds = [...new Set([look.logoAssetId, look.faviconAssetId, look.coverAssetId].filter((id) => id !== null))];
  const { strange, heavy } = await findFaults(db, draft);
  if (strange.length > 0) return refuse({ code: "asset_unknown", errors: strange });
  if (heavy.length > 0) return refuse({ code: "asset_too_large", errors: heavy });
  // Asked again by the statement that writes: an asset that goes meanwhile must not stand in the settings.
  const row = await db
    .prepare(
      `INSERT INTO brand_settings (organizer_id, version, primary_color, secondary_color, logo_url, favicon_url, logo_asset_id,
         favicon_asset_id, cover_asset_id, font_family, tagline, links, custom_css, created_at_ms, updated_at_ms)
       SELECT ?1, ?2 + 1, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?14
       WHERE (SELECT count(*) FROM brand_assets WHERE organizer_id = ?1 AND state = 'stored'
              AND id IN (SELECT value FROM json_each(?15))) = json_array_length(?15)
       ON CONFLICT (organizer_id) DO UPDATE SET version = excluded.version, primary_color = excluded.primary_color,
         secondary_color = excluded.secondary_color, logo_url = excluded.logo_url, favicon_url = excluded.favicon_url,
         logo_asset_id = excluded.logo_asset_id, favicon_asset_id = excluded.favicon_asset_id,
         cover_asset_id = excluded.cover_asset_id, font_family = excluded.font_family, tagline = excluded.tagline,
         links = excluded.links, custom_css = excluded.custom_css, updated_at_ms = excluded.updated_at_ms
       WHERE version = ?2
       RETURNING ${COLUMNS}`,
    )
    .bind(
      current.settings.organizerId,
      current.version,
      look.primaryColor,
      look.secondaryColor,
      look.logoUrl,
      look.faviconUrl,
      look.logoAssetId,
      look.faviconAssetId,
      look.coverAssetId,
      look.fontFamily,
      look.tagline,
      JSON.stringify(look.links),
      look.customCSS,
      nowMs,
      JSON.stringify(assetIds),
    )
    .first<Row>();
  return row ? ok(toSaved(row)) : refuse({ code: "state_moved" });
}

/** A picture is an asset or an address: naming one takes the other away, and null both. */
function changed(look: Look, { organizerId: _, ...draft }: BrandSettingsDraft): Look {
  const named = Object.fromEntries(Object.entries(draft).filter(([, value]) => value !== undefined));
  const after = { ...look, ...named };
  if (draft.logoAssetId !== undefined) after.logoUrl = draft.logoUrl ?? null;
  else if (draft.logoUrl !== undefined) after.logoAssetId = null;
  if (draft.faviconAssetId !== undefined) after.faviconUrl = draft.faviconUrl ?? null;
  else if (draft.faviconUrl !== undefined) after.faviconAssetId = null;
  return after;
}

const SHOWN_AS = { logoAssetId: "logo", faviconAssetId: "favicon", coverAssetId: "cover" } as const;

type Pointed = { pointer: string; message: string };

interface Faults {
  /** Where the draft names an asset that is not this organizer's. */
  strange: Pointed[];
  /** Where it names one that would keep a page's readers waiting. */
  heavy: Pointed[];
}

async function findFaults(db: D1Database, draft: BrandSettingsDraft): Promise<Faults> {
  const named = (["logoAssetId", "faviconAssetId", "coverAssetId"] as const).flatMap((field) => {
    const id = draft[field];
    return id ? [{ field, id }] : [];
  });
  if (named.length === 0) return { strange: [], heavy: [] };
  const { results } = await db
    .prepare(
      `SELECT id, size_bytes AS sizeBytes FROM brand_assets
       WHERE organizer_id = ? AND state = 'stored' AND id IN (SELECT value FROM json_each(?))`,
    )
    .bind(draft.organizerId, JSON.stringify(named.map(({ id }) => id)))
    .all<{ id: string; sizeBytes: number }>();
  const sizes = new Map(results.map(({ id, sizeBytes }) => [id, sizeBytes]));
  return {
    strange: named
      .filter(({ id }) => !sizes.has(id))
      .map(({ field }) => ({ pointer: `/${field}`, message: "is no asset of this organizer" })),
    heavy: named.flatMap(({ field, id }) => {
      const most = MAX_SHOWN_BYTES[SHOWN_AS[field]];
      const bytes = sizes.get(id) ?? 0;
      return bytes > most ? [{ pointer: `/${field}`, message: `has ${bytes} bytes; a page shows at most ${most}` }] : [];
    }),
  };
}
