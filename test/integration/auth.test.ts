import { createRemoteJWKSet, customFetch, jwtVerify } from "jose";
import { beforeAll, describe, expect, inject, test } from "vitest";
import { z } from "zod";
import { AccessTokenClaims, Tokens, User } from "../../shared/contracts/accounts";
import { ProblemBody } from "../../shared/contracts/problem-body";
import { Registered } from "../../workers/auth/registration";
import { type Answer, type Client, connect, parse } from "../support/client";
import {
  createOrganizer,
  eventually,
  freshEmail,
  mailsTo,
  outbox,
  PASSWORD,
  type Person,
  registerAndLogin,
} from "../support/scenes";

const ISSUER = "http://localhost:8787";
const api = connect(inject("origin"));

const codeOf = (answer: Answer, status: number): string => parse(ProblemBody, answer, status).code;
const logIn = async (client: Client, email: string, password = PASSWORD): Promise<Tokens> =>
  parse(Tokens, await client.post("/auth/login", { email, password }), 200);

describe("from register to logout", () => {
  test("the mailed token opens the account, refresh tokens rotate, and logging out ends the session", async () => {
    const email = freshEmail("Ada");
    const registered = parse(Registered, await api.post("/auth/register", { email, password: PASSWORD, name: "Ada" }), 201);
    expect(registered).toEqual({ user: { email, name: "Ada", status: "pending" } });
    expect(codeOf(await api.post("/auth/login", { email, password: PASSWORD }), 403)).toBe("email_not_verified");

    const mail = await outbox(api, email);
    const token = mail.data?.token ?? "";
    expect(mail.data?.type).toBe("verification");
    expect(mail.text).toContain(`token=${token}`);
    const { user } = parse(z.object({ user: User }), await api.post("/v1/auth/verify-email", { token }), 200);
    expect(user).toMatchObject({ email, status: "active", emailVerified: true, role: "user" });
    expect(codeOf(await api.post("/auth/verify-email", { token }), 400)).toBe("invalid_token");

    const first = await logIn(api, email.toUpperCase());
    expect(first.expiresIn).toBe(600);
    const second = parse(Tokens, await api.post("/auth/refresh", { refreshToken: first.refreshToken }), 200);
    const signedIn = api.as({ token: second.accessToken });
    expect((await signedIn.post("/auth/logout")).status).toBe(204);
    expect(codeOf(await api.post("/auth/refresh", { refreshToken: second.refreshToken }), 401)).toBe("refresh_token_invalid");
  });

  test("the link in the mail leads to a page that confirms nothing by being opened", async () => {
    const email = freshEmail();
    await api.post("/auth/register", { email, password: PASSWORD, name: "Ada" });
    const token = (await outbox(api, email)).data?.token ?? "";
    const page = await api.get(`/auth/verify-email?token=${token}`);
    expect(page.status).toBe(200);
    expect(page.headers.get("content-security-policy")).toMatch(/default-src 'none'.*script-src 'nonce-/);
    expect(page.text).not.toContain(token);
    parse(z.object({ user: User }), await api.post("/auth/verify-email", { token }), 200);
  });

  test("a resent mail carries a token that works, and the answer is the same for nobody", async () => {
    const email = freshEmail();
    await api.post("/auth/register", { email, password: PASSWORD, name: "Ada" });
    const first = await outbox(api, email);
    const [known, unknown] = [
      await api.post("/auth/resend-verification", { email }),
      await api.post("/auth/resend-verification", { email: freshEmail() }),
    ];
    expect([known.status, known.text]).toEqual([202, ""]);
    expect([unknown.status, unknown.text]).toEqual([202, ""]);
    const second = await outbox(api, email, (mail) => mail.id !== first.id);
    parse(z.object({ user: User }), await api.post("/auth/verify-email", { token: second.data?.token }), 200);
  });
});

describe("an expired sign-in", () => {
  let person: Person;
  beforeAll(async () => {
    person = await registerAndLogin(api);
  });

  test("a refresh token used twice ends the whole session", async () => {
    const first = await logIn(api, person.email);
    const second = parse(Tokens, await api.post("/auth/refresh", { refreshToken: first.refreshToken }), 200);
    const again = await api.post("/auth/refresh", { refreshToken: first.refreshToken });
    expect(codeOf(again, 401)).toBe("refresh_token_reused");
    expect(again.headers.get("www-authenticate")).toMatch(/^Bearer/);
    expect((await api.post("/auth/refresh", { refreshToken: second.refreshToken })).status).toBe(401);
  });

  test("of two refreshes at once one wins", async () => {
    const { refreshToken } = await logIn(api, person.email);
    const answers = await Promise.all([1, 2].map(() => api.post("/auth/refresh", { refreshToken })));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 401]);
  });

  test("an expired or forged access token does not keep its owner from a new one", async () => {
    const { refreshToken } = await logIn(api, person.email);
    const stale = api.as({ token: `${person.tokens.accessToken.slice(0, -4)}AAAA` });
    expect(codeOf(await stale.get("/users/profile"), 401)).toBe("credential_invalid");
    parse(Tokens, await stale.post("/auth/refresh", { refreshToken }), 200);
    await logIn(stale, person.email);
  });
});

