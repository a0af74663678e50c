import { applyD1Migrations, reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { decodeJwt } from "jose";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { sha256 } from "../../shared/crypto/bytes";
import { apiKeyOf, createApiKey, revokeApiKey } from "../../workers/auth/api-keys";
import { accountMailsOf } from "../../workers/auth/mails";
import { changePassword } from "../../workers/auth/password-change";
import { forgetPassword, resetPassword } from "../../workers/auth/password-reset";
import { hashPassword } from "../../workers/auth/passwords";
import { register } from "../../workers/auth/registration";
import { refresh } from "../../workers/auth/sessions";
import {
  type Auth,
  attempt,
  draftOf,
  HERE,
  mailedTokens,
  NOW_MS,
  PASSWORD,
  registerVerified,
  settled,
  startAuth,
  tokensOf,
} from "../support/auth";
import { gatherBatches } from "../support/swapped-database";

const EMAIL = "ada@bilten.example";
const ANOTHER = "two lumps of sugar";
const HOUR_MS = 3_600_000;

beforeEach(() => applyD1Migrations(env.AUTH_DB, env.MIGRATIONS.auth));
afterEach(async () => {
  vi.restoreAllMocks();
  await settled();
  await reset();
});

async function startWithAda(options: Parameters<typeof startAuth>[0] = {}): Promise<Auth> {
  const auth = startAuth(options);
  await registerVerified(auth, EMAIL);
  return auth;
}

async function resetToken(auth: Auth, nowMs = NOW_MS): Promise<string> {
  await forgetPassword(auth.env, auth.after, EMAIL, nowMs);
  return (await mailedTokens(auth, EMAIL, "password_reset", nowMs)).at(-1) ?? "";
}

const resetWith = async (auth: Auth, token: string, password = ANOTHER, nowMs = NOW_MS + 1): Promise<string> => {
  const answer = await resetPassword(auth.env, auth.after, { token, password }, nowMs);
  return answer.ok ? "reset" : answer.error.code;
};

const idsOf = (accessToken: string) => {
  const { sub = "", sid } = decodeJwt(accessToken);
  return { userId: sub, sessionId: String(sid) };
};

describe("a forgotten password", () => {
  test("is set anew by the mailed link, once, and ends every session", async () => {
    const auth = await startWithAda();
    const { refreshToken } = await tokensOf(auth, EMAIL);
    const token = await resetToken(auth);
    expect(await resetWith(auth, token)).toBe("reset");
    expect(await attempt(auth, EMAIL, ANOTHER, NOW_MS + 2)).toBe("in");
    expect(await attempt(auth, EMAIL, PASSWORD, NOW_MS + 2)).toBe("invalid_credentials");
    expect(await refresh(auth.env, auth.after, refreshToken, HERE, NOW_MS + 2)).toMatchObject({
      error: { code: "refresh_token_invalid" },
    });
    expect(await resetWith(auth, token, "three lumps of sugar", NOW_MS + 3)).toBe("invalid_token");
    expect(await attempt(auth, EMAIL, ANOTHER, NOW_MS + 4)).toBe("in");
  });

  test("tells the owner, in a mail that carries no token", async () => {
    const auth = await startWithAda();
    await resetWith(auth, await resetToken(auth));
    const row = await env.AUTH_DB.prepare("SELECT id FROM account_mails WHERE kind = 'password_changed'").first<{ id: string }>();
    expect(await accountMailsOf(auth.env, [row?.id ?? ""], NOW_MS + 1)).toEqual([
      {
        id: row?.id,
        accountId: expect.any(String),
        kind: "password_changed",
        to: EMAIL,
        name: "Ada Lovelace",
        done: { at: "2027-01-01T12:00:00.001Z", device: null, place: null },
      },
    ]);
    expect((await auth.heard()).filter(({ subject }) => subject === row?.id)).toHaveLength(1);
  });

  test("leaves API keys to their programs, and names to the owner those that still work", async () => {
    const auth = await startWithAda();
    const { user, accessToken } = await tokensOf(auth, EMAIL);
    const me = { userId: user.id, sessionId: String(decodeJwt(accessToken).sid) };
    const make = async (name: string) => {
      const made = await createApiKey(auth.env, auth.after, me, { name, scopes: ["orders:read"] }, NOW_MS);
      if (!made.ok) throw new Error(made.error.code);
      return made.value;
    };
    const [printer, gone] = [await make("Printer"), await make("Gone")];
    await revokeApiKey(auth.env, user.id, gone.id, NOW_MS);
    await resetWith(auth, await resetToken(auth));
    expect(await apiKeyOf(auth.env, auth.after, await sha256(printer.key), NOW_MS + 1)).not.toBeNull();
    const { results } = await env.AUTH_DB.prepare(
      "SELECT id FROM account_mails WHERE kind IN ('password_changed', 'api_key_created')",
    ).all<{ id: string }>();
    const mails = await accountMailsOf(
      auth.env,
      results.map(({ id }) => id),
      NOW_MS + 1,
    );
    expect(mails.map(({ kind, apiKeys }) => ({ kind, apiKeys })).sort((a, b) => b.kind.localeCompare(a.kind))).toEqual([
      { kind: "password_changed", apiKeys: [{ name: "Printer", hint: printer.hint }] },
      { kind: "api_key_created", apiKeys: undefined },
      { kind: "api_key_created", apiKeys: undefined },
    ]);
  });

  test("of two uses of one link at once, one counts", async () => {
    const auth = await startWithAda();
    const token = await resetToken(auth);
    const both = startAuth({ db: gatherBatches(env.AUTH_DB, 2) });
    const answers = await Promise.all([resetWith(both, token), resetWith(both, token, "three lumps of sugar")]);
    expect(answers.sort()).toEqual(["invalid_token", "reset"]);
  });

  test("one link used makes the others useless, and each ends after an hour", async () => {
    const auth = await startWithAda();
    const first = await resetToken(auth);
    const second = await resetToken(auth, NOW_MS + 1);
    expect(await resetWith(auth, second, ANOTHER, NOW_MS + HOUR_MS + 1)).toBe("invalid_token");
    expect(await resetWith(auth, second)).toBe("reset");
    expect(await resetWith(auth, first, PASSWORD, NOW_MS + 3)).toBe("invalid_token");
  });

  test("a verification's token, an altered one and none are no links", async () => {
    const auth = startAuth();
    await register(auth.env, auth.after, draftOf(EMAIL), NOW_MS);
    const [verification = ""] = await mailedTokens(auth, EMAIL, "verification");
    for (const wrong of [verification, "", "x.y", `${crypto.randomUUID()}.${verification.split(".")[1]}`])
      expect(await resetWith(auth, wrong), wrong).toBe("invalid_token");
  });

  test("a new one that is common, or little more than the own name, leaves the link good", async () => {
    const auth = await startWithAda();
    const token = await resetToken(auth);
    for (const unfit of ["password1", "Ada-Lovelace-1815"])
      expect(await resetWith(auth, token, unfit), unfit).toBe("invalid_body");
    expect(await resetWith(auth, token)).toBe("reset");
  });

  test("ends a lock, because who reads the mail is the owner", async () => {
    const auth = await startWithAda();
    for (let n = 0; n < 10; n++) await attempt(auth, EMAIL, "wrong", NOW_MS + n);
    expect(await attempt(auth, EMAIL, PASSWORD, NOW_MS + 20)).toBe("account_locked");
    expect(await resetWith(auth, await resetToken(auth, NOW_MS + 20), ANOTHER, NOW_MS + 21)).toBe("reset");
    expect(await attempt(auth, EMAIL, ANOTHER, NOW_MS + 22)).toBe("in");
  });

  test("an account gets one mail a minute; nobody, who is pending and who is suspended get none, after the same statements", async () => {
    const statements: number[] = [];
    const counted = new Proxy(env.AUTH_DB, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== "function") return value;
        if (name === "prepare") statements[statements.length - 1] = (statements.at(-1) ?? 0) + 1;
        return value.bind(target);
      },
    });
    const auth = startAuth({ environment: "production", db: counted });
    await registerVerified(auth, EMAIL);
    await register(auth.env, auth.after, draftOf("pending@bilten.example"), NOW_MS);
    await registerVerified(auth, "suspended@bilten.example");
    await auth.env.DB.prepare("UPDATE accounts SET status = 'suspended' WHERE email_key LIKE 'suspended@%'").run();
    for (const email of ["nobody@bilten.example", "pending@bilten.example", "suspended@bilten.example", EMAIL]) {
      await settled();
      statements.push(0);
      await forgetPassword(auth.env, auth.after, email, NOW_MS);
    }
    const [nobody, ...others] = statements.slice(-4);
    // Its own mail is sent after the answer, which costs more statements, but nobody waits for them.
    for (const other of others.slice(0, -1)) expect(other).toBe(nobody);
    await forgetPassword(auth.env, auth.after, EMAIL, NOW_MS + 59_999);
    const { results } = await env.AUTH_DB.prepare("SELECT account_id FROM account_mails WHERE kind = 'password_reset'").all();
    expect(results).toHaveLength(1);
    await forgetPassword(auth.env, auth.after, EMAIL, NOW_MS + 60_000);
    expect(await mailedTokens(auth, EMAIL, "password_reset", NOW_MS + 60_000)).toHaveLength(2);
  });
});

