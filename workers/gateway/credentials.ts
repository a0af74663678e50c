import { decode, verify } from "@tsndr/cloudflare-worker-jwt";
import type { Principal } from "../../shared/contracts/principal";
import { SECRET_COOKIE, SECURE_SECRET_COOKIE } from "../../shared/contracts/site-cookies";
import { isSecure } from "../../shared/http/finish";
import { ORDER_TOKEN_PARAMETER } from "../../shared/http/guest-links";
import { clientAddressOf } from "./address";
import { keyPrincipal } from "./api-keys";
import { cookiePrincipal } from "./cookie-sessions";
import { type After, isDenied } from "./deny-list";
import { type Forgery, noteForgery } from "./forgeries";
import { senderOf } from "./rate-limits";
import { verificationKey } from "./verification-keys";
import { type Claims, recallClaims, rememberClaims } from "./verified-tokens";

const INVALID: Principal = { kind: "refused", code: "credential_invalid" };
const EXPIRED: Principal = { kind: "refused", code: "credential_expired" };
const STALE: Principal = { kind: "refused", code: "token_stale" };

/** What a session must have been made for to work here. */
export interface AskedHost {
  /** The issuer on the API's own host, else the organizer's host. */
  audience: string;
  organizerId: string | null;
}

const SECRET = /^b[how]_[\w-]{1,200}$/;
/** Of an order, or of an entry of the waiting list: what mails link to. */
const LINKED = /^b[ow]_[\w-]{1,200}$/;
const JWT = /^[\w-]+\.[\w-]+\.[\w-]+$/;
const MAX_TOKEN_LENGTH = 4096;
/** Two machines of the edge may differ by this much; an older token is not forgiven for it. */
const CLOCK_SKEW_SECONDS = 30;

/** The credential's shape decides what it is, before any look-up (rule 3). What a header says counts alone, whatever cookie is beside it. */
export async function principalOf(
  request: Request,
  host: AskedHost,
  env: GatewayEnv,
  after: After,
  { takesCookie = true }: { takesCookie?: boolean } = {},
): Promise<Principal> {
  const header = request.headers.get("authorization");
  const sender = senderOf(clientAddressOf(request), env);
  if (header === null) return takesCookie ? cookiePrincipal(request, host, env.AUTH, sender) : { kind: "anonymous" };
  const token = /^Bearer +([^ ]+)$/i.exec(header)?.[1];
  if (token === undefined || token.length > MAX_TOKEN_LENGTH) return INVALID;
  if (SECRET.test(token)) return { kind: "bearer_secret", secret: token };
  // An organizer controls his host's name: what opens more than a visit there is not for it.
  if (token.startsWith("bk_"))
    return (host.organizerId === null && (await keyPrincipal(token, env.ENVIRONMENT, env.AUTH, sender))) || INVALID;
  if (JWT.test(token)) return userOf(token, host, env, after);
  return INVALID;
}

/** Read before the cookie: a link in a mail is newer than what a browser kept. */
function linkedSecret({ method, url }: Request): string | null {
  if (method !== "GET" || !url.includes(`${ORDER_TOKEN_PARAMETER}=`)) return null;
  const token = new URL(url).searchParams.get(ORDER_TOKEN_PARAMETER);
  return token !== null && LINKED.test(token) ? token : null;
}

/**
 * A page's reader, who has no header to send: the secret of the one hold or order whose page it is. Anything else in the cookie is
 * nobody, because a page that says what to do is of more use than a 401.
 */
export function readerOf(request: Request): Principal {
  const linked = linkedSecret(request);
  if (linked !== null) return { kind: "bearer_secret", secret: linked };
  const name = isSecure(request) ? SECURE_SECRET_COOKIE : SECRET_COOKIE;
  for (const pair of request.headers.get("cookie")?.split("; ") ?? []) {
    const secret = pair.startsWith(`${name}=`) ? pair.slice(name.length + 1) : "";
    if (SECRET.test(secret)) return { kind: "bearer_secret", secret };
  }
  return { kind: "anonymous" };
}

