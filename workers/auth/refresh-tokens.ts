/**
 * Refresh tokens: `br_<random>.<session's id>.<MAC>`. The random part is what opens, and stands in the database as a hash while it does.
 * The rest says whose session it is, so that a used one is known for ever without a row: only one of ours can say it.
 */
import { UUID_PATTERN } from "../../shared/contracts/ids";
import { sha256, toBase64Url } from "../../shared/crypto/bytes";
import { hmacText, verifyHmac } from "../../shared/crypto/hmac";
import type { SessionRow } from "./schema";
import { IDLE_MS } from "./session-ends";

const TOKEN_BYTES = 32;
const PURPOSE = "refresh_token";
const DELIMITER = ".";
/** When a token ended that a fresh proof replaced: before every clock, because that proof and a refresh may have read theirs in any order. */
export const REPLACED_AT_MS = 0;
/** Of a session, tokens that were replaced unused and are still told from used ones; older ones count as used. */
const KEPT_REPLACED = 8;

export async function newRefreshToken(env: AuthEnv, session: Pick<SessionRow, "id" | "expiresAtMs">, nowMs: number) {
  const mac = await hmacText(env.ACCOUNT_TOKEN_KEY, [PURPOSE, session.id]);
  const token = `br_${toBase64Url(crypto.getRandomValues(new Uint8Array(TOKEN_BYTES)))}${DELIMITER}${session.id}${DELIMITER}${mac}`;
  const store = env.DB.prepare(
    "INSERT INTO refresh_tokens (hash, session_id, created_at_ms, expires_at_ms, names_session) VALUES (?, ?, ?, ?, 1)",
  ).bind(await sha256(token), session.id, nowMs, Math.min(nowMs + IDLE_MS, session.expiresAtMs));
  return { token, store };
}

/** The session that a token was given for; null for those that were given before they said so, and for what nobody gave. */
export async function sessionNamedBy(env: AuthEnv, token: string): Promise<string | null> {
  const [, sessionId = "", mac = "", ...more] = token.split(DELIMITER);
  if (more.length > 0 || !UUID_PATTERN.test(sessionId)) return null;
  return (await verifyHmac(env.ACCOUNT_TOKEN_KEY, [PURPOSE, sessionId], mac)) ? sessionId : null;
}

/** For the batch that uses one: those that were used before it say by themselves what they are. */
export const forgetUsed = (env: AuthEnv, sessionId: string, butHash: string): D1PreparedStatement =>
  env.DB.prepare(
    "DELETE FROM refresh_tokens WHERE session_id = ? AND names_session = 1 AND used_at_ms IS NOT NULL AND hash <> ?",
  ).bind(sessionId, butHash);

/** For the batch of a fresh proof: the token in hand opens nothing any more, though nobody has used it. */
export const replaceUnused = (env: AuthEnv, sessionId: string): D1PreparedStatement[] => [
  env.DB.prepare("UPDATE refresh_tokens SET expires_at_ms = ? WHERE session_id = ? AND used_at_ms IS NULL").bind(
    REPLACED_AT_MS,
    sessionId,
  ),
  env.DB.prepare(
    `DELETE FROM refresh_tokens WHERE hash IN (
       SELECT hash FROM refresh_tokens WHERE session_id = ? AND names_session = 1 AND used_at_ms IS NULL
       ORDER BY created_at_ms DESC, hash LIMIT -1 OFFSET ?)`,
  ).bind(sessionId, KEPT_REPLACED),
];
