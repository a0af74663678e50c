/**
 * Forged, stolen and guessed: each is refused alike for known and unknown, written down where an account is known, and stands in no
 * answer and no line of the log. In a house of its own, whose log and keys can be read. Forms are in abuse-forms.test.ts.
 */

import { exportSPKI, importJWK, type JWTPayload, SignJWT } from "jose";
import WebAuthnEmulator from "nid-webauthn-emulator";
import { Secret, TOTP } from "otpauth";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { type AccessTokenClaims, MfaRequired, Tokens } from "../../shared/contracts/accounts";
import { ProblemBody } from "../../shared/contracts/problem-body";
import { PasskeyInvitation } from "../../workers/auth/passkey-forms";
import { PasskeyQuestion } from "../../workers/auth/passkey-proofs";
import { SecurityEventList } from "../../workers/auth/security-events";
import { signingKey } from "../../workers/auth/signing-keys";
import { RecoveryCodes, TotpSecret } from "../../workers/auth/totp-factors";
import { type Answer, type Client, connect, parse } from "../support/client";
import { type House, startHouse } from "../support/harness";
import { eventually, freshEmail, mailsTo, outbox, PASSWORD, type Person, registerAndLogin } from "../support/scenes";

let house: House;
let api: Client;
let auth: AuthEnv;
/** What must stand in no line of the log. */
const secrets = new Set<string>();

beforeAll(async () => {
  house = await startHouse();
  api = connect(house.origin);
  auth = await house.worker<AuthEnv>("auth").getEnv();
});
afterAll(() => house?.stop());

const codeOf = (answer: Answer, status: number): string => parse(ProblemBody, answer, status).code;
const told = ({ status, headers, text }: Answer): string =>
  `${status} ${headers.get("www-authenticate")} ${text.replace(/"requestId":"[^"]*"/, "")}`;
const logIn = (email: string, password = PASSWORD) => api.post("/auth/login", { email, password });

async function somebody(): Promise<Person> {
  const person = await registerAndLogin(api);
  for (const secret of [PASSWORD, person.email, person.tokens.accessToken, person.tokens.refreshToken]) secrets.add(secret);
  return person;
}

/** Newest first; failures are written beside the answer. */
const eventsOf = async ({ api: mine }: Pick<Person, "api">): Promise<string[]> =>
  parse(SecurityEventList, await mine.get("/auth/security-events?limit=100"), 200).data.map(({ kind }) => kind);
const recorded = (person: Pick<Person, "api">, kind: string, count = 1) =>
  eventually(`${count} ${kind}`, async () =>
    (await eventsOf(person)).filter((one) => one === kind).length === count ? true : undefined,
  );

describe("an access token that nobody here has issued", () => {
  const ISSUER = "http://localhost:8787";
  const nowSeconds = () => Math.floor(Date.now() / 1000);
  type Change = Partial<Record<keyof AccessTokenClaims | "nbf", unknown>>;
  const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");

  /** Signed by the very key that signs here, where nothing else is said: only what is wrong with it can be why it is refused. */
  async function forge(
    person: Person,
    change: Change = {},
    header: Record<string, unknown> = {},
    key?: Uint8Array,
  ): Promise<string> {
    const { kid, privateKey } = await signingKey(auth, Date.now());
    const [, payload = ""] = person.tokens.accessToken.split(".");
    const claims: object = JSON.parse(Buffer.from(payload, "base64url").toString());
    // What it says may be of no type that a token's has.
    return new SignJWT({ ...claims, ...change } as JWTPayload)
      .setProtectedHeader({ alg: "RS256", typ: "at+jwt", kid, ...header })
      .sign(key ?? privateKey);
  }

  test("is refused whatever is wrong with it, in the same words, and the log counts it by its reason", async () => {
    const person = await somebody();
    expect((await api.get("/users/profile", { token: await forge(person) })).status).toBe(200);
    const { keys } = parse(
      z.object({ keys: z.array(z.looseObject({ kid: z.string() })) }),
      await api.get("/.well-known/jwks.json"),
      200,
    );
    const published = keys[0] ?? { kid: "" };
    const spki = await exportSPKI((await importJWK({ ...published, kty: "RSA" }, "RS256", { extractable: true })) as CryptoKey);
    const [header = "", payload = "", signature = ""] = person.tokens.accessToken.split(".");
    const forged: Record<string, string> = {
      "alg none": `${encoded({ alg: "none", typ: "at+jwt", kid: published.kid })}.${payload}.${signature}`,
      "HS256 with the public key as PEM": await forge(person, {}, { alg: "HS256" }, new TextEncoder().encode(spki)),
      "HS256 with the public key as JWK": await forge(
        person,
        {},
        { alg: "HS256" },
        new TextEncoder().encode(JSON.stringify(published)),
      ),
      "another issuer": await forge(person, { iss: "https://evil.example" }),
      "another audience": await forge(person, { aud: "https://evil.example" }),
      "no audience": await forge(person, { aud: undefined }),
      "an ID token": await forge(person, { nonce: "1" } as Change, { typ: "JWT" }),
      "no type": await forge(person, {}, { typ: undefined }),
      "a kid that is a path": await forge(person, {}, { kid: "../../../../../../dev/null" }),
      "a kid that is a URL": await forge(person, {}, { kid: `${house.origin}/dev/jwks` }),
      "a kid that is SQL": await forge(person, {}, { kid: "' OR 1=1 --" }),
      "a jku": await forge(person, {}, { jku: "https://evil.example/jwks.json" }),
      "a jwk": await forge(person, {}, { jwk: published }),
      "a future one": await forge(person, { iat: nowSeconds() + 3_600, exp: nowSeconds() + 4_200 }),
      "one for later": await forge(person, { nbf: nowSeconds() + 3_600 }),
      "no end": await forge(person, { exp: undefined }),
      "another role": `${header}.${encoded({ ...JSON.parse(Buffer.from(payload, "base64url").toString()), role: "admin" })}.${signature}`,
    };
    const answers = new Set<string>();
    for (const [what, token] of Object.entries(forged)) {
      secrets.add(token);
      const answer = await api.get("/users/profile", { token });
      expect(codeOf(answer, 401), what).toBe("credential_invalid");
      expect(answer.headers.get("www-authenticate"), what).toMatch(/^Bearer/);
      answers.add(told(answer));
    }
    expect(answers.size).toBe(1);
    const expired = await forge(person, { iat: nowSeconds() - 1_200, exp: nowSeconds() - 600 });
    expect(codeOf(await api.get("/users/profile", { token: expired }), 401)).toBe("credential_expired");

    const Line = z.object({ level: z.literal("warn"), reason: z.string(), count: z.int() });
    const reasons = await eventually("the log to tell of them", async () => {
      const lines = house.server.getLogs().flatMap(({ message }) => {
        const at = message.indexOf('{"level":"warn","message":"forged access tokens were refused"');
        return at === -1 ? [] : [Line.parse(JSON.parse(message.slice(at)))];
      });
      const counted = lines.reduce((sum, { count }) => sum + count, 0);
      return counted === Object.keys(forged).length ? new Set(lines.map(({ reason }) => reason)) : undefined;
    });
    expect([...reasons].sort()).toEqual(
      ["algorithm", "audience", "claims", "future", "issuer", "key_offered", "key_unknown", "signature", "type"].sort(),
    );
    expect(ISSUER).toBe(auth.ISSUER);
  });
});

