import { applyD1Migrations, reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Account } from "../../shared/contracts/accounts";
import { refreshAccounts, storeAccount, sweepForgotten } from "../../workers/users/accounts";
import { changeProfile, readProfile } from "../../workers/users/profiles";
import { accountOf, startUsers } from "../support/users";

const NOW_MS = Date.parse("2027-01-01T12:00:00Z");

beforeEach(() => applyD1Migrations(env.USERS_DB, env.MIGRATIONS.users));
afterEach(() => reset());

describe("the projection of accounts", () => {
  const stored = (id: string) => env.USERS_DB.prepare("SELECT name, version FROM accounts WHERE id = ?").bind(id).first();

  test("an older version that arrives late changes nothing", async () => {
    const account = accountOf({ name: "New", version: 3 });
    await storeAccount(env.USERS_DB, account).run();
    await storeAccount(env.USERS_DB, { ...account, name: "Old", version: 2 }).run();
    await storeAccount(env.USERS_DB, { ...account, name: "Same version, other words" }).run();
    expect(await stored(account.id)).toEqual({ name: "New", version: 3 });
  });

  test("a message twice, and of an account that auth does not know, is harmless", async () => {
    const account = accountOf();
    const users = startUsers([account]);
    await refreshAccounts(users, [account.id, crypto.randomUUID()]);
    await refreshAccounts(users, [account.id]);
    await refreshAccounts(users, [crypto.randomUUID()]);
    expect(await stored(account.id)).toEqual({ name: "Somebody", version: 2 });
  });

  test("a registration that auth has forgotten is forgotten here, and a member never", async () => {
    const [pending, member] = [accountOf({ status: "pending", emailVerified: false, version: 1 }), accountOf()];
    await refreshAccounts(startUsers([pending, member]), [pending.id, member.id]);
    await refreshAccounts(startUsers([]), [pending.id, member.id]);
    expect(await stored(pending.id)).toBeNull();
    expect(await stored(member.id)).toEqual({ name: "Somebody", version: 2 });
  });
});

describe("an account that auth has forgotten", () => {
  const pending = accountOf({ status: "pending", emailVerified: false, version: 1 });
  const count = (table: string) => env.USERS_DB.prepare(`SELECT count(*) AS n FROM ${table}`).first<number>("n");

  test("is not brought back by a delivery that had asked before", async () => {
    const users = startUsers([pending]);
    const asked = await users.AUTH.accounts([pending.id]);
    await refreshAccounts(users, [pending.id]);
    await refreshAccounts(startUsers([]), [pending.id]);
    await env.USERS_DB.batch(asked.map((account) => storeAccount(env.USERS_DB, account)));
    expect(await count("accounts")).toBe(0);
  });

  test("leaves a tombstone for a day, one however often it is said", async () => {
    for (let times = 0; times < 3; times++) await refreshAccounts(startUsers([]), [pending.id]);
    expect(await count("forgotten_accounts")).toBe(1);
    expect(await sweepForgotten(env.USERS_DB, Date.now() + 86_000_000)).toBe(0);
    expect(await sweepForgotten(env.USERS_DB, Date.now() + 87_000_000)).toBe(1);
  });
});

describe("a profile", () => {
  test("keeps what a change does not name, and empties what is null", async () => {
    const account = accountOf();
    const users = startUsers([account]);
    await changeProfile(users, account.id, { phone: "+431234567", bio: "Runs the door." }, null, NOW_MS);
    await changeProfile(users, account.id, { name: "Ada King", bio: null }, null, NOW_MS);
    const read = await readProfile(users, account.id);
    expect(read).toMatchObject({ ok: true, value: { profile: { name: "Ada King", phone: "+431234567", bio: null } } });
  });

  test("a stale version changes neither the name nor the rest", async () => {
    const account = accountOf();
    const users = startUsers([account]);
    await changeProfile(users, account.id, { bio: "One" }, 2, NOW_MS);
    expect(await changeProfile(users, account.id, { name: "Two", bio: "Two" }, 2, NOW_MS)).toMatchObject({
      error: { code: "version_stale" },
    });
    expect(await readProfile(users, account.id)).toMatchObject({
      ok: true,
      value: { version: 3, profile: { name: "Somebody", bio: "One" } },
    });
  });
});

