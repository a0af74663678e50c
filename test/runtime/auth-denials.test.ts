import { applyD1Migrations, reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { decodeJwt } from "jose";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { AccessTokenClaims } from "../../shared/contracts/accounts";
import { KEPT_MS } from "../../shared/contracts/denials";
import { setRole } from "../../workers/auth/accounts";
import { denied, JUST_REVOKED } from "../../workers/auth/denials";
import { endOtherSessions } from "../../workers/auth/session-list";
import { BEYOND_MOST, MAX_SESSIONS, refresh, revoke } from "../../workers/auth/sessions";
import { changeStatus } from "../../workers/auth/standing";
import { type Auth, HERE, registerVerified, settled, startAuth, tokensOf } from "../support/auth";
import { denyLists } from "../support/auth-objects";
import { interceptTrips } from "../support/tripped-database";

const EMAIL = "ada@bilten.example";
/** Not the first moment: what auth remembers of another test is older than this one's. */
let nowMs = Date.parse("2027-02-01T12:00:00Z");

beforeEach(async () => {
  nowMs += 3_600_000;
  vi.useFakeTimers({ toFake: ["Date"], now: nowMs });
  await applyD1Migrations(env.AUTH_DB, env.MIGRATIONS.auth);
});
afterEach(async () => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  await settled();
  await reset();
});

const pass = (ms: number): void => {
  nowMs += ms;
  vi.setSystemTime(nowMs);
};

async function signIn(auth: Auth) {
  const tokens = await tokensOf(auth, EMAIL, { nowMs });
  return { ...tokens, claims: AccessTokenClaims.parse(decodeJwt(tokens.accessToken)) };
}
const pendingRows = () => env.AUTH_DB.prepare("SELECT count(*) AS n FROM pending_denials").first<number>("n");
/** A list that tells what it knows and takes nothing. */
const deafList = () => {
  const deny = () => Promise.reject(new Error("gone"));
  const known = denyLists().getByName("everybody");
  return { getByName: () => ({ deny, denied: () => known.denied() }) } as unknown as AuthEnv["DENY_LIST"];
};
const deniedIds = async (auth: Auth) => (await denied(auth.env, auth.after, nowMs)).denials.map(({ id }) => id);

describe("the list gets", () => {
  test("a session that is signed out, at once, from the moment on when it was", async () => {
    const auth = startAuth();
    await registerVerified(auth, EMAIL, nowMs);
    const { claims } = await signIn(auth);
    expect(claims.iat_ms).toBe(nowMs);
    pass(50);
    await revoke(auth.env, auth.after, claims.sid, "logout", nowMs);
    const list = await denied(auth.env, auth.after, nowMs);
    expect(list.denials).toEqual([{ id: claims.sid, claim: "sid", notBeforeMs: nowMs }]);
  });

  test("a session whose refresh token two parties used, and no other", async () => {
    const auth = startAuth();
    await registerVerified(auth, EMAIL, nowMs);
    const [other, stolen] = [await signIn(auth), await signIn(auth)];
    pass(1);
    expect(await refresh(auth.env, auth.after, stolen.refreshToken, HERE, nowMs)).toMatchObject({ ok: true });
    expect(await refresh(auth.env, auth.after, stolen.refreshToken, HERE, nowMs)).toMatchObject({ ok: false });
    expect(await deniedIds(auth)).toEqual([stolen.claims.sid]);
    expect(await refresh(auth.env, auth.after, other.refreshToken, HERE, nowMs)).toMatchObject({ ok: true });
  });

  test("an account whose role changed, and one that was suspended with its sessions", async () => {
    const auth = startAuth();
    await registerVerified(auth, EMAIL, nowMs);
    await registerVerified(auth, "admin@bilten.example", nowMs);
    const { user, claims } = await signIn(auth);
    pass(1);
    const admin = await setRole(auth.env, auth.after, "admin@bilten.example", "admin", nowMs);
    if (!admin.ok) throw new Error(admin.error.code);
    pass(3_000);
    expect(await deniedIds(auth)).toEqual([admin.value.id]);
    pass(1);
    expect(await changeStatus(auth.env, auth.after, admin.value.id, user.id, "suspended", null, nowMs)).toMatchObject({
      ok: true,
    });
    expect((await deniedIds(auth)).sort()).toEqual([admin.value.id, user.id, claims.sid].sort());
  });
});

