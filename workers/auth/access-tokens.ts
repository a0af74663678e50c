import { SignJWT } from "jose";
import type { AccessTokenClaims } from "../../shared/contracts/accounts";
import type { Client } from "./clients";
import type { CookieAsked } from "./cookie-sessions";
import { signingKey } from "./signing-keys";

export const ACCESS_TOKEN_SECONDS = 600;
/** Bilten's own clients are one to RFC 9068; other ones come with being an OpenID provider. */
const OWN_CLIENT = "bilten";

/** Where a session was made and therefore works (rule 5). */
export interface Audience {
  audience: string;
  organizerId: string | null;
  /** What asked, where a request did. */
  client?: Client;
  /** Where a sign-in is to be answered by a cookie. */
  cookie?: CookieAsked | undefined;
}

export interface Bearer {
  accountId: string;
  sessionId: string;
  role: AccessTokenClaims["role"];
  authTimeMs: number;
}

const seconds = (ms: number): number => Math.floor(ms / 1000);

/** An access token (RFC 9068), RS256. */
export async function signAccessToken(
  env: AuthEnv,
  bearer: Bearer,
  { audience, organizerId }: Pick<Audience, "audience" | "organizerId">,
  nowMs: number,
): Promise<string> {
  const { kid, privateKey } = await signingKey(env, nowMs);
  const issuedAt = seconds(nowMs);
  const claims: AccessTokenClaims = {
    iss: env.ISSUER,
    aud: audience,
    sub: bearer.accountId,
    sid: bearer.sessionId,
    role: bearer.role,
    iat: issuedAt,
    iat_ms: nowMs,
    exp: issuedAt + ACCESS_TOKEN_SECONDS,
    auth_time: seconds(bearer.authTimeMs),
    jti: crypto.randomUUID(),
    client_id: OWN_CLIENT,
    ...(organizerId === null ? {} : { org: organizerId }),
  };
  return new SignJWT(claims).setProtectedHeader({ alg: "RS256", typ: "at+jwt", kid }).sign(privateKey);
}
