/** Sessions, keys and locks through the whole house: the gateway, auth and its objects. */
import { describe, expect, inject, test } from "vitest";
import { Tokens } from "../../shared/contracts/accounts";
import { ProblemBody } from "../../shared/contracts/problem-body";
import { NewApiKey } from "../../workers/auth/api-keys";
import { SessionList } from "../../workers/auth/session-list";
import { type Answer, connect, parse } from "../support/client";
import { createOrganizer, eventually, outbox, PASSWORD, registerAndLogin } from "../support/scenes";

const api = connect(inject("origin"));
const codeOf = (answer: Answer, status: number): string => parse(ProblemBody, answer, status).code;
const logIn = async (email: string): Promise<Tokens> =>
  parse(Tokens, await api.post("/auth/login", { email, password: PASSWORD }), 200);

/** API.md: what ended is refused within ten seconds. */
const DEAD_WITHIN_MS = 10_500;
/** The milliseconds after which the token is refused as stale. */
async function stale(token: string): Promise<number> {
  const startMs = Date.now();
  await eventually(
    "a token of what ended to be refused",
    async () => {
      const answer = await api.get("/users/profile", { token });
      return answer.status === 401 && codeOf(answer, 401) === "token_stale" ? true : undefined;
    },
    DEAD_WITHIN_MS,
  );
  return Date.now() - startMs;
}

describe("an access token dies with what it was issued for", () => {
  test("when two parties used one refresh token, both sessions end, and all their access tokens within ten seconds", async () => {
    const { email } = await registerAndLogin(api);
    const first = await logIn(email);
    const owner = parse(Tokens, await api.post("/auth/refresh", { refreshToken: first.refreshToken }), 200);
    expect(codeOf(await api.post("/auth/refresh", { refreshToken: first.refreshToken }), 401)).toBe("refresh_token_reused");
    await Promise.all([first, owner].map(({ accessToken }) => stale(accessToken)));
    expect((await api.post("/auth/refresh", { refreshToken: owner.refreshToken })).status).toBe(401);
    const next = await logIn(email);
    expect((await api.get("/users/profile", { token: next.accessToken })).status).toBe(200);
  });

  test("when its session is ended from another one, which goes on", async () => {
    const person = await registerAndLogin(api);
    const other = await logIn(person.email);
    const { data } = parse(SessionList, await person.api.get("/auth/sessions"), 200);
    expect(data.map(({ current }) => current)).toEqual([false, true]);
    expect((await person.api.delete(`/auth/sessions/${data[0]?.id}`)).status).toBe(204);
    await stale(other.accessToken);
    expect(codeOf(await person.api.delete(`/auth/sessions/${data[0]?.id}`), 404)).toBe("session_not_found");
    expect(codeOf(await person.api.delete("/auth/sessions/nothing"), 404)).toBe("session_not_found");
    expect((await person.api.delete("/auth/sessions")).status).toBe(204);
    expect((await person.api.get("/users/profile")).status).toBe(200);
  });

  test("when the role changed; one that was issued after it is good at once", async () => {
    const person = await registerAndLogin(api);
    await api.post(`/dev/accounts/${encodeURIComponent(person.email)}/role`, { role: "admin" });
    const after = await logIn(person.email);
    expect((await api.get("/users/search", { token: after.accessToken })).status).toBe(200);
    await stale(person.tokens.accessToken);
  });
});

describe("an API key", () => {
  test("acts in its maker's team within its scopes, is told from a mistyped one, and ends within five seconds", async () => {
    const owner = await registerAndLogin(api);
    const { id: organizerId } = await createOrganizer(owner);
    const draft = { name: "Reader", scopes: ["organizer:read"], organizerId };
    const made = parse(NewApiKey, await owner.api.post("/auth/api-keys", draft), 201);
    expect(made.key).toMatch(/^bk_test_/);
    const byKey = api.as({ token: made.key });
    expect((await byKey.get(`/organizers/${organizerId}`)).status).toBe(200);
    expect(codeOf(await byKey.put(`/organizers/${organizerId}`, { name: "Mine" }), 403)).toBe("forbidden");
    expect(codeOf(await byKey.get("/auth/sessions"), 403)).toBe("forbidden");
    expect(codeOf(await byKey.post("/auth/api-keys", draft), 403)).toBe("forbidden");
    expect(codeOf(await api.get("/users/profile", { token: `${made.key.slice(0, -1)}_` }), 401)).toBe("credential_invalid");
    const rotation = await owner.api.post(`/auth/api-keys/${made.id}/rotate`, { overlapSeconds: 0 });
    const { key } = parse(NewApiKey, rotation, 201);
    expect((await api.get(`/organizers/${organizerId}`, { token: key })).status).toBe(200);
    await eventually("the old key to end", async () =>
      (await byKey.get(`/organizers/${organizerId}`)).status === 401 ? true : undefined,
    );
    expect(codeOf(await owner.api.post("/auth/api-keys", { ...draft, scopes: ["all"] }), 400)).toBe("invalid_body");
  });
});

test("a lock is ended by the mailed link, whose page does nothing by being opened", async () => {
  const { email } = await registerAndLogin(api);
  for (let n = 0; n < 10; n++) await api.post("/auth/login", { email, password: "wrong" });
  expect(codeOf(await api.post("/auth/login", { email, password: PASSWORD }), 429)).toBe("account_locked");
  const mail = await outbox(api, email, ({ data }) => data?.type === "unlock");
  expect(mail.text).toContain(`/auth/unlock?token=${mail.data?.token}`);
  expect((await api.get(`/auth/unlock?token=${mail.data?.token}`)).status).toBe(200);
  expect(codeOf(await api.post("/auth/login", { email, password: PASSWORD }), 429)).toBe("account_locked");
  expect((await api.post("/auth/unlock", { token: mail.data?.token })).status).toBe(204);
  await logIn(email);
  expect(codeOf(await api.post("/auth/unlock", { token: mail.data?.token }), 400)).toBe("invalid_token");
});
