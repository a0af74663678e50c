import { applyD1Migrations, reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { decodeJwt } from "jose";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Entered, GuardLimits } from "../../shared/contracts/login-guard";
import { checkInTurn, REST_IN_A_FLOOD_MS, WAITING } from "../../workers/auth/comparisons";
import { beginRegistration, beginTry } from "../../workers/auth/login-guard";
import { hashPassword } from "../../workers/auth/passwords";
import { register } from "../../workers/auth/registration";
import { attempt, draftOf, NOW_MS, PASSWORD, registerVerified, settled, startAuth, tokensOf } from "../support/auth";

/** What LoginGuard keeps in memory of who is under way. */
class InMemory {
  #running = 0;
  enter({ atOnce }: GuardLimits): Entered {
    if (this.#running >= atOnce) return { waitMs: 1_000, suspicion: this.#running };
    return { waitMs: 0, suspicion: this.#running++ };
  }
  leave(): void {
    this.#running--;
  }
}

const EMAIL = "ada@bilten.example";

beforeEach(() => applyD1Migrations(env.AUTH_DB, env.MIGRATIONS.auth));
afterEach(async () => {
  vi.restoreAllMocks();
  await settled();
  await reset();
});

describe("a flood of wrong passwords", () => {
  test("rests long between two comparisons on one machine, and never in a deployed isolate, which has its thread to itself", async () => {
    const wait = vi.spyOn(scheduler, "wait");
    const longRests = async (environment: string) => {
      const { env, after } = startAuth({ environment });
      wait.mockClear();
      await Promise.all(Array.from({ length: 23 }, () => checkInTurn(env, after, "wrong", null, 0)));
      return wait.mock.calls.filter(([ms]) => ms === REST_IN_A_FLOOD_MS).length;
    };
    expect(await longRests("production")).toBe(0);
    expect(await longRests("development")).toBeGreaterThan(0);
  });

  test("waits in a queue of as many as are compared within their patience: one more hears at once that there are too many", async () => {
    const { env, after } = startAuth({ environment: "production" });
    // Of least work: only who hears what, and in which order, is looked at.
    const stored = await hashPassword(PASSWORD, 4);
    const order: string[] = [];
    await Promise.all(
      Array.from({ length: 1 + WAITING + 10 }, async () => {
        const compared = await checkInTurn(env, after, PASSWORD, stored, 0);
        order.push(compared.ok ? "compared" : compared.error.code);
      }),
    );
    expect(order.filter((code) => code === "overloaded")).toHaveLength(10);
    expect(order.lastIndexOf("overloaded")).toBeLessThan(12);
    expect(WAITING * 70).toBeLessThanOrEqual(40_000);
  });
});

describe("whoever waited for his comparison", () => {
  test("is signed in by the clock after it, so that his token lasts as long as it says", async () => {
    const auth = startAuth();
    await registerVerified(auth, EMAIL);
    const before = Array.from({ length: 10 }, () => checkInTurn(auth.env, auth.after, "wrong", null, 0));
    const { accessToken, expiresIn } = await tokensOf(auth, EMAIL);
    const { iat_ms: signedAtMs, iat = 0, exp = 0 } = decodeJwt(accessToken);
    expect(signedAtMs).toBeGreaterThan(NOW_MS);
    expect(exp - iat).toBe(expiresIn);
    await Promise.all(before);
  });

  test("gets no session when he was suspended meanwhile", async () => {
    const auth = startAuth();
    await registerVerified(auth, EMAIL);
    const suspend = env.AUTH_DB.prepare("UPDATE accounts SET status = 'suspended'");
    const db = new Proxy(env.AUTH_DB, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== "function") return value;
        if (name !== "batch") return value.bind(target);
        return async (statements: D1PreparedStatement[]) => {
          await suspend.run();
          return target.batch(statements);
        };
      },
    });
    expect(await attempt({ ...auth, env: { ...auth.env, DB: db } }, EMAIL, PASSWORD)).toBe("account_suspended");
    expect(await env.AUTH_DB.prepare("SELECT count(*) AS n FROM sessions").first("n")).toBe(0);
  });
});

describe("registering", () => {
  test("makes its hash in the same queue: many at once of one network stand behind a login that comes after them", async () => {
    const auth = startAuth();
    await registerVerified(auth, EMAIL);
    const order: string[] = [];
    const flood = Array.from({ length: 12 }, async (_, n) => {
      const { ok } = await register(auth.env, auth.after, draftOf(`new-${n}@bilten.example`), NOW_MS, "198.51.100.1");
      order.push(ok ? "registered" : "refused");
    });
    const login = attempt(auth, EMAIL, PASSWORD).then((code) => order.push(code));
    await Promise.all([...flood, login]);
    expect(order.filter((answer) => answer === "registered")).toHaveLength(12);
    expect(order.indexOf("in")).toBeLessThan(6);
  });

  test("is for fifty of one network at once, whose logins it does not take", async () => {
    // The guard of the other tests is made anew for each call, and forgets who is under way.
    const guards = new Map<string, InMemory>();
    const getByName = (name: string) => guards.getOrInsertComputed(name, () => new InMemory());
    const LOGIN_GUARD = { getByName } as unknown as AuthEnv["LOGIN_GUARD"];
    const auth = { ...startAuth({ environment: "production" }).env, LOGIN_GUARD };
    const begun = [];
    for (let n = 0; n < 51; n++) begun.push(await beginRegistration(auth, "198.51.100.1"));
    expect(begun[49]).toMatchObject({ ok: true, value: { suspicion: 49 } });
    expect(begun[50]).toEqual({ ok: false, error: { code: "rate_limited", retryAfterSeconds: 1 } });
    expect(await beginTry(auth, EMAIL, "198.51.100.1")).toMatchObject({ ok: true, value: { suspicion: 0 } });
    for (const one of begun) if (one.ok) await one.value.leave();
    expect(await beginRegistration(auth, "198.51.100.1")).toMatchObject({ ok: true, value: { suspicion: 0 } });
  });
});
