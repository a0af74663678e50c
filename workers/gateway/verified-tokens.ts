/**
 * Access tokens whose signature this isolate has verified lately, by their whole text: a client shows one with each of its requests, and
 * RSA is most of what a token costs here. Who it is for, and whether it was denied since, is looked at each time.
 */
export type Claims = Record<string, unknown>;

/** So long a key that was withdrawn by force goes on here. */
export const REMEMBER_MS = 60_000;
/** Some 900 bytes each; only good ones are kept, so that strangers fill nothing. */
const MAX_REMEMBERED = 2_000;
const remembered = new Map<string, { claims: Claims; untilMs: number }>();

/** Null for one that must be verified: unknown, too long ago, or past its end. */
export function recallClaims(token: string, nowMs: number): Claims | null {
  const known = remembered.get(token);
  if (!known) return null;
  if (known.untilMs > nowMs) return known.claims;
  remembered.delete(token);
  return null;
}

export function rememberClaims(token: string, claims: Claims, nowMs: number): void {
  const { exp } = claims;
  if (typeof exp !== "number") return;
  for (const eldest of remembered.keys()) {
    if (remembered.size < MAX_REMEMBERED) break;
    remembered.delete(eldest);
  }
  remembered.set(token, { claims, untilMs: Math.min(nowMs + REMEMBER_MS, exp * 1_000) });
}
