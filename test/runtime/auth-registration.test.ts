import { applyD1Migrations, reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { accountOfEmail, accountsOf, rename, setRole } from "../../workers/auth/accounts";
import { logIn } from "../../workers/auth/login";
import { accountMailsOf, sweepMails } from "../../workers/auth/mails";
import { sweepPending } from "../../workers/auth/pending-accounts";
import { register, resendVerification, verifyEmail } from "../../workers/auth/registration";
import { draftOf, HERE, NOW_MS, PASSWORD, registerVerified, settled, startAuth, verificationTokens } from "../support/auth";
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
    const [token = ""] = await verificationTokens(auth, EMAIL);
    await verifyEmail(auth.env, auth.after, token, NOW_MS);
    const before = await env.AUTH_DB.prepare("SELECT * FROM accounts").first();
    const again = await register(auth.env, auth.after, draftOf(EMAIL.toUpperCase(), { name: "Eve" }), NOW_MS + 1);
    expect(first).toEqual({ ok: true, value: { user: { email: EMAIL, name: "Ada Lovelace", status: "pending" } } });
    expect(again).toEqual({ ok: true, value: { user: { email: EMAIL.toUpperCase(), name: "Eve", status: "pending" } } });
    expect(await env.AUTH_DB.prepare("SELECT * FROM accounts").first()).toEqual(before);
    const { results } = await env.AUTH_DB.prepare("SELECT id FROM account_mails WHERE kind = 'already_registered'").all<{
      id: string;
    }>();
    const mails = await accountMailsOf(auth.env, [results[0]?.id ?? ""], NOW_MS + 1);
    const [accountId, id] = [before?.id, results[0]?.id];
    expect(mails).toEqual([{ id, accountId, kind: "already_registered", to: EMAIL, name: "Ada Lovelace" }]);
  });

  test("who registers an address before its owner gains nothing by the owner's click", async () => {
    const auth = startAuth();
    const logInWith = async (password: string) => {
      const answer = await logIn(auth.env, auth.after, { email: EMAIL, password }, HERE, NOW_MS + 3);
      return answer.ok ? "in" : answer.error.code;
    };
    const [strangers, owners] = ["a stranger's secret", "the owner's secret"];
    await register(auth.env, auth.after, draftOf(EMAIL, { password: strangers, name: "Eve" }), NOW_MS);
    await register(auth.env, auth.after, draftOf(EMAIL, { password: owners }), NOW_MS + 1);
    expect(await logInWith(owners)).toBe("email_not_verified");
    const [fromStranger = "", fromOwner = ""] = await verificationTokens(auth, EMAIL, NOW_MS + 1);
    expect(await verifyEmail(auth.env, auth.after, fromOwner, NOW_MS + 2)).toMatchObject({
      ok: true,
      value: { user: { name: "Ada Lovelace" } },
    });
    expect([await logInWith(owners), await logInWith(strangers)]).toEqual(["in", "invalid_credentials"]);
    expect(await verifyEmail(auth.env, auth.after, fromStranger, NOW_MS + 3)).toMatchObject({ ok: false });
    expect(await env.AUTH_DB.prepare("SELECT name, password_hash FROM account_mails").all()).toMatchObject({
      results: [
        { name: null, password_hash: null },
        { name: null, password_hash: null },
      ],
    });
  });

  test("the owner's own mail wins too when the stranger registered last", async () => {
    const auth = startAuth();
    await register(auth.env, auth.after, draftOf(EMAIL), NOW_MS);
    await register(auth.env, auth.after, draftOf(EMAIL, { password: "a stranger's secret", name: "Eve" }), NOW_MS + 1);
    const [fromOwner = ""] = await verificationTokens(auth, EMAIL, NOW_MS + 1);
    expect(await verifyEmail(auth.env, auth.after, fromOwner, NOW_MS + 2)).toMatchObject({ ok: true });
    expect(await logIn(auth.env, auth.after, { email: EMAIL, password: PASSWORD }, HERE, NOW_MS + 3)).toMatchObject({ ok: true });
  });

  test("an address gets five registrations' mails an hour, each with a token of its own", async () => {
    const auth = startAuth({ environment: "production" });
    for (let n = 0; n < 7; n++) await register(auth.env, auth.after, draftOf(EMAIL), NOW_MS + n);
    expect(await verificationTokens(auth, EMAIL, NOW_MS + 10)).toHaveLength(5);
    await register(auth.env, auth.after, draftOf(EMAIL), NOW_MS + 3_600_000);
    expect(await verificationTokens(auth, EMAIL, NOW_MS + 3_600_000)).toHaveLength(6);
  });

  test("eight at once for one address make one account", async () => {
    const auth = startAuth({ db: gatherBatches(env.AUTH_DB, 8) });
    const answers = await Promise.all(Array.from({ length: 8 }, () => register(auth.env, auth.after, draftOf(EMAIL), NOW_MS)));
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(await count("accounts")).toBe(1);
    expect(new Set(await verificationTokens(auth, EMAIL)).size).toBe(8);
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

  test("after two registrations nobody can tell whose to repeat, so that each registers again", async () => {
    const auth = startAuth();
    await register(auth.env, auth.after, draftOf(EMAIL, { password: "a stranger's secret" }), NOW_MS);
    await register(auth.env, auth.after, draftOf(EMAIL), NOW_MS + 1);
    await resendVerification(auth.env, auth.after, EMAIL, NOW_MS + 2);
    expect(await verificationTokens(auth, EMAIL)).toHaveLength(2);
  });

  test("a mail that is too old says nothing any more, and can be repeated while its account waits", async () => {
    const auth = startAuth();
    await register(auth.env, auth.after, draftOf(EMAIL), NOW_MS);
    expect(await verificationTokens(auth, EMAIL, NOW_MS + DAY_MS)).toEqual([]);
    await resendVerification(auth.env, auth.after, EMAIL, NOW_MS + 2 * DAY_MS);
    const [again = ""] = await verificationTokens(auth, EMAIL, NOW_MS + 2 * DAY_MS);
    expect(await sweepMails(auth.env, NOW_MS + 8 * DAY_MS - 1)).toBe(0);
    expect(await sweepMails(auth.env, NOW_MS + 8 * DAY_MS)).toBe(1);
    await verifyEmail(auth.env, auth.after, again, NOW_MS + 2 * DAY_MS);
    expect(await logIn(auth.env, auth.after, { email: EMAIL, password: PASSWORD }, HERE, NOW_MS + 2 * DAY_MS)).toMatchObject({
      ok: true,
    });
  });

  test("a hundred mails are answered at once, without a name that nobody confirmed", async () => {
    const auth = startAuth();
    await register(auth.env, auth.after, draftOf(EMAIL, { name: "Win a phone at evil.example" }), NOW_MS);
    const id = (await env.AUTH_DB.prepare("SELECT id FROM account_mails").first<{ id: string }>())?.id ?? "";
    const ids = [id, ...Array.from({ length: 99 }, () => crypto.randomUUID())];
    const [mail, ...others] = await accountMailsOf(auth.env, ids, NOW_MS);
    expect(others).toEqual([]);
    expect(mail).toEqual({
      id,
      accountId: expect.any(String),
      kind: "verification",
      to: EMAIL,
      token: expect.stringContaining(id),
    });
  });
});

