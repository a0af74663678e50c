import { applyD1Migrations, reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Account } from "../../shared/contracts/accounts";
import { changeStatus, listStatusChanges, settleStatusChanges } from "../../workers/users/account-standing";
import { accountOf, startUsers } from "../support/users";

const NOW_MS = Date.parse("2027-01-01T12:00:00Z");
const MINUTE_MS = 60_000;
const ADMIN = crypto.randomUUID();

beforeEach(() => applyD1Migrations(env.USERS_DB, env.MIGRATIONS.users));
afterEach(() => reset());

const suspended = (reason: string) => ({ status: "suspended", reason }) as const;
const history = async ({ id }: Account): Promise<string[]> =>
  (await listStatusChanges(env.USERS_DB, id, { limit: 100 })).data.map(({ status, reason }) => `${status}: ${reason}`);
const rows = () => env.USERS_DB.prepare("SELECT count(*) AS n FROM status_changes").first<number>("n");

type Change = UsersEnv["AUTH"]["changeStatus"];
/** Auth does as asked, and its answer gets lost on the way; or it is not reached. */
function startDeaf(known: Account[], reached: boolean): UsersEnv {
  const users = startUsers(known);
  const { changeStatus: change } = users.AUTH;
  const deaf = async (...asked: Parameters<Change>) => {
    if (reached) await change(...asked);
    throw new Error("Network connection lost");
  };
  // What travels by RPC is disposable; nothing does.
  users.AUTH.changeStatus = deaf as unknown as Change;
  return users;
}

describe("the history of an account's status", () => {
  test("tells each change with its reason, newest first, and nothing of what changed nothing", async () => {
    const account = accountOf();
    const users = startUsers([account]);
    await changeStatus(users, ADMIN, account.id, suspended("Fraud"), NOW_MS);
    await changeStatus(users, ADMIN, account.id, suspended("Fraud, said twice"), NOW_MS + 1);
    await changeStatus(users, ADMIN, account.id, { status: "active", reason: "Cleared" }, NOW_MS + 2);
    expect(await changeStatus(users, account.id, account.id, suspended("Myself"), NOW_MS + 3)).toMatchObject({ ok: false });
    expect(await history(account)).toEqual(["active: Cleared", "suspended: Fraud"]);
    expect(await rows()).toBe(2);
  });

  test("tells of two who decide the same at the same time one", async () => {
    const account = accountOf();
    const users = startUsers([account]);
    const { changeStatus: change } = users.AUTH;
    // As auth does: who finds the account as he wants it changes nothing.
    const changing = async (...[actorId, id, status]: Parameters<Change>) =>
      account.status === status ? { ok: true, value: structuredClone(account) } : change(actorId, id, status);
    // What travels by RPC is disposable; nobody disposes of it here.
    users.AUTH.changeStatus = changing as unknown as Change;
    await Promise.all(["One", "Two"].map((reason) => changeStatus(users, ADMIN, account.id, suspended(reason), NOW_MS)));
    expect(await history(account)).toHaveLength(1);
    expect(await rows()).toBe(1);
  });

  test("learns a minute later what a lost answer had done", async () => {
    const account = accountOf();
    await expect(changeStatus(startDeaf([account], true), ADMIN, account.id, suspended("Fraud"), NOW_MS)).rejects.toThrow("lost");
    const users = startUsers([account]);
    expect(await history(account)).toEqual([]);
    expect(await settleStatusChanges(users, NOW_MS + MINUTE_MS - 1)).toBe(0);
    expect(await settleStatusChanges(users, NOW_MS + 2 * MINUTE_MS)).toBe(1);
    expect(await history(account)).toEqual(["suspended: Fraud"]);
    expect(await settleStatusChanges(users, NOW_MS + 3 * MINUTE_MS)).toBe(0);
  });

  test("forgets what never came about, and a repeated try of what had", async () => {
    const account = accountOf();
    const decide = (users: UsersEnv, reason: string) =>
      changeStatus(users, ADMIN, account.id, suspended(reason), NOW_MS).catch(() => null);
    await decide(startDeaf([account], false), "Never arrived");
    const users = startUsers([account]);
    expect(await settleStatusChanges(users, NOW_MS + 2 * MINUTE_MS)).toBe(1);
    expect(await rows()).toBe(0);
    await decide(startDeaf([account], false), "Tried first");
    await decide(users, "Tried again");
    expect(await settleStatusChanges(users, NOW_MS + 2 * MINUTE_MS)).toBe(1);
    expect(await history(account)).toEqual(["suspended: Tried again"]);
    expect(await rows()).toBe(1);
  });
});
