import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, inject, test } from "vitest";
import { z } from "zod";
import { User } from "../../shared/contracts/accounts";
import { Member, type MemberRole, Membership, Organizer } from "../../shared/contracts/organizers";
import { ProblemBody } from "../../shared/contracts/problem-body";
import { listOf } from "../../shared/http/list";
import { Profile } from "../../workers/users/profiles";
import { type Answer, connect, parse } from "../support/client";
import { createOrganizer, draftEvent, eventually, freshEmail, outbox, type Person, registerAndLogin } from "../support/scenes";

const api = connect(inject("origin"));
const Members = listOf(Member);
const Memberships = listOf(Membership);
const codeOf = (answer: Answer, status: number): string => parse(ProblemBody, answer, status).code;
const slug = (): string => `s-${randomUUID().slice(0, 18)}`;

let owner: Person;
let stranger: Person;
let organizer: Organizer;
beforeAll(async () => {
  [owner, stranger] = await Promise.all([registerAndLogin(api), registerAndLogin(api)]);
  organizer = await createOrganizer(owner);
});

describe("an organizer", () => {
  test("is made by any verified user, who owns it, and is public", async () => {
    const made = parse(Organizer, await owner.api.post("/organizers", { name: "  The Red Note ", slug: slug() }), 201);
    expect(made.name).toBe("The Red Note");
    expect(parse(Organizer, await api.get(`/v1/organizers/${made.id.toUpperCase()}`), 200)).toEqual(made);
    const { data } = parse(Members, await owner.api.get(`/organizers/${made.id}/members`), 200);
    expect(data).toMatchObject([{ userId: owner.user.id, role: "owner", email: owner.email }]);
  });

  test("of five who want one slug at once one gets it", async () => {
    const wanted = slug();
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => owner.api.post("/organizers", { name: "Us", slug: wanted })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409, 409]);
    for (const answer of answers.filter(({ status }) => status === 409)) expect(codeOf(answer, 409)).toBe("slug_taken");
  });

  test.each(["ab", "x".repeat(64), "-abc", "abc-", "a--b", "Abc", "a_b", "a.b", "añb", "abc\n", ""])(
    "the slug %j is none",
    async (wrong) => {
      const problem = parse(ProblemBody, await owner.api.post("/organizers", { name: "Us", slug: wrong }), 400);
      expect(problem.errors?.[0]?.pointer).toBe("/slug");
    },
  );

  test("reserved slugs read as taken; 63 characters are a slug", async () => {
    for (const reserved of ["www", "api", "admin"]) {
      expect(codeOf(await owner.api.post("/organizers", { name: "Us", slug: reserved }), 409)).toBe("slug_taken");
    }
    const longest = `${slug()}${"x".repeat(63)}`.slice(0, 63);
    parse(Organizer, await owner.api.post("/organizers", { name: "Us", slug: longest }), 201);
  });

  test("changes by its fields, under its ETag", async () => {
    const made = await createOrganizer(owner);
    const path = `/organizers/${made.id}`;
    const etag = (await api.get(path)).headers.get("etag") ?? "";
    expect((await api.get(path, { headers: { "if-none-match": etag } })).status).toBe(304);
    const changed = await owner.api.put(path, { name: "Red" }, { headers: { "if-match": etag } });
    expect(parse(Organizer, changed, 200)).toMatchObject({ name: "Red", slug: made.slug });
    expect(codeOf(await owner.api.put(path, { name: "Green" }, { headers: { "if-match": etag } }), 412)).toBe("version_stale");
    expect(codeOf(await owner.api.put(path, { slug: organizer.slug }), 409)).toBe("slug_taken");
    parse(Organizer, await owner.api.put(path, { name: "Green" }), 200);
  });

  test("the host of a name that it left leads to it, and the name is nobody else's", async () => {
    const made = await createOrganizer(owner);
    const renamed = parse(Organizer, await owner.api.put(`/organizers/${made.id}`, { slug: slug() }), 200);
    for (const name of [made.slug, renamed.slug]) expect((await api.get("/", { host: `${name}.localhost` })).status).toBe(200);
    expect(codeOf(await stranger.api.post("/organizers", { name: "Us", slug: made.slug }), 409)).toBe("slug_taken");
    expect(parse(Organizer, await owner.api.put(`/organizers/${made.id}`, { slug: made.slug }), 200).slug).toBe(made.slug);
  });

  test("who asks and what for is answered in the order of checks", async () => {
    const path = `/organizers/${organizer.id}`;
    expect(codeOf(await api.put(path, "nonsense"), 401)).toBe("credential_missing");
    expect(codeOf(await stranger.api.put(path, "nonsense"), 403)).toBe("forbidden");
    expect(codeOf(await owner.api.put(path, "nonsense"), 400)).toBe("invalid_body");
    expect(codeOf(await owner.api.put(path, { id: organizer.id }), 400)).toBe("invalid_body");
    for (const unknown of [randomUUID(), "nothing", "%00"]) {
      expect(codeOf(await api.get(`/organizers/${unknown}`), 404)).toBe("organizer_not_found");
      expect(codeOf(await owner.api.put(`/organizers/${unknown}`, "nonsense"), 404)).toBe("organizer_not_found");
    }
    expect(codeOf(await api.delete(path), 405)).toBe("method_not_allowed");
    expect(codeOf(await api.post("/organizers", {}), 401)).toBe("credential_missing");
  });
});