test("a denial that the list could not take is reported, told all the same, and reaches the list beside the next question", async () => {
  const errors = vi.spyOn(console, "error").mockImplementation(() => undefined);
  const auth = startAuth();
  await registerVerified(auth, EMAIL, nowMs);
  const { claims, refreshToken } = await signIn(auth);
  // What the isolate remembers of before must not hide it.
  expect(await deniedIds(auth)).toEqual([]);
  auth.env.DENY_LIST = deafList();
  await revoke(auth.env, auth.after, claims.sid, "logout", nowMs);
  await settled();
  expect(errors.mock.calls[0]?.[0]).toContain("send denials");
  expect(await refresh(auth.env, auth.after, refreshToken, HERE, nowMs)).toMatchObject({ ok: false });
  expect((await denied(auth.env, auth.after, nowMs)).denials).toEqual([{ claim: "sid", id: claims.sid, notBeforeMs: nowMs }]);
  await settled();
  auth.env.DENY_LIST = denyLists();
  pass(2_000);
  expect(await deniedIds(auth)).toEqual([claims.sid]);
  await settled();
  expect(await pendingRows()).toBe(0);
  pass(2_000);
  expect(await deniedIds(auth)).toEqual([claims.sid]);
});

test("what waits longer refuses the tokens of its own time, not those that were issued since", async () => {
  vi.spyOn(console, "error").mockImplementation(() => undefined);
  const auth = startAuth();
  await registerVerified(auth, EMAIL, nowMs);
  auth.env.DENY_LIST = deafList();
  const changed = await setRole(auth.env, auth.after, EMAIL, "organizer", nowMs);
  if (!changed.ok) throw new Error(changed.error.code);
  const changedMs = nowMs;
  pass(60_000);
  const { denials } = await denied(auth.env, auth.after, nowMs);
  expect(denials).toEqual([{ claim: "sub", id: changed.value.id, notBeforeMs: changedMs + 10_000 }]);
  expect((await signIn(auth)).claims.iat_ms).toBeGreaterThan(denials[0]?.notBeforeMs ?? Number.MAX_VALUE);
});

describe("one account's sessions", () => {
  /** As many more that live, the last of them used at `lastUsedMs`. */
  const addSessions = (count: number, lastUsedMs: number) =>
    env.AUTH_DB.prepare(
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
       INSERT INTO sessions (id, account_id, audience, auth_time_ms, created_at_ms, last_used_at_ms, expires_at_ms)
       SELECT 'session ' || i, accounts.id, ?2, 0, 0, ?3 - ?1 + i, ?3 + 86400000 FROM n, accounts`,
    )
      .bind(count, HERE.audience, lastUsedMs)
      .run();
  const livingSessions = () =>
    env.AUTH_DB.prepare("SELECT count(*) AS n FROM sessions WHERE revoked_at_ms IS NULL").first<number>("n");

  test("are denied as far as a token of theirs may live, however many end at once", async () => {
    const auth = startAuth();
    await registerVerified(auth, EMAIL, nowMs);
    await addSessions(MAX_SESSIONS - 2, nowMs - KEPT_MS);
    const [here, there] = [await signIn(auth), await signIn(auth)];
    pass(1);
    const me = { userId: here.user.id, sessionId: here.claims.sid };
    await endOtherSessions(auth.env, auth.after, me, nowMs);
    expect([await livingSessions(), await deniedIds(auth)]).toEqual([1, [there.claims.sid]]);
  });

  test("are a hundred at most: the one that was used longest ago ends, its tokens too", async () => {
    const auth = startAuth();
    await registerVerified(auth, EMAIL, nowMs);
    await addSessions(MAX_SESSIONS, nowMs - 1);
    const { claims, refreshToken } = await signIn(auth);
    expect(await livingSessions()).toBe(MAX_SESSIONS);
    pass(2_000);
    expect(await deniedIds(auth)).toEqual(["session 1"]);
    expect(await refresh(auth.env, auth.after, refreshToken, HERE, nowMs)).toMatchObject({ ok: true });
    const { results } = await env.AUTH_DB.prepare("SELECT id FROM sessions WHERE revoked_at_ms IS NOT NULL").all();
    expect(results).toEqual([{ id: "session 1" }]);
    expect(claims.sid).not.toBe("session 1");
  });

  test("are found by an index, whatever number of them has ended", async () => {
    for (const sql of [BEYOND_MOST, JUST_REVOKED]) {
      const { results } = await env.AUTH_DB.prepare(`EXPLAIN QUERY PLAN ${sql}`)
        .bind(...Array.from(sql.matchAll(/\?/g), () => 1))
        .all<{ detail: string }>();
      expect(results[0]?.detail).toContain("sessions_by_revocation (account_id=? AND revoked_at_ms=?)");
    }
  });
});

describe("behind thousands of others' denials", () => {
  const queueUp = (count: number) =>
    env.AUTH_DB.prepare(
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
       INSERT INTO pending_denials (id, claim, created_at_ms) SELECT 'other ' || i, 'sid', ?2 - ?1 + i FROM n`,
    )
      .bind(count, nowMs)
      .run();

  test("a suspension is on the list at once", async () => {
    const auth = startAuth();
    await registerVerified(auth, "admin@bilten.example", nowMs);
    await registerVerified(auth, EMAIL, nowMs);
    const admin = await setRole(auth.env, auth.after, "admin@bilten.example", "admin", nowMs - KEPT_MS);
    const { user } = await signIn(auth);
    if (!admin.ok) throw new Error(admin.error.code);
    await queueUp(5_000);
    await changeStatus(auth.env, auth.after, admin.value.id, user.id, "suspended", null, nowMs);
    const { denials } = await auth.env.DENY_LIST.getByName("everybody").denied();
    expect(denials.map(({ id }) => id)).toContain(user.id);
  });

  test("each is on it within some seconds, without a sweep, and none that no token lives for", async () => {
    const auth = startAuth();
    await queueUp(2_500);
    await env.AUTH_DB.prepare("INSERT INTO pending_denials VALUES ('old', 'sid', ?)")
      .bind(nowMs - KEPT_MS)
      .run();
    expect(await deniedIds(auth)).toHaveLength(1_000);
    await settled();
    pass(2_000);
    await denied(auth.env, auth.after, nowMs);
    await settled();
    expect(await pendingRows()).toBe(0);
    pass(2_000);
    const ids = await deniedIds(auth);
    expect([ids.length, ids.includes("old")]).toEqual([2_500, false]);
  });
});

