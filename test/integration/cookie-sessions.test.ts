/** Browsers' sessions through the whole house: signing in by cookie, using it, proving again, signing out, and what ends one. */
import WebAuthnEmulator from "nid-webauthn-emulator";
import { Secret, TOTP } from "otpauth";
import { beforeAll, describe, expect, inject, test } from "vitest";
import { z } from "zod";
import { MfaRequired, Tokens, User } from "../../shared/contracts/accounts";
import { CurrentSession } from "../../shared/contracts/cookie-session";
import { Hold } from "../../shared/contracts/holds";
import { ProblemBody } from "../../shared/contracts/problem-body";
import { NO_SESSION_COOKIE } from "../../shared/http/session-cookie";
import { PasskeyInvitation } from "../../workers/auth/passkey-forms";
import { PasskeyQuestion } from "../../workers/auth/passkey-proofs";
import { SessionList } from "../../workers/auth/session-list";
import { RecoveryCodes, TotpSecret } from "../../workers/auth/totp-factors";
import { cookieAsked, sessionOf, signInByCookie } from "../support/browser-session";
import { type Answer, type Client, connect, parse } from "../support/client";
import { type Box, eventually, openBoxOffice, PASSWORD, type Person, registerAndLogin } from "../support/scenes";

const ISSUER = "http://localhost:8787";
const NAME = "__Host-bilten-session";
const api = connect(inject("origin"));
const codeOf = (answer: Answer, status: number): string => parse(ProblemBody, answer, status).code;
/** The gateway remembers a cookie for five; what ended stops within ten (API.md). */
const DEAD_WITHIN_MS = 10_500;

let box: Box;
let person: Person;
beforeAll(async () => {
  box = await openBoxOffice(api);
  person = await registerAndLogin(api);
});

/** The answer by which a cookie is refused, once it is. */
const refusedAnswer = (who: Client): Promise<Answer> =>
  eventually(
    "a cookie of what ended to be refused",
    async () => {
      const answer = await who.get("/users/profile");
      return answer.status === 401 ? answer : undefined;
    },
    DEAD_WITHIN_MS,
  );

describe("signing in by cookie", () => {
  test("sets a cookie that no script reads, and answers nothing that opens anything by itself", async () => {
    const answer = await api.post("/auth/login", { email: person.email, password: PASSWORD }, cookieAsked(api));
    const session = sessionOf(api, answer);
    expect(session.set).toMatch(/^__Host-bilten-session=bs_[\w-]{43}; Path=\/; Secure; HttpOnly; SameSite=Lax; Max-Age=7776000$/);
    expect(Object.keys(z.record(z.string(), z.unknown()).parse(answer.body)).sort()).toEqual(["csrfToken", "expiresAt", "user"]);
    expect(answer.text).not.toContain(session.cookie.slice(`${NAME}=bs_`.length));
    expect(answer.headers.get("cache-control")).toBe("no-store");
    expect(answer.headers.get("access-control-allow-credentials")).toBeNull();
    expect(session.user.email).toBe(person.email);

    expect(parse(z.looseObject({ id: z.string() }), await session.bare.get("/users/profile"), 200).id).toBe(person.user.id);
    const { data } = parse(SessionList, await session.bare.get("/auth/sessions"), 200);
    expect(data.filter(({ current }) => current)).toHaveLength(1);
    expect(data[0]?.current).toBe(true);
  });

  test("is asked for by the header alone; without it all is as it was, and another value is a 400", async () => {
    const credentials = { email: person.email, password: PASSWORD };
    const plain = await api.post("/auth/login", credentials, { headers: { origin: api.origin } });
    expect(Object.keys(parse(Tokens, plain, 200)).sort()).toEqual([
      "accessToken",
      "expiresIn",
      "refreshToken",
      "tokenType",
      "user",
    ]);
    expect(plain.headers.getSetCookie()).toEqual([]);
    for (const path of ["/auth/login", "/auth/mfa/verify", "/auth/passkeys/login"])
      for (const kind of ["token", "", "Cookie", "cookie, cookie"]) {
        const answer = await api.post(path, credentials, { headers: { origin: api.origin, "x-session": kind } });
        expect(codeOf(answer, 400), `${path} ${kind}`).toBe("invalid_session_kind");
      }
  });

  test("is for pages of the same origin: no other page signs its visitor in as somebody", async () => {
    const credentials = { email: person.email, password: PASSWORD };
    const foreign = [
      "https://evil.example",
      "http://demo.localhost",
      "null",
      api.origin.replace(/\d$/, (digit) => `${(Number(digit) + 1) % 10}`),
    ];
    for (const origin of [undefined, ...foreign])
      for (const path of ["/auth/login", "/auth/mfa/verify", "/auth/passkeys/login"]) {
        const answer = await api.post(path, credentials, { headers: { "x-session": "cookie", ...(origin ? { origin } : {}) } });
        expect(codeOf(answer, 403), `${path} ${origin}`).toBe("csrf_failed");
        expect(answer.headers.getSetCookie()).toEqual([]);
      }
    const wrong = await api.post("/auth/login", { ...credentials, password: "wrong" }, cookieAsked(api));
    expect(codeOf(wrong, 401)).toBe("invalid_credentials");
    expect(wrong.headers.getSetCookie()).toEqual([]);
  });

  test("asks for the second factor first, and takes a recovery code or a passkey", async () => {
    const ada = await registerAndLogin(api);
    const { secret } = parse(TotpSecret, await ada.api.post("/auth/mfa/totp"), 200);
    const code = new TOTP({ secret: Secret.fromBase32(secret) }).generate();
    const { recoveryCodes } = parse(RecoveryCodes, await ada.api.post("/auth/mfa/totp/confirm", { code }), 200);
    const credentials = { email: ada.email, password: PASSWORD };
    const first = await api.post("/auth/login", credentials, cookieAsked(api));
    const { mfaToken } = parse(MfaRequired, first, 200);
    expect(first.headers.getSetCookie()).toEqual([]);
    const form = { mfaToken, method: "recovery_code", code: recoveryCodes[0] };
    const session = sessionOf(api, await api.post("/auth/mfa/verify", form, cookieAsked(api)));
    expect((await session.bare.get("/auth/mfa")).status).toBe(200);

    const browser = new WebAuthnEmulator();
    const invitation = parse(PasskeyInvitation, await session.api.post("/auth/passkeys/options"), 200);
    const credential = browser.createJSON(ISSUER, invitation as unknown as Parameters<WebAuthnEmulator["createJSON"]>[1]);
    expect((await session.api.post("/auth/passkeys", { name: "Here", credential })).status).toBe(201);
    const question = parse(PasskeyQuestion, await api.post("/auth/passkeys/login/options"), 200);
    const used = browser.getJSON(ISSUER, question as Parameters<WebAuthnEmulator["getJSON"]>[1]);
    const byPasskey = sessionOf(api, await api.post("/auth/passkeys/login", { credential: used }, cookieAsked(api)));
    expect((await byPasskey.bare.get("/users/profile")).status).toBe(200);
  });
});