test("a thousand logins in a minute lock the address, answer an unknown one the same, and are told to the owner once", async () => {
  const person = await somebody();
  const nobody = freshEmail();
  const GUESSES = 500;
  const AT_ONCE = 10;
  const flood = async (email: string): Promise<string[]> => {
    const answers: string[] = [];
    for (let n = 0; n < GUESSES; n += AT_ONCE) {
      const some = await Promise.all(
        Array.from({ length: AT_ONCE }, (_, at) =>
          api.post(
            "/auth/login",
            { email, password: `guess ${n + at}` },
            // A hundred networks: what locks is the address that is guessed at.
            { headers: { "cf-connecting-ip": `198.51.100.${(n + at) % 100}` } },
          ),
        ),
      );
      for (const answer of some) {
        const { code } = parse(ProblemBody, answer, [401, 429]);
        if (code === "account_locked") expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
        answers.push(code);
      }
    }
    return answers.sort();
  };
  const [known, unknown] = await Promise.all([flood(person.email), flood(nobody)]);
  expect(known).toEqual(unknown);
  expect(known.filter((code) => code === "invalid_credentials").length).toBeLessThanOrEqual(10);
  expect(codeOf(await logIn(person.email), 429)).toBe("account_locked");
  await recorded(person, "locked");
  const failures = (await eventsOf(person)).filter((kind) => kind === "sign_in_failed").length;
  expect(failures).toBeGreaterThan(0);
  expect(failures).toBeLessThanOrEqual(10);
  await outbox(api, person.email, ({ data }) => data?.type === "unlock");
  expect((await mailsTo(api, person.email)).filter(({ data }) => data?.type === "unlock")).toHaveLength(1);
  expect(await mailsTo(api, nobody)).toEqual([]);
  // Whoever is signed in stays so, and others sign in.
  expect((await person.api.get("/users/profile")).status).toBe(200);
  await somebody();
}, 120_000);

