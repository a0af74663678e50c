import { applyD1Migrations, reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { logIn } from "../../workers/auth/login";
import { sweepLocks, WINDOW_MS, WRONG_IN_A_ROW } from "../../workers/auth/login-lock";
import { sweep } from "../../workers/auth/sweep";
import { type Auth, HERE, NOW_MS, PASSWORD, registerVerified, settled, startAuth } from "../support/auth";
import { swapSql } from "../support/swapped-database";

const EMAIL = "ada@bilten.example";

beforeEach(() => applyD1Migrations(env.AUTH_DB, env.MIGRATIONS.auth));
afterEach(async () => {
  vi.restoreAllMocks();
  await settled();
  await reset();
});

const attempt = async (auth: Auth, email: string, password: string, nowMs = NOW_MS): Promise<string> => {
  const answer = await logIn(auth.env, { email, password }, HERE, nowMs);
  return answer.ok ? "in" : answer.error.code;
};
async function fail(auth: Auth, email: string, times: number, nowMs = NOW_MS): Promise<void> {
  for (let n = 0; n < times; n++) expect(await attempt(auth, email, "wrong", nowMs + n)).toBe("invalid_credentials");
}

describe("ten wrong passwords in a row", () => {
  test("lock the address in any spelling for a quarter of an hour, for the right one too", async () => {
    const auth = startAuth();
    await registerVerified(auth, EMAIL);
    await fail(auth, EMAIL, WRONG_IN_A_ROW);
    const lockedAtMs = NOW_MS + WRONG_IN_A_ROW - 1;
    expect(await logIn(auth.env, { email: EMAIL.toUpperCase(), password: PASSWORD }, HERE, lockedAtMs + 60_000)).toEqual({
      ok: false,
      error: { code: "account_locked", retryAfterSeconds: 14 * 60 },
    });
    expect(await attempt(auth, EMAIL, PASSWORD, lockedAtMs + WINDOW_MS - 1)).toBe("account_locked");
    expect(await attempt(auth, EMAIL, "wrong", lockedAtMs + WINDOW_MS)).toBe("invalid_credentials");
    expect(await attempt(auth, EMAIL, PASSWORD, lockedAtMs + WINDOW_MS)).toBe("in");
  });

  test("lock an address without an account alike, and nobody else's", async () => {
    const auth = startAuth();
    await registerVerified(auth, EMAIL);
    await fail(auth, "nobody@bilten.example", WRONG_IN_A_ROW);
    expect(await attempt(auth, "nobody@bilten.example", "wrong", NOW_MS + 20)).toBe("account_locked");
    expect(await attempt(auth, EMAIL, PASSWORD)).toBe("in");
    expect(JSON.stringify(await env.AUTH_DB.prepare("SELECT * FROM login_failures").all())).not.toContain("nobody");
  });

  test("are not in a row when a right one stands between them, or a quarter of an hour", async () => {
    const auth = startAuth();
    await registerVerified(auth, EMAIL);
    await fail(auth, EMAIL, WRONG_IN_A_ROW - 1);
    expect(await attempt(auth, EMAIL, PASSWORD)).toBe("in");
    await fail(auth, EMAIL, WRONG_IN_A_ROW - 1);
    await fail(auth, EMAIL, WRONG_IN_A_ROW - 1, NOW_MS + WINDOW_MS);
    expect(await attempt(auth, EMAIL, PASSWORD, NOW_MS + WINDOW_MS + 20)).toBe("in");
  });
});

describe("many guesses at once", () => {
  /** The right one is looked up before the wrong ones were counted, and is signed in after them. */
  async function rightOneAmongThem(db: D1Database): Promise<string> {
    const { promise: counted, resolve } = Promise.withResolvers<void>();
    const auth = startAuth();
    await registerVerified(auth, EMAIL);
    const late = startAuth({
      db: new Proxy(db, {
        get(target, name) {
          const value: unknown = Reflect.get(target, name);
          if (typeof value !== "function") return value;
          if (name !== "batch") return value.bind(target);
          return async (statements: D1PreparedStatement[]) => {
            await counted;
            return target.batch(statements);
          };
        },
      }),
    });
    const right = attempt(late, EMAIL, PASSWORD);
    await fail(auth, EMAIL, WRONG_IN_A_ROW);
    resolve();
    return right;
  }

  test("are no way past the lock", async () => {
    expect(await rightOneAmongThem(env.AUTH_DB)).toBe("account_locked");
  });

  test("control: without the condition in the statement that signs in they are", async () => {
    const { db, swaps } = swapSql(
      env.AUTH_DB,
      "WHERE NOT EXISTS (SELECT 1 FROM login_failures",
      "WHERE 1 OR (SELECT 1 FROM login_failures",
    );
    expect(await rightOneAmongThem(db)).toBe("in");
    expect(swaps()).toBe(1);
  });
});

test("counts that no longer matter are swept", async () => {
  const auth = startAuth();
  await fail(auth, EMAIL, WRONG_IN_A_ROW);
  expect(await sweepLocks(auth.env, NOW_MS + 2 * WINDOW_MS - 1)).toBe(0);
  expect(await sweepLocks(auth.env, NOW_MS + 2 * WINDOW_MS)).toBe(1);
});

test("a step of the sweep that fails is reported and keeps none of the others from its turn", async () => {
  const errors = vi.spyOn(console, "error").mockImplementation(() => undefined);
  const { db, swaps } = swapSql(env.AUTH_DB, "DELETE FROM account_mails", "DELETE FROM no_such_table");
  const auth = startAuth({ db });
  await fail(auth, EMAIL, 1, Date.now() - 3 * WINDOW_MS);
  expect(await sweep(auth.env, auth.after)).toMatchObject({ announced: 0, mails: 0, pendingAccounts: 0, sessions: 0, locks: 1 });
  expect(swaps()).toBe(1);
  expect(errors).toHaveBeenCalledTimes(1);
  expect(errors.mock.calls[0]?.[0]).toContain("sweep mails");
});
