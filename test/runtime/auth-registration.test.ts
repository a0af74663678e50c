import { applyD1Migrations, reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { accountOfEmail, accountsOf, rename, setRole } from "../../workers/auth/accounts";
import { accountMailsOf, sweepMails } from "../../workers/auth/mails";
import { register, resendVerification, verifyEmail } from "../../workers/auth/registration";
import { draftOf, NOW_MS, registerVerified, settled, startAuth, verificationTokens } from "../support/auth";
import { gatherBatches } from "../support/swapped-database";

const EMAIL = "Ada@Bilten.example";
const DAY_MS = 86_400_000;

const count = async (table: string): Promise<number> =>
  (await env.AUTH_DB.prepare(`SELECT count(*) AS n FROM ${table}`).first<{ n: number }>())?.n ?? -1;

beforeEach(() => applyD1Migrations(env.AUTH_DB, env.MIGRATIONS.auth));
afterEach(async () => {
  await settled();
  await reset();
});

describe("registering", () => {
  test("announces the account and its mail, without a name or an address", async () => {
    const auth = startAuth();
    await register(auth.env, auth.after, draftOf(EMAIL), NOW_MS);
    const heard = await auth.heard();
    expect(heard.map(({ type }) => type).sort()).toEqual(["account.mail_requested", "account.registered"]);
    expect(JSON.stringify(heard)).not.toMatch(/bilten\.example|Ada/i);
    expect(await count("outbox")).toBe(0);
  });

  test("a taken address in other letters answers the same, and its owner hears of it without a token", async () => {
    const auth = startAuth();
    const first = await register(auth.env, auth.after, draftOf(EMAIL), NOW_MS);
    const again = await register(auth.env, auth.after, draftOf(EMAIL.toUpperCase()), NOW_MS + 1);
    expect(first).toEqual({ ok: true, value: { user: { email: EMAIL, name: "Ada Lovelace", status: "pending" } } });
    expect(again).toEqual({ ok: true, value: { user: { email: EMAIL.toUpperCase(), name: "Ada Lovelace", status: "pending" } } });
    expect(await count("accounts")).toBe(1);
    const { results } = await env.AUTH_DB.prepare("SELECT id FROM account_mails WHERE kind = 'already_registered'").all<{
      id: string;
    }>();
    const mails = await accountMailsOf(auth.env, [results[0]?.id ?? ""], NOW_MS + 1);
    expect(mails).toEqual([{ id: results[0]?.id, kind: "already_registered", to: EMAIL, name: "Ada Lovelace" }]);
  });

  test("a second registration does not change the first one's password or name", async () => {
    const auth = startAuth();
    await register(auth.env, auth.after, draftOf(EMAIL), NOW_MS);
    const before = await env.AUTH_DB.prepare("SELECT * FROM accounts").first();
    await register(auth.env, auth.after, draftOf(EMAIL, { password: "a pot of darjeeling", name: "Eve" }), NOW_MS + 1);
    expect(await env.AUTH_DB.prepare("SELECT * FROM accounts").first()).toEqual(before);
  });

  test("eight at once for one address make one account", async () => {
    const auth = startAuth({ db: gatherBatches(env.AUTH_DB, 8) });
    const answers = await Promise.all(Array.from({ length: 8 }, () => register(auth.env, auth.after, draftOf(EMAIL), NOW_MS)));
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(await count("accounts")).toBe(1);
    expect(await verificationTokens(auth, EMAIL)).toHaveLength(1);
  });

  test("control: without the UNIQUE on the address they make eight", async () => {
    await reset();
    const migrations = env.MIGRATIONS.auth.map((migration) => ({
      ...migration,
      queries: migration.queries.map((query) => query.replace("email_key TEXT NOT NULL UNIQUE", "email_key TEXT NOT NULL")),
    }));
    await applyD1Migrations(env.AUTH_DB, migrations);
    const auth = startAuth({ db: gatherBatches(env.AUTH_DB, 8) });
    await Promise.all(Array.from({ length: 8 }, () => register(auth.env, auth.after, draftOf(EMAIL), NOW_MS)));
    expect(await count("accounts")).toBe(8);
  });

  test("a common password is refused by the form and makes nothing", async () => {
    const auth = startAuth();
    const refused = await register(auth.env, auth.after, draftOf(EMAIL, { password: "Password1" }), NOW_MS);
    expect(refused).toMatchObject({ ok: false, error: { code: "invalid_body", errors: [{ pointer: "/password" }] } });
    expect(await count("accounts")).toBe(0);
  });
});

describe("confirming the address", () => {
  test("a token works once", async () => {
    const auth = startAuth();
    await register(auth.env, auth.after, draftOf(EMAIL), NOW_MS);
    const [token = ""] = await verificationTokens(auth, EMAIL);
    const first = await verifyEmail(auth.env, auth.after, token, NOW_MS + 1);
    expect(first).toMatchObject({ ok: true, value: { user: { email: EMAIL, status: "active", emailVerified: true } } });
    expect(await verifyEmail(auth.env, auth.after, token, NOW_MS + 2)).toEqual({ ok: false, error: { code: "invalid_token" } });
    expect((await auth.heard()).filter(({ type }) => type === "account.verified")).toHaveLength(1);
  });

  test("two at once with one token: one is told yes, and the news leaves once", async () => {
    const auth = startAuth();
    await register(auth.env, auth.after, draftOf(EMAIL), NOW_MS);
    const [token = ""] = await verificationTokens(auth, EMAIL);
    const answers = await Promise.all([1, 2].map(() => verifyEmail(auth.env, auth.after, token, NOW_MS + 1)));
    expect(answers.filter((answer) => answer.ok)).toHaveLength(1);
    expect((await auth.heard()).filter(({ type }) => type === "account.verified")).toHaveLength(1);
  });

  test("a token of yesterday, an altered one, another mail's and no token at all are refused alike", async () => {
    const auth = startAuth();
    await register(auth.env, auth.after, draftOf(EMAIL), NOW_MS);
    const [token = ""] = await verificationTokens(auth, EMAIL);
    const [id = "", mac = ""] = token.split(".");
    const other = crypto.randomUUID();
    const flipped = `${id}.${mac.startsWith("A") ? "B" : "A"}${mac.slice(1)}`;
    for (const [wrong, nowMs] of [
      [token, NOW_MS + DAY_MS],
      [flipped, NOW_MS],
      [`${other}.${mac}`, NOW_MS],
      [id, NOW_MS],
      ["", NOW_MS],
      ["'; DROP TABLE accounts; --.x", NOW_MS],
    ] as const) {
      expect(await verifyEmail(auth.env, auth.after, wrong, nowMs), wrong).toEqual({
        ok: false,
        error: { code: "invalid_token" },
      });
    }
    expect(await verifyEmail(auth.env, auth.after, token, NOW_MS + DAY_MS - 1)).toMatchObject({ ok: true });
  });

  test("one confirmed mail leaves the resent ones nothing to do", async () => {
    const auth = startAuth();
    await register(auth.env, auth.after, draftOf(EMAIL), NOW_MS);
    await resendVerification(auth.env, auth.after, EMAIL, NOW_MS + 1);
    const [first = "", second = ""] = await verificationTokens(auth, EMAIL, NOW_MS + 1);
    expect(await verifyEmail(auth.env, auth.after, second, NOW_MS + 2)).toMatchObject({ ok: true });
    expect(await verifyEmail(auth.env, auth.after, first, NOW_MS + 3)).toMatchObject({ ok: false });
  });

  test("a suspended account's address is confirmed, and it stays suspended", async () => {
    const auth = startAuth();
    await register(auth.env, auth.after, draftOf(EMAIL), NOW_MS);
    await env.AUTH_DB.prepare("UPDATE accounts SET status = 'suspended'").run();
    const [token = ""] = await verificationTokens(auth, EMAIL);
    expect(await verifyEmail(auth.env, auth.after, token, NOW_MS + 1)).toMatchObject({
      ok: true,
      value: { user: { status: "suspended", emailVerified: true } },
    });
  });
});

describe("asking for the mail again", () => {
  test("an account gets one a minute, however often it is asked for at once", async () => {
    const auth = startAuth({ environment: "production" });
    await register(auth.env, auth.after, draftOf(EMAIL), NOW_MS);
    const ask = (nowMs: number) => resendVerification(auth.env, auth.after, EMAIL, nowMs);
    await Promise.all(Array.from({ length: 5 }, () => ask(NOW_MS + 59_999)));
    expect(await verificationTokens(auth, EMAIL)).toHaveLength(1);
    await Promise.all(Array.from({ length: 5 }, () => ask(NOW_MS + 60_000)));
    expect(await verificationTokens(auth, EMAIL)).toHaveLength(2);
  });

  test("in development nobody waits, not even a request that another one overtook", async () => {
    const auth = startAuth();
    await register(auth.env, auth.after, draftOf(EMAIL), NOW_MS);
    for (const nowMs of [NOW_MS + 5, NOW_MS + 4]) await resendVerification(auth.env, auth.after, EMAIL, nowMs);
    expect(await verificationTokens(auth, EMAIL)).toHaveLength(3);
  });

  test("nobody and who is verified already get none", async () => {
    const auth = startAuth();
    await registerVerified(auth, EMAIL);
    const before = await count("account_mails");
    await resendVerification(auth.env, auth.after, EMAIL, NOW_MS + 1);
    await resendVerification(auth.env, auth.after, "nobody@bilten.example", NOW_MS + 1);
    expect(await count("account_mails")).toBe(before);
  });

  test("mails that are used or too old are left out, and swept when their day is over", async () => {
    const auth = startAuth();
    await register(auth.env, auth.after, draftOf(EMAIL), NOW_MS);
    expect(await verificationTokens(auth, EMAIL, NOW_MS + DAY_MS)).toEqual([]);
    expect(await sweepMails(auth.env, NOW_MS + DAY_MS - 1)).toBe(0);
    expect(await sweepMails(auth.env, NOW_MS + DAY_MS)).toBe(1);
  });
});

describe("what siblings ask", () => {
  test("a change grows the version and is announced with it", async () => {
    const auth = startAuth();
    await registerVerified(auth, EMAIL);
    const account = await accountOfEmail(auth.env, EMAIL.toLowerCase());
    expect(account?.version).toBe(2);
    const renamed = await rename(auth.env, auth.after, account?.id ?? "", "Ada King", 2, NOW_MS + 5);
    expect(renamed).toMatchObject({ ok: true, value: { name: "Ada King", version: 3 } });
    expect(await setRole(auth.env, auth.after, EMAIL, "admin", NOW_MS + 6)).toMatchObject({
      ok: true,
      value: { role: "admin", version: 4 },
    });
    const changed = (await auth.heard()).filter(({ type }) => type === "account.changed");
    expect(changed.map(({ version }) => version)).toEqual([3, 4]);
  });

  test("a name that was changed meanwhile is not overwritten", async () => {
    const auth = startAuth();
    await registerVerified(auth, EMAIL);
    const [account] = await accountsOf(auth.env, [(await accountOfEmail(auth.env, EMAIL))?.id ?? ""]);
    const stale = await rename(auth.env, auth.after, account?.id ?? "", "Eve", 1, NOW_MS);
    expect(stale).toEqual({ ok: false, error: { code: "version_stale" } });
    expect(await rename(auth.env, auth.after, crypto.randomUUID(), "Eve", null, NOW_MS)).toMatchObject({
      error: { code: "user_not_found" },
    });
  });
});
