/** Passwords and second factors over the wire, as a client sees them. */
import WebAuthnEmulator from "nid-webauthn-emulator";
import { Secret, TOTP } from "otpauth";
import { describe, expect, inject, test } from "vitest";
import { z } from "zod";
import { MfaRequired, Tokens } from "../../shared/contracts/accounts";
import { ProblemBody } from "../../shared/contracts/problem-body";
import { Factors } from "../../workers/auth/mfa-methods";
import { AddedPasskey, PasskeyInvitation, PasskeyList } from "../../workers/auth/passkey-forms";
import { PasskeyQuestion } from "../../workers/auth/passkey-proofs";
import { RecoveryCodes, TotpSecret } from "../../workers/auth/totp-factors";
import { type Answer, connect, parse } from "../support/client";
import { eventually, freshEmail, outbox, PASSWORD, registerAndLogin } from "../support/scenes";

const ISSUER = "http://localhost:8787";
const api = connect(inject("origin"));
const codeOf = (answer: Answer, status: number): string => parse(ProblemBody, answer, status).code;

type Creation = Parameters<WebAuthnEmulator["createJSON"]>[1];
type Request = Parameters<WebAuthnEmulator["getJSON"]>[1];

describe("a forgotten password", () => {
  test("is set anew by the mailed link, whose page changes nothing by being opened", async () => {
    const { email } = await registerAndLogin(api);
    expect((await api.post("/auth/forgot-password", { email })).status).toBe(202);
    expect((await api.post("/auth/forgot-password", { email: freshEmail("nobody") })).status).toBe(202);
    const mail = await outbox(api, email, (candidate) => candidate.data?.type === "password_reset");
    const token = mail.data?.token ?? "";
    expect(mail.text).toContain(`/auth/reset-password?token=${token}`);
    const page = await api.get(`/auth/reset-password?token=${token}`);
    expect(page.status).toBe(200);
    expect(page.text).not.toContain(token);
    expect(codeOf(await api.post("/auth/reset-password", { token, password: "bilten-bilten" }), 400)).toBe("invalid_body");
    expect((await api.post("/auth/reset-password", { token, password: "two lumps of sugar" })).status).toBe(204);
    expect(codeOf(await api.post("/auth/reset-password", { token, password: "three lumps of sugar" }), 400)).toBe(
      "invalid_token",
    );
    expect(codeOf(await api.post("/auth/login", { email, password: PASSWORD }), 401)).toBe("invalid_credentials");
    parse(Tokens, await api.post("/auth/login", { email, password: "two lumps of sugar" }), 200);
    await outbox(api, email, (candidate) => candidate.data?.type === "password_changed");
  });

  test("changing it needs the current one", async () => {
    const person = await registerAndLogin(api);
    const change = (currentPassword: string) =>
      person.api.post("/auth/change-password", { currentPassword, newPassword: "two lumps of sugar" });
    expect(codeOf(await api.post("/auth/change-password", {}), 401)).toBe("credential_missing");
    expect(codeOf(await change("wrong"), 401)).toBe("invalid_credentials");
    await person.api.put("/users/preferences", { locale: "de-AT", timezone: "Europe/Vienna" });
    expect((await change(PASSWORD)).status).toBe(204);
    const told = await outbox(api, person.email, (candidate) => candidate.data?.type === "password_changed");
    // In the owner's language, by his clock, and with the device that it was done from.
    expect(told.subject).toBe("Ihr Passwort wurde geändert");
    expect(told.text).toMatch(/Wann: .+ (MEZ|MESZ)\. Gerät: /);
  });
});

test("an authenticator app from its secret to a login with it and one without the phone", async () => {
  const person = await registerAndLogin(api);
  const { email } = person;
  expect(codeOf(await api.post("/auth/mfa/totp"), 401)).toBe("credential_missing");
  const { secret, otpauthUrl } = parse(TotpSecret, await person.api.post("/auth/mfa/totp"), 200);
  expect(otpauthUrl).toContain(`secret=${secret}`);
  const app = new TOTP({ secret: Secret.fromBase32(secret) });
  expect(codeOf(await person.api.post("/auth/mfa/totp/confirm", { code: "abcdef" }), 401)).toBe("code_invalid");
  const code = app.generate();
  const { recoveryCodes } = parse(RecoveryCodes, await person.api.post("/auth/mfa/totp/confirm", { code }), 200);
  expect(parse(Factors, await person.api.get("/auth/mfa"), 200)).toEqual({ totp: true, passkeys: 0, recoveryCodesLeft: 10 });

  const asked = parse(MfaRequired, await api.post("/auth/login", { email, password: PASSWORD }), 200);
  expect(asked.methods).toEqual(["totp", "recovery_code"]);
  const answer = { mfaToken: asked.mfaToken, method: "totp" };
  expect(codeOf(await api.post("/auth/mfa/verify", { ...answer, code }), 401)).toBe("code_invalid");
  const next = app.generate({ timestamp: Date.now() + 30_000 });
  const tokens = parse(Tokens, await api.post("/auth/mfa/verify", { ...answer, code: next }), 200);
  expect(tokens.user.mfaEnabled).toBe(true);
  expect(codeOf(await api.post("/auth/mfa/verify", { ...answer, code: next }), 401)).toBe("mfa_token_invalid");

  const again = parse(MfaRequired, await api.post("/auth/login", { email, password: PASSWORD }), 200);
  const recovery = { mfaToken: again.mfaToken, method: "recovery_code", code: recoveryCodes[0] };
  const recovered = parse(Tokens, await api.post("/auth/mfa/verify", recovery), 200);
  const signedIn = api.as({ token: recovered.accessToken });
  const form = { password: PASSWORD, code: recoveryCodes[1] };
  expect(codeOf(await signedIn.post("/auth/step-up", { password: PASSWORD }), 403)).toBe("second_factor_required");
  expect((await signedIn.post("/auth/mfa/totp/disable", form)).status).toBe(204);
  parse(Tokens, await signedIn.post("/auth/step-up", { password: PASSWORD }), 200);
  parse(Tokens, await api.post("/auth/login", { email, password: PASSWORD }), 200);
});

