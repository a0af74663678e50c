import { applyD1Migrations, reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Account } from "../../shared/contracts/accounts";
import type { MemberRole } from "../../shared/contracts/organizers";
import { rememberedMembership } from "../../shared/http/memberships";
import { MISSES_A_DAY, sweepLookups } from "../../workers/users/member-lookups";
import { addMember, changeMember, removeMember } from "../../workers/users/members";
import { membership } from "../../workers/users/memberships";
import {
  changeOrganizer,
  createOrganizer,
  organizerBySlug,
  organizersByIds,
  sweepOldSlugs,
} from "../../workers/users/organizers";
import { listMembers } from "../../workers/users/team";
import { swapSql } from "../support/swapped-database";
import { accountOf, proved, startUsers } from "../support/users";

const NOW_MS = Date.parse("2027-01-01T12:00:00Z");
const DAY_MS = 86_400_000;
const after = { waitUntil: (promise: Promise<unknown>) => void running.push(promise) };
const running: Promise<unknown>[] = [];
const CALLER = "0197f3c2-1a2b-7d3c-8e4f-0a1b2c3d4e5f";

async function openTeam(users: UsersEnv, owner: Account): Promise<string> {
  const created = await createOrganizer(users, owner.id, { name: "The Blue Note", slug: `s-${crypto.randomUUID()}` }, NOW_MS);
  if (!created.ok) throw new Error(created.error.code);
  return created.value.id;
}

const ownersOf = async (organizerId: string): Promise<number> =>
  (
    await env.USERS_DB.prepare("SELECT count(*) AS n FROM memberships WHERE organizer_id = ? AND role = 'owner'")
      .bind(organizerId)
      .first<{ n: number }>()
  )?.n ?? -1;

beforeEach(() => applyD1Migrations(env.USERS_DB, env.MIGRATIONS.users));
afterEach(async () => {
  await Promise.all(running.splice(0));
  await reset();
});

describe("becoming an organizer", () => {
  test("of eight who want one slug at once one gets it", async () => {
    const people = Array.from({ length: 8 }, () => accountOf());
    const users = startUsers(people);
    const answers = await Promise.all(
      people.map(({ id }) => createOrganizer(users, id, { name: "Us", slug: "blue-note" }, NOW_MS)),
    );
    expect(answers.filter((answer) => answer.ok)).toHaveLength(1);
    expect(answers.filter((answer) => !answer.ok && answer.error.code === "slug_taken")).toHaveLength(7);
    expect((await organizerBySlug(users, "blue-note", NOW_MS))?.name).toBe("Us");
  });

  test("the platform's own names are taken, for a change too", async () => {
    const owner = accountOf();
    const users = startUsers([owner]);
    const id = await openTeam(users, owner);
    for (const slug of ["www", "api", "admin", "mail"]) {
      const taken = { ok: false, error: { code: "slug_taken" } };
      expect(await createOrganizer(users, owner.id, { name: "Us", slug }, NOW_MS)).toEqual(taken);
      expect(await changeOrganizer(users, id, { slug }, null, NOW_MS)).toEqual(taken);
    }
  });

  test("a name that an organizer left is his for a year, and leads to him", async () => {
    const [owner, other] = [accountOf(), accountOf()];
    const users = startUsers([owner, other]);
    const id = await openTeam(users, owner);
    const othersId = await openTeam(users, other);
    const YEAR_MS = 365 * DAY_MS;
    await changeOrganizer(users, id, { slug: "blue-note" }, null, NOW_MS);
    expect(await changeOrganizer(users, id, { slug: "red-note" }, 1, NOW_MS)).toMatchObject({ error: { code: "version_stale" } });
    await changeOrganizer(users, id, { slug: "red-note" }, null, NOW_MS);
    expect(await organizerBySlug(users, "blue-note", NOW_MS)).toMatchObject({ id, slug: "red-note" });
    const taken = { ok: false, error: { code: "slug_taken" } };
    expect(await changeOrganizer(users, othersId, { slug: "blue-note" }, null, NOW_MS + YEAR_MS - 1)).toEqual(taken);
    expect(await createOrganizer(users, other.id, { name: "Us", slug: "blue-note" }, NOW_MS + YEAR_MS - 1)).toEqual(taken);

    // Its own again, and the other one is kept instead.
    expect(await changeOrganizer(users, id, { slug: "blue-note" }, null, NOW_MS + 1)).toMatchObject({ ok: true });
    expect(await organizerBySlug(users, "red-note", NOW_MS + 1)).toMatchObject({ id });
    const laterMs = NOW_MS + 1 + YEAR_MS;
    expect(await organizerBySlug(users, "red-note", laterMs)).toBeNull();
    expect(await changeOrganizer(users, othersId, { slug: "red-note" }, null, laterMs)).toMatchObject({ ok: true });
    expect(await organizerBySlug(users, "red-note", laterMs)).toMatchObject({ id: othersId });
    for (let n = 0; n < 12; n++) await changeOrganizer(users, id, { slug: `note-${n}` }, null, laterMs + n);
    const names = Array.from({ length: 11 }, (_, n) => organizerBySlug(users, `note-${n}`, laterMs + 12));
    expect((await Promise.all(names)).filter((found) => found?.id === id)).toHaveLength(10);
    expect(await sweepOldSlugs(env.USERS_DB, laterMs + YEAR_MS + 12)).toBeGreaterThan(9);
  });

  test("a token that outlived its account's suspension makes none", async () => {
    const suspended = accountOf({ status: "suspended" });
    const unverified = accountOf({ status: "pending", emailVerified: false });
    const users = startUsers([suspended, unverified]);
    const draft = { name: "Us", slug: "blue-note" };
    expect(await createOrganizer(users, suspended.id, draft, NOW_MS)).toMatchObject({ error: { code: "account_suspended" } });
    expect(await createOrganizer(users, unverified.id, draft, NOW_MS)).toMatchObject({ error: { code: "email_not_verified" } });
    expect(await organizerBySlug(users, "blue-note", NOW_MS)).toBeNull();
  });

  test("a change leaves the other fields, and a stale version changes nothing", async () => {
    const owner = accountOf();
    const users = startUsers([owner]);
    const id = await openTeam(users, owner);
    expect(await changeOrganizer(users, id, { name: "Red" }, 1, NOW_MS + 1)).toMatchObject({
      ok: true,
      value: { name: "Red", version: 2 },
    });
    expect(await changeOrganizer(users, id, { name: "Green" }, 1, NOW_MS + 2)).toEqual({
      ok: false,
      error: { code: "version_stale" },
    });
    const [organizer] = await organizersByIds(users, [id, crypto.randomUUID()]);
    expect(organizer).toMatchObject({ name: "Red", slug: expect.stringMatching(/^s-/) });
  });
});