describe("a profile that somebody else changes at the same time", () => {
  /** Another change of the text comes between reading and writing it. */
  function interrupted(account: Account) {
    let once = true;
    const db = new Proxy(env.USERS_DB, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== "function") return value;
        if (name !== "prepare") return value.bind(target);
        return (sql: string) => {
          const statement = target.prepare(sql);
          if (!once || !sql.includes("INSERT INTO profiles")) return statement;
          once = false;
          return {
            bind: (...values: unknown[]) => ({
              first: async () => {
                await changeProfile(startUsers([account]), account.id, { bio: "Theirs" }, null, NOW_MS);
                return statement.bind(...values).first();
              },
            }),
          };
        };
      },
    });
    return startUsers([account], db);
  }

  test("under a version nothing is half changed: neither the text nor the name", async () => {
    const account = accountOf();
    const answer = await changeProfile(interrupted(account), account.id, { name: "Mine", bio: "Mine" }, account.version, NOW_MS);
    expect(answer).toEqual({ ok: false, error: { code: "version_stale" } });
    expect(await readProfile(startUsers([account]), account.id)).toMatchObject({
      value: { profile: { name: "Somebody", bio: "Theirs" } },
    });
  });

  test("without one both changes count, each of its own fields", async () => {
    const account = accountOf();
    const answer = await changeProfile(interrupted(account), account.id, { phone: "+431234567" }, null, NOW_MS);
    expect(answer).toMatchObject({ ok: true, value: { profile: { bio: "Theirs", phone: "+431234567" } } });
  });

  test("a name that auth refuses leaves the text as it was", async () => {
    const account = accountOf();
    const users = startUsers([account]);
    const refusing = async () => ({ ok: false, error: { code: "version_stale" } });
    // What travels by RPC is disposable; nobody disposes of a refusal.
    users.AUTH.rename = refusing as unknown as UsersEnv["AUTH"]["rename"];
    expect(await changeProfile(users, account.id, { name: "Mine", bio: "Mine" }, account.version, NOW_MS)).toMatchObject({
      ok: false,
    });
    expect(await readProfile(users, account.id)).toMatchObject({ value: { profile: { bio: null } } });
  });

  test("and what another change wrote before auth refused the name stays", async () => {
    const account = accountOf();
    const users = startUsers([account]);
    await changeProfile(users, account.id, { phone: "+431111111", bio: "Mine at first" }, null, NOW_MS);
    const refusing = async () => {
      await changeProfile(startUsers([account]), account.id, { bio: "Theirs" }, null, NOW_MS);
      return { ok: false, error: { code: "version_stale" } };
    };
    // What travels by RPC is disposable; nobody disposes of a refusal.
    users.AUTH.rename = refusing as unknown as UsersEnv["AUTH"]["rename"];
    const change = { name: "Mine", phone: "+432222222", bio: "Mine" };
    expect(await changeProfile(users, account.id, change, account.version + 1, NOW_MS)).toMatchObject({ ok: false });
    expect(await readProfile(users, account.id)).toMatchObject({
      value: { profile: { name: "Somebody", phone: "+431111111", bio: "Theirs" } },
    });
  });
});

describe("a profile whose name auth fails to change", () => {
  const change = { name: "Mine", phone: "+432222222", bio: "Mine" };
  const lost = new Error("Network connection lost.");
  const fail = () => Promise.reject(lost);
  const open = async () => {
    const account = accountOf();
    const users = startUsers([account]);
    await changeProfile(users, account.id, { phone: "+431111111" }, null, NOW_MS);
    return { account, users, version: account.version + 1 };
  };
  const before = { value: { profile: { name: "Somebody", phone: "+431111111", bio: null } } };

  test.each([true, false])("is as it was, under a version: %s", async (versioned) => {
    const { account, users, version } = await open();
    Object.assign(users.AUTH, { rename: fail });
    await expect(changeProfile(users, account.id, change, versioned ? version : null, NOW_MS)).rejects.toThrow(lost);
    expect(await readProfile(users, account.id)).toMatchObject(before);
  });

  test("is as it was too where auth cannot be asked afterwards", async () => {
    const { account, users, version } = await open();
    const { accounts } = users.AUTH;
    const fallSilent = () => {
      Object.assign(users.AUTH, { accounts: () => Promise.reject(new Error("still away")) });
      return fail();
    };
    Object.assign(users.AUTH, { rename: fallSilent });
    await expect(changeProfile(users, account.id, change, version, NOW_MS)).rejects.toThrow(lost);
    Object.assign(users.AUTH, { accounts });
    expect(await readProfile(users, account.id)).toMatchObject(before);
  });

  test("is changed as a whole where only the answer was lost", async () => {
    const { account, users, version } = await open();
    const { rename } = users.AUTH;
    const renameInSilence = async (...asked: Parameters<typeof rename>) => {
      await rename(...asked);
      return fail();
    };
    Object.assign(users.AUTH, { rename: renameInSilence });
    expect(await changeProfile(users, account.id, change, version, NOW_MS)).toMatchObject({
      ok: true,
      value: { profile: change },
    });
    expect(await readProfile(users, account.id)).toMatchObject({ value: { profile: change, version: version + 2 } });
    expect(await env.USERS_DB.prepare("SELECT name FROM accounts WHERE id = ?").bind(account.id).first("name")).toBe("Mine");
  });
});
