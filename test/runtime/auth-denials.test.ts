import { applyD1Migrations, reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { decodeJwt } from "jose";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { KEPT_MS } from "../../durable-objects/deny-list/denials";
import { AccessTokenClaims } from "../../shared/contracts/accounts";
import { setRole } from "../../workers/auth/accounts";
import { denied, sweepDenials } from "../../workers/auth/denials";
import { refresh, revoke } from "../../workers/auth/sessions";
import { changeStatus } from "../../workers/auth/standing";
import { type Auth, HERE, registerVerified, settled, startAuth, tokensOf } from "../support/auth";
import { denyLists } from "../support/auth-objects";

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
const deniedIds = async (auth: Auth) => (await denied(auth.env, nowMs)).denials.map(({ id }) => id);

describe("the list gets", () => {
  test("a session that is signed out, at once, from the moment on when it was", async () => {
    const auth = startAuth();
    await registerVerified(auth, EMAIL, nowMs);
    const { claims } = await signIn(auth);
    expect(claims.iat_ms).toBe(nowMs);
    pass(50);
    await revoke(auth.env, auth.after, claims.sid, "logout", nowMs);
    const list = await denied(auth.env, nowMs);
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

test("a denial that the list could not take is reported, does not undo what ended, and goes with the next sweep", async () => {
  const errors = vi.spyOn(console, "error").mockImplementation(() => undefined);
  const auth = startAuth();
  await registerVerified(auth, EMAIL, nowMs);
  const { claims, refreshToken } = await signIn(auth);
  auth.env.DENY_LIST = {
    getByName: () => ({ deny: () => Promise.reject(new Error("gone")) }),
  } as unknown as AuthEnv["DENY_LIST"];
  await revoke(auth.env, auth.after, claims.sid, "logout", nowMs);
  await settled();
  expect(errors.mock.calls[0]?.[0]).toContain("send denials");
  expect(await refresh(auth.env, auth.after, refreshToken, HERE, nowMs)).toMatchObject({ ok: false });
  auth.env.DENY_LIST = denyLists();
  expect(await sweepDenials(auth.env)).toBe(1);
  expect(await deniedIds(auth)).toEqual([claims.sid]);
  expect(await sweepDenials(auth.env)).toBe(0);
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
  for (let n = 0; n < 5; n++) await denied(auth.env, nowMs);
  pass(1_999);
  const old = await denied(auth.env, nowMs);
  expect([asked, nowMs - old.asOfMs]).toEqual([1, 1_999]);
  pass(1);
  expect((await denied(auth.env, nowMs)).asOfMs).toBe(nowMs);
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
