/** Browsers' sessions: whose a cookie is, and whether a page of the origin that was asked sent it. */
import type { Principal } from "../../shared/contracts/principal";
import { type CookieState, CSRF_HEADER } from "../../shared/contracts/session-cookie";
import { isCsrfTokenOf, isSameOrigin, NO_SESSION_COOKIE, sessionSecretOf } from "../../shared/http/session-cookie";
import { LookUps, type Sender } from "./look-ups";
import { isReading } from "./methods";

const sessions = new LookUps<CookieState>(({ state }) => state === "live");

const NOBODY: Principal = { kind: "anonymous" };
const REFUSED: Principal = { kind: "refused", code: "credential_invalid" };
/** Another object than what is refused otherwise, because a browser whose session has ended is told to forget the cookie. */
const ENDED: Principal = { ...REFUSED };
const FORGED: Principal = { kind: "refused", code: "csrf_failed" };

interface Auth {
  cookieSessionOf(hash: string): Promise<CookieState>;
}

/** Who asks, where no `Authorization` says it. Throws as `LookUps` does. */
export async function cookiePrincipal(
  request: Request,
  host: { audience: string; organizerId: string | null },
  auth: Auth,
  sender: Sender,
): Promise<Principal> {
  const secret = sessionSecretOf(request);
  const reads = isReading(request);
  if (secret === null || (reads && isFromElsewhere(request))) return NOBODY;
  if (secret === undefined) return ENDED;
  const found = await sessions.find(secret, (hash) => auth.cookieSessionOf(hash), sender);
  if (found.state === "replaced") return isSigningOut(request) ? ENDED : REFUSED;
  if (found.state === "ended" || found.audience !== host.audience || found.organizerId !== host.organizerId) return ENDED;
  if (!reads && !(isSameOrigin(request) && (await isCsrfTokenOf(secret, request.headers.get(CSRF_HEADER))))) return FORGED;
  const { userId, sessionId, role, authTimeMs } = found;
  return { kind: "user", userId, sessionId, role, authTimeMs, organizerHost: host.organizerId !== null, cookie: true };
}

/** Whoever means to sign out here is to have no cookie after it, neither this one nor the one that has replaced it. */
const isSigningOut = (request: Request): boolean =>
  request.method === "POST" && /^(?:\/v1)?\/auth\/logout$/.test(new URL(request.url).pathname) && isSameOrigin(request);

/**
 * A browser sends the cookie with what pages of neighbouring hosts read too (`SameSite` counts sites, and organizers' hosts are of this
 * one). They can read no answer, but how long or large one is; so they are nobody here (Fetch Metadata). A link that a person follows is
 * not theirs. A WebSocket is read by whoever opens it, so that it must name its origin (RFC 6455, 10.2).
 */
function isFromElsewhere(request: Request): boolean {
  const { headers } = request;
  if (headers.has("upgrade") || headers.has("origin")) return !isSameOrigin(request);
  const site = headers.get("sec-fetch-site");
  return (site === "cross-site" || site === "same-site") && headers.get("sec-fetch-mode") !== "navigate";
}

/** What the answer to a cookie must say beyond what its domain knows: it is for this browser alone, or the cookie is worth nothing. */
export function answerToCookie(answer: Response, principal: Principal): Response {
  if (principal === ENDED && answer.status === 401 && !answer.headers.has("set-cookie"))
    return changed(answer, (headers) => headers.append("set-cookie", NO_SESSION_COOKIE));
  // A 101 is no answer that could be kept, and cannot be copied.
  if (principal.kind !== "user" || !principal.cookie || answer.status === 101) return answer;
  const caching = answer.headers.get("cache-control") ?? "";
  return UNSHARED.test(caching) ? answer : changed(answer, (headers) => headers.set("cache-control", keptPrivate(caching)));
}

const UNSHARED = /\b(?:private|no-store)\b/i;

/** A shared cache knows an answer to `Authorization` (RFC 9111, 3.5), and not one to a cookie. */
const keptPrivate = (caching: string): string =>
  ["private", ...caching.split(/\s*,\s*/).filter((directive) => !/^(?:public\b|s-maxage\b|$)/i.test(directive))].join(", ");

/** A response that came over a binding can only be copied. */
function changed(answer: Response, change: (headers: Headers) => void): Response {
  const copy = new Response(answer.body, answer);
  change(copy.headers);
  return copy;
}
