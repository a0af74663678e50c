/** How a person wants to be spoken to: language, clock, money, and by which channel. */
import { z } from "zod";
import { Currency } from "../../shared/contracts/money";
import type { ReadingHabits } from "../../shared/contracts/organizers";
import { TimeZone } from "../../shared/contracts/places";
import type { Refusal } from "../../shared/contracts/problems";
import { ok, type Result, refuse } from "../../shared/contracts/result";

/** As BCP 47 wants a tag written, which may lengthen it (`sh` is `sr-Latn`); null for none. */
function localeKnownAs(tag: string): string | null {
  try {
    return Intl.getCanonicalLocales(tag)[0] ?? null;
  } catch {
    return null;
  }
}

const MAX_LOCALE_CHARACTERS = 35;
const Locale = z.string().min(2).max(MAX_LOCALE_CHARACTERS).meta({ description: "BCP 47", example: "de-AT" });
const Timezone = TimeZone.meta({ description: "IANA", example: "Europe/Vienna" });
const channels = { email: z.boolean(), sms: z.boolean(), push: z.boolean() };

export const Preferences = z
  .object({ locale: Locale, timezone: Timezone, currency: Currency, channels: z.object(channels) })
  .meta({ id: "Preferences" });
export type Preferences = z.infer<typeof Preferences>;

export const PreferencesChange = z
  .strictObject({
    locale: Locale.refine((tag) => localeKnownAs(tag) !== null, "a language tag")
      .overwrite((tag) => localeKnownAs(tag) ?? tag)
      .max(MAX_LOCALE_CHARACTERS),
    timezone: Timezone,
    currency: Currency,
    channels: z.strictObject(channels).partial(),
  })
  .partial()
  .meta({ id: "PreferencesChange" });
export type PreferencesChange = z.infer<typeof PreferencesChange>;

export interface StoredPreferences {
  preferences: Preferences;
  version: number;
}

interface Row {
  locale: string;
  timezone: string;
  currency: string;
  email: number;
  sms: number;
  push: number;
  version: number;
}
const COLUMNS = "locale, timezone, currency, email, sms, push, version";
/** Of who never said; the table's own defaults. */
const UNSAID: Row = { locale: "en", timezone: "UTC", currency: "EUR", email: 1, sms: 0, push: 0, version: 0 };

const stored = ({ version, email, sms, push, ...row }: Row): StoredPreferences => ({
  preferences: { ...row, channels: { email: email === 1, sms: sms === 1, push: push === 1 } },
  version,
});

export async function readPreferences(db: D1Database, userId: string): Promise<StoredPreferences> {
  return stored((await db.prepare(`SELECT ${COLUMNS} FROM preferences WHERE user_id = ?`).bind(userId).first<Row>()) ?? UNSAID);
}

const MAX_IDS = 100;
export async function readingHabits(db: D1Database, userIds: readonly string[]): Promise<ReadingHabits[]> {
  if (userIds.length > MAX_IDS) throw new RangeError(`at most ${MAX_IDS} ids`);
  const { results } = await db
    .prepare("SELECT user_id AS userId, locale, timezone FROM preferences WHERE user_id IN (SELECT value FROM json_each(?))")
    .bind(JSON.stringify(userIds))
    .all<ReadingHabits>();
  return results;
}

const bit = (value: boolean | undefined): number | null => (value === undefined ? null : Number(value));

/** Changes the fields present; with `ifVersion` only while they are at that version, 0 being that of who never said. */
export async function changePreferences(
  db: D1Database,
  userId: string,
  { locale, timezone, currency, channels: { email, sms, push } = {} }: PreferencesChange,
  ifVersion: number | null,
  nowMs: number,
): Promise<Result<StoredPreferences, Refusal<"version_stale">>> {
  const row = await db
    .prepare(
      `INSERT INTO preferences (user_id, locale, timezone, currency, email, sms, push, version, updated_at_ms)
       SELECT ?1, coalesce(?2, 'en'), coalesce(?3, 'UTC'), coalesce(?4, 'EUR'), coalesce(?5, 1), coalesce(?6, 0), coalesce(?7, 0), 1, ?8
       WHERE coalesce(?9, 0) = 0 OR EXISTS (SELECT 1 FROM preferences WHERE user_id = ?1)
       ON CONFLICT (user_id) DO UPDATE SET locale = coalesce(?2, locale), timezone = coalesce(?3, timezone),
         currency = coalesce(?4, currency), email = coalesce(?5, email), sms = coalesce(?6, sms), push = coalesce(?7, push),
         version = version + 1, updated_at_ms = excluded.updated_at_ms
       WHERE version = coalesce(?9, version)
       RETURNING ${COLUMNS}`,
    )
    .bind(userId, locale ?? null, timezone ?? null, currency ?? null, bit(email), bit(sms), bit(push), nowMs, ifVersion)
    .first<Row>();
  return row ? ok(stored(row)) : refuse({ code: "version_stale" });
}