describe("a team", () => {
  test("each role may what the table says, from the next request and without a new login", async () => {
    const member = await registerAndLogin(api);
    const team = await createOrganizer(owner);
    const may: Record<MemberRole, { members: number; events: number; organizer: number }> = {
      owner: { members: 200, events: 201, organizer: 200 },
      manager: { members: 200, events: 201, organizer: 200 },
      finance: { members: 403, events: 403, organizer: 403 },
      marketing: { members: 403, events: 201, organizer: 403 },
      door: { members: 403, events: 403, organizer: 403 },
    };
    const members = `/organizers/${team.id}/members`;
    const tried = async () => ({
      members: (await member.api.get(members)).status,
      events: (await member.api.post("/events", draftEvent(team.id))).status,
      organizer: (await member.api.put(`/organizers/${team.id}`, { name: "Tried" })).status,
    });
    expect(await tried()).toEqual({ members: 403, events: 403, organizer: 403 });
    parse(Member, await owner.api.post(members, { email: member.email.toUpperCase(), role: "door" }), 201);
    // Each may more than the one before it: what was refused a moment ago must not be remembered.
    for (const role of ["door", "finance", "marketing", "manager", "owner"] as const) {
      parse(Member, await owner.api.put(`${members}/${member.user.id}`, { role }), 200);
      expect(await tried(), role).toEqual(may[role]);
    }
    expect((await owner.api.delete(`${members}/${member.user.id}`)).status).toBe(204);
    expect((await member.api.get(members)).status).toBe(403);
    // Elsewhere a yes is remembered for five seconds at most.
    const refused = async () => ((await member.api.post("/events", draftEvent(team.id))).status === 403 ? true : undefined);
    await eventually("the former member is refused everywhere", refused, 6_000);
  });

  test("takes in who has a verified account, once", async () => {
    const members = `/organizers/${organizer.id}/members`;
    const pending = freshEmail();
    await api.post("/auth/register", { email: pending, password: "a cup of earl grey", name: "Pending" });
    for (const unknown of [{ email: pending }, { email: freshEmail() }, { userId: randomUUID() }]) {
      expect(codeOf(await owner.api.post(members, { ...unknown, role: "door" }), 404)).toBe("user_not_found");
    }
    parse(Member, await owner.api.post(members, { userId: stranger.user.id, role: "finance" }), 201);
    expect(codeOf(await owner.api.post(members, { email: stranger.email, role: "owner" }), 409)).toBe("member_exists");
    for (const wrong of [
      { role: "door" },
      { email: pending, userId: stranger.user.id, role: "door" },
      { email: pending, role: "king" },
    ]) {
      expect(codeOf(await owner.api.post(members, wrong), 400)).toBe("invalid_body");
    }
    const { data } = parse(Members, await owner.api.get(`${members}?limit=1`), 200);
    expect(data).toHaveLength(1);
    expect(codeOf(await owner.api.get(`${members}?limit=0`), 400)).toBe("invalid_query");
    expect(codeOf(await owner.api.get(`${members}?cursor=nonsense`), 400)).toBe("invalid_cursor");
    expect((await owner.api.delete(`${members}/${stranger.user.id}`)).status).toBe(204);
  });

  test("keeps an owner, whichever of two leaves first", async () => {
    const second = await registerAndLogin(api);
    const team = await createOrganizer(owner);
    const members = `/organizers/${team.id}/members`;
    expect(codeOf(await owner.api.delete(`${members}/${owner.user.id}`), 409)).toBe("last_owner");
    expect(codeOf(await owner.api.put(`${members}/${owner.user.id}`, { role: "door" }), 409)).toBe("last_owner");
    parse(Member, await owner.api.post(members, { userId: second.user.id, role: "owner" }), 201);
    const answers = await Promise.all([
      owner.api.delete(`${members}/${owner.user.id}`),
      owner.api.delete(`${members}/${second.user.id}`),
    ]);
    expect(answers.map(({ status }) => status)).toContain(204);
    expect(answers.map(({ status }) => status).sort()).not.toEqual([204, 204]);
  });

  test("a member is changed by the fields present, under his ETag, and sees himself and all his teams", async () => {
    const member = await registerAndLogin(api);
    const team = await createOrganizer(owner);
    const members = `/organizers/${team.id}/members`;
    const path = `${members}/${member.user.id}`;
    const eventIds = [randomUUID()];
    const added = await owner.api.post(members, { email: member.email, role: "door", eventIds });
    const match = { headers: { "if-match": added.headers.get("etag") ?? "" } };
    expect((await outbox(api, member.email, ({ data }) => data?.type === "member_added")).text).toContain(team.name);
    const own = await member.api.get(path);
    expect(parse(Member, own, 200)).toEqual(parse(Member, added, 201));
    expect(own.headers.get("etag")).toBe(added.headers.get("etag"));
    expect((await member.api.get(path, { headers: { "if-none-match": own.headers.get("etag") ?? "" } })).status).toBe(304);
    expect(codeOf(await member.api.get(`${members}/${owner.user.id}`), 403)).toBe("forbidden");
    const memberships = parse(Memberships, await member.api.get("/users/memberships"), 200);
    expect(memberships.data).toMatchObject([{ organizer: { id: team.id, slug: team.slug }, role: "door", eventIds }]);

    expect(parse(Member, await owner.api.put(path, {}, match), 200)).toMatchObject({ role: "door", eventIds });
    expect(codeOf(await owner.api.put(path, { role: "finance" }, match), 412)).toBe("version_stale");
    expect(parse(Member, await owner.api.put(path, { eventIds: null }), 200)).toMatchObject({ role: "door", eventIds: null });
    parse(Member, await owner.api.put(path, { role: "finance" }), 200);
    expect(codeOf(await owner.api.put(path, { eventIds }), 400)).toBe("invalid_body");
    expect((await member.api.delete(path)).status).toBe(204);
    expect(parse(Memberships, await member.api.get("/users/memberships"), 200).data).toEqual([]);
  });

  test("no key makes or unmakes an owner; a stale condition is no way past that", async () => {
    const [second, manager] = await Promise.all([registerAndLogin(api), registerAndLogin(api)]);
    const team = await createOrganizer(owner);
    const members = `/organizers/${team.id}/members`;
    parse(Member, await owner.api.post(members, { userId: manager.user.id, role: "manager" }), 201);
    const made = await owner.api.post("/auth/api-keys", { name: "Team", scopes: ["members:read", "members:write"] });
    const { key } = parse(z.looseObject({ key: z.string() }), made, 201);
    const byKey = api.as({ token: key });
    const stale = { headers: { "if-match": '"v0"' } };
    const write = await owner.api.post("/auth/api-keys", { name: "Name", scopes: ["organizer:write"] });
    const renaming = api.as({ token: parse(z.looseObject({ key: z.string() }), write, 201).key });
    parse(Organizer, await renaming.put(`/organizers/${team.id}`, { name: "Named by a key", slug: team.slug }), 200);
    expect(codeOf(await renaming.put(`/organizers/${team.id}`, { slug: slug() }), 403)).toBe("forbidden");
    for (const answer of [
      await byKey.post(members, { userId: second.user.id, role: "owner" }),
      await byKey.post(`/organizers/${team.id}/invitations`, { email: freshEmail(), role: "owner" }),
      await byKey.put(`${members}/${manager.user.id}`, { role: "owner" }),
      await manager.api.put(`${members}/${owner.user.id}`, { role: "door" }, stale),
      await manager.api.delete(`${members}/${owner.user.id}`),
    ])
      expect(codeOf(answer, 403)).toBe("forbidden");
    parse(Member, await byKey.post(members, { userId: second.user.id, role: "door" }), 201);
    parse(Member, await byKey.put(`${members}/${second.user.id}`, { role: "marketing" }), 200);
    parse(Member, await owner.api.put(`${members}/${second.user.id}`, { role: "owner" }), 200);
    expect(codeOf(await byKey.delete(`${members}/${second.user.id}`), 403)).toBe("forbidden");
  });

  test("an unknown member is a 404 before the body is looked at", async () => {
    const members = `/organizers/${organizer.id}/members`;
    for (const unknown of [randomUUID(), "nobody"]) {
      expect(codeOf(await owner.api.put(`${members}/${unknown}`, "nonsense"), 404)).toBe("user_not_found");
      expect(codeOf(await owner.api.delete(`${members}/${unknown}`), 404)).toBe("user_not_found");
    }
    expect(codeOf(await owner.api.put(`${members}/${owner.user.id}`, { role: "king" }), 400)).toBe("invalid_body");
  });
});