describe("changing the password", () => {
  test("needs the current one, ends the other sessions and leaves this one", async () => {
    const auth = await startWithAda();
    const here = await tokensOf(auth, EMAIL);
    const there = await tokensOf(auth, EMAIL, { nowMs: NOW_MS + 1 });
    const me = idsOf(here.accessToken);
    const change = (currentPassword: string, newPassword: string) =>
      changePassword(auth.env, auth.after, me, { currentPassword, newPassword }, NOW_MS + 2);
    expect(await change("wrong", ANOTHER)).toMatchObject({ error: { code: "invalid_credentials" } });
    expect(await change(PASSWORD, "password1")).toMatchObject({ error: { errors: [{ pointer: "/newPassword" }] } });
    expect(await change(PASSWORD, ANOTHER)).toEqual({ ok: true, value: null });
    expect(await attempt(auth, EMAIL, ANOTHER, NOW_MS + 3)).toBe("in");
    expect(await refresh(auth.env, auth.after, here.refreshToken, HERE, NOW_MS + 3)).toMatchObject({ ok: true });
    expect(await refresh(auth.env, auth.after, there.refreshToken, HERE, NOW_MS + 3)).toMatchObject({ ok: false });
  });

  test("wrong guesses by a stolen session lock like those at login", async () => {
    const auth = await startWithAda();
    const me = idsOf((await tokensOf(auth, EMAIL)).accessToken);
    const guess = async (n: number) => {
      const form = { currentPassword: `wrong ${n}`, newPassword: ANOTHER };
      const answer = await changePassword(auth.env, auth.after, me, form, NOW_MS + n);
      return answer.ok ? "changed" : answer.error.code;
    };
    for (let n = 0; n < 10; n++) expect(await guess(n)).toBe("invalid_credentials");
    expect(await guess(11)).toBe("account_locked");
  });

  test("a link mailed before it is useless after it", async () => {
    const auth = await startWithAda();
    const token = await resetToken(auth);
    const me = idsOf((await tokensOf(auth, EMAIL)).accessToken);
    await changePassword(auth.env, auth.after, me, { currentPassword: PASSWORD, newPassword: ANOTHER }, NOW_MS + 1);
    expect(await resetWith(auth, token, "three lumps of sugar", NOW_MS + 2)).toBe("invalid_token");
  });
});

