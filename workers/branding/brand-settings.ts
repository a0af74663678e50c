/** How an organizer looks: what was saved, or the house's own look. */
import { eq } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import type { BrandSettings, BrandSettingsDraft } from "../../shared/contracts/branding";
import { toTimestamp } from "../../shared/contracts/ids";
import type { Refusal } from "../../shared/contracts/problems";
import { ok, type Result, refuse } from "../../shared/contracts/result";
import { brandSettings } from "./schema";

/** Version 0: nothing was saved yet. */
const DEFAULTS = {
  primaryColor: "#1d4ed8",
  secondaryColor: "#0f172a",
  logoUrl: null,
  faviconUrl: null,
  fontFamily: "system-ui",
  customCSS: "",
} as const;

export interface SavedSettings {
  settings: BrandSettings;
  version: number;
}

function toSaved(row: typeof brandSettings.$inferSelect): SavedSettings {
  const { version, createdAtMs: _, updatedAtMs, ...look } = row;
  return { settings: { ...look, updatedAt: toTimestamp(updatedAtMs) }, version };
}

/** The organizer's settings, the defaults where nothing was saved. */
export async function readSettings(db: D1Database, organizerId: string): Promise<SavedSettings> {
  const row = await drizzle(db).select().from(brandSettings).where(eq(brandSettings.organizerId, organizerId)).get();
  return row ? toSaved(row) : { settings: { organizerId, ...DEFAULTS, updatedAt: null }, version: 0 };
}

/** Changes the fields that the draft has and leaves the others, if nobody changed them since `current` was read. */
export async function saveSettings(
  db: D1Database,
  current: SavedSettings,
  draft: BrandSettingsDraft,
  nowMs: number,
): Promise<Result<SavedSettings, Refusal<"state_moved">>> {
  const { updatedAt: _, ...look } = { ...current.settings, ...definedOf(draft) };
  const change = { ...look, version: current.version + 1, updatedAtMs: nowMs };
  const row = await drizzle(db)
    .insert(brandSettings)
    .values({ ...change, createdAtMs: nowMs })
    .onConflictDoUpdate({ target: brandSettings.organizerId, set: change, setWhere: eq(brandSettings.version, current.version) })
    .returning()
    .get();
  return row ? ok(toSaved(row)) : refuse({ code: "state_moved" });
}

/** Without the fields that the body did not have. */
const definedOf = (draft: BrandSettingsDraft): Partial<BrandSettings> =>
  Object.fromEntries(Object.entries(draft).filter(([, value]) => value !== undefined));
