import { applyD1Migrations, reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { findByEmail } from "../../workers/auth/accounts";
import { changeRole, changeStatus } from "../../workers/auth/standing";
import { type Auth, NOW_MS, registerVerified, settled, startAuth } from "../support/auth";

beforeEach(() => applyD1Migrations(env.AUTH_DB, env.MIGRATIONS.auth));
afterEach(async () => {
  await settled();
  await reset();
});

async function accountWith(auth: Auth, email: string, role = "user"): Promise<string> {
  await registerVerified(auth, email);
  const account = await findByEmail(auth.env, email);
  await auth.env.DB.prepare("UPDATE accounts SET role = ? WHERE id = ?").bind(role, account?.id).run();
  return account?.id ?? "";
}
const admins = async (): Promise<number> =>
  (
    await env.AUTH_DB.prepare("SELECT count(*) AS n FROM accounts WHERE role = 'admin' AND status = 'active'").first<{
      n: number;
    }>()
  )?.n ?? -1;

describe("what an admin decides", () => {
  test("a role is announced, and the same again changes nothing", async () => {
    const auth = startAuth();
    const admin = await accountWith(auth, "admin@people.example", "admin");
    const user = await accountWith(auth, "user@people.example");
    const changed = await changeRole(auth.env, auth.after, admin, user, "organizer", null, NOW_MS);
    const again = await changeRole(auth.env, auth.after, admin, user, "organizer", null, NOW_MS);
    expect(changed.ok && changed.value.role).toBe("organizer");
    expect(again).toEqual(changed);
    const heard = (await auth.heard()).filter(({ type, subject }) => type === "account.changed" && subject === user);
    expect(heard).toHaveLength(1);
  });

  test("a suspension ends the sessions and can be taken back, a deletion cannot", async () => {
    const auth = startAuth();
    const admin = await accountWith(auth, "admin@people.example", "admin");
    const user = await accountWith(auth, "user@people.example");
    await auth.env.DB.prepare(
      `INSERT INTO sessions (id, account_id, audience, auth_time_ms, created_at_ms, last_used_at_ms, expires_at_ms)
       VALUES ('s', ?1, 'here', ?2, ?2, ?2, ?3)`,
    )
      .bind(user, NOW_MS, NOW_MS + 1_000)
      .run();
    const revoked = () =>
      auth.env.DB.prepare("SELECT revoked_because AS because FROM sessions").first<{ because: string | null }>();
    expect(await revoked()).toEqual({ because: null });
    expect((await changeStatus(auth.env, auth.after, admin, user, "suspended", null, NOW_MS)).ok).toBe(true);
    expect(await revoked()).toEqual({ because: "account_ended" });
    expect((await changeStatus(auth.env, auth.after, admin, user, "active", null, NOW_MS)).ok).toBe(true);
    expect(await revoked()).toEqual({ because: "account_ended" });
    expect((await changeStatus(auth.env, auth.after, admin, user, "deleted", null, NOW_MS)).ok).toBe(true);
    expect(await changeStatus(auth.env, auth.after, admin, user, "active", null, NOW_MS)).toMatchObject({
      error: { code: "account_state" },
    });
  });

  test("under a version is done while the account is at it, by who may; the same again is refused too", async () => {
    const auth = startAuth();
    const admin = await accountWith(auth, "admin@people.example", "admin");
    const user = await accountWith(auth, "user@people.example");
    const { version = 0 } = (await findByEmail(auth.env, "user@people.example")) ?? {};
    const stale = { ok: false, error: { code: "version_stale" } };
    expect(await changeRole(auth.env, auth.after, admin, user, "organizer", version + 1, NOW_MS)).toEqual(stale);
    expect(await changeRole(auth.env, auth.after, user, admin, "user", 99, NOW_MS)).toMatchObject({
      error: { code: "forbidden" },
    });
    expect(await changeRole(auth.env, auth.after, admin, user, "organizer", version, NOW_MS)).toMatchObject({ ok: true });
    expect(await changeRole(auth.env, auth.after, admin, user, "organizer", version, NOW_MS)).toEqual(stale);
    expect(await changeStatus(auth.env, auth.after, admin, user, "suspended", version, NOW_MS)).toEqual(stale);
    expect(await changeStatus(auth.env, auth.after, admin, user, "active", version, NOW_MS)).toEqual(stale);
    const both = await Promise.all([
      changeRole(auth.env, auth.after, admin, user, "user", version + 1, NOW_MS),
      changeStatus(auth.env, auth.after, admin, user, "suspended", version + 1, NOW_MS),
    ]);
    expect(both.map(({ ok }) => ok).sort()).toEqual([false, true]);
  });

  test("is refused from somebody who is none, about himself, and of nobody", async () => {
    const auth = startAuth();
    const admin = await accountWith(auth, "admin@people.example", "admin");
    const user = await accountWith(auth, "user@people.example");
    const forbidden = { ok: false, error: { code: "forbidden" } };
    expect(await changeRole(auth.env, auth.after, user, admin, "user", null, NOW_MS)).toMatchObject(forbidden);
    expect(await changeStatus(auth.env, auth.after, user, admin, "suspended", null, NOW_MS)).toMatchObject(forbidden);
    expect(await changeRole(auth.env, auth.after, admin, admin, "user", null, NOW_MS)).toMatchObject(forbidden);
    expect(await changeRole(auth.env, auth.after, admin, crypto.randomUUID(), "user", null, NOW_MS)).toMatchObject({
      error: { code: "user_not_found" },
    });
  });

  test("of two admins who demote or suspend each other at once, one stays", async () => {
    for (const round of [0, 1, 2]) {
      const auth = startAuth();
      const [one, other] = await Promise.all(["one", "other"].map((name) => accountWith(auth, `${name}${round}@people.example`)));
      await auth.env.DB.prepare("UPDATE accounts SET role = 'user'").run();
      await auth.env.DB.prepare("UPDATE accounts SET role = 'admin' WHERE id IN (?, ?)").bind(one, other).run();
      await Promise.all([
        changeRole(auth.env, auth.after, one ?? "", other ?? "", "user", null, NOW_MS),
        changeStatus(auth.env, auth.after, other ?? "", one ?? "", "suspended", null, NOW_MS),
      ]);
      expect(await admins()).toBe(1);
    }
  });
});