describe("the team", () => {
  test("only somebody who can sign in joins, by id or address, and once", async () => {
    const [owner, helper, pending] = [accountOf(), accountOf(), accountOf({ status: "pending", emailVerified: false })];
    const users = startUsers([owner, helper, pending]);
    const id = await openTeam(users, owner);
    expect(await addMember(users, after, proved(CALLER), id, { userId: helper.id, role: "door" }, NOW_MS)).toMatchObject({
      ok: true,
      value: { member: { role: "door" } },
    });
    expect(
      await addMember(users, after, proved(CALLER), id, { email: helper.email.toUpperCase(), role: "manager" }, NOW_MS),
    ).toMatchObject({
      error: { code: "member_exists" },
    });
    expect(await membership(users, helper.id, id)).toBe("door");
    for (const draft of [{ userId: pending.id }, { email: pending.email }, { userId: crypto.randomUUID() }]) {
      expect(await addMember(users, after, proved(CALLER), id, { ...draft, role: "door" }, NOW_MS)).toMatchObject({
        error: { code: "user_not_found" },
      });
    }
  });

  test("a caller may miss with twenty addresses a day, at once and in all organizers together; hits are free", async () => {
    const [owner, helper] = [accountOf(), accountOf()];
    const users = startUsers([owner, helper]);
    const teams = [await openTeam(users, owner), await openTeam(users, owner)];
    const tried = async (email: string, caller = owner.id, nowMs = NOW_MS, team = teams[0] ?? "") => {
      const answer = await addMember(users, after, proved(caller), team, { email, role: "door" }, nowMs);
      return answer.ok ? "joined" : answer.error.code;
    };
    expect(await tried(helper.email)).toBe("joined");
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, n) => tried(`nobody-${n}@people.example`, owner.id, NOW_MS, teams[n % 2])),
    );
    expect(answers.filter((answer) => answer === "user_not_found")).toHaveLength(MISSES_A_DAY);
    expect(answers.filter((answer) => answer === "rate_limited")).toHaveLength(30 - MISSES_A_DAY);
    expect(
      await addMember(users, after, proved(owner.id), teams[0] ?? "", { email: helper.email, role: "door" }, NOW_MS),
    ).toEqual({
      ok: false,
      error: { code: "rate_limited", retryAfterSeconds: 12 * 3600 },
    });
    expect(
      await addMember(users, after, proved(owner.id), teams[1] ?? "", { userId: helper.id, role: "door" }, NOW_MS),
    ).toMatchObject({
      ok: true,
    });
    expect(await tried("nobody@people.example", helper.id)).toBe("user_not_found");
    expect(await tried("nobody@people.example", owner.id, NOW_MS + DAY_MS)).toBe("user_not_found");
    expect(await sweepLookups(env.USERS_DB, NOW_MS + DAY_MS)).toBe(2);
  });

  test("the last owner neither leaves nor steps down; of two either may", async () => {
    const [owner, second] = [accountOf(), accountOf()];
    const users = startUsers([owner, second]);
    const id = await openTeam(users, owner);
    await addMember(users, after, proved(CALLER), id, { userId: second.id, role: "manager" }, NOW_MS);
    const last = { ok: false, error: { code: "last_owner" } };
    expect(await removeMember(users, proved(owner.id), id, owner.id, NOW_MS)).toEqual(last);
    expect(await changeMember(users, proved(owner.id), id, owner.id, { role: "door" }, null, NOW_MS)).toEqual(last);
    expect(await changeMember(users, proved(owner.id), id, owner.id, { role: "owner" }, null, NOW_MS)).toMatchObject({
      ok: true,
    });
    await changeMember(users, proved(owner.id), id, second.id, { role: "owner" }, null, NOW_MS);
    expect(await removeMember(users, proved(owner.id), id, owner.id, NOW_MS)).toEqual({ ok: true, value: null });
    expect(await removeMember(users, proved(owner.id), id, owner.id, NOW_MS)).toMatchObject({
      error: { code: "user_not_found" },
    });
    expect(await removeMember(users, proved(second.id), id, second.id, NOW_MS)).toEqual(last);
  });

  async function bothLeave(db: D1Database): Promise<number> {
    const [owner, second] = [accountOf(), accountOf()];
    const users = startUsers([owner, second], db);
    const id = await openTeam(users, owner);
    await addMember(users, after, proved(owner.id), id, { userId: second.id, role: "owner" }, NOW_MS);
    await Promise.all([
      removeMember(users, proved(owner.id), id, owner.id, NOW_MS),
      changeMember(users, proved(second.id), id, second.id, { role: "door" }, null, NOW_MS),
    ]);
    return ownersOf(id);
  }

  test("two owners who leave at the same time leave one", async () => {
    expect(await bothLeave(env.USERS_DB)).toBe(1);
  });

  test("control: without the condition in the statement they leave none", async () => {
    const { db, swaps } = swapSql(env.USERS_DB, "role <> 'owner' OR", "1 OR");
    expect(await bothLeave(db)).toBe(0);
    expect(swaps()).toBe(2);
  });

  test("pages neither repeat nor lose a member who joins in between", async () => {
    const people = Array.from({ length: 7 }, () => accountOf());
    const [owner, ...others] = people as [Account, ...Account[]];
    const users = startUsers(people);
    const id = await openTeam(users, owner);
    const [late, ...early] = others;
    for (const { id: userId } of early) await addMember(users, after, proved(CALLER), id, { userId, role: "door" }, NOW_MS + 10);
    const first = await listMembers(users, id, { limit: 4 });
    await addMember(users, after, proved(CALLER), id, { userId: late?.id, role: "door" }, NOW_MS + 20);
    const second = await listMembers(users, id, { limit: 4, cursor: first.nextCursor ?? undefined });
    const seen = [...first.data, ...second.data].map(({ userId }) => userId);
    expect(seen).toHaveLength(7);
    expect(new Set(seen)).toEqual(new Set(people.map((person) => person.id)));
    expect(second.nextCursor).toBeNull();
  });
});

describe("what siblings remember of a membership", () => {
  function counting(role: MemberRole | null) {
    const asked = {
      role,
      times: 0,
      membership: async () => {
        asked.times += 1;
        return asked.role;
      },
    };
    return asked;
  }

  test("a yes is asked once, a no each time, and a role that is not enough too", async () => {
    const users = counting(null);
    const ask = () => rememberedMembership(users, "u1", "o1", "events:write");
    expect(await ask()).toBeNull();
    users.role = "door";
    expect(await ask()).toBe("door");
    users.role = "marketing";
    expect(await ask()).toBe("marketing");
    users.role = null;
    expect(await ask()).toBe("marketing");
    expect(users.times).toBe(3);
  });

  test("without a permission in question only who may do everything is remembered", async () => {
    const users = counting("door");
    const ask = () => rememberedMembership(users, "u2", "o1");
    await ask();
    users.role = "owner";
    expect(await ask()).toBe("owner");
    users.role = "door";
    expect(await ask()).toBe("owner");
  });
});
