import { applyD1Migrations, reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { InvitationDraft } from "../../shared/contracts/organizers";
import { changeStatus } from "../../workers/users/account-standing";
import { acceptInvitation, invitationMails, invite, listInvitations, revokeInvitation } from "../../workers/users/invitations";
import { changeMember, removeMember } from "../../workers/users/members";
import { membership } from "../../workers/users/memberships";
import { transferOwnership } from "../../workers/users/ownership";
import { swapSql } from "../support/swapped-database";
import { accountOf, openTeam, proved, startUsers } from "../support/users";

const NOW_MS = Date.parse("2027-01-01T12:00:00Z");
const DAY_MS = 86_400_000;
const EVENT = "0197f3c2-7b1e-7cc3-98c4-dc0c0c07398f";
const OTHER_EVENT = "0197f3c2-7b1e-7cc3-98c4-dc0c0c07398e";
const running: Promise<unknown>[] = [];
const after = { waitUntil: (promise: Promise<unknown>) => void running.push(promise) };

beforeEach(() => applyD1Migrations(env.USERS_DB, env.MIGRATIONS.users));
afterEach(async () => {
  await Promise.all(running.splice(0));
  await reset();
});

const ownersOf = async (id: string): Promise<string[]> =>
  (
    await env.USERS_DB.prepare("SELECT user_id AS userId FROM memberships WHERE organizer_id = ? AND role = 'owner'")
      .bind(id)
      .all<{ userId: string }>()
  ).results.map(({ userId }) => userId);

describe("door staff", () => {
  test("of some events has its role there and nowhere else, until the grant changes", async () => {
    const helper = accountOf();
    const { users, id, owner } = await openTeam([accountOf(), helper]);
    const grant = (eventIds: string[] | null | undefined) =>
      changeMember(users, proved(owner.id), id, helper.id, { role: "door", eventIds }, null, NOW_MS);
    expect((await grant([EVENT])).ok).toBe(true);
    expect(await membership(users, helper.id, id, EVENT)).toBe("door");
    expect(await membership(users, helper.id, id, OTHER_EVENT)).toBeNull();
    expect(await membership(users, helper.id, id)).toBeNull();
    await grant(undefined);
    expect(await membership(users, helper.id, id, OTHER_EVENT)).toBeNull();
    await grant(null);
    expect(await membership(users, helper.id, id, OTHER_EVENT)).toBe("door");
    await grant([EVENT]);
    await changeMember(users, proved(owner.id), id, helper.id, { role: "finance" }, null, NOW_MS);
    expect(await membership(users, helper.id, id)).toBe("finance");
  });
});

describe("owners", () => {
  test("are made and unmade by owners only", async () => {
    const [manager, helper] = [accountOf(), accountOf()];
    const { users, id, owner } = await openTeam([accountOf(), manager, helper]);
    const forbidden = { ok: false, error: { code: "forbidden" } };
    expect(await changeMember(users, proved(manager.id), id, manager.id, { role: "owner" }, null, NOW_MS)).toMatchObject(
      forbidden,
    );
    expect(await changeMember(users, proved(manager.id), id, owner.id, { role: "door" }, null, NOW_MS)).toMatchObject(forbidden);
    expect(await removeMember(users, proved(manager.id), id, owner.id, NOW_MS)).toMatchObject(forbidden);
    const draft: InvitationDraft = { email: "new@people.example", role: "owner" };
    expect(await invite(users, after, proved(manager.id), id, draft, NOW_MS)).toMatchObject(forbidden);
    expect(await removeMember(users, proved(manager.id), id, helper.id, NOW_MS)).toEqual({ ok: true, value: null });
    expect(await ownersOf(id)).toEqual([owner.id]);
  });

  test("hand over once, to a member who can sign in", async () => {
    const [heir, second, gone] = [accountOf(), accountOf(), accountOf()];
    const { users, id, owner } = await openTeam([accountOf(), heir, second, gone]);
    await changeStatus(users, "admin", gone.id, { status: "suspended", reason: "Fraud" }, NOW_MS);
    for (const nobody of [gone.id, crypto.randomUUID()])
      expect(await transferOwnership(users, owner.id, id, nobody, NOW_MS)).toMatchObject({ error: { code: "user_not_found" } });
    const both = await Promise.all([heir.id, second.id].map((to) => transferOwnership(users, owner.id, id, to, NOW_MS)));
    expect(both.map(({ ok }) => ok).sort()).toEqual([false, true]);
    expect(await ownersOf(id)).toHaveLength(1);
    expect(await membership(users, owner.id, id)).toBe("manager");
  });

  test("an owner who hands over and leaves at the same time leaves one behind", async () => {
    for (let round = 0; round < 5; round++) {
      const heir = accountOf();
      const { users, id, owner } = await openTeam([accountOf(), heir]);
      await Promise.all([
        transferOwnership(users, owner.id, id, heir.id, NOW_MS),
        removeMember(users, proved(owner.id), id, owner.id, NOW_MS),
      ]);
      expect(await ownersOf(id)).toHaveLength(1);
    }
  });

  test("control: without asking whether the caller still is one, two heirs become owners", async () => {
    const [heir, second] = [accountOf(), accountOf()];
    const { db } = swapSql(env.USERS_DB, "AND owners.role = 'owner'", "");
    const { users, id, owner } = await openTeam([accountOf(), heir, second], db);
    await Promise.all([heir.id, second.id].map((to) => transferOwnership(users, owner.id, id, to, NOW_MS)));
    expect(await ownersOf(id)).toHaveLength(2);
  });

  test("who is suspended counts for nothing, and again when let in", async () => {
    const second = accountOf();
    const { users, id, owner } = await openTeam([accountOf(), second]);
    await changeMember(users, proved(owner.id), id, second.id, { role: "owner" }, null, NOW_MS);
    await changeStatus(users, "admin", second.id, { status: "suspended", reason: "Fraud" }, NOW_MS);
    expect(await membership(users, second.id, id)).toBeNull();
    expect(await removeMember(users, proved(owner.id), id, owner.id, NOW_MS)).toMatchObject({ error: { code: "last_owner" } });
    await changeStatus(users, "admin", second.id, { status: "active", reason: "Cleared" }, NOW_MS);
    expect(await membership(users, second.id, id)).toBe("owner");
    expect(await removeMember(users, proved(owner.id), id, owner.id, NOW_MS)).toEqual({ ok: true, value: null });
  });
});

describe("an invitation", () => {
  const draft = (email: string, change: Partial<InvitationDraft> = {}): InvitationDraft => ({ email, role: "door", ...change });

  async function invited(change: Partial<InvitationDraft> = {}) {
    const guest = accountOf();
    const team = await openTeam([accountOf()]);
    const users = startUsers([team.owner, guest]);
    const made = await invite(users, after, proved(team.owner.id), team.id, draft(guest.email.toUpperCase(), change), NOW_MS);
    if (!made.ok) throw new Error(made.error.code);
    const [mail] = await invitationMails(users, [made.value.id], NOW_MS);
    return { ...team, users, guest, invitation: made.value, token: mail?.token ?? "", mail };
  }

  test("is accepted once, by the owner of the address, with what it grants", async () => {
    const { users, id, guest, token, owner, mail } = await invited({ eventIds: [EVENT] });
    expect(mail).toMatchObject({ organizerName: "Blue Note", role: "door", locale: null });
    expect(await acceptInvitation(users, owner.id, token, NOW_MS)).toMatchObject({ error: { code: "forbidden" } });
    const both = await Promise.all([1, 2].map(() => acceptInvitation(users, guest.id, token, NOW_MS)));
    expect(both.filter(({ ok }) => ok)).toHaveLength(1);
    expect(await membership(users, guest.id, id, EVENT)).toBe("door");
    expect(await acceptInvitation(users, guest.id, token, NOW_MS)).toMatchObject({ error: { code: "invalid_token" } });
  });

  test("ends after a week, when it is taken back, and with its inviter", async () => {
    const late = await invited();
    const invalid = { error: { code: "invalid_token" } };
    expect(await acceptInvitation(late.users, late.guest.id, late.token, NOW_MS + 7 * DAY_MS)).toMatchObject(invalid);
    expect(await revokeInvitation(env.USERS_DB, late.id, late.invitation.id, NOW_MS)).toMatchObject({ ok: true });
    expect(await acceptInvitation(late.users, late.guest.id, late.token, NOW_MS)).toMatchObject(invalid);
    expect(await invitationMails(late.users, [late.invitation.id], NOW_MS)).toEqual([]);

    const [manager, guest] = [accountOf(), accountOf()];
    const { users, id, owner } = await openTeam([accountOf(), manager, guest]);
    await removeMember(users, proved(owner.id), id, guest.id, NOW_MS);
    const made = await invite(users, after, proved(manager.id), id, draft(guest.email), NOW_MS);
    const [mail] = await invitationMails(users, made.ok ? [made.value.id] : [], NOW_MS);
    await removeMember(users, proved(owner.id), id, manager.id, NOW_MS);
    expect(await acceptInvitation(users, guest.id, mail?.token ?? "", NOW_MS)).toMatchObject(invalid);
  });

  test.each(["", ".", "nonsense", `${EVENT}.`, `${EVENT}.AAAA`])("the token %j opens nothing", async (token) => {
    const { users, guest } = await invited();
    expect(await acceptInvitation(users, guest.id, token, NOW_MS)).toMatchObject({ error: { code: "invalid_token" } });
  });

  test("is one an address at a time, three a day, and again after its end", async () => {
    const { users, id, owner, guest } = await invited();
    const again = (nowMs: number) => invite(users, after, proved(owner.id), id, draft(guest.email), nowMs);
    expect(await again(NOW_MS + 1)).toMatchObject({ error: { code: "invitation_exists" } });
    expect((await again(NOW_MS + 7 * DAY_MS)).ok).toBe(true);
    const { data } = await listInvitations(env.USERS_DB, id, { limit: 10 }, NOW_MS + 7 * DAY_MS);
    expect(data).toHaveLength(1);
    for (let made = 1; made < 3; made++) {
      const open = await listInvitations(env.USERS_DB, id, { limit: 10 }, NOW_MS + 7 * DAY_MS);
      await revokeInvitation(env.USERS_DB, id, open.data[0]?.id ?? "", NOW_MS + 7 * DAY_MS);
      expect((await again(NOW_MS + 7 * DAY_MS)).ok).toBe(true);
    }
    expect(await again(NOW_MS + 7 * DAY_MS)).toMatchObject({ error: { code: "rate_limited" } });
  });
});
