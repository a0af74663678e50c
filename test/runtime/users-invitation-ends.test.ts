import { applyD1Migrations, reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Account } from "../../shared/contracts/accounts";
import type { MemberRole } from "../../shared/contracts/organizers";
import { changeStatus } from "../../workers/users/account-standing";
import {
  ADDRESS_A_DAY,
  acceptInvitation,
  invitationMails,
  invite,
  listInvitations,
  SAME_ADDRESS_A_DAY,
} from "../../workers/users/invitations";
import { ADDITIONS_A_DAY } from "../../workers/users/member-lookups";
import { addMember, changeMember, removeMember } from "../../workers/users/members";
import { MAX_MEMBERS, membership } from "../../workers/users/memberships";
import { transferOwnership } from "../../workers/users/ownership";
import { swapSql } from "../support/swapped-database";
import { accountOf, openTeam, proved, startUsers } from "../support/users";

const NOW_MS = Date.parse("2027-01-01T12:00:00Z");
const DAY_MS = 86_400_000;
const running: Promise<unknown>[] = [];
const after = { waitUntil: (promise: Promise<unknown>) => void running.push(promise) };

beforeEach(() => applyD1Migrations(env.USERS_DB, env.MIGRATIONS.users));
afterEach(async () => {
  await Promise.all(running.splice(0));
  await reset();
});

/** A team of an owner and a manager, and a guest whom one of them asks. */
async function ask(asker: "owner" | "manager", role: MemberRole, db = env.USERS_DB) {
  const [manager, guest] = [accountOf(), accountOf()];
  const { id, owner } = await openTeam([accountOf(), manager]);
  const users = startUsers([owner, manager, guest], db);
  const by = asker === "owner" ? owner : manager;
  const made = await invite(users, after, proved(by.id), id, { email: guest.email, role }, NOW_MS);
  if (!made.ok) throw new Error(made.error.code);
  const [mail] = await invitationMails(users, [made.value.id], NOW_MS);
  const accept = () => acceptInvitation(users, guest.id, mail?.token ?? "", NOW_MS + 1);
  const open = async () => (await listInvitations(env.USERS_DB, id, { limit: 10 }, NOW_MS)).data.length;
  return { users, id, owner, manager, guest, invitationId: made.value.id, accept, open };
}
type Asked = Awaited<ReturnType<typeof ask>>;
const INVALID = { ok: false, error: { code: "invalid_token" } };

const ENDS: [string, "owner" | "manager", MemberRole, (asked: Asked) => Promise<unknown>][] = [
  [
    "as an owner, of who has handed over",
    "owner",
    "owner",
    ({ users, id, owner, manager }) => transferOwnership(users, owner.id, id, manager.id, NOW_MS),
  ],
  [
    "of a manager who is none any more",
    "manager",
    "door",
    ({ users, id, owner, manager }) => changeMember(users, proved(owner.id), id, manager.id, { role: "finance" }, null, NOW_MS),
  ],
  [
    "of somebody who was sent away",
    "manager",
    "manager",
    ({ users, id, owner, manager }) => removeMember(users, proved(owner.id), id, manager.id, NOW_MS),
  ],
];