interface Header {
  typ?: string;
  alg?: string;
  kid?: unknown;
}

/** Where a token may say which key to trust (RFC 7515, 4.1): none of ours does. */
const OFFERS = ["jku", "jwk", "x5u", "x5c"];

function faultOf(header: Header): Forgery | null {
  if (header.alg !== "RS256") return "algorithm";
  if (header.typ !== "at+jwt") return "type";
  if (OFFERS.some((name) => name in header)) return "key_offered";
  return typeof header.kid === "string" ? null : "key_unknown";
}

/** RFC 9068 access tokens with the algorithm pinned (RFC 8725); nothing in the token says which key or algorithm to trust. */
async function userOf(token: string, host: AskedHost, env: GatewayEnv, after: After): Promise<Principal> {
  const refused = (reason: Forgery): Principal => {
    noteForgery(reason, after);
    return INVALID;
  };
  const nowMs = Date.now();
  const known = recallClaims(token, nowMs);
  const claims = known ?? (await verifiedClaims(token, env));
  if (typeof claims === "string") return claims === "expired" ? EXPIRED : refused(claims);
  if (!known) rememberClaims(token, claims, nowMs);
  const principal = principalFrom(claims, host, env);
  if (typeof principal === "string") return refused(principal);
  const { userId, sessionId } = principal;
  return (await isDenied({ userId, sessionId, issuedAtMs: issuedAtMsOf(claims) }, env.AUTH, after)) ? STALE : principal;
}

/** What a token says, by the word of one of auth's keys. */
async function verifiedClaims(token: string, env: GatewayEnv): Promise<Claims | Forgery | "expired"> {
  const header = headerOf(token);
  const fault = header === null ? "malformed" : faultOf(header);
  if (fault !== null) return fault;
  const key = await verificationKey(String(header?.kid), env);
  if (!key) return "key_unknown";
  try {
    return (await verify<Claims>(token, key, { algorithm: "RS256", throwError: true }))?.payload ?? "signature";
  } catch (error) {
    const said = error instanceof Error ? error.message : "";
    if (said === "EXPIRED") return "expired";
    return said === "NOT_YET_VALID" ? "future" : "signature";
  }
}

/** Tokens that were issued before there was the finer claim count from the start of their second. */
const issuedAtMsOf = ({ iat, iat_ms: ms }: Record<string, unknown>): number =>
  typeof ms === "number" ? ms : typeof iat === "number" ? iat * 1000 : 0;

function headerOf(token: string): Header | null {
  try {
    return decode<object, Header>(token).header;
  } catch {
    return null;
  }
}

const ROLES = ["user", "organizer", "admin"] as const;

type UserPrincipal = Extract<Principal, { kind: "user" }>;

function principalFrom(
  claims: Record<string, unknown>,
  { audience, organizerId }: AskedHost,
  env: GatewayEnv,
): UserPrincipal | Forgery {
  const { iss, aud, sub, sid, role, exp, iat, org, auth_time: authTime } = claims;
  const known = ROLES.find((name) => name === role);
  if (iss !== env.ISSUER) return "issuer";
  // A name can pass from one organizer to the next; the sessions that were made under it do not.
  if (aud !== audience || (organizerId !== null && org !== organizerId)) return "audience";
  if (typeof sub !== "string" || typeof sid !== "string" || !known) return "claims";
  if (typeof exp !== "number" || typeof iat !== "number" || typeof authTime !== "number") return "claims";
  if (iat > Date.now() / 1000 + CLOCK_SKEW_SECONDS) return "future";
  return {
    kind: "user",
    userId: sub,
    sessionId: sid,
    role: known,
    authTimeMs: authTime * 1000,
    organizerHost: organizerId !== null,
  };
}
