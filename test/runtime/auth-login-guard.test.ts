import { applyD1Migrations, reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { DAY_MS } from "../../durable-objects/login-guard/tries";
import { logIn } from "../../workers/auth/login";
import { beginTry, MOST_WRONG_IN_A_ROW, WRONG_IN_A_ROW } from "../../workers/auth/login-guard";
import { forgetPassword, resetPassword } from "../../workers/auth/password-reset";
import { sweep } from "../../workers/auth/sweep";
import { unlock } from "../../workers/auth/unlocking";
import { type Auth, HERE, mailedTokens, NOW_MS, PASSWORD, registerVerified, settled, startAuth } from "../support/auth";
import { swapSql } from "../support/swapped-database";

const EMAIL = "ada@bilten.example";
const NOBODY = "nobody@bilten.example";
const LOCK_MS = 15 * 60_000;
let nowMs = NOW_MS;

beforeEach(async () => {
  nowMs = NOW_MS;
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

const answerOf = (auth: Auth, email: string, password: string, address = "192.0.2.1") =>
  logIn(auth.env, auth.after, { email, password }, { ...HERE, address }, nowMs);
async function attempt(auth: Auth, email: string, password: string, address?: string): Promise<string> {
  const answer = await answerOf(auth, email, password, address);
  return answer.ok ? "in" : answer.error.code;
}
async function fail(auth: Auth, email: string, times: number): Promise<void> {
  for (let n = 0; n < times; n++) expect(await attempt(auth, email, "wrong")).toBe("invalid_credentials");
}

describe("ten wrong passwords in a row", () => {
  test("lock the address in any spelling for a quarter of an hour, for the right one too", async () => {
    const auth = startAuth();
    await registerVerified(auth, EMAIL);
    await fail(auth, EMAIL, WRONG_IN_A_ROW);
    pass(60_000);
    expect(await answerOf(auth, EMAIL.toUpperCase(), PASSWORD)).toEqual({
      ok: false,
      error: { code: "account_locked", retryAfterSeconds: 14 * 60 },
    });
    pass(LOCK_MS - 60_001);
    expect(await attempt(auth, EMAIL, PASSWORD)).toBe("account_locked");
    pass(1);
    expect(await attempt(auth, EMAIL, "wrong")).toBe("invalid_credentials");
    expect(await attempt(auth, EMAIL, PASSWORD)).toBe("in");
  });

  test("lock an address without an account alike, and nobody else's, and no database hears of it", async () => {
    const auth = startAuth();
    await registerVerified(auth, EMAIL);
    await fail(auth, NOBODY, WRONG_IN_A_ROW);
    expect(await attempt(auth, NOBODY, "wrong")).toBe("account_locked");
    expect(await attempt(auth, EMAIL, PASSWORD)).toBe("in");
  });

  test("are in a row however long they take, and not when a right one stands between them", async () => {
    const auth = startAuth();
    await registerVerified(auth, EMAIL);
    await fail(auth, EMAIL, WRONG_IN_A_ROW - 1);
    expect(await attempt(auth, EMAIL, PASSWORD)).toBe("in");
    await fail(auth, EMAIL, WRONG_IN_A_ROW - 1);
    pass(5 * DAY_MS);
    await fail(auth, EMAIL, 1);
    expect(await attempt(auth, EMAIL, PASSWORD)).toBe("account_locked");
  });

  test("lock for twice as long each further time, up to a day, and the hundredth until a mailed link opens, with an account or without", async () => {
    const auth = startAuth();
    await registerVerified(auth, EMAIL);
    for (const email of [EMAIL, "stranger@bilten.example"]) {
      const minutes: number[] = [];
      for (let n = 0; n < MOST_WRONG_IN_A_ROW; n++) {
        const begun = await beginTry(auth.env, email, "192.0.2.1");
        if (!begun.ok) throw new Error(begun.error.code);
        if (!(await begun.value.wrong()).locks) continue;
        const locked = await beginTry(auth.env, email, "192.0.2.1");
        const seconds = locked.ok ? 0 : (locked.error.retryAfterSeconds ?? 0);
        minutes.push(seconds / 60);
        if (minutes.length < 10) pass(seconds * 1_000);
      }
      expect(minutes, email).toEqual([15, 30, 60, 120, 240, 480, 960, 1_440, 1_440, 100 * 1_440]);
    }
    pass(90 * DAY_MS);
    expect(await attempt(auth, EMAIL, PASSWORD)).toBe("account_locked");
    await forgetPassword(auth.env, auth.after, EMAIL, nowMs);
    const [token = ""] = await mailedTokens(auth, EMAIL, "password_reset", nowMs);
    expect(await resetPassword(auth.env, auth.after, { token, password: "two lumps of sugar" }, nowMs)).toMatchObject({
      ok: true,
    });
    expect(await attempt(auth, EMAIL, "two lumps of sugar")).toBe("in");
    await fail(auth, EMAIL, WRONG_IN_A_ROW - 1);
    expect(await attempt(auth, EMAIL, "two lumps of sugar")).toBe("in");
  });
});

describe("the owner of a locked address", () => {
  test("gets one link by mail, which unlocks once; nobody without an account does", async () => {
    const auth = startAuth();
    await registerVerified(auth, EMAIL);
    await fail(auth, EMAIL, WRONG_IN_A_ROW);
    await fail(auth, NOBODY, WRONG_IN_A_ROW);
    await attempt(auth, EMAIL, "wrong");
    const heard = (await auth.heard()).filter(({ type }) => type === "account.mail_requested");
    // The first one was the verification's.
    expect(heard).toHaveLength(2);
    const [token = "", ...others] = await mailedTokens(auth, EMAIL, "unlock");
    expect(others).toEqual([]);
    expect(await attempt(auth, EMAIL, PASSWORD)).toBe("account_locked");
    expect(await unlock(auth.env, token, nowMs)).toEqual({ ok: true, value: null });
    expect(await attempt(auth, EMAIL, PASSWORD)).toBe("in");
    const useless = { ok: false, error: { code: "invalid_token" } };
    expect(await unlock(auth.env, token, nowMs)).toEqual(useless);
    const [verification = ""] = await mailedTokens(auth, EMAIL, "verification");
    for (const other of ["nothing", `${crypto.randomUUID()}.x`, verification])
      expect(await unlock(auth.env, other, nowMs)).toEqual(useless);
  });

  test("keeps the link, to unlock or to reset by, when the guard does not answer", async () => {
    const auth = startAuth();
    await registerVerified(auth, EMAIL);
    await fail(auth, EMAIL, WRONG_IN_A_ROW);
    await forgetPassword(auth.env, auth.after, EMAIL, nowMs);
    await settled();
    const [token = ""] = await mailedTokens(auth, EMAIL, "unlock");
    const [reset = ""] = await mailedTokens(auth, EMAIL, "password_reset");
    const silent = { getByName: () => ({ unlock: () => Promise.reject(new Error("the object is away")) }) };
    const deaf = { ...auth.env, LOGIN_GUARD: silent as unknown as AuthEnv["LOGIN_GUARD"] };
    const form = { token: reset, password: "two lumps of sugar" };
    await expect(unlock(deaf, token, nowMs)).rejects.toThrow("away");
    await expect(resetPassword(deaf, auth.after, form, nowMs)).rejects.toThrow("away");
    expect(await attempt(auth, EMAIL, PASSWORD)).toBe("account_locked");
    expect(await unlock(auth.env, token, nowMs)).toMatchObject({ ok: true });
    expect(await attempt(auth, EMAIL, PASSWORD)).toBe("in");
    expect(await resetPassword(auth.env, auth.after, form, nowMs)).toMatchObject({ ok: true });
  });

  test("cannot use a link that is older than an hour", async () => {
    const auth = startAuth();
    await registerVerified(auth, EMAIL);
    await fail(auth, EMAIL, WRONG_IN_A_ROW);
    await settled();
    const [token = ""] = await mailedTokens(auth, EMAIL, "unlock");
    expect(await unlock(auth.env, token, nowMs + 3_600_000)).toMatchObject({ ok: false });
  });
});

describe("in production", () => {
  test("each wrong one after the fifth asks for a longer pause, whether there is an account or not", async () => {
    for (const email of [EMAIL, NOBODY]) {
      const auth = startAuth({ environment: "production" });
      if (email === EMAIL) await registerVerified(auth, EMAIL);
      const pauses: number[] = [];
      for (let n = 0; n < 15; n++) {
        const answer = await answerOf(auth, email, "wrong");
        if (answer.ok) throw new Error("a wrong password got in");
        if (answer.error.code !== "account_locked") continue;
        pauses.push(answer.error.retryAfterSeconds ?? 0);
        pass((answer.error.retryAfterSeconds ?? 0) * 1_000);
      }
      expect(pauses, email).toEqual([1, 2, 4, 8, 15 * 60]);
    }
  });

  test("a network that tries a list of people is slowed, and theirs are not locked; another network's people are not slowed", async () => {
    const auth = startAuth({ environment: "production" });
    await registerVerified(auth, EMAIL);
    const codes: string[] = [];
    for (let n = 0; n < 35; n++) codes.push(await attempt(auth, `person-${n}@bilten.example`, "wrong", "2001:db8:1:2::7"));
    expect(codes.filter((code) => code === "invalid_credentials")).toHaveLength(31);
    expect(await attempt(auth, EMAIL, PASSWORD, "2001:db8:1:2:ffff::1")).toBe("rate_limited");
    expect(await attempt(auth, EMAIL, PASSWORD, "2001:db8:1:3::1")).toBe("in");
    pass(1_000);
    expect(await attempt(auth, EMAIL, PASSWORD, "2001:db8:1:2::7")).toBe("in");
  });

  test("a thousand wrong logins of one person from a hundred networks lock that person, after ten looks at a password, and nobody else", async () => {
    const auth = startAuth({ environment: "production" });
    await registerVerified(auth, EMAIL);
    await registerVerified(auth, "bob@bilten.example");
    let looked = 0;
    for (let n = 0; n < 1_000; n++) {
      const code = await attempt(auth, EMAIL, "wrong", `198.51.100.${n % 100}`);
      if (code === "invalid_credentials") looked++;
      pass(1_000);
    }
    // Each lock of a quarter, a half and a whole hour lets ten pass: a thousand seconds see the first one and its pauses.
    expect(looked).toBeLessThanOrEqual(2 * WRONG_IN_A_ROW);
    for (const address of ["203.0.113.9", "198.51.100.7"])
      expect(await attempt(auth, "bob@bilten.example", PASSWORD, address)).toBe("in");
    expect(await attempt(auth, EMAIL, PASSWORD, "203.0.113.9")).toBe("account_locked");
  }, 120_000);
});

test("a step of the sweep that fails is reported and keeps none of the others from its turn", async () => {
  const errors = vi.spyOn(console, "error").mockImplementation(() => undefined);
  const { db, swaps } = swapSql(env.AUTH_DB, "DELETE FROM account_mails", "DELETE FROM no_such_table");
  const auth = startAuth({ db });
  expect(await sweep(auth.env, auth.after)).toMatchObject({
    announced: 0,
    mails: 0,
    pendingAccounts: 0,
    sessions: 0,
    denials: 0,
  });
  expect(swaps()).toBe(1);
  expect(errors).toHaveBeenCalledTimes(1);
  expect(errors.mock.calls[0]?.[0]).toContain("sweep mails");
});
