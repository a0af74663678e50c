/** What people keep about themselves, and what admins decide about them, through the whole house. */
import { describe, expect, inject, test } from "vitest";
import { Tokens, User } from "../../shared/contracts/accounts";
import { Member } from "../../shared/contracts/organizers";
import { ProblemBody } from "../../shared/contracts/problem-body";
import { listOf } from "../../shared/http/list";
import { StatusChange } from "../../workers/users/account-standing";
import { Consents } from "../../workers/users/consents";
import { Preferences } from "../../workers/users/preferences";
import { Profile } from "../../workers/users/profiles";
import { type Answer, type Client, connect, parse } from "../support/client";
import { png } from "../support/pictures";
import { createOrganizer, eventually, PASSWORD, type Person, registerAndLogin } from "../support/scenes";

const api = connect(inject("origin"));
const Users = listOf(User);
const StatusChanges = listOf(StatusChange);
const codeOf = (answer: Answer, status: number): string => parse(ProblemBody, answer, status).code;
const etagOf = ({ headers }: Answer): string => headers.get("etag") ?? "none";
const match = (etag: string) => ({ headers: { "if-match": etag } });

/** A second one would only be slower: who is an admin does nothing but look and decide. */
let admin: Promise<Client> | undefined;
async function becomeAdmin(): Promise<Client> {
  const { email } = await registerAndLogin(api, { name: "Abby Admin" });
  parse(User, await api.post(`/dev/accounts/${encodeURIComponent(email)}/role`, { role: "admin" }), 200);
  return api.as({ token: parse(Tokens, await api.post("/auth/login", { email, password: PASSWORD }), 200).accessToken });
}
const asAdmin = (): Promise<Client> => {
  admin ??= becomeAdmin();
  return admin;
};

/** Reads by their copy, and changes by what they saw: a 304 without a body, a 412 that changed nothing, nothing for shared caches. */
async function expectConditional(by: Client, path: string, change: unknown, other: unknown): Promise<void> {
  const read = await by.get(path);
  expect(read.headers.get("cache-control")).toBe("private, no-cache");
  const again = await by.get(path, { headers: { "if-none-match": etagOf(read) } });
  expect([again.status, again.text, etagOf(again)]).toEqual([304, "", etagOf(read)]);

  const changed = await by.put(path, change, match(etagOf(read)));
  expect(changed.status, changed.text).toBe(200);
  expect(etagOf(changed)).not.toBe(etagOf(read));
  expect(codeOf(await by.put(path, other, match(etagOf(read))), 412)).toBe("version_stale");
  const now = await by.get(path, { headers: { "if-none-match": etagOf(read) } });
  expect([now.status, now.body, etagOf(now)]).toEqual([200, changed.body, etagOf(changed)]);
  expect(codeOf(await by.put(path, { unknown: 1 }, match(etagOf(read))), 400)).toBe("invalid_body");
  expect((await by.put(path, other, match("*"))).status).toBe(200);
}

describe("what a person keeps", () => {
  test("is read by his copy and changed by what he saw: profile, preferences, consents", async () => {
    const { api: by } = await registerAndLogin(api);
    await expectConditional(by, "/users/profile", { bio: "Runs the door.", name: "Ada King" }, { bio: "Other", name: "Other" });
    await expectConditional(by, "/users/preferences", { locale: "DE-at", timezone: "europe/vienna" }, { currency: "JPY" });
    await expectConditional(by, "/users/consents", { marketing: true }, { analytics: true });
    expect(parse(Profile, await by.get("/users/profile"), 200)).toMatchObject({ name: "Other", bio: "Other" });
    expect(parse(Preferences, await by.get("/users/preferences"), 200)).toEqual({
      locale: "de-AT",
      timezone: "Europe/Vienna",
      currency: "JPY",
      channels: { email: true, sms: false, push: false },
    });
    expect(parse(Consents, await by.get("/users/consents"), 200)).toMatchObject({
      marketing: { granted: true },
      analytics: { granted: true },
      personalization: { granted: false, decidedAt: null },
    });
  });

  test("is a language that its canonical spelling still fits", async () => {
    const { api: by } = await registerAndLogin(api);
    const longer = await by.put("/users/preferences", { locale: "sh-x-aaaaaaaa-bbbbbbbb-cccccccc-ddd" });
    expect(parse(ProblemBody, longer, 400).errors).toMatchObject([{ pointer: "/locale" }]);
    expect(parse(Preferences, await by.put("/users/preferences", { locale: "sh" }), 200).locale).toBe("sr-Latn");
  });
});