// Side by side, because most of them wait for what the gateway remembers.
describe.concurrent("the session that asks", () => {
  test("tells a page that was loaded anew its token; of an access token there is none", async () => {
    const session = await signInByCookie(api, person.email);
    const shown = await session.bare.get("/auth/session");
    expect(parse(CurrentSession, shown, 200)).toMatchObject({ user: session.user, csrfToken: session.csrfToken });
    expect(shown.headers.get("cache-control")).toBe("no-store");
    expect(parse(CurrentSession, await person.api.get("/auth/session"), 200).csrfToken).toBeNull();
    expect(codeOf(await api.get("/auth/session"), 401)).toBe("credential_missing");
  });

  test("is signed out with its cookie, and the next use of it is refused and takes it away", async () => {
    const session = await signInByCookie(api, person.email);
    const out = await session.api.post("/auth/logout");
    expect([out.status, out.headers.getSetCookie()]).toEqual([204, [NO_SESSION_COOKIE]]);
    expect(codeOf(await session.bare.get("/auth/session"), 401)).toBe("credential_invalid");
    const refused = await refusedAnswer(session.bare);
    expect(codeOf(refused, 401)).toBe("credential_invalid");
    expect(refused.headers.getSetCookie()).toEqual([NO_SESSION_COOKIE]);
    expect((await person.api.post("/auth/step-up", { password: PASSWORD })).headers.getSetCookie()).toEqual([]);
  });

  test("that has ended hinders nobody: signing in again works beside it, and what is everybody's is read", async () => {
    const session = await signInByCookie(api, person.email);
    await session.api.post("/auth/logout");
    await refusedAnswer(session.bare);
    expect(codeOf(await session.bare.get(`/events/${box.event.id}`), 401)).toBe("credential_invalid");
    for (const path of ["/docs", "/health", "/openapi.json", "/.well-known/jwks.json"])
      expect((await session.bare.get(path)).status, path).toBe(200);
    const { origin, "x-session": kind } = cookieAsked(api).headers as Record<string, string>;
    const again = { headers: { cookie: session.cookie, origin: origin ?? "", "x-session": kind ?? "" } };
    const next = sessionOf(api, await api.post("/auth/login", { email: person.email, password: PASSWORD }, again));
    expect((await next.bare.get("/users/profile")).status).toBe(200);
  });

  test("takes the place of the one that its browser had", async () => {
    const first = await signInByCookie(api, person.email);
    const headers = { ...cookieAsked(api).headers, cookie: first.cookie };
    sessionOf(api, await api.post("/auth/login", { email: person.email, password: PASSWORD }, { headers }));
    const refused = await refusedAnswer(first.bare);
    expect(refused.headers.getSetCookie(), "the browser has the new one").toEqual([]);
  });
});