describe("an invitation", () => {
  test.each(ENDS)("%s is worth nothing, and no longer listed", async (_, asker, role, end) => {
    const asked = await ask(asker, role);
    expect(await asked.open()).toBe(1);
    expect(await end(asked)).toMatchObject({ ok: true });
    expect(await asked.open()).toBe(0);
    expect(await asked.accept()).toEqual(INVALID);
    expect(await membership(asked.users, asked.guest.id, asked.id)).toBeNull();
  });

  test.each(ENDS)(
    "%s is worth nothing where it was not taken back, by the statement that accepts",
    async (_, asker, role, end) => {
      const { db, swaps } = swapSql(env.USERS_DB, "AND invited_by = ?2 AND status = 'open'", "AND invited_by = ?2 AND 0");
      const asked = await ask(asker, role, db);
      await end(asked);
      expect(swaps()).toBe(1);
      expect(await asked.open()).toBe(1);
      expect(await asked.accept()).toEqual(INVALID);
    },
  );

  test.each(ENDS)("control: %s would bring its guest in without that condition", async (_, asker, role, end) => {
    const { db } = swapSql(env.USERS_DB, "AND invited_by = ?2 AND status = 'open'", "AND invited_by = ?2 AND 0");
    const { db: both, swaps } = swapSql(db, "AND giver.status = 'active'", "OR 1");
    const asked = await ask(asker, role, both);
    await end(asked);
    expect(await asked.accept()).toMatchObject({ ok: true, value: { member: { role } } });
    // Its mail and its acceptance.
    expect(swaps()).toBe(2);
  });

  test("of a suspended owner waits for him, and its mail is not written", async () => {
    const asked = await ask("owner", "door");
    await changeStatus(asked.users, "admin", asked.owner.id, { status: "suspended", reason: "Fraud" }, NOW_MS);
    expect(await asked.accept()).toEqual(INVALID);
    expect(await invitationMails(asked.users, [asked.invitationId], NOW_MS)).toEqual([]);
    await changeStatus(asked.users, "admin", asked.owner.id, { status: "active", reason: "Cleared" }, NOW_MS);
    expect(await asked.accept()).toMatchObject({ ok: true });
  });

  test("to somebody who was added, and sent away again, lets nobody back in", async () => {
    const asked = await ask("owner", "manager");
    const { users, id, owner, guest } = asked;
    expect(await addMember(users, after, proved(owner.id), id, { userId: guest.id, role: "door" }, NOW_MS)).toMatchObject({
      ok: true,
    });
    expect(await asked.open()).toBe(0);
    await removeMember(users, proved(owner.id), id, guest.id, NOW_MS);
    expect(await asked.accept()).toEqual(INVALID);
  });

  test("made while he is in the team ends when he is sent away", async () => {
    const asked = await ask("owner", "manager");
    const { users, id, owner, guest } = asked;
    await addMember(users, after, proved(owner.id), id, { userId: guest.id, role: "door" }, NOW_MS);
    const made = await invite(users, after, proved(owner.id), id, { email: guest.email, role: "manager" }, NOW_MS);
    const [mail] = await invitationMails(users, made.ok ? [made.value.id] : [], NOW_MS);
    const accept = () => acceptInvitation(users, guest.id, mail?.token ?? "", NOW_MS);
    expect(await accept()).toEqual({ ok: false, error: { code: "member_exists" } });
    expect(await membership(users, guest.id, id)).toBe("door");
    await removeMember(users, proved(owner.id), id, guest.id, NOW_MS);
    expect(await accept()).toEqual(INVALID);
  });

  test("control: of two who accept at once both would, without the condition on what is open", async () => {
    const { db, swaps } = swapSql(env.USERS_DB, "WHERE id = ?3 AND status = 'open'", "WHERE id = ?3");
    const { db: both } = swapSql(
      db,
      "AND NOT EXISTS (SELECT 1 FROM memberships WHERE organizer_id = ?1 AND user_id = ?4)",
      "AND ?4 IS NOT NULL",
    );
    const asked = await ask("owner", "door", both);
    const answers = await Promise.all([asked.accept(), asked.accept()]);
    expect(answers.filter(({ ok }) => ok)).toHaveLength(2);
    expect(swaps()).toBe(2);
  });
});

describe("one address", () => {
  /** Each from an organizer and a person of his own, at once. */
  async function askFromEverywhere(db: D1Database): Promise<string[]> {
    const guest = accountOf();
    const teams = [];
    for (let n = 0; n < ADDRESS_A_DAY + 2; n++) teams.push(await openTeam([accountOf()]));
    const answers = await Promise.all(
      teams.map(({ id, owner }) =>
        invite(startUsers([owner], db), after, proved(owner.id), id, { email: guest.email, role: "door" }, NOW_MS),
      ),
    );
    return answers.map((answer) => (answer.ok ? "sent" : answer.error.code));
  }

  test("is written to ten times a day by all together, at once too", async () => {
    const answers = await askFromEverywhere(env.USERS_DB);
    expect(answers.filter((answer) => answer === "sent")).toHaveLength(ADDRESS_A_DAY);
    expect(answers.filter((answer) => answer === "rate_limited")).toHaveLength(2);
  });

  test("control: without the condition in the statement it is written to by everybody", async () => {
    const { db } = swapSql(env.USERS_DB, `< ${ADDRESS_A_DAY}\n`, "< 99\n");
    expect(await askFromEverywhere(db)).not.toContain("rate_limited");
  });

  test("is written to three times a day by one person, whichever organizers he makes", async () => {
    const owner = accountOf();
    const answers = [];
    for (let n = 0; n <= SAME_ADDRESS_A_DAY; n++) {
      const { users, id } = await openTeam([owner]);
      answers.push(await invite(users, after, proved(owner.id), id, { email: "ina@people.example", role: "door" }, NOW_MS));
    }
    expect(answers.map(({ ok }) => ok)).toEqual([true, true, true, false]);
    const { users, id } = await openTeam([owner]);
    expect(
      await invite(users, after, proved(owner.id), id, { email: "ina@people.example", role: "door" }, NOW_MS + DAY_MS),
    ).toMatchObject({ ok: true });
  });
});

