/** A browser's session as requests show it and answers set it; the gateway reads it, auth writes it. */
import { SESSION_COOKIE, SESSION_SECRET } from "../contracts/session-cookie";
import { fromBase64Url, toBase64Url, utf8 } from "../crypto/bytes";

const ATTRIBUTES = "Path=/; Secure; HttpOnly; SameSite=Lax";

/** `Set-Cookie` of a session's secret. */
export const sessionCookie = (secret: string, maxAgeSeconds: number): string =>
  `${SESSION_COOKIE}=${secret}; ${ATTRIBUTES}; Max-Age=${Math.max(0, Math.floor(maxAgeSeconds))}`;

/** `Set-Cookie` that ends it. */
export const NO_SESSION_COOKIE = sessionCookie("", 0);

/**
 * The secret that a request's cookie shows, null where it has none, and undefined where what it has is none of ours. A browser keeps one
 * cookie of a `__Host-` name; where there are two, somebody wrote them, and which one would count is not for us to guess.
 */
export function sessionSecretOf({ headers }: Request): string | null | undefined {
  const cookies = headers.get("cookie");
  if (cookies === null || !cookies.includes(SESSION_COOKIE)) return null;
  const values = cookies
    .split(";")
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${SESSION_COOKIE}=`))
    .map((pair) => pair.slice(SESSION_COOKIE.length + 1));
  const [value] = values;
  if (value === undefined) return null;
  return values.length === 1 && SESSION_SECRET.test(value) ? value : undefined;
}

/** Whether a page of the origin that was asked sent it (RFC 6454, 7); browsers name it in each request that is no reading. */
export const isSameOrigin = ({ headers, url }: Request): boolean => headers.get("origin") === new URL(url).origin;

// Not `shared/crypto/hmac.ts`, which keeps the key of each secret that it sees.
const keyOf = (secret: string): Promise<CryptoKey> =>
  crypto.subtle.importKey("raw", utf8(secret), { name: "HMAC", hash: "SHA-256" }, false, ["sign", "verify"]);
const PURPOSE = utf8("csrf");

/** HMAC-SHA-256 (RFC 2104) under the cookie's secret: derived, so that nothing of it is stored. */
export const csrfTokenOf = async (secret: string): Promise<string> =>
  toBase64Url(await crypto.subtle.sign("HMAC", await keyOf(secret), PURPOSE));

/** In constant time (WebCrypto's `verify`). */
export async function isCsrfTokenOf(secret: string, token: string | null): Promise<boolean> {
  const bytes = token === null ? null : fromBase64Url(token);
  return bytes !== null && crypto.subtle.verify("HMAC", await keyOf(secret), bytes, PURPOSE);
}