describe("a face", () => {
  const show = (by: Client, picture: Uint8Array, headers: Record<string, string> = {}) =>
    by.send("PUT", "/users/profile/avatar", picture, { headers: { "content-type": "image/png", ...headers } });
  const pathIn = (answer: Answer): string => parse(Profile, answer, 200).avatarUrl ?? "none";

  async function openTeam(): Promise<{ owner: Person; guest: Person; member: string }> {
    const [owner, guest] = await Promise.all([registerAndLogin(api), registerAndLogin(api)]);
    const { id } = await createOrganizer(owner);
    parse(Member, await owner.api.post(`/organizers/${id}/members`, { userId: guest.user.id, role: "door" }), 201);
    return { owner, guest, member: `/organizers/${id}/members/${guest.user.id}` };
  }

  test("is seen by its owner, by colleagues for as long as they are, by admins, and by nobody else", async () => {
    const { owner, guest, member } = await openTeam();
    const path = pathIn(await show(owner.api, png(3, 2)));
    const shown = await owner.api.get(path);
    expect(shown.status).toBe(200);
    expect(Object.fromEntries(shown.headers)).toMatchObject({
      "content-type": "image/png",
      "content-length": String(png(3, 2).byteLength),
      "cache-control": "private, no-cache",
      "x-content-type-options": "nosniff",
    });
    const copy = await guest.api.get(path, { headers: { "if-none-match": etagOf(shown) } });
    expect([copy.status, copy.text]).toEqual([304, ""]);

    const stranger = await registerAndLogin(api);
    expect((await (await asAdmin()).get(path)).status).toBe(200);
    expect(codeOf(await stranger.api.get(path, { headers: { "if-none-match": etagOf(shown) } }), 404)).toBe("avatar_not_found");
    expect(codeOf(await api.get(path), 401)).toBe("credential_missing");
    expect((await guest.api.get(path)).status).toBe(200);
    expect((await owner.api.delete(member)).status).toBe(204);
    expect(codeOf(await guest.api.get(path), 404)).toBe("avatar_not_found");
  });

  test("that was replaced or taken away is found by no old address", async () => {
    const { api: by, user } = await registerAndLogin(api);
    const first = await show(by, png(3, 2));
    const second = await show(by, png(2, 3), { "if-match": etagOf(first) });
    expect(codeOf(await show(by, png(4, 4), { "if-match": etagOf(first) }), 412)).toBe("version_stale");
    expect(pathIn(second)).not.toBe(pathIn(first));
    expect(codeOf(await by.get(pathIn(first)), 404)).toBe("avatar_not_found");
    expect((await by.get(`/users/${user.id}/avatar`)).headers.get("content-length")).toBe(String(png(2, 3).byteLength));
    expect(codeOf(await show(by, png(3, 2).subarray(0, 40)), 422)).toBe("asset_broken");
    expect(codeOf(await by.send("PUT", "/users/profile/avatar", "no picture"), 415)).toBe("asset_type_unsupported");
    expect((await by.delete("/users/profile/avatar")).status).toBe(204);
    expect(codeOf(await by.get(pathIn(second)), 404)).toBe("avatar_not_found");
    expect(parse(Profile, await by.get("/users/profile"), 200).avatarUrl).toBeNull();
  });
});