describe("who is taken in without being asked", () => {
  const mailed = async (users: UsersEnv) => {
    const { results } = await env.USERS_DB.prepare("SELECT id FROM invitations WHERE added = 1").all<{ id: string }>();
    return invitationMails(
      users,
      results.map(({ id }) => id),
      NOW_MS,
    );
  };

  test("is told by a mail without anything to accept, three times a day by one person", async () => {
    const [owner, guest] = [accountOf({ name: "Olga Owner" }), accountOf()];
    for (let n = 0; n <= SAME_ADDRESS_A_DAY; n++) await openTeam([owner, guest]);
    const mails = await mailed(startUsers([owner]));
    expect(mails).toHaveLength(SAME_ADDRESS_A_DAY);
    expect(mails[0]).toMatchObject({ to: guest.email, token: null, inviterName: "Olga Owner", role: "manager" });
    expect(await env.USERS_DB.prepare("SELECT count(*) AS n FROM memberships WHERE user_id = ?").bind(guest.id).first()).toEqual({
      n: SAME_ADDRESS_A_DAY + 1,
    });
  });

  test("is one of a hundred a day by one person, named by an address or by an id", async () => {
    const people: Account[] = Array.from({ length: 3 }, () => accountOf());
    const { users, id, owner } = await openTeam([accountOf()]);
    const known = startUsers([owner, ...people]);
    await env.USERS_DB.prepare("INSERT INTO member_lookups (user_id, day, lookups, additions) VALUES (?, ?, 0, ?)")
      .bind(owner.id, Math.floor(NOW_MS / DAY_MS), ADDITIONS_A_DAY - 1)
      .run();
    const add = (draft: { userId?: string; email?: string }, nowMs = NOW_MS) =>
      addMember(known, after, proved(owner.id), id, { ...draft, role: "door" }, nowMs);
    const [first, second, third] = people;
    expect((await add({ email: first?.email ?? "" })).ok).toBe(true);
    const limited = { ok: false, error: { code: "rate_limited", retryAfterSeconds: 12 * 3600 } };
    expect(await add({ userId: second?.id ?? "" })).toEqual(limited);
    // Nobody learns any more who has an account.
    expect(await add({ email: third?.email ?? "" })).toEqual(limited);
    expect(await add({ email: "nobody@people.example" })).toEqual(limited);
    expect((await add({ userId: second?.id ?? "" }, NOW_MS + DAY_MS)).ok).toBe(true);
    expect(await membership(users, second?.id ?? "", id)).toBe("door");
  });

  test("finds room in a team of a thousand, or stays out, by an invitation too", async () => {
    const asked = await ask("owner", "door");
    const { users, id, owner, guest } = asked;
    await env.USERS_DB.batch([
      env.USERS_DB.prepare("PRAGMA defer_foreign_keys = on"),
      env.USERS_DB.prepare(
        `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${MAX_MEMBERS - 2})
         INSERT INTO memberships (organizer_id, user_id, role, created_at_ms, updated_at_ms) SELECT ?, 'm' || i, 'door', 1, 1 FROM n`,
      ).bind(id),
      env.USERS_DB.prepare(
        `INSERT INTO accounts (id, email, name, role, status, email_verified, version, created_at_ms, updated_at_ms)
         SELECT user_id, user_id, 'M', 'user', 'active', 1, 1, 1, 1 FROM memberships WHERE organizer_id = ? AND user_id LIKE 'm%'`,
      ).bind(id),
    ]);
    const full = { ok: false, error: { code: "too_many_members" } };
    expect(await asked.accept()).toEqual(full);
    expect(await addMember(users, after, proved(owner.id), id, { userId: guest.id, role: "door" }, NOW_MS)).toEqual(full);
    await removeMember(users, proved(owner.id), id, "m1", NOW_MS);
    expect(await asked.accept()).toMatchObject({ ok: true });
  });
});