describe("an address that a stranger registered first", () => {
  test("belongs to whoever clicks his own mail", async () => {
    const email = freshEmail("victim");
    await api.post("/auth/register", { email, password: "a stranger's secret", name: "Eve" });
    const strangers = await outbox(api, email);
    parse(Registered, await api.post("/auth/register", { email, password: PASSWORD, name: "Ada" }), 201);
    const mail = await outbox(api, email, ({ id }) => id !== strangers.id);
    expect(mail.text).toMatch(/^Hello,\n/);
    const { user } = parse(z.object({ user: User }), await api.post("/auth/verify-email", { token: mail.data?.token }), 200);
    expect(user.name).toBe("Ada");
    await logIn(api, email);
    expect(codeOf(await api.post("/auth/login", { email, password: "a stranger's secret" }), 401)).toBe("invalid_credentials");
    expect(codeOf(await api.post("/auth/verify-email", { token: strangers.data?.token }), 400)).toBe("invalid_token");
  });
});

describe("wrong passwords in a row", () => {
  test("lock the address, and the answer says for how long", async () => {
    const email = freshEmail("nobody");
    for (let n = 0; n < 10; n++)
      expect(codeOf(await api.post("/auth/login", { email, password: "wrong" }), 401)).toBe("invalid_credentials");
    const locked = await api.post("/auth/login", { email, password: "wrong" });
    expect(codeOf(locked, 429)).toBe("account_locked");
    expect(Number(locked.headers.get("retry-after"))).toBeGreaterThan(800);
  });
});

describe("who has an account stays unknown", () => {
  const withoutRequestId = (answer: Answer) => {
    const { requestId, ...rest } = parse(ProblemBody, answer, answer.status);
    expect(requestId).toBeTruthy();
    return rest;
  };

  test("a taken address registers like a free one, and its owner gets a mail without a token", async () => {
    const { email } = await registerAndLogin(api);
    const taken = await api.post("/auth/register", { email: email.toUpperCase(), password: "another cup of tea", name: "Eve" });
    expect(parse(Registered, taken, 201)).toEqual({ user: { email: email.toUpperCase(), name: "Eve", status: "pending" } });
    const mail = await outbox(api, email, (candidate) => candidate.data?.type === "already_registered");
    expect(mail.data?.token).toBeUndefined();
    await logIn(api, email);
    expect(codeOf(await api.post("/auth/login", { email, password: "another cup of tea" }), 401)).toBe("invalid_credentials");
  });

  test("a wrong password and an unknown address read the same", async () => {
    const { email } = await registerAndLogin(api);
    const wrong = await api.post("/auth/login", { email, password: "not the password" });
    const unknown = await api.post("/auth/login", { email: freshEmail(), password: "not the password" });
    expect([wrong.status, unknown.status]).toEqual([401, 401]);
    expect(withoutRequestId(wrong)).toEqual(withoutRequestId(unknown));
  });

  test("ten who register one address at once make one account, which one of their mails opens", async () => {
    const email = freshEmail();
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => api.post("/auth/register", { email, password: PASSWORD, name: "Ada" })),
    );
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
    await eventually("all ten mails", async () => ((await mailsTo(api, email)).length === 10 ? true : undefined));
    const tokens = (await mailsTo(api, email)).map((mail) => mail.data?.token);
    expect(new Set(tokens).size).toBe(10);
    const opened = await Promise.all(tokens.map((token) => api.post("/auth/verify-email", { token })));
    expect(opened.map(({ status }) => status).sort()).toEqual([200, ...Array(9).fill(400)]);
  });
});