describe("a user", () => {
  test("reads themselves; somebody else is nobody, and an admin reads everybody", async () => {
    const admin = await registerAndLogin(api);
    expect(parse(User, await owner.api.get(`/users/${owner.user.id}`), 200).email).toBe(owner.email);
    for (const other of [stranger.user.id, randomUUID(), "nobody"]) {
      expect(codeOf(await owner.api.get(`/users/${other}`), 404)).toBe("user_not_found");
    }
    parse(User, await api.post(`/dev/accounts/${encodeURIComponent(admin.email)}/role`, { role: "admin" }), 200);
    const refreshed = parse(
      z.object({ accessToken: z.string() }),
      await api.post("/auth/refresh", { refreshToken: admin.tokens.refreshToken }),
      200,
    );
    const asAdmin = api.as({ token: refreshed.accessToken });
    expect(parse(User, await asAdmin.get(`/users/${stranger.user.id}`), 200).id).toBe(stranger.user.id);
    parse(Members, await asAdmin.get(`/organizers/${organizer.id}/members`), 200);
    expect(codeOf(await asAdmin.put(`/organizers/${organizer.id}`, { name: "Mine" }), 403)).toBe("forbidden");
  });

  test("changes their profile by its fields, under its ETag, and the name everywhere", async () => {
    const person = await registerAndLogin(api);
    const before = await person.api.get("/users/profile");
    expect(parse(Profile, before, 200)).toMatchObject({ email: person.email, phone: null, bio: null });
    const match = { headers: { "if-match": before.headers.get("etag") ?? "" } };
    const changed = parse(Profile, await person.api.put("/users/profile", { name: "Ada King", phone: "+431234567" }, match), 200);
    expect(changed).toMatchObject({ name: "Ada King", phone: "+431234567" });
    expect(codeOf(await person.api.put("/users/profile", { bio: "x" }, match), 412)).toBe("version_stale");
    parse(Profile, await person.api.put("/users/profile", { phone: null }), 200);
    expect(parse(Profile, await person.api.get("/users/profile"), 200)).toMatchObject({ name: "Ada King", phone: null });
    expect(parse(User, await person.api.get(`/users/${person.user.id}`), 200).name).toBe("Ada King");
    for (const wrong of [
      { email: "x@people.example" },
      { role: "admin" },
      { name: "" },
      { phone: "12" },
      { bio: 7 },
      { bio: "\u0000abc" },
    ]) {
      expect(codeOf(await person.api.put("/users/profile", wrong), 400)).toBe("invalid_body");
    }
    expect(codeOf(await api.get("/users/profile"), 401)).toBe("credential_missing");
  });
});
