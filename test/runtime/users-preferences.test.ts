import { applyD1Migrations, reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { storeAccount } from "../../workers/users/accounts";
import {
  avatarPath,
  isColleague,
  MAX_UNSHOWN,
  readAvatar,
  removeAvatar,
  storeAvatar,
  sweepAvatars,
} from "../../workers/users/avatars";
import { type ConsentsChange, changeConsents, MAX_DECISIONS, readConsents } from "../../workers/users/consents";
import { joinTeam } from "../../workers/users/memberships";
import { changePreferences, PreferencesChange, readingHabits, readPreferences } from "../../workers/users/preferences";
import { readProfile } from "../../workers/users/profiles";
import { countRows } from "../support/counted-database";
import { bytesOf, joined, png } from "../support/pictures";
import { accountOf, startUsers } from "../support/users";

const NOW_MS = Date.parse("2027-01-01T12:00:00Z");
const HOUR_MS = 3_600_000;
const USER = "0197f3c2-1a2b-7d3c-8e4f-0a1b2c3d4e5f";

beforeEach(() => applyD1Migrations(env.USERS_DB, env.MIGRATIONS.users));
afterEach(() => reset());

describe("preferences", () => {
  test("begin with defaults, and change by their fields", async () => {
    expect((await readPreferences(env.USERS_DB, USER)).preferences).toEqual({
      locale: "en",
      timezone: "UTC",
      currency: "EUR",
      channels: { email: true, sms: false, push: false },
    });
    const change = (said: unknown) => changePreferences(env.USERS_DB, USER, PreferencesChange.parse(said), null, NOW_MS);
    await change({ locale: "DE-at", channels: { sms: true } });
    const changed = await change({ timezone: "europe/vienna" });
    expect(changed).toEqual({
      ok: true,
      value: {
        preferences: {
          locale: "de-AT",
          timezone: "Europe/Vienna",
          currency: "EUR",
          channels: { email: true, sms: true, push: false },
        },
        version: 2,
      },
    });
  });

  test("say how people read to whoever writes to them, of those who chose", async () => {
    const unsaid = crypto.randomUUID();
    await changePreferences(env.USERS_DB, USER, PreferencesChange.parse({ locale: "de-AT" }), null, NOW_MS);
    const asked = [unsaid, USER, ...Array.from({ length: 98 }, () => crypto.randomUUID())];
    expect(await readingHabits(env.USERS_DB, asked)).toEqual([{ userId: USER, locale: "de-AT", timezone: "UTC" }]);
    await expect(readingHabits(env.USERS_DB, [...asked, USER])).rejects.toThrow(RangeError);
  });

  test("of two who saw the same version one changes them, the first time too", async () => {
    for (const version of [0, 1]) {
      const both = await Promise.all(
        ["EUR", "JPY"].map((currency) => changePreferences(env.USERS_DB, USER, { currency }, version, NOW_MS)),
      );
      expect(both.map(({ ok }) => ok).sort()).toEqual([false, true]);
    }
    expect(await changePreferences(env.USERS_DB, crypto.randomUUID(), { currency: "EUR" }, 3, NOW_MS)).toEqual({
      ok: false,
      error: { code: "version_stale" },
    });
  });

  test("whatever language the form takes can be kept, though its tag is written longer than it was sent", async () => {
    for (const [locale, kept] of [
      ["sh", "sr-Latn"],
      ["cnr", "sr-ME"],
    ] as const) {
      const changed = await changePreferences(env.USERS_DB, USER, PreferencesChange.parse({ locale }), null, NOW_MS);
      expect(changed).toMatchObject({ ok: true, value: { preferences: { locale: kept } } });
    }
    const longest = "de-x-aaaaaaaa-bbbbbbbb-cccccccc-ddd";
    expect(longest).toHaveLength(35);
    await changePreferences(env.USERS_DB, USER, PreferencesChange.parse({ locale: longest }), null, NOW_MS);
    expect((await readPreferences(env.USERS_DB, USER)).preferences.locale).toBe(longest);
  });

  test.each([
    { locale: "no language" },
    { locale: "sh-x-aaaaaaaa-bbbbbbbb-cccccccc-ddd" },
    { locale: "de-x-aaaaaaaa-bbbbbbbb-cccccccc-dddd" },
    { currency: "XAU" },
    { timezone: "Europe/Nowhere" },
    { timezone: "+02:00" },
    { currency: "XQX" },
    { currency: "eur" },
    { channels: { fax: true } },
    { theme: "dark" },
  ])("%j is refused", (wrong) => {
    expect(PreferencesChange.safeParse(wrong).success).toBe(false);
  });
});

describe("consents", () => {
  test("are nobody's until he decides, and each decision stays with its time", async () => {
    expect((await readConsents(env.USERS_DB, USER)).consents.marketing).toEqual({ granted: false, decidedAt: null });
    await changeConsents(env.USERS_DB, USER, { marketing: true, analytics: false }, null, NOW_MS);
    await changeConsents(env.USERS_DB, USER, { marketing: true }, null, NOW_MS + HOUR_MS);
    const { consents, version } = await readConsents(env.USERS_DB, USER);
    expect(consents.marketing).toEqual({ granted: true, decidedAt: "2027-01-01T12:00:00.000Z" });
    expect(version).toBe(2);
    await changeConsents(env.USERS_DB, USER, { marketing: false }, 2, NOW_MS + HOUR_MS);
    expect(await changeConsents(env.USERS_DB, USER, { marketing: true }, 2, NOW_MS)).toMatchObject({ ok: false });
    expect((await readConsents(env.USERS_DB, USER)).consents.marketing.granted).toBe(false);
    const kept = await env.USERS_DB.prepare("SELECT count(*) AS n FROM consent_decisions").first<{ n: number }>();
    expect(kept?.n).toBe(3);
  });

  test("after a thousand decisions of a purpose nobody agrees again, and who agreed last can withdraw it", async () => {
    const decide = (change: ConsentsChange) => changeConsents(env.USERS_DB, USER, change, null, NOW_MS);
    await env.USERS_DB.prepare(
      `INSERT INTO consent_decisions (user_id, purpose, number, granted, decided_at_ms)
       WITH RECURSIVE counted(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < ?)
       SELECT ?, 'marketing', n, n % 2, 0 FROM counted`,
    )
      .bind(MAX_DECISIONS - 1, USER)
      .run();
    expect(await decide({ marketing: false })).toMatchObject({ ok: true, value: { version: MAX_DECISIONS } });
    const refused = { ok: false, error: { code: "too_many_decisions" } };
    expect(await decide({ marketing: true, analytics: true })).toEqual(refused);
    expect((await readConsents(env.USERS_DB, USER)).consents.analytics.decidedAt).toBeNull();
    expect(await decide({ marketing: false, analytics: true })).toMatchObject({
      ok: true,
      value: { version: MAX_DECISIONS + 1 },
    });

    await env.USERS_DB.prepare("UPDATE consent_decisions SET granted = 1 - granted WHERE purpose = 'marketing'").run();
    expect(await decide({ marketing: false })).toMatchObject({
      ok: true,
      value: { consents: { marketing: { granted: false } } },
    });
    expect(await decide({ marketing: true })).toEqual(refused);
  });

  test("reading them reads a few rows, however many there are", async () => {
    await env.USERS_DB.prepare(
      `INSERT INTO consent_decisions (user_id, purpose, number, granted, decided_at_ms)
       WITH RECURSIVE counted(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < 500)
       SELECT ?, value, n, n % 2, 0 FROM counted, json_each('["marketing", "analytics", "personalization"]')`,
    )
      .bind(USER)
      .run();
    const { db, rowsRead } = countRows(env.USERS_DB);
    expect((await readConsents(db, USER)).version).toBe(1_500);
    expect(rowsRead()).toBeGreaterThan(0);
    expect(rowsRead()).toBeLessThan(20);
  });
});

describe("a picture", () => {
  const objects = async (): Promise<number> => (await env.AVATARS.list()).objects.length;

  test("is what its bytes say, without what stands behind them, and shown by its profile", async () => {
    const person = accountOf();
    const users = startUsers([person]);
    const dirty = joined(png(3, 2), bytesOf("<script>"));
    expect(await storeAvatar(users, person.id, dirty, null, NOW_MS)).toEqual({ ok: true, value: null });
    const avatar = await readAvatar(env.USERS_DB, person.id);
    expect(avatar).toMatchObject({ contentType: "image/png", sizeBytes: png(3, 2).byteLength });
    const profile = await readProfile(users, person.id);
    expect(profile.ok && profile.value.profile.avatarUrl).toBe(avatarPath(person.id, avatar?.id ?? ""));
  });

  test.each<[string, Uint8Array, string]>([
    ["a text", bytesOf("hello"), "asset_type_unsupported"],
    ["a drawing", bytesOf('<svg xmlns="http://www.w3.org/2000/svg"/>'), "asset_type_unsupported"],
    ["one that is cut off", png(3, 2).subarray(0, 40), "asset_broken"],
    ["one of 64 million pixels", png(2, 2, { says: [8_000, 8_000] }), "asset_too_large"],
    ["nothing", new Uint8Array(), "asset_type_unsupported"],
  ])("%s is none", async (_what, bytes, code) => {
    expect(await storeAvatar(startUsers([]), USER, bytes, null, NOW_MS)).toMatchObject({ ok: false, error: { code } });
    expect(await objects()).toBe(0);
  });

  test("that was replaced or taken away is swept, the one that is shown never", async () => {
    const users = startUsers([]);
    await storeAvatar(users, USER, png(3, 2), null, NOW_MS);
    await storeAvatar(users, USER, png(2, 3), null, NOW_MS);
    expect(await sweepAvatars(users, NOW_MS)).toBe(0);
    expect(await sweepAvatars(users, NOW_MS + HOUR_MS)).toBe(1);
    expect(await objects()).toBe(1);
    expect(await readAvatar(env.USERS_DB, USER)).not.toBeNull();
    await removeAvatar(users, USER, NOW_MS + HOUR_MS);
    expect(await readAvatar(env.USERS_DB, USER)).toBeNull();
    expect(await sweepAvatars(users, NOW_MS + 2 * HOUR_MS)).toBe(1);
    expect(await objects()).toBe(0);
  });

  test("chosen by who saw an older profile is not shown, nor the one of the slower of two", async () => {
    const users = startUsers([]);
    const stale = { ok: false, error: { code: "version_stale" } };
    const both = await Promise.all([3, 4].map((side) => storeAvatar(users, USER, png(side, 2), 0, NOW_MS)));
    expect(both.map(({ ok }) => ok).sort()).toEqual([false, true]);
    expect(both).toContainEqual(stale);
    const shown = await readAvatar(env.USERS_DB, USER);
    expect(await storeAvatar(users, USER, png(5, 2), 0, NOW_MS)).toEqual(stale);
    expect(await readAvatar(env.USERS_DB, USER)).toEqual(shown);
    expect(await storeAvatar(users, USER, png(5, 2), 1, NOW_MS)).toMatchObject({ ok: true });
  });

  test("is the twenty-first in ten minutes for nobody, and for nobody else's sake", async () => {
    const users = startUsers([]);
    for (let count = 0; count <= MAX_UNSHOWN; count++)
      expect(await storeAvatar(users, USER, png(3, 2), null, NOW_MS)).toMatchObject({ ok: true });
    expect(await storeAvatar(users, USER, png(3, 2), null, NOW_MS)).toEqual({
      ok: false,
      error: { code: "rate_limited", retryAfterSeconds: 600 },
    });
    expect(await objects()).toBe(MAX_UNSHOWN + 1);
    expect(await storeAvatar(users, crypto.randomUUID(), png(3, 2), null, NOW_MS)).toMatchObject({ ok: true });
    expect(await sweepAvatars(users, NOW_MS + HOUR_MS)).toBe(MAX_UNSHOWN);
    expect(await storeAvatar(users, USER, png(2, 3), null, NOW_MS + HOUR_MS)).toMatchObject({ ok: true });
  });

  test("that the sweep gave up before it was stored is not shown", async () => {
    const slow = startUsers([]);
    const put = async (key: string, value: ArrayBuffer) => {
      await sweepAvatars(slow, NOW_MS + HOUR_MS);
      return env.AVATARS.put(key, value);
    };
    slow.AVATARS = { put, delete: (keys: string[]) => env.AVATARS.delete(keys) } as unknown as R2Bucket;
    expect(await storeAvatar(slow, USER, png(3, 2), null, NOW_MS)).toMatchObject({ ok: false, error: { code: "state_moved" } });
    expect(await readAvatar(env.USERS_DB, USER)).toBeNull();
  });

  test("is seen by its owner and who works in a team with him, for as long as he does", async () => {
    const [one, colleague, stranger] = [accountOf(), accountOf(), accountOf()];
    await env.USERS_DB.batch([one, colleague, stranger].map((account) => storeAccount(env.USERS_DB, account)));
    const founded = (slug: string) =>
      env.USERS_DB.prepare(
        "INSERT INTO organizers (id, name, slug, created_at_ms, updated_at_ms) VALUES (?1, ?1, ?1, 0, 0)",
      ).bind(slug);
    const join = (organizerId: string, { id }: { id: string }) =>
      joinTeam(env.USERS_DB, organizerId, id, { role: "door" }, NOW_MS);
    await env.USERS_DB.batch([
      ...["team", "another"].map(founded),
      join("team", one),
      join("team", colleague),
      join("another", stranger),
    ]);
    expect(await isColleague(env.USERS_DB, one.id, one.id)).toBe(true);
    expect(await isColleague(env.USERS_DB, colleague.id, one.id)).toBe(true);
    expect(await isColleague(env.USERS_DB, stranger.id, one.id)).toBe(false);
    await env.USERS_DB.prepare("DELETE FROM memberships WHERE user_id = ?").bind(colleague.id).run();
    expect(await isColleague(env.USERS_DB, colleague.id, one.id)).toBe(false);
  });
});