describe("an access token", () => {
  const keys = () =>
    createRemoteJWKSet(new URL("/.well-known/jwks.json", inject("origin")), {
      [customFetch]: (url, init) => fetch(url, init),
    });

  test("verifies with discovery, the published keys and nothing of ours", async () => {
    const { tokens, user } = await registerAndLogin(api);
    const discovery = parse(
      z.object({ issuer: z.string(), jwks_uri: z.url() }),
      await api.get("/.well-known/openid-configuration"),
      200,
    );
    expect(discovery).toMatchObject({ issuer: ISSUER, jwks_uri: `${ISSUER}/.well-known/jwks.json` });
    const { payload } = await jwtVerify(tokens.accessToken, keys(), {
      issuer: discovery.issuer,
      audience: ISSUER,
      typ: "at+jwt",
      algorithms: ["RS256"],
    });
    expect(AccessTokenClaims.parse(payload).sub).toBe(user.id);
  });

  // abuse.test.ts signs forgeries with the key itself, each wrong in one thing alone.
  test("that was altered or cut, or is no token, is refused, and no private key is published", async () => {
    const { tokens } = await registerAndLogin(api);
    const { keys: published } = parse(
      z.object({ keys: z.array(z.looseObject({ kid: z.string() })) }),
      await api.get("/.well-known/jwks.json"),
      200,
    );
    expect(published.every((key) => !("d" in key || "p" in key || "q" in key))).toBe(true);
    const [header = "", payload = "", signature = ""] = tokens.accessToken.split(".");
    const claims = AccessTokenClaims.parse(JSON.parse(Buffer.from(payload, "base64url").toString()));
    const raised = Buffer.from(JSON.stringify({ ...claims, role: "admin" })).toString("base64url");
    for (const token of [`${header}.${raised}.${signature}`, `${header}.${payload}`, "bk_live_not-one-of-ours"]) {
      const answer = await api.get("/users/profile", { token });
      expect(codeOf(answer, 401), token).toBe("credential_invalid");
      expect(answer.headers.get("www-authenticate")).toMatch(/^Bearer/);
    }
  });

  test("of an organizer's host works there only, and not for accounts", async () => {
    const owner = await registerAndLogin(api);
    const { slug } = await createOrganizer(owner);
    const host = `${slug}.localhost:${new URL(inject("origin")).port}`;
    const site = api.as({ host });
    const there = await logIn(site, owner.email);
    expect(codeOf(await api.get("/users/profile", { token: there.accessToken }), 401)).toBe("credential_invalid");
    expect(codeOf(await site.get("/users/profile", { token: owner.tokens.accessToken }), 401)).toBe("credential_invalid");
    expect(codeOf(await site.get("/users/profile", { token: there.accessToken }), 403)).toBe("main_host_required");
    const draft = { name: "Us", slug: `${slug}-2` };
    expect(codeOf(await site.post("/organizers", draft, { token: there.accessToken }), 403)).toBe("main_host_required");
    expect(codeOf(await api.post("/auth/refresh", { refreshToken: there.refreshToken }), 401)).toBe("refresh_token_invalid");
    const next = parse(Tokens, await site.post("/auth/refresh", { refreshToken: there.refreshToken }), 200);
    expect((await site.post("/auth/logout", {}, { token: next.accessToken })).status).toBe(204);
  });
});

describe("what is not the documented form", () => {
  const draft = { email: "ada@people.example", password: PASSWORD, name: "Ada" };
  test.each([
    ["no name", { email: draft.email, password: PASSWORD }, "/name"],
    ["an unknown field", { ...draft, role: "admin" }, "/role"],
    ["a number as address", { ...draft, email: 7 }, "/email"],
    ["an address with a newline", { ...draft, email: "ada@people.example\nbcc: all@people.example" }, "/email"],
    ["an address with a newline at its end", { ...draft, email: "ada@people.example\n" }, "/email"],
    ["an address with a NUL", { ...draft, email: "ada\u0000@people.example" }, "/email"],
    ["a name with a newline", { ...draft, name: "Ada\r\nBcc: all@people.example" }, "/name"],
    ["an address without a domain", { ...draft, email: "ada" }, "/email"],
    ["a short password", { ...draft, password: "7 chars" }, "/password"],
    ["a long password", { ...draft, password: "x".repeat(257) }, "/password"],
    ["a common password", { ...draft, password: "iloveyou" }, "/password"],
  ])("%s → 400, and nothing is made", async (_, body, pointer) => {
    const problem = parse(ProblemBody, await api.post("/auth/register", body), 400);
    expect(problem.code).toBe("invalid_body");
    expect(problem.errors?.map((error) => error.pointer)).toContain(pointer);
  });

  test("no JSON, a list, a huge body, another method, another path", async () => {
    expect(codeOf(await api.send("POST", "/auth/login", "{"), 400)).toBe("invalid_json");
    expect(codeOf(await api.post("/auth/login", []), 400)).toBe("invalid_body");
    expect(codeOf(await api.post("/auth/login", { ...draft, name: "x".repeat(1_100_000) }), 413)).toBe("payload_too_large");
    expect(codeOf(await api.delete("/auth/login"), 405)).toBe("method_not_allowed");
    expect(codeOf(await api.get("/auth/nothing"), 404)).toBe("not_found");
    expect(codeOf(await api.post("/auth/logout"), 401)).toBe("credential_missing");
    expect(codeOf(await api.post("/auth/refresh", { refreshToken: "br_nobody" }), 401)).toBe("refresh_token_invalid");
    expect(codeOf(await api.post("/auth/verify-email", { token: "nothing" }), 400)).toBe("invalid_token");
  });
});