describe.concurrent("a fresh proof", () => {
  test("answers another cookie and token for the same session, and the old ones are worth nothing", async () => {
    const session = await signInByCookie(api, person.email);
    const idOf = async (who: Client) =>
      parse(SessionList, await who.get("/auth/sessions"), 200).data.find(({ current }) => current)?.id;
    const before = await idOf(session.bare);
    expect(codeOf(await session.api.post("/auth/step-up", { password: "wrong" }), 401)).toBe("invalid_credentials");
    const answer = await session.api.post("/auth/step-up", { password: PASSWORD });
    const renewed = sessionOf(api, answer);
    expect(renewed.cookie).not.toBe(session.cookie);
    expect(renewed.csrfToken).not.toBe(session.csrfToken);
    expect(await idOf(renewed.bare)).toBe(before);
    expect(
      codeOf(
        await renewed.api
          .as({ headers: { cookie: renewed.cookie, origin: api.origin, "x-csrf-token": session.csrfToken } })
          .post("/auth/logout"),
        403,
      ),
    ).toBe("csrf_failed");
    const refused = await refusedAnswer(session.bare);
    expect(refused.headers.getSetCookie(), "another tab may hold the new one").toEqual([]);
    expect((await renewed.api.post("/auth/logout")).status).toBe(204);
  });
});

describe.concurrent("what changed or ended elsewhere counts within ten seconds", () => {
  test("a role, and a suspension", async () => {
    const victim = await registerAndLogin(api);
    const session = await signInByCookie(api, victim.email);
    expect(codeOf(await session.bare.get("/users/search"), 403)).toBe("forbidden");
    parse(User, await api.post(`/dev/accounts/${encodeURIComponent(victim.email)}/role`, { role: "admin" }), 200);
    await eventually("the role", async () => ((await session.bare.get("/users/search")).status === 200 ? true : undefined));

    const admin = await registerAndLogin(api);
    parse(User, await api.post(`/dev/accounts/${encodeURIComponent(admin.email)}/role`, { role: "admin" }), 200);
    const adminSession = await signInByCookie(api, admin.email);
    const change = { status: "suspended", reason: "The test" };
    parse(User, await adminSession.api.put(`/users/${victim.user.id}/status`, change), 200);
    expect(codeOf(await refusedAnswer(session.bare), 401)).toBe("credential_invalid");
  });

  test("a session that another one ends, and every other one when the password changes", async () => {
    const ada = await registerAndLogin(api);
    const [first, second, third] = [
      await signInByCookie(api, ada.email),
      await signInByCookie(api, ada.email),
      await signInByCookie(api, ada.email),
    ];
    const { data } = parse(SessionList, await first.bare.get("/auth/sessions"), 200);
    expect(data).toHaveLength(4);
    expect((await second.api.delete(`/auth/sessions/${data.find(({ current }) => current)?.id}`)).status).toBe(204);
    await refusedAnswer(first.bare);
    const change = { currentPassword: PASSWORD, newPassword: "two lumps of sugar" };
    expect((await second.api.post("/auth/change-password", change)).status).toBe(204);
    await refusedAnswer(third.bare);
    expect((await second.bare.get("/users/profile")).status).toBe(200);
  });
});

test("a session of an organizer's host works there only, as far as tokens do, and its pages do not look at it", async () => {
  const host = `${box.organizer.slug}.localhost`;
  const there = await signInByCookie(api, person.email, host);
  expect((await there.bare.get("/auth/session")).status).toBe(200);
  expect((await there.bare.get(`/orders/user/${person.user.id}`)).status).toBe(200);
  expect(codeOf(await there.bare.get("/users/profile"), 403)).toBe("main_host_required");
  const here = api.as({ headers: { cookie: there.cookie } });
  const refused = await here.get("/users/profile");
  expect([codeOf(refused, 401), refused.headers.getSetCookie()]).toEqual(["credential_invalid", [NO_SESSION_COOKIE]]);
  for (const cookie of [there.cookie, `${NAME}=junk`]) {
    const page = await api.get("/", { host, headers: { cookie } });
    expect([page.status, page.headers.getSetCookie()]).toEqual([200, []]);
  }
  expect((await there.api.post("/auth/logout")).status).toBe(204);
});

test("whoever holds tickets by cookie is their holder, as one who shows a token is", async () => {
  const session = await signInByCookie(api, person.email);
  const items = [{ ticketTypeId: box.event.ticketTypes[0]?.id, quantity: 1 }];
  const hold = parse(Hold, await session.api.post(`/events/${box.event.id}/holds`, { items }), 201);
  expect((await person.api.get(`/events/${box.event.id}/holds/${hold.id}`)).status).toBe(200);
  expect((await session.api.delete(`/events/${box.event.id}/holds/${hold.id}`)).status).toBe(204);
});