test("a step of an authenticator app and a recovery code count once, for each way in", async () => {
  const person = await somebody();
  const { secret } = parse(TotpSecret, await person.api.post("/auth/mfa/totp"), 200);
  const app = new TOTP({ secret: Secret.fromBase32(secret) });
  const confirmation = app.generate();
  const confirmed = await person.api.post("/auth/mfa/totp/confirm", { code: confirmation });
  const { recoveryCodes } = parse(RecoveryCodes, confirmed, 200);
  const [recoveryCode = ""] = recoveryCodes;
  for (const one of [secret, ...recoveryCodes]) secrets.add(one);
  const answer = async (method: string, code: string): Promise<Answer> => {
    const { mfaToken } = parse(MfaRequired, await logIn(person.email), 200);
    secrets.add(mfaToken);
    return api.post("/auth/mfa/verify", { mfaToken, method, code });
  };
  expect(codeOf(await answer("totp", confirmation), 401)).toBe("code_invalid");
  const next = app.generate({ timestamp: Date.now() + 30_000 });
  const { accessToken } = parse(Tokens, await answer("totp", next), 200);
  const mine = { api: api.as({ token: accessToken }) };
  const again = await answer("totp", next);
  const wrong = await answer("totp", "000000");
  expect(codeOf(again, 401)).toBe("code_invalid");
  // Nobody learns that a code was right once.
  expect(told(again)).toBe(told(wrong));
  parse(Tokens, await answer("recovery_code", recoveryCode), 200);
  const used = await answer("recovery_code", recoveryCode);
  expect(told(used)).toBe(told(wrong));
  expect(codeOf(await mine.api.post("/auth/step-up", { method: "totp", code: next }), 401)).toBe("code_invalid");
  await recorded(mine, "second_factor_failed", 5);
  await recorded(mine, "recovery_code_used");
  await recorded(mine, "totp_added");
  await outbox(api, person.email, ({ data }) => data?.type === "totp_added");
  await outbox(api, person.email, ({ data }) => data?.type === "recovery_code_used");
});

test("a passkey of another origin opens nothing, is not added, and is written down", async () => {
  const person = await somebody();
  const browser = new WebAuthnEmulator();
  const invite = async () => parse(PasskeyInvitation, await person.api.post("/auth/passkeys/options"), 200);
  type Creation = Parameters<WebAuthnEmulator["createJSON"]>[1];
  type Request = Parameters<WebAuthnEmulator["getJSON"]>[1];
  // The emulator's own types of the same JSON.
  const made = async (origin: string) => browser.createJSON(origin, (await invite()) as unknown as Creation);
  const add = async (origin: string) => person.api.post("/auth/passkeys", { credential: await made(origin) });
  expect(codeOf(await add("http://localhost:1"), 400)).toBe("attestation_invalid");
  expect((await add(auth.ISSUER)).status).toBe(201);
  const enter = async (origin: string) => {
    const question = parse(PasskeyQuestion, await api.post("/auth/passkeys/login/options"), 200);
    return api.post("/auth/passkeys/login", { credential: browser.getJSON(origin, question as Request) });
  };
  const elsewhere = await enter("http://localhost:1");
  expect(codeOf(elsewhere, 401)).toBe("passkey_invalid");
  parse(Tokens, await enter(auth.ISSUER), 200);
  await recorded(person, "passkey_failed", 2);
  await recorded(person, "passkey_added");
  await outbox(api, person.email, ({ data }) => data?.type === "passkey_added");
});

test("yesterday's refresh token, used by a thief and by its owner, ends what both have of it within ten seconds", async () => {
  const person = await somebody();
  const yesterday = parse(Tokens, await logIn(person.email), 200);
  const DAY_MS = 86_400_000;
  const back = (table: string, columns: string[], whose: string) =>
    auth.DB.prepare(`UPDATE ${table} SET ${columns.map((name) => `${name} = ${name} - ${DAY_MS}`).join(", ")} WHERE ${whose}`)
      .bind(person.user.id)
      .run();
  await back(
    "refresh_tokens",
    ["created_at_ms", "expires_at_ms"],
    "session_id IN (SELECT id FROM sessions WHERE account_id = ?)",
  );
  await back("sessions", ["auth_time_ms", "created_at_ms", "last_used_at_ms", "expires_at_ms"], "account_id = ?");
  const refresh = (refreshToken: string) => api.post("/auth/refresh", { refreshToken });
  const thief = parse(Tokens, await refresh(yesterday.refreshToken), 200);
  for (const token of [thief.accessToken, thief.refreshToken]) secrets.add(token);
  expect((await api.get("/users/profile", { token: thief.accessToken })).status).toBe(200);
  const foundOut = Date.now();
  expect(codeOf(await refresh(yesterday.refreshToken), 401)).toBe("refresh_token_reused");
  expect((await refresh(thief.refreshToken)).status).toBe(401);
  await Promise.all(
    [yesterday, thief].map(({ accessToken }) =>
      eventually("an access token of the session to end", async () => {
        const answer = await api.get("/users/profile", { token: accessToken });
        return answer.status === 401 && codeOf(answer, 401) === "token_stale" ? true : undefined;
      }),
    ),
  );
  expect(Date.now() - foundOut).toBeLessThan(10_500);
  // Another session of the same person goes on, and reads of it.
  expect(await eventsOf(person)).toContain("refresh_token_reused");
  parse(Tokens, await logIn(person.email), 200);
});

/** Last: of all that was sent above. */
test("no password, token, code or address of anybody stands in the log", () => {
  const logged = JSON.stringify(house.server.getLogs());
  expect(logged).toContain("forged access tokens were refused");
  expect(secrets.size).toBeGreaterThan(50);
  for (const secret of secrets) expect(logged.includes(secret), secret.slice(0, 8)).toBe(false);
});