describe("an account that nobody confirms", () => {
  test("is forgotten after a week, with the news of it, and its address is free again", async () => {
    const auth = startAuth();
    await register(auth.env, auth.after, draftOf(EMAIL), NOW_MS);
    await registerVerified(auth, "grace@bilten.example");
    expect(await sweepPending(auth.env, auth.after, NOW_MS + 7 * DAY_MS - 1)).toBe(0);
    expect(await sweepPending(auth.env, auth.after, NOW_MS + 7 * DAY_MS)).toBe(1);
    expect((await auth.heard()).filter(({ type }) => type === "account.changed")).toHaveLength(1);
    expect(await accountOfEmail(auth.env, EMAIL)).toBeNull();
    expect(await count("accounts")).toBe(1);
    await registerVerified(auth, EMAIL, NOW_MS + 7 * DAY_MS);
  });

  test("stays as long as one of its mails may still be clicked", async () => {
    const auth = startAuth();
    await register(auth.env, auth.after, draftOf(EMAIL), NOW_MS);
    await register(auth.env, auth.after, draftOf(EMAIL), NOW_MS + 6.5 * DAY_MS);
    expect(await sweepPending(auth.env, auth.after, NOW_MS + 7 * DAY_MS)).toBe(0);
    expect(await sweepPending(auth.env, auth.after, NOW_MS + 7.5 * DAY_MS)).toBe(1);
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