describe("a hash made with less work", () => {
  test("is made anew at login, and the password stays the same", async () => {
    const auth = await startWithAda();
    const old = await hashPassword(PASSWORD, 4);
    await env.AUTH_DB.prepare("UPDATE accounts SET password_hash = ?").bind(old).run();
    expect(await attempt(auth, EMAIL, "wrong")).toBe("invalid_credentials");
    const stored = () => env.AUTH_DB.prepare("SELECT password_hash AS hash FROM accounts").first<{ hash: string }>();
    expect((await stored())?.hash).toBe(old);
    expect(await attempt(auth, EMAIL, PASSWORD)).toBe("in");
    expect((await stored())?.hash).toMatch(/^\$2b\$10\$/);
    expect(await attempt(auth, EMAIL, PASSWORD)).toBe("in");
  });

  test("two logins at once with it both get in", async () => {
    await startWithAda();
    await env.AUTH_DB.prepare("UPDATE accounts SET password_hash = ?")
      .bind(await hashPassword(PASSWORD, 4))
      .run();
    const both = startAuth({ db: gatherBatches(env.AUTH_DB, 2) });
    expect(await Promise.all([attempt(both, EMAIL, PASSWORD), attempt(both, EMAIL, PASSWORD)])).toEqual(["in", "in"]);
  });
});

describe("a password that was reset while the old one was compared", () => {
  test("lets the old one open nothing", async () => {
    const auth = await startWithAda();
    const token = await resetToken(auth);
    const { promise: done, resolve } = Promise.withResolvers<void>();
    const late = startAuth({
      db: new Proxy(env.AUTH_DB, {
        get(target, name) {
          const value: unknown = Reflect.get(target, name);
          if (typeof value !== "function") return value;
          if (name !== "batch") return value.bind(target);
          return async (statements: D1PreparedStatement[]) => {
            await done;
            return target.batch(statements);
          };
        },
      }),
    });
    const thief = attempt(late, EMAIL, PASSWORD, NOW_MS + 2);
    await vi.waitFor(async () => expect(await resetWith(auth, token)).toBe("reset"));
    resolve();
    expect(await thief).toBe("invalid_credentials");
    expect(await env.AUTH_DB.prepare("SELECT count(*) AS n FROM sessions WHERE revoked_at_ms IS NULL").first()).toEqual({ n: 0 });
  });
});
