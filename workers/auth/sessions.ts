/** Signing in, staying in, signing out. A session is a family of refresh tokens, each good for one use. */
import { eq } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import { z } from "zod";
import type { Tokens } from "../../shared/contracts/accounts";
import { Email } from "../../shared/contracts/orders";
import type { Refusal } from "../../shared/contracts/problems";
import { ok, type Result, refuse } from "../../shared/contracts/result";
import { sha256, toBase64Url } from "../../shared/crypto/bytes";
import { uuidV7 } from "../../shared/crypto/uuid";
import { guardedBatch } from "../../shared/d1/guarded-batch";
import { ACCESS_TOKEN_SECONDS, type Audience, signAccessToken } from "./access-tokens";
import { findByEmail, userOf } from "./accounts";
import { checkPassword, OfferedPassword } from "./passwords";
import { type AccountRow, accounts, type Revocation, refreshTokens, type SessionRow, sessions } from "./schema";

export const Credentials = z.strictObject({ email: Email, password: OfferedPassword }).meta({ id: "Credentials" });
export type Credentials = z.infer<typeof Credentials>;
export const RefreshRequest = z.strictObject({ refreshToken: z.string().min(1).max(200) }).meta({ id: "RefreshRequest" });

const DAY_MS = 86_400_000;
/** A session that nobody refreshes ends after this … */
const IDLE_MS = 30 * DAY_MS;
/** … and every session after this. */
const SESSION_MS = 90 * DAY_MS;
const REFRESH_TOKEN_BYTES = 32;

type Barred = "email_not_verified" | "account_suspended";

/** Only who has shown the password hears what is wrong with the account. */
function barred(account: AccountRow): Refusal<Barred> | null {
  if (account.status === "suspended" || account.status === "deleted") return { code: "account_suspended" };
  return account.emailVerifiedAtMs === null ? { code: "email_not_verified" } : null;
}

export async function logIn(
  env: AuthEnv,
  { email, password }: Credentials,
  audience: Audience,
  nowMs: number,
): Promise<Result<Tokens, Refusal<"invalid_credentials" | Barred>>> {
  const account = await findByEmail(env, email);
  const matches = await checkPassword(password, account?.passwordHash ?? null);
  if (!account || !matches) return refuse({ code: "invalid_credentials" });
  const bar = barred(account);
  if (bar) return refuse(bar);

  const session: SessionRow = {
    id: uuidV7(nowMs),
    accountId: account.id,
    ...audience,
    authTimeMs: nowMs,
    createdAtMs: nowMs,
    lastUsedAtMs: nowMs,
    expiresAtMs: nowMs + SESSION_MS,
    revokedAtMs: null,
    revokedBecause: null,
  };
  const next = await newRefreshToken(session, nowMs);
  const db = drizzle(env.DB);
  await db.batch([db.insert(sessions).values(session), db.insert(refreshTokens).values(next.row)]);
  return ok(await tokensOf(env, account, session, next.token, nowMs));
}

/**
 * One token, one use: of two at the same time one wins, and the other counts as a second use, which ends the session for both,
 * because nobody can tell which of them is the thief (RFC 9700, 4.14.2).
 */
export async function refresh(
  env: AuthEnv,
  token: string,
  { audience }: Audience,
  nowMs: number,
): Promise<Result<Tokens, Refusal<"refresh_token_invalid" | "refresh_token_reused" | Barred>>> {
  const hash = await sha256(token);
  const found = await drizzle(env.DB)
    .select({ token: refreshTokens, session: sessions, account: accounts })
    .from(refreshTokens)
    .innerJoin(sessions, eq(sessions.id, refreshTokens.sessionId))
    .innerJoin(accounts, eq(accounts.id, sessions.accountId))
    .where(eq(refreshTokens.hash, hash))
    .get();
  if (!found || found.session.audience !== audience) return refuse({ code: "refresh_token_invalid" });
  const { session, account } = found;
  if (found.token.usedAtMs !== null) return reused(env, session.id, nowMs);
  if (session.revokedAtMs !== null || session.expiresAtMs <= nowMs || found.token.expiresAtMs <= nowMs)
    return refuse({ code: "refresh_token_invalid" });
  const bar = barred(account);
  if (bar) return refuse(bar);

  const next = await newRefreshToken(session, nowMs);
  const use = env.DB.prepare(
    `UPDATE refresh_tokens SET used_at_ms = ?1 WHERE hash = ?2 AND used_at_ms IS NULL
       AND EXISTS (SELECT 1 FROM sessions WHERE id = ?3 AND revoked_at_ms IS NULL)`,
  ).bind(nowMs, hash, session.id);
  const store = env.DB.prepare(
    "INSERT INTO refresh_tokens (hash, session_id, created_at_ms, expires_at_ms) VALUES (?, ?, ?, ?)",
  ).bind(next.row.hash, session.id, nowMs, next.row.expiresAtMs);
  const touch = env.DB.prepare("UPDATE sessions SET last_used_at_ms = ? WHERE id = ?").bind(nowMs, session.id);
  const moved = await guardedBatch(env.DB, use, [store, touch]);
  if (!moved.ok) return reused(env, session.id, nowMs);
  return ok(await tokensOf(env, account, session, next.token, nowMs));
}

async function reused(env: AuthEnv, sessionId: string, nowMs: number) {
  await revoke(env, sessionId, "reuse", nowMs);
  return refuse({ code: "refresh_token_reused" as const });
}

/** Ends a session and with it all its refresh tokens; again changes nothing. */
export async function revoke(env: AuthEnv, sessionId: string, because: Revocation, nowMs: number): Promise<void> {
  await env.DB.prepare("UPDATE sessions SET revoked_at_ms = ?, revoked_because = ? WHERE id = ? AND revoked_at_ms IS NULL")
    .bind(nowMs, because, sessionId)
    .run();
}

async function newRefreshToken(session: SessionRow, nowMs: number) {
  const token = `br_${toBase64Url(crypto.getRandomValues(new Uint8Array(REFRESH_TOKEN_BYTES)))}`;
  const expiresAtMs = Math.min(nowMs + IDLE_MS, session.expiresAtMs);
  return { token, row: { hash: await sha256(token), sessionId: session.id, createdAtMs: nowMs, expiresAtMs } };
}

async function tokensOf(
  env: AuthEnv,
  account: AccountRow,
  session: SessionRow,
  refreshToken: string,
  nowMs: number,
): Promise<Tokens> {
  const bearer = { accountId: account.id, sessionId: session.id, role: account.role, authTimeMs: session.authTimeMs };
  const accessToken = await signAccessToken(env, bearer, session, nowMs);
  return { accessToken, refreshToken, tokenType: "Bearer", expiresIn: ACCESS_TOKEN_SECONDS, user: userOf(account) };
}

const SWEEP_LIMIT = 200;
/** Sessions past their end, with their tokens. */
export async function sweepSessions(env: AuthEnv, nowMs: number): Promise<number> {
  const { meta } = await env.DB.prepare(
    "DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE expires_at_ms <= ? LIMIT ?)",
  )
    .bind(nowMs, SWEEP_LIMIT)
    .run();
  return meta.changes;
}
