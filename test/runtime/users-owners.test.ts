import { applyD1Migrations, createExecutionContext, reset, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { INTERNAL_HEADERS } from "../../shared/contracts/internal-headers";
import type { Principal } from "../../shared/contracts/principal";
import type { LackOfProof } from "../../shared/http/guards";
import { changeStatus } from "../../workers/users/account-standing";
import { invite } from "../../workers/users/invitations";
import { addMember, changeMember, removeMember } from "../../workers/users/members";
import { listMemberships, membership } from "../../workers/users/memberships";
import { createOrganizer, MAX_ORGANIZERS } from "../../workers/users/organizers";
import { appointOwner, type TeamCaller } from "../../workers/users/ownership";
import { app } from "../../workers/users/routes";
import { findMember } from "../../workers/users/team";
import { swapSql } from "../support/swapped-database";
import { accountOf, openTeam, proved, startUsers } from "../support/users";

const NOW_MS = Date.parse("2027-01-01T12:00:00Z");
const EVENT = "0197f3c2-7b1e-7cc3-98c4-dc0c0c07398f";
const running: Promise<unknown>[] = [];
const after = { waitUntil: (promise: Promise<unknown>) => void running.push(promise) };

beforeEach(() => applyD1Migrations(env.USERS_DB, env.MIGRATIONS.users));
afterEach(async () => {
  await Promise.all(running.splice(0));
  await reset();
});

const STALE: LackOfProof = { code: "insufficient_user_authentication", maxAgeSeconds: 300 };
const KEY: LackOfProof = { code: "forbidden", detail: "Only somebody who is signed in may do that" };

describe("what makes or unmakes owners", () => {
  /** An owner, another, a manager, and all that makes or unmakes owners. */
  async function openOwners() {
    const [second, manager, guest] = [accountOf(), accountOf(), accountOf()];
    const { users, id, owner } = await openTeam([accountOf(), second, manager]);
    const known = startUsers([owner, second, manager, guest]);
    await changeMember(users, proved(owner.id), id, second.id, { role: "owner" }, null, NOW_MS);
    const acts = (caller: TeamCaller) => ({
      adding: () => addMember(known, after, caller, id, { userId: guest.id, role: "owner" }, NOW_MS),
      inviting: () => invite(known, after, caller, id, { email: guest.email, role: "owner" }, NOW_MS),
      raising: () => changeMember(known, caller, id, manager.id, { role: "owner" }, null, NOW_MS),
      lowering: () => changeMember(known, caller, id, second.id, { role: "manager" }, null, NOW_MS),
      removing: () => removeMember(known, caller, id, manager.id, NOW_MS),
    });
    return { users: known, id, owner, second, manager, guest, acts };
  }

  test.each([
    ["an old proof", STALE],
    ["a key", KEY],
  ])("wants more than %s", async (_, lack) => {
    const { id, owner, second, acts } = await openOwners();
    for (const act of ["adding", "inviting", "raising", "lowering"] as const)
      expect(await acts(proved(owner.id, lack))[act](), act).toEqual({ ok: false, error: lack });
    expect(await removeMember(startUsers([]), proved(owner.id, lack), id, second.id, NOW_MS)).toEqual({
      ok: false,
      error: lack,
    });
    for (const userId of [owner.id, second.id]) expect(await membership(startUsers([]), userId, id)).toBe("owner");
  });

  test("is done by an owner who has just signed in; what is no owner's needs no fresh proof", async () => {
    const { owner, acts } = await openOwners();
    for (const [name, act] of Object.entries(acts(proved(owner.id))))
      if (name !== "removing") expect(await act(), name).toMatchObject({ ok: true });
    const { owner: other, acts: others } = await openOwners();
    expect(await others(proved(other.id, STALE)).removing()).toEqual({ ok: true, value: null });
  });

  test("is refused to a manager before anybody asks how he signed in", async () => {
    const { manager, acts } = await openOwners();
    const { removing, ...owners } = acts(proved(manager.id, STALE));
    for (const [name, act] of Object.entries(owners)) expect(await act(), name).toMatchObject({ error: { code: "forbidden" } });
    expect(await removing()).toMatchObject({ ok: true });
  });

  test("control: the statement itself wants the proof, not the question before it alone", async () => {
    const { db, swaps } = swapSql(env.USERS_DB, "(?9 AND", "(?9 + 1 AND");
    const { owner, id, second } = await openOwners();
    const users = startUsers([], db);
    await changeMember(users, proved(owner.id, STALE), id, second.id, { role: "manager" }, null, NOW_MS);
    expect(swaps()).toBe(1);
    expect(await membership(users, second.id, id)).toBe("manager");
  });
});

describe("through the routes", () => {
  /** As the gateway would hand it on. */
  async function ask(agoMs: number, path: string, method: string, body?: object) {
    const [second, guest] = [accountOf(), accountOf()];
    const { id, owner } = await openTeam([accountOf(), second]);
    const users = startUsers([owner, second, guest]);
    await changeMember(users, proved(owner.id), id, second.id, { role: "owner" }, null, NOW_MS);
    const authTimeMs = Date.now() - agoMs;
    const principal: Principal = {
      kind: "user",
      userId: owner.id,
      sessionId: "s",
      role: "user",
      authTimeMs,
      organizerHost: false,
    };
    const headers = { "content-type": "application/json", [INTERNAL_HEADERS.principal]: JSON.stringify(principal) };
    const named = JSON.stringify(body ?? {}).replace("GUEST", guest.id);
    const init: RequestInit = { method, headers, ...(body ? { body: named } : {}) };
    const ctx = createExecutionContext();
    const answer = await app.request(`/organizers/${id}${path.replace("SECOND", second.id)}`, init, users, ctx);
    await waitOnExecutionContext(ctx);
    return answer;
  }

  test.each([
    ["POST", "/members", { userId: "GUEST", role: "owner" }, 201],
    ["POST", "/invitations", { email: "ina@people.example", role: "owner" }, 201],
    ["PUT", "/members/SECOND", { role: "manager" }, 200],
    ["DELETE", "/members/SECOND", undefined, 204],
    ["PUT", "", { slug: "a-new-name" }, 200],
  ])("%s %s wants a proof of the last five minutes", async (method, path, body, done) => {
    const late = await ask(301_000, path, method, body);
    expect(late.status).toBe(401);
    expect(late.headers.get("www-authenticate")).toContain('error="insufficient_user_authentication"');
    expect(late.headers.get("www-authenticate")).toContain('max_age="300"');
    expect((await ask(295_000, path, method, body)).status).toBe(done);
  });

  test.each([
    ["POST", "/members", { userId: "GUEST", role: "manager" }, 201],
    ["PUT", "", { name: "A new name" }, 200],
    ["PUT", "/members/SECOND", {}, 200],
  ])("%s %s wants none where no owner is made or unmade", async (method, path, body, done) => {
    expect((await ask(301_000, path, method, body)).status).toBe(done);
  });
});

describe("a member's change", () => {
  test("leaves what it does not name, counts a version, and loses to a newer one", async () => {
    const helper = accountOf();
    const { users, id, owner } = await openTeam([accountOf(), helper]);
    const caller = proved(owner.id);
    const first = await findMember(users, id, helper.id);
    await changeMember(users, caller, id, helper.id, { role: "door", eventIds: [EVENT] }, first?.ownVersion ?? -1, NOW_MS);
    expect(await changeMember(users, caller, id, helper.id, { role: "finance" }, first?.ownVersion ?? -1, NOW_MS)).toEqual({
      ok: false,
      error: { code: "version_stale" },
    });
    expect(await changeMember(users, caller, id, helper.id, {}, null, NOW_MS)).toMatchObject({
      value: { member: { role: "door", eventIds: [EVENT] }, ownVersion: (first?.ownVersion ?? 0) + 2 },
    });
    expect(await changeMember(users, caller, id, helper.id, { eventIds: null }, null, NOW_MS)).toMatchObject({
      value: { member: { role: "door", eventIds: null } },
    });
    await changeMember(users, caller, id, helper.id, { role: "finance" }, null, NOW_MS);
    expect(await changeMember(users, caller, id, helper.id, { eventIds: [EVENT] }, null, NOW_MS)).toMatchObject({
      error: { code: "invalid_body", errors: [{ pointer: "/eventIds" }] },
    });
    expect((await findMember(users, id, helper.id))?.member).toMatchObject({ role: "finance", eventIds: null });
  });
});

describe("an organizer without an owner", () => {
  test("is given one by an admin, a member or not, and only then", async () => {
    const [heir, outsider] = [accountOf(), accountOf()];
    const { id, owner } = await openTeam([accountOf(), heir]);
    const users = startUsers([owner, heir, outsider]);
    const appoint = (userId: string) => appointOwner(users, "admin", id, { userId, reason: "The owner is gone" }, NOW_MS);
    expect(await appoint(heir.id)).toEqual({ ok: false, error: { code: "owner_exists" } });
    expect(await membership(users, heir.id, id)).toBe("manager");
    await changeStatus(users, "admin", owner.id, { status: "deleted", reason: "Asked for it" }, NOW_MS);
    expect(await appoint(crypto.randomUUID())).toEqual({ ok: false, error: { code: "user_not_found" } });
    const both = await Promise.all([appoint(heir.id), appoint(outsider.id)]);
    expect(both.map((answer) => answer.ok).sort()).toEqual([false, true]);
    const owners = await Promise.all([heir.id, outsider.id].map((userId) => membership(users, userId, id)));
    expect(owners.filter((role) => role === "owner")).toHaveLength(1);
    const { results } = await env.USERS_DB.prepare("SELECT actor_id, reason FROM owner_appointments").all();
    expect(results).toEqual([{ actor_id: "admin", reason: "The owner is gone" }]);
  });
});

describe("one person", () => {
  async function makeTwice(db: D1Database): Promise<number> {
    const owner = accountOf();
    const users = startUsers([owner], db);
    const make = (n: number) => createOrganizer(users, owner.id, { name: "Us", slug: `s-${n}-${crypto.randomUUID()}` }, NOW_MS);
    for (let n = 1; n < MAX_ORGANIZERS; n++) await make(n);
    const last = await Promise.all([make(100), make(101), make(102)]);
    const refused = last.flatMap((answer) => (answer.ok ? [] : [answer.error.code]));
    expect(refused.every((code) => code === "too_many_organizers")).toBe(true);
    return MAX_ORGANIZERS - 1 + last.length - refused.length;
  }

  test("makes fifty organizers, at once too", async () => {
    expect(await makeTwice(env.USERS_DB)).toBe(MAX_ORGANIZERS);
  });

  test("control: without the condition in the statement he makes more", async () => {
    expect(
      await makeTwice(
        swapSql(env.USERS_DB, "WHERE (SELECT count(*) FROM organizers", "WHERE 0 * (SELECT count(*) FROM organizers").db,
      ),
    ).toBe(MAX_ORGANIZERS + 2);
  });

  test("sees all his teams and nobody else's, page by page", async () => {
    const person = accountOf();
    const teams: string[] = [];
    for (let n = 0; n < 3; n++) teams.push((await openTeam([accountOf(), person])).id);
    await openTeam([accountOf(), accountOf()]);
    const first = await listMemberships(env.USERS_DB, person.id, { limit: 2 });
    const rest = await listMemberships(env.USERS_DB, person.id, { limit: 2, cursor: first.nextCursor ?? "" });
    const seen = [...first.data, ...rest.data];
    expect(seen.map(({ organizer }) => organizer.id).sort()).toEqual([...teams].sort());
    expect(seen[0]).toMatchObject({ role: "manager", eventIds: null, organizer: { name: "Blue Note" } });
    expect(rest.nextCursor).toBeNull();
  });
});