test("a passkey from its invitation to a login by it alone, and as second factor", async () => {
  const person = await registerAndLogin(api);
  const browser = new WebAuthnEmulator();
  const create = async (origin: string) => {
    const invitation = parse(PasskeyInvitation, await person.api.post("/auth/passkeys/options"), 200);
    return browser.createJSON(origin, invitation as unknown as Creation);
  };
  const elsewhere = await create("http://localhost:1");
  expect(codeOf(await person.api.post("/auth/passkeys", { credential: elsewhere }), 400)).toBe("attestation_invalid");
  const credential = await create(ISSUER);
  const added = parse(AddedPasskey, await person.api.post("/auth/passkeys", { name: "My phone", credential }), 201);
  expect(added.recoveryCodes).toHaveLength(10);

  const logIn = async (origin: string) => {
    const question = parse(PasskeyQuestion, await api.post("/auth/passkeys/login/options"), 200);
    return api.post("/auth/passkeys/login", { credential: browser.getJSON(origin, question as Request) });
  };
  expect(codeOf(await logIn("http://localhost:1"), 401)).toBe("passkey_invalid");
  const alone = parse(Tokens, await logIn(ISSUER), 200);
  expect(alone.user.email).toBe(person.email);

  const { mfaToken, methods } = parse(
    MfaRequired,
    await api.post("/auth/login", { email: person.email, password: PASSWORD }),
    200,
  );
  expect(methods).toContain("webauthn");
  const question = parse(PasskeyQuestion, await api.post("/auth/mfa/webauthn", { mfaToken }), 200);
  const code = browser.getJSON(ISSUER, question as Request);
  parse(Tokens, await api.post("/auth/mfa/verify", { mfaToken, method: "webauthn", code }), 200);

  const mine = api.as({ token: alone.accessToken });
  const { data } = parse(PasskeyList, await mine.get("/auth/passkeys"), 200);
  expect(data.map(({ name }) => name)).toEqual(["My phone"]);
  expect(codeOf(await mine.put(`/auth/passkeys/${crypto.randomUUID()}`, { nonsense: 1 }), 404)).toBe("passkey_not_found");
  const rename = (name: string, ifMatch: string) =>
    mine.put(`/auth/passkeys/${added.id}`, { name }, { headers: { "if-match": ifMatch } });
  const renamed = await rename("Old phone", "*");
  expect(renamed.status).toBe(200);
  const etag = renamed.headers.get("etag") ?? "none";
  expect((await rename("Older phone", etag)).status).toBe(200);
  expect(codeOf(await rename("Oldest phone", etag), 412)).toBe("version_stale");
  expect((await mine.delete(`/auth/passkeys/${added.id}`)).status).toBe(204);
  parse(Tokens, await api.post("/auth/login", { email: person.email, password: PASSWORD }), 200);
});

test("who has a second factor is found so by an admin, and no longer when it is gone", async () => {
  const [admin, person] = [await registerAndLogin(api), await registerAndLogin(api)];
  await api.post(`/dev/accounts/${encodeURIComponent(admin.email)}/role`, { role: "admin" });
  const { accessToken } = parse(Tokens, await api.post("/auth/login", { email: admin.email, password: PASSWORD }), 200);
  const Found = z.object({ data: z.array(z.object({ id: z.string(), mfaEnabled: z.boolean() })) });
  const becomes = (mfaEnabled: boolean) =>
    eventually(`mfaEnabled ${mfaEnabled} in the search`, async () => {
      const query = `/users/search?q=${encodeURIComponent(person.email)}`;
      const { data } = parse(Found, await api.get(query, { token: accessToken }), 200);
      return data.find(({ id }) => id === person.user.id)?.mfaEnabled === mfaEnabled ? true : undefined;
    });
  await becomes(false);
  const { secret } = parse(TotpSecret, await person.api.post("/auth/mfa/totp"), 200);
  const app = new TOTP({ secret: Secret.fromBase32(secret) });
  parse(RecoveryCodes, await person.api.post("/auth/mfa/totp/confirm", { code: app.generate() }), 200);
  await becomes(true);
  const code = app.generate({ timestamp: Date.now() + 30_000 });
  expect((await person.api.post("/auth/mfa/totp/disable", { password: PASSWORD, code })).status).toBe(204);
  await becomes(false);
});