describe("an admin", () => {
  test("finds people by each word of their name, by address, role and status, page by page", async () => {
    const by = await asAdmin();
    const word = `w${crypto.randomUUID().slice(0, 8)}`;
    const people = await Promise.all(
      ["Zoe", "Ada", "Bea"].map((first) => registerAndLogin(api, { name: `${first} King ${word}` })),
    );
    const find = async (query: string) => parse(Users, await by.get(`/users/search?${query}`), 200);
    const found = await eventually("all three", async () => {
      const { data } = await find(`q=${word.toUpperCase()}&status=active&role=user`);
      return data.length === 3 ? data : undefined;
    });
    expect(found.map(({ id }) => id).sort()).toEqual(people.map(({ user }) => user.id).sort());
    expect((await find(`q=${encodeURIComponent(`king ${word}`)}`)).data).toHaveLength(3);
    expect((await find(`q=${encodeURIComponent(people[1]?.email ?? "")}`)).data).toMatchObject([{ name: `Ada King ${word}` }]);
    expect((await find(`q=${word}&role=admin`)).data).toEqual([]);

    const seen: string[] = [];
    for (let cursor: string | null = ""; cursor !== null; ) {
      const page: { data: User[]; nextCursor: string | null } = await find(`q=${word}&limit=1${cursor && `&cursor=${cursor}`}`);
      seen.push(...page.data.map(({ id }) => id));
      if (page.nextCursor)
        expect(codeOf(await by.get(`/users/search?q=other&cursor=${page.nextCursor}`), 400)).toBe("invalid_cursor");
      cursor = page.nextCursor;
    }
    expect(seen).toEqual(found.map(({ id }) => id));
  });

  test("decides under the version that he saw, says why, and what changed nothing is not told", async () => {
    const by = await asAdmin();
    const { user, api: own } = await registerAndLogin(api);
    const path = (of: string) => `/users/${user.id}/${of}`;
    const before = await by.get(`/users/${user.id}`);
    const raised = await by.put(path("role"), { role: "organizer" }, match(etagOf(before)));
    expect(parse(User, raised, 200).role).toBe("organizer");
    const suspend = { status: "suspended", reason: "Chargebacks" };
    expect(codeOf(await by.put(path("status"), suspend, match(etagOf(before))), 412)).toBe("version_stale");
    expect(codeOf(await by.put(path("role"), { role: "user" }, match(etagOf(before))), 412)).toBe("version_stale");
    const suspended = await by.put(path("status"), suspend, match(etagOf(raised)));
    expect(parse(User, suspended, 200)).toMatchObject({ role: "organizer", status: "suspended" });
    expect(parse(User, await by.put(path("status"), { ...suspend, reason: "Again" }), 200).status).toBe("suspended");
    parse(User, await by.put(path("status"), { status: "active", reason: "Cleared" }), 200);

    const { data } = parse(StatusChanges, await by.get(path("status-changes")), 200);
    expect(data.map(({ status, reason }) => [status, reason])).toEqual([
      ["active", "Cleared"],
      ["suspended", "Chargebacks"],
    ]);
    const first = parse(StatusChanges, await by.get(`${path("status-changes")}?limit=1`), 200);
    const rest = parse(StatusChanges, await by.get(`${path("status-changes")}?limit=1&cursor=${first.nextCursor}`), 200);
    expect([...first.data, ...rest.data]).toEqual(data);
    await eventually("the token of before the suspension is refused", async () =>
      (await own.get("/users/profile")).status === 401 ? true : undefined,
    );
  });

  test("hears whether there is such a user before what is wrong with his words, and others that they may not", async () => {
    const by = await asAdmin();
    const { api: other, user } = await registerAndLogin(api);
    const nobody = crypto.randomUUID();
    for (const of of ["role", "status"]) {
      expect(codeOf(await by.put(`/users/${nobody}/${of}`, { wrong: 1 }, match('"v0"')), 404)).toBe("user_not_found");
      expect(codeOf(await by.put(`/users/${user.id}/${of}`, { wrong: 1 }, match('"v0"')), 400)).toBe("invalid_body");
      expect(codeOf(await other.put(`/users/${nobody}/${of}`, { wrong: 1 }, match('"v0"')), 403)).toBe("forbidden");
      expect(codeOf(await api.put(`/users/${nobody}/${of}`, { wrong: 1 }), 401)).toBe("credential_missing");
    }
    expect(codeOf(await by.get(`/users/${nobody}/status-changes?limit=0`), 404)).toBe("user_not_found");
    expect(codeOf(await by.get(`/users/${user.id}/status-changes?limit=0`), 400)).toBe("invalid_query");
    expect(codeOf(await other.get(`/users/${user.id}/status-changes`), 403)).toBe("forbidden");
    expect(codeOf(await other.get("/users/search?limit=0"), 403)).toBe("forbidden");
    expect(codeOf(await by.get("/users/search?limit=0"), 400)).toBe("invalid_query");
    expect(codeOf(await other.get(`/users/${crypto.randomUUID()}`), 404)).toBe("user_not_found");
  });
});

test("an owner hands his organizer over, and is a manager from the next request on", async () => {
  const [owner, heir] = await Promise.all([registerAndLogin(api), registerAndLogin(api)]);
  const { id } = await createOrganizer(owner);
  const transfer = (by: Person, to: string) => by.api.post(`/organizers/${id}/transfer-ownership`, { userId: to });
  expect(codeOf(await transfer(owner, heir.user.id), 404)).toBe("user_not_found");
  parse(Member, await owner.api.post(`/organizers/${id}/members`, { userId: heir.user.id, role: "manager" }), 201);
  expect(codeOf(await transfer(heir, heir.user.id), 403)).toBe("forbidden");
  expect(parse(Member, await transfer(owner, heir.user.id), 200)).toMatchObject({ userId: heir.user.id, role: "owner" });
  const { data } = parse(listOf(Member), await owner.api.get(`/organizers/${id}/members`), 200);
  expect(data.map(({ userId, role }) => [userId, role])).toEqual([
    [owner.user.id, "manager"],
    [heir.user.id, "owner"],
  ]);
  expect(codeOf(await transfer(owner, owner.user.id), 403)).toBe("forbidden");
});
