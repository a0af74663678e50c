/** What refresh tokens say by themselves, and what is kept of them. */
import { applyD1Migrations, reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, expect, test } from "vitest";
import { sha256 } from "../../shared/crypto/bytes";
import { refresh } from "../../workers/auth/sessions";
import { type Auth, HERE, NOW_MS, registerVerified, settled, startAuth, tokensOf } from "../support/auth";

const EMAIL = "ada@bilten.example";
const SITE = { audience: "demo.localhost:8787", organizerId: "0197f3c4-02aa-7f0e-8d5c-55a1c4a6ec10" };

beforeEach(() => applyD1Migrations(env.AUTH_DB, env.MIGRATIONS.auth));
afterEach(async () => {
  await settled();
  await reset();
});

const signIn = (auth: Auth, audience: typeof HERE | typeof SITE = HERE) => tokensOf(auth, EMAIL, { audience });

test("each used token is known for ever by what it says, and a session keeps two rows", async () => {
  const auth = startAuth();
  await registerVerified(auth, EMAIL);
  const rows = () => env.AUTH_DB.prepare("SELECT count(*) AS n FROM refresh_tokens").first<number>("n");
  for (const again of [0, 10, 18]) {
    const tokens = [(await signIn(auth)).refreshToken];
    for (let n = 0; n < 20; n++) {
      const next = await refresh(auth.env, auth.after, tokens.at(-1) ?? "", HERE, NOW_MS + n);
      if (!next.ok) throw new Error(next.error.code);
      tokens.push(next.value.refreshToken);
    }
    expect(await rows()).toBe(2);
    expect(await refresh(auth.env, auth.after, tokens[again] ?? "", HERE, NOW_MS + 21)).toEqual({
      ok: false,
      error: { code: "refresh_token_reused" },
    });
    expect(await refresh(auth.env, auth.after, tokens[20] ?? "", HERE, NOW_MS + 22)).toMatchObject({ ok: false });
    await env.AUTH_DB.prepare("DELETE FROM sessions").run();
  }
});

test("what nobody gave names no session, and a forgotten token ends none from another host", async () => {
  const auth = startAuth();
  await registerVerified(auth, EMAIL);
  const [mine, other] = [await signIn(auth, SITE), await signIn(auth, SITE)];
  const [random = "", id = "", mac = ""] = mine.refreshToken.split(".");
  const [, otherId = ""] = other.refreshToken.split(".");
  for (const made of [`${random}.${otherId}.${mac}`, `${random}.${id}.${mac.slice(0, -4)}AAAA`, `${random}.${id}`, `${random}`])
    expect(await refresh(auth.env, auth.after, made, SITE, NOW_MS)).toMatchObject({ error: { code: "refresh_token_invalid" } });
  await env.AUTH_DB.prepare("DELETE FROM refresh_tokens").run();
  expect(await refresh(auth.env, auth.after, mine.refreshToken, HERE, NOW_MS)).toMatchObject({
    error: { code: "refresh_token_invalid" },
  });
  const ended = () =>
    env.AUTH_DB.prepare("SELECT count(*) AS n FROM sessions WHERE revoked_because = 'reuse'").first<number>("n");
  expect(await ended()).toBe(0);
  await refresh(auth.env, auth.after, mine.refreshToken, SITE, NOW_MS);
  expect(await ended()).toBe(1);
});

test("a token from before they named their session goes on, and is known as used as long as the session lives", async () => {
  const auth = startAuth();
  await registerVerified(auth, EMAIL);
  await signIn(auth);
  const old = `br_${"o".repeat(43)}`;
  await env.AUTH_DB.prepare("UPDATE refresh_tokens SET hash = ?, names_session = 0")
    .bind(await sha256(old))
    .run();
  let refreshToken = old;
  for (let n = 0; n < 5; n++) {
    const next = await refresh(auth.env, auth.after, refreshToken, HERE, NOW_MS + n);
    if (!next.ok) throw new Error(next.error.code);
    refreshToken = next.value.refreshToken;
  }
  expect(await refresh(auth.env, auth.after, old, HERE, NOW_MS + 6)).toMatchObject({ error: { code: "refresh_token_reused" } });
  expect(await refresh(auth.env, auth.after, refreshToken, HERE, NOW_MS + 7)).toMatchObject({ ok: false });
});

test("under another secret a token in hand goes on", async () => {
  const auth = startAuth();
  await registerVerified(auth, EMAIL);
  const { refreshToken } = await signIn(auth);
  auth.env.ACCOUNT_TOKEN_KEY = crypto.randomUUID();
  expect(await refresh(auth.env, auth.after, refreshToken, HERE, NOW_MS + 1)).toMatchObject({ ok: true });
});
