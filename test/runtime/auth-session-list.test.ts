import { applyD1Migrations, reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { deviceOf, placeOf } from "../../workers/auth/clients";
import { IDLE_MS } from "../../workers/auth/session-ends";
import { endOtherSessions, endSession, listSessions } from "../../workers/auth/session-list";
import { refresh } from "../../workers/auth/sessions";
import { type Auth, HERE, NOW_MS, registerVerified, settled, startAuth, tokensOf } from "../support/auth";

const ADA = "ada@bilten.example";
const BOB = "bob@bilten.example";

beforeEach(() => applyD1Migrations(env.AUTH_DB, env.MIGRATIONS.auth));
afterEach(async () => {
  await settled();
  await reset();
});

const phone = { ...HERE, client: { device: "Safari on iOS", place: "Graz, AT" } };

/** Signed in, with who that is to the routes. */
async function signIn(auth: Auth, email: string, audience: Parameters<typeof tokensOf>[2] = {}) {
  const { user, refreshToken } = await tokensOf(auth, email, audience);
  const session = await env.AUTH_DB.prepare("SELECT id FROM sessions WHERE account_id = ? ORDER BY created_at_ms DESC, id DESC")
    .bind(user.id)
    .first<{ id: string }>();
  return { who: { userId: user.id, sessionId: session?.id ?? "" }, refreshToken };
}
const list = async (auth: Auth, who: { userId: string; sessionId: string }, nowMs = NOW_MS) =>
  (await listSessions(auth.env, who, { limit: 20 }, nowMs)).data;

describe("the list of sessions", () => {
  test("shows the caller's own with device, place and last use, which one asks, and the newest first", async () => {
    const auth = startAuth();
    await registerVerified(auth, ADA);
    await registerVerified(auth, BOB);
    const desk = await signIn(auth, ADA);
    const mobile = await signIn(auth, ADA, { audience: phone, nowMs: NOW_MS + 1_000 });
    await signIn(auth, BOB);
    await refresh(auth.env, auth.after, desk.refreshToken, HERE, NOW_MS + 60_000);
    expect(await list(auth, desk.who, NOW_MS + 60_000)).toMatchObject([
      { id: mobile.who.sessionId, current: false, device: "Safari on iOS", place: "Graz, AT", host: null },
      { id: desk.who.sessionId, current: true, device: null, lastUsedAt: "2027-01-01T12:01:00.000Z" },
    ]);
  });

  test("leaves out what ended, by hand or by time", async () => {
    const auth = startAuth();
    await registerVerified(auth, ADA);
    const [first, second] = [await signIn(auth, ADA), await signIn(auth, ADA, { nowMs: NOW_MS + 1 })];
    await endSession(auth.env, auth.after, first.who.userId, first.who.sessionId, NOW_MS + 2);
    expect((await list(auth, second.who, NOW_MS + 2)).map(({ id }) => id)).toEqual([second.who.sessionId]);
    expect(await list(auth, second.who, NOW_MS + 1 + IDLE_MS)).toEqual([]);
  });

  test("comes in pages that neither repeat nor miss one", async () => {
    const auth = startAuth();
    await registerVerified(auth, ADA);
    for (let n = 0; n < 5; n++) await signIn(auth, ADA, { nowMs: NOW_MS + Math.floor(n / 2) });
    const who = { userId: (await signIn(auth, ADA, { nowMs: NOW_MS - 1 })).who.userId, sessionId: "" };
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const next = await listSessions(auth.env, who, { limit: 2, cursor }, NOW_MS + 9);
      seen.push(...next.data.map(({ id }) => id));
      cursor = next.nextCursor ?? undefined;
    } while (cursor);
    expect([seen.length, new Set(seen).size]).toEqual([6, 6]);
  });
});

describe("signing out elsewhere", () => {
  test("ends one session for good, and another one of the same person goes on", async () => {
    const auth = startAuth();
    await registerVerified(auth, ADA);
    const [here, there] = [await signIn(auth, ADA), await signIn(auth, ADA, { nowMs: NOW_MS + 1 })];
    expect(await endSession(auth.env, auth.after, here.who.userId, there.who.sessionId, NOW_MS + 2)).toEqual({
      ok: true,
      value: null,
    });
    expect(await refresh(auth.env, auth.after, there.refreshToken, HERE, NOW_MS + 3)).toMatchObject({ ok: false });
    expect(await refresh(auth.env, auth.after, here.refreshToken, HERE, NOW_MS + 3)).toMatchObject({ ok: true });
  });

  test("finds neither another person's session nor one that has ended, and ends none by it", async () => {
    const auth = startAuth();
    await registerVerified(auth, ADA);
    await registerVerified(auth, BOB);
    const [ada, bob] = [await signIn(auth, ADA), await signIn(auth, BOB)];
    const missing = { ok: false, error: { code: "session_not_found" } };
    expect(await endSession(auth.env, auth.after, bob.who.userId, ada.who.sessionId, NOW_MS)).toEqual(missing);
    expect(await refresh(auth.env, auth.after, ada.refreshToken, HERE, NOW_MS + 1)).toMatchObject({ ok: true });
    await endSession(auth.env, auth.after, bob.who.userId, bob.who.sessionId, NOW_MS);
    expect(await endSession(auth.env, auth.after, bob.who.userId, bob.who.sessionId, NOW_MS + 1)).toEqual(missing);
    expect((await env.AUTH_DB.prepare("SELECT count(*) AS n FROM pending_denials").first<{ n: number }>())?.n).toBe(0);
  });

  test("everywhere leaves the session that asks", async () => {
    const auth = startAuth();
    await registerVerified(auth, ADA);
    const [here, there] = [await signIn(auth, ADA), await signIn(auth, ADA, { nowMs: NOW_MS + 1 })];
    await endOtherSessions(auth.env, auth.after, here.who, NOW_MS + 2);
    expect(await refresh(auth.env, auth.after, there.refreshToken, HERE, NOW_MS + 3)).toMatchObject({ ok: false });
    expect((await list(auth, here.who, NOW_MS + 3)).map(({ id }) => id)).toEqual([here.who.sessionId]);
  });
});

describe("a device", () => {
  test.each([
    ["Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"],
    [
      "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0 Safari/537.36",
      "Chrome on Windows",
    ],
    [
      "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0 Safari/537.36 Edg/141.0",
      "Edge on Windows",
    ],
    [
      "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile Safari/604.1",
      "Safari on iOS",
    ],
    [
      "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0 Mobile Safari/537.36",
      "Chrome on Android",
    ],
    ["curl/8.5.0", "curl"],
    ["", "Unknown device"],
    [`x${"\u0000<script>".repeat(500)}`, "Unknown device"],
  ])("%s", (userAgent, device) => {
    expect(deviceOf(userAgent)).toBe(device);
  });

  test("has a place where the edge knows one", () => {
    expect(placeOf({ city: "Vienna", country: "AT" })).toBe("Vienna, AT");
    expect(placeOf({ country: "AT" })).toBe("AT");
    for (const nothing of [undefined, null, {}, { city: 7 }]) expect(placeOf(nothing)).toBeNull();
    expect(placeOf({ city: "x".repeat(500), country: "AT" })).toHaveLength(128);
  });
});
