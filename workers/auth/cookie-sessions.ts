/** Browsers' sessions: the cookie's secret is made here and stands in the database as a hash alone. */
import type { User } from "../../shared/contracts/accounts";
import type { CookieSession, CurrentSession } from "../../shared/contracts/cookie-session";
import { toTimestamp } from "../../shared/contracts/ids";
import type { Refusal } from "../../shared/contracts/problems";
import { ok, type Result, refuse } from "../../shared/contracts/result";
import type { CookieState } from "../../shared/contracts/session-cookie";
import { sha256, toBase64Url } from "../../shared/crypto/bytes";
import { csrfTokenOf } from "../../shared/http/session-cookie";
import { findById, userOf } from "./accounts";
import type { After } from "./news";
import type { AccountRow, SessionRow } from "./schema";
import { recordSessionEvent } from "./security-events";
import { endOf, IDLE_MS } from "./session-ends";
import { noteUse } from "./uses";

const SECRET_BYTES = 32;
/**
 * A cookie that another one has replaced is known as that for so long: longer than a tab's request is under way. After it the browser is
 * told to forget it, because whoever still shows it never got the other one, and would hear 401 for as long as the cookie lives.
 */
const REPLACED_KNOWN_MS = 60_000;
/** For an UPDATE of a session whose cookie is another one from now on; binds the time. A session by tokens has had none. */
export const REPLACING = "former_cookie_hash = cookie_hash, replaced_at_ms = CASE WHEN cookie_hash IS NULL THEN NULL ELSE ? END";

/** That a sign-in is to be answered by a cookie, and which one of ours the browser has now. */
export interface CookieAsked {
  inHand: string | null;
}

/** What the browser gets: the cookie, for as long as the session may live at most, and the body beside it. */
export interface CookieGrant {
  secret: string;
  maxAgeSeconds: number;
  session: CookieSession;
}

/** A new cookie for a session, and what is stored of it. */
export async function grantCookie(account: AccountRow, session: Pick<SessionRow, "expiresAtMs">, nowMs: number) {
  const secret = `bs_${toBase64Url(crypto.getRandomValues(new Uint8Array(SECRET_BYTES)))}`;
  const answer = async (): Promise<CookieGrant> => ({
    secret,
    maxAgeSeconds: (session.expiresAtMs - nowMs) / 1_000,
    session: {
      user: userOf(account),
      csrfToken: await csrfTokenOf(secret),
      expiresAt: toTimestamp(endOf({ ...session, lastUsedAtMs: nowMs })),
    },
  });
  return { hash: await sha256(secret), answer };
}

/** Whoever signs in where he is signed in has one session after it: the browser forgets the other cookie. For the batch of the sign-in. */
export async function endReplaced(env: AuthEnv, { inHand }: CookieAsked, nowMs: number): Promise<D1PreparedStatement[]> {
  if (inHand === null) return [];
  const end = env.DB.prepare(
    `UPDATE sessions SET revoked_at_ms = ?, revoked_because = 'logout', ${REPLACING}, cookie_hash = NULL
     WHERE cookie_hash = ? AND revoked_at_ms IS NULL`,
  );
  const formerCookieHash = await sha256(inHand);
  return [end.bind(nowMs, nowMs, formerCookieHash), recordSessionEvent(env, { formerCookieHash }, "session_ended", nowMs)];
}

interface Found {
  isCurrent: number;
  isLive: number;
  sessionId: string;
  userId: string;
  role: User["role"];
  authTimeMs: number;
  audience: string;
  organizerId: string | null;
  lastUsedAtMs: number;
}

/** For the gateway. A session of an account that may not be used has ended. Notes the use, at most once a minute, beside the answer. */
export async function cookieSessionOf(env: AuthEnv, after: After, hash: string, nowMs: number): Promise<CookieState> {
  const found = await env.DB.prepare(
    `SELECT s.cookie_hash IS ?1 AS isCurrent,
       s.revoked_at_ms IS NULL AND s.expires_at_ms > ?2 AND s.last_used_at_ms > ?3 AND a.status = 'active' AS isLive,
       s.id AS sessionId, s.account_id AS userId, a.role, s.auth_time_ms AS authTimeMs, s.audience, s.organizer_id AS organizerId,
       s.last_used_at_ms AS lastUsedAtMs
     FROM sessions s JOIN accounts a ON a.id = s.account_id
     WHERE s.cookie_hash = ?1 OR (s.former_cookie_hash = ?1 AND s.replaced_at_ms > ?4)`,
  )
    .bind(hash, nowMs, nowMs - IDLE_MS, nowMs - REPLACED_KNOWN_MS)
    .first<Found>();
  if (!found) return { state: "ended" };
  const { isCurrent, isLive, lastUsedAtMs, ...session } = found;
  if (isCurrent === 0) return { state: "replaced" };
  if (isLive === 0) return { state: "ended" };
  noteUse(env, after, "sessions", { id: session.sessionId, lastUsedAtMs }, nowMs);
  return { state: "live", ...session };
}

/** The session that asks; what a page needs after it was loaded anew. `cookie` is the secret, where one asks. */
export async function currentSession(
  env: AuthEnv,
  { userId, sessionId, cookie }: { userId: string; sessionId: string; cookie?: string | undefined },
  nowMs: number,
): Promise<Result<CurrentSession, Refusal<"credential_invalid">>> {
  const [account, session] = await Promise.all([
    findById(env, userId),
    env.DB.prepare(
      `SELECT auth_time_ms AS authTimeMs, last_used_at_ms AS lastUsedAtMs, expires_at_ms AS expiresAtMs
       FROM sessions WHERE id = ? AND account_id = ? AND revoked_at_ms IS NULL AND expires_at_ms > ?`,
    )
      .bind(sessionId, userId, nowMs)
      .first<Pick<SessionRow, "authTimeMs" | "lastUsedAtMs" | "expiresAtMs">>(),
  ]);
  if (!session || account?.status !== "active") return refuse({ code: "credential_invalid" });
  return ok({
    user: userOf(account),
    csrfToken: cookie === undefined ? null : await csrfTokenOf(cookie),
    expiresAt: toTimestamp(endOf(session)),
    authTime: toTimestamp(session.authTimeMs),
  });
}