test("while the database does not answer, what is on the list counts", async () => {
  const errors = vi.spyOn(console, "error").mockImplementation(() => undefined);
  const auth = startAuth();
  const id = crypto.randomUUID();
  await auth.env.DENY_LIST.getByName("everybody").deny([{ claim: "sid", id }]);
  const db = interceptTrips(env.AUTH_DB, () => Promise.reject(new Error("gone")));
  expect((await denied({ ...auth.env, DB: db }, auth.after, nowMs)).denials).toEqual([{ claim: "sid", id, notBeforeMs: nowMs }]);
  expect(errors.mock.calls[0]?.[0]).toContain("hand on denials");
});

test("auth asks the object once in two seconds, and sees its own denials at once", async () => {
  const auth = startAuth();
  let asked = 0;
  const { getByName } = denyLists();
  auth.env.DENY_LIST = {
    getByName: (name: string) => {
      asked++;
      return getByName(name);
    },
  } as unknown as AuthEnv["DENY_LIST"];
  for (let n = 0; n < 5; n++) await denied(auth.env, auth.after, nowMs);
  pass(1_999);
  const old = await denied(auth.env, auth.after, nowMs);
  expect([asked, nowMs - old.asOfMs]).toEqual([1, 1_999]);
  pass(1);
  expect((await denied(auth.env, auth.after, nowMs)).asOfMs).toBe(nowMs);
  expect(asked).toBe(2);
});

describe("the object", () => {
  const list = () => denyLists().getByName(crypto.randomUUID());

  test("keeps an entry as long as a token that it refuses may live, and the later of two", async () => {
    const object = list();
    const id = crypto.randomUUID();
    await object.deny([{ claim: "sid", id }]);
    pass(1_000);
    await object.deny([{ claim: "sid", id }]);
    expect((await object.denied()).denials).toEqual([{ claim: "sid", id, notBeforeMs: nowMs }]);
    pass(KEPT_MS - 1);
    expect((await object.denied()).denials).toHaveLength(1);
    pass(1);
    expect((await object.denied()).denials).toEqual([]);
  });

  test("that nobody told anything has no tables", async () => {
    expect(await list().denied()).toEqual({ asOfMs: nowMs, allNotBeforeMs: 0, denials: [] });
  });

  test("takes a hundred at once and no more", async () => {
    const many = Array.from({ length: 101 }, () => ({ claim: "sid" as const, id: crypto.randomUUID() }));
    await expect(list().deny(many)).rejects.toThrow(RangeError);
  });
});
