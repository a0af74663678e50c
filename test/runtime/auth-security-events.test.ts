import { applyD1Migrations, reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { decodeJwt } from "jose";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { setRole } from "../../workers/auth/accounts";
import { createApiKey, revokeApiKey } from "../../workers/auth/api-keys";
import { KEPT_MS, listSecurityEvents, sweepSecurityEvents } from "../../workers/auth/security-events";
import { endOtherSessions, endSession } from "../../workers/auth/session-list";
import { refresh } from "../../workers/auth/sessions";
import { changeStatus } from "../../workers/auth/standing";
import { type Auth, attempt, HERE, NOW_MS, registerVerified, settled, startAuth, tokensOf } from "../support/auth";

const ADA = "ada@bilten.example";
const DESK = { ...HERE, client: { device: "Firefox on Linux", place: "Vienna, AT" } };
const PHONE = { ...HERE, client: { device: "Safari on iOS", place: null } };

beforeEach(() => applyD1Migrations(env.AUTH_DB, env.MIGRATIONS.auth));
afterEach(async () => {
  await settled();
  await reset();
});

const kindsOf = async (auth: Auth, userId: string) =>
  (await listSecurityEvents(auth.env, userId, { limit: 100 })).data.map(({ kind }) => kind).reverse();
const mails = async (kind: string) =>
  (await env.AUTH_DB.prepare("SELECT count(*) AS n FROM account_mails WHERE kind = ?").bind(kind).first<{ n: number }>())?.n;

describe("a sign-in from a new kind of device", () => {
  test("is told by mail and recorded; the first of all, and a device that was seen, are not told", async () => {
    const auth = startAuth();
    await registerVerified(auth, ADA);
    const { user } = await tokensOf(auth, ADA, { audience: DESK });
    await tokensOf(auth, ADA, { audience: DESK, nowMs: NOW_MS + 1 });
    expect(await mails("new_device")).toBe(0);
    await tokensOf(auth, ADA, { audience: PHONE, nowMs: NOW_MS + 2 });
    await tokensOf(auth, ADA, { audience: PHONE, nowMs: NOW_MS + 3 });
    expect(await mails("new_device")).toBe(1);
    expect(await env.AUTH_DB.prepare("SELECT count(*) AS n FROM outbox WHERE type = 'account.mail_requested'").first("n")).toBe(
      1,
    );
    expect((await kindsOf(auth, user.id)).sort()).toEqual(["new_device", ...Array<string>(4).fill("signed_in")]);
    const { data } = await listSecurityEvents(auth.env, user.id, { limit: 1 });
    expect(data).toMatchObject([{ kind: "signed_in", device: "Safari on iOS", place: null, at: "2027-01-01T12:00:00.003Z" }]);
  });

  test("is one from another country on a device of the same kind, and not one from another town", async () => {
    const auth = startAuth();
    await registerVerified(auth, ADA);
    const places = ["Vienna, AT", "Graz, AT", "AT", null, "Lagos, NG", "Abuja, NG", "Linz, AT"];
    const told: unknown[] = [];
    for (const [n, place] of places.entries()) {
      await tokensOf(auth, ADA, { audience: { ...HERE, client: { ...DESK.client, place } }, nowMs: NOW_MS + n });
      told.push(await mails("new_device"));
    }
    expect(told).toEqual([0, 0, 0, 0, 1, 1, 1]);
  });
});

test("what happens to an account is recorded once, and what did not happen is not", async () => {
  const auth = startAuth();
  await registerVerified(auth, ADA);
  await registerVerified(auth, "root@bilten.example");
  const root = await setRole(auth.env, auth.after, "root@bilten.example", "admin", NOW_MS);
  if (!root.ok) throw new Error(root.error.code);
  let nowMs = NOW_MS;
  const { user, refreshToken, accessToken } = await tokensOf(auth, ADA, { nowMs: ++nowMs });
  const me = { userId: user.id, sessionId: String(decodeJwt(accessToken).sid) };
  const made = await createApiKey(auth.env, auth.after, me, { name: "Key", scopes: ["orders:read"] }, ++nowMs);
  const keyId = made.ok ? made.value.id : "";
  await revokeApiKey(auth.env, user.id, keyId, ++nowMs);
  await revokeApiKey(auth.env, user.id, keyId, ++nowMs);
  await refresh(auth.env, auth.after, refreshToken, HERE, ++nowMs);
  await refresh(auth.env, auth.after, refreshToken, HERE, ++nowMs);
  await refresh(auth.env, auth.after, refreshToken, HERE, ++nowMs);
  expect(await endSession(auth.env, auth.after, user.id, crypto.randomUUID(), ++nowMs)).toMatchObject({ ok: false });
  await endOtherSessions(auth.env, auth.after, { userId: user.id, sessionId: "" }, ++nowMs);
  for (let n = 0; n < 10; n++) await attempt(auth, ADA, "wrong", ++nowMs);
  await settled();
  expect(await changeStatus(auth.env, auth.after, root.value.id, user.id, "suspended", null, ++nowMs)).toMatchObject({
    ok: true,
  });
  const kinds = await kindsOf(auth, user.id);
  // The last failure and its lock are of one moment.
  expect(kinds.filter((kind) => kind === "sign_in_failed")).toHaveLength(10);
  expect(kinds.filter((kind) => kind !== "sign_in_failed")).toEqual([
    "signed_in",
    "api_key_created",
    "api_key_revoked",
    "refresh_token_reused",
    "locked",
    "status_changed",
  ]);
  expect(await kindsOf(auth, root.value.id)).toEqual([]);
});

test("events come in pages, are their owner's alone, and are forgotten after half a year", async () => {
  const auth = startAuth();
  await registerVerified(auth, ADA);
  const { user, accessToken } = await tokensOf(auth, ADA);
  const me = { userId: user.id, sessionId: String(decodeJwt(accessToken).sid) };
  for (let n = 0; n < 4; n++) await createApiKey(auth.env, auth.after, me, { name: "Key", scopes: ["orders:read"] }, NOW_MS);
  const first = await listSecurityEvents(auth.env, user.id, { limit: 3 });
  const second = await listSecurityEvents(auth.env, user.id, { limit: 3, cursor: first.nextCursor ?? "" });
  expect([first.data.length, second.data.length, second.nextCursor]).toEqual([3, 2, null]);
  expect(new Set([...first.data, ...second.data].map(({ id }) => id)).size).toBe(5);
  expect((await listSecurityEvents(auth.env, crypto.randomUUID(), { limit: 3 })).data).toEqual([]);
  expect(await sweepSecurityEvents(auth.env, NOW_MS + KEPT_MS - 1)).toBe(0);
  expect(await sweepSecurityEvents(auth.env, NOW_MS + KEPT_MS)).toBe(5);
});
