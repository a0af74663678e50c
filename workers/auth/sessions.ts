/** Staying in and signing out. A session is a family of refresh tokens, each good for one use. */
import { eq } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import { z } from "zod";
import type { Tokens } from "../../shared/contracts/accounts";
import type { Refusal } from "../../shared/contracts/problems";
import { ok, type Result, refuse } from "../../shared/contracts/result";
import { sha256 } from "../../shared/crypto/bytes";
import { uuidV7 } from "../../shared/crypto/uuid";
import { guardedBatch } from "../../shared/d1/guarded-batch";
import { ACCESS_TOKEN_SECONDS, type Audience, signAccessToken } from "./access-tokens";
import { userOf } from "./accounts";
import { type CookieGrant, endReplaced, grantCookie, REPLACING } from "./cookie-sessions";
import { denyRevoked, denySession, sendDenials } from "./denials";
import { signInEffects } from "./new-devices";
import type { After } from "./news";
import { forgetUsed, newRefreshToken, replaceUnused, sessionNamedBy } from "./refresh-tokens";
import { type AccountRow, accounts, type Revocation, refreshTokens, type SessionRow, sessions } from "./schema";
import { recordSessionEvent } from "./security-events";
import { SESSION_MS } from "./session-ends";

export const RefreshRequest = z.strictObject({ refreshToken: z.string().min(1).max(200) }).meta({ id: "RefreshRequest" });

export type Barred = "email_not_verified" | "account_suspended";

/** Only who has shown that the account is his hears what is wrong with it. */
export function barred(account: AccountRow): Refusal<Barred> | null {
  if (account.status === "suspended" || account.status === "deleted") return { code: "account_suspended" };
  return account.emailVerifiedAtMs === null ? { code: "email_not_verified" } : null;
}

/** What a statement that proves something asks of the database at the moment when it counts: SQL, and what it binds. */
export interface Condition {
  sql: string;
  values: readonly (string | number | null)[];
}

/** What a proof opens: a session, or the question for a second factor. */
export interface Opened<Answer> {
  /** The compare-and-set of a guarded batch: writes one row while the condition holds. */
  start: D1PreparedStatement;
  effects: D1PreparedStatement[];
  /** What the client gets, once the batch is through. */
  answer(): Promise<Answer>;
}

/** A session in the hands of whoever proved who he is: tokens, or a browser's cookie. */
export type SessionAnswer = Tokens | CookieGrant;

/** A session of an account that has proved who it is. */
export async function openSession(
  env: AuthEnv,
  account: AccountRow,
  audience: Audience,
  condition: Condition,
  nowMs: number,
): Promise<Opened<SessionAnswer>> {
  const session: SessionRow = {
    id: uuidV7(nowMs),
    accountId: account.id,
    audience: audience.audience,
    organizerId: audience.organizerId,
    authTimeMs: nowMs,
    createdAtMs: nowMs,
    lastUsedAtMs: nowMs,
    expiresAtMs: nowMs + SESSION_MS,
    revokedAtMs: null,
    revokedBecause: null,
    device: audience.client?.device ?? null,
    place: audience.client?.place ?? null,
    cookieHash: null,
    formerCookieHash: null,
    replacedAtMs: null,
  };
  const { cookieHash, effects, answer } = await shownBy(env, account, session, audience.cookie !== undefined, nowMs);
  const replaced = audience.cookie === undefined ? [] : await endReplaced(env, audience.cookie, nowMs);
  const start = env.DB.prepare(
    `INSERT INTO sessions (id, account_id, audience, organizer_id, auth_time_ms, created_at_ms, last_used_at_ms, expires_at_ms,
       device, place, cookie_hash)
     SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ? WHERE ${condition.sql}`,
  ).bind(
    ...[session.id, session.accountId, session.audience, session.organizerId],
    ...[session.authTimeMs, session.createdAtMs, session.lastUsedAtMs, session.expiresAtMs],
    ...[session.device, session.place, cookieHash],
    ...condition.values,
  );
  const told = await signInEffects(env, account, audience.client, nowMs);
  return { start, effects: [...effects, ...replaced, ...endBeyondMost(env, account.id, nowMs), ...told], answer };
}

/** Sessions that an account has at a time: a person's devices many times over. */
export const MAX_SESSIONS = 100;
export const BEYOND_MOST =
  "SELECT id FROM sessions WHERE account_id = ? AND revoked_at_ms IS NULL ORDER BY last_used_at_ms DESC, id DESC LIMIT -1 OFFSET ?";

/** The one that was used longest ago makes room, and what has ended by itself goes before it. For the batch that opened another. */
const endBeyondMost = (env: AuthEnv, accountId: string, nowMs: number): D1PreparedStatement[] => [
  env.DB.prepare(`UPDATE sessions SET revoked_at_ms = ?, revoked_because = 'revoked' WHERE id IN (${BEYOND_MOST})`).bind(
    nowMs,
    accountId,
    MAX_SESSIONS,
  ),
  denyRevoked(env, accountId, nowMs),
];

/** What shows a session from now on, and what is stored of it. */
async function shownBy(env: AuthEnv, account: AccountRow, session: SessionRow, byCookie: boolean, nowMs: number) {
  if (byCookie) {
    const { hash, answer } = await grantCookie(account, session, nowMs);
    return { cookieHash: hash, effects: [], answer };
  }
  const { token, store } = await newRefreshToken(env, session, nowMs);
  const answer = () => tokensOf(env, account, session, token, nowMs);
  return { cookieHash: null, effects: [store], answer };
}

/**
 * The same session with a new `auth_time`: its tokens in hand end, and others follow; or its cookie, because an id that was known before
 * must not gain rights by it. Null when the session is over, or another tab has changed the cookie.
 */
export async function renewSession(
  env: AuthEnv,
  account: AccountRow,
  { sessionId, cookie }: { sessionId: string; cookie?: string | undefined },
  condition: Condition,
  nowMs: number,
): Promise<Opened<SessionAnswer> | null> {
  const found = await drizzle(env.DB).select().from(sessions).where(eq(sessions.id, sessionId)).get();
  if (found?.accountId !== account.id || found.revokedAtMs !== null || found.expiresAtMs <= nowMs) return null;
  const inHand = cookie === undefined ? null : await sha256(cookie);
  if (found.cookieHash !== inHand) return null;
  const { cookieHash, effects, answer } = await shownBy(env, account, { ...found, authTimeMs: nowMs }, inHand !== null, nowMs);
  const start = env.DB.prepare(
    `UPDATE sessions SET auth_time_ms = ?, last_used_at_ms = ?, ${REPLACING}, cookie_hash = ?
     WHERE id = ? AND revoked_at_ms IS NULL AND cookie_hash IS ? AND ${condition.sql}`,
  ).bind(nowMs, nowMs, nowMs, cookieHash, sessionId, inHand, ...condition.values);
  return { start, effects: [...replaceUnused(env, sessionId), ...effects], answer };
}

type NoRefresh = Refusal<"refresh_token_invalid" | "refresh_token_reused" | Barred>;

/**
 * One token, one use: of two at the same time one wins, and the other counts as a second use, which ends the session for both,
 * because nobody can tell which of them is the thief (RFC 9700, 4.14.2).
 */
export async function refresh(
  env: AuthEnv,
  after: After,
  token: string,
  audience: Audience,
  nowMs: number,
): Promise<Result<Tokens, NoRefresh>> {
  const hash = await sha256(token);
  const found = await drizzle(env.DB)
    .select({ token: refreshTokens, session: sessions, account: accounts })
    .from(refreshTokens)
    .innerJoin(sessions, eq(sessions.id, refreshTokens.sessionId))
    .innerJoin(accounts, eq(accounts.id, sessions.accountId))
    .where(eq(refreshTokens.hash, hash))
    .get();
  if (!found) return refuseForgotten(env, after, token, audience, nowMs);
  const { session, account } = found;
  if (!isOf(session, audience)) return refuse({ code: "refresh_token_invalid" });
  if (found.token.usedAtMs !== null) return reused(env, after, session.id, nowMs);
  if (session.revokedAtMs !== null || session.expiresAtMs <= nowMs || found.token.expiresAtMs <= nowMs)
    return refuse({ code: "refresh_token_invalid" });
  const bar = barred(account);
  if (bar) return refuse(bar);

  const next = await newRefreshToken(env, session, nowMs);
  const use = env.DB.prepare(
    `UPDATE refresh_tokens SET used_at_ms = ?1 WHERE hash = ?2 AND used_at_ms IS NULL AND expires_at_ms > ?1
       AND EXISTS (SELECT 1 FROM sessions WHERE id = ?3 AND revoked_at_ms IS NULL)`,
  ).bind(nowMs, hash, session.id);
  const touch = env.DB.prepare("UPDATE sessions SET last_used_at_ms = ? WHERE id = ?").bind(nowMs, session.id);
  const moved = await guardedBatch(env.DB, use, [next.store, touch, forgetUsed(env, session.id, hash)]);
  if (moved.ok) return ok(await tokensOf(env, account, session, next.token, nowMs));
  // Used meanwhile, or ended with its session or by a fresh proof: nobody has used it then.
  const still = await env.DB.prepare("SELECT 1 FROM refresh_tokens WHERE hash = ? AND used_at_ms IS NULL").bind(hash).first();
  return still === null ? reused(env, after, session.id, nowMs) : refuse({ code: "refresh_token_invalid" });
}

/** The organizer too: a host can pass to another one, and what was signed in there does not. */
const isOf = (session: Pick<SessionRow, "audience" | "organizerId">, { audience, organizerId }: Audience): boolean =>
  session.audience === audience && session.organizerId === organizerId;

/** A token without a row that names a session of this host was used, and has been forgotten. */
async function refuseForgotten(
  env: AuthEnv,
  after: After,
  token: string,
  audience: Audience,
  nowMs: number,
): Promise<Result<never, NoRefresh>> {
  const id = await sessionNamedBy(env, token);
  const session = id === null ? undefined : await drizzle(env.DB).select().from(sessions).where(eq(sessions.id, id)).get();
  if (!session || !isOf(session, audience)) return refuse({ code: "refresh_token_invalid" });
  return reused(env, after, session.id, nowMs);
}

async function reused(env: AuthEnv, after: After, sessionId: string, nowMs: number) {
  await revoke(env, after, sessionId, "reuse", nowMs);
  return refuse({ code: "refresh_token_reused" as const });
}

/** Ends a session and with it all its refresh tokens; again changes nothing. */
export async function revoke(env: AuthEnv, after: After, sessionId: string, because: Revocation, nowMs: number): Promise<void> {
  const end = env.DB.prepare("UPDATE sessions SET revoked_at_ms = ?, revoked_because = ? WHERE id = ? AND revoked_at_ms IS NULL");
  const told = recordSessionEvent(env, sessionId, because === "reuse" ? "refresh_token_reused" : "session_ended", nowMs);
  await env.DB.batch([end.bind(nowMs, because, sessionId), told, denySession(env, sessionId, nowMs)]);
  await sendDenials(env, after, nowMs);
}

/** Ends an account's sessions, but for one that goes on; for a batch, after which `sendDenials` tells the gateway. */
export function revokeAll(
  env: AuthEnv,
  accountId: string,
  because: Revocation,
  nowMs: number,
  butSessionId = "",
): [D1PreparedStatement, D1PreparedStatement] {
  const end = env.DB.prepare(
    "UPDATE sessions SET revoked_at_ms = ?, revoked_because = ? WHERE account_id = ? AND id <> ? AND revoked_at_ms IS NULL",
  );
  return [end.bind(nowMs, because, accountId, butSessionId), denyRevoked(env, accountId, nowMs)];
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

const SESSIONS_A_SWEEP = 200;
const TOKENS_A_SWEEP = 1_000;
/** Sessions past their end, their tokens first: a session refreshed for months has thousands, and a cascade would know no limit. */
export async function sweepSessions(env: AuthEnv, nowMs: number): Promise<number> {
  const ended = "SELECT id FROM sessions WHERE expires_at_ms <= ?1 ORDER BY expires_at_ms, id LIMIT ?2";
  const tokens = env.DB.prepare(
    `DELETE FROM refresh_tokens WHERE hash IN (SELECT hash FROM refresh_tokens WHERE session_id IN (${ended}) LIMIT ?3)`,
  ).bind(nowMs, SESSIONS_A_SWEEP, TOKENS_A_SWEEP);
  const empty = env.DB.prepare(
    `DELETE FROM sessions WHERE id IN (${ended}) AND NOT EXISTS (SELECT 1 FROM refresh_tokens WHERE session_id = sessions.id)`,
  ).bind(nowMs, SESSIONS_A_SWEEP);
  const [, swept] = await env.DB.batch([tokens, empty]);
  return swept?.meta.changes ?? 0;
}
