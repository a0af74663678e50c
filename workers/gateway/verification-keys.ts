import { TooManyLookUps } from "./look-ups";
import { answered } from "./siblings";

/** Verification keys by `kid`, imported once: importing a JWK for each request nearly doubles what a verification costs. */
let keys = new Map<string, CryptoKey>();
let fetchedAtMs = 0;
/** Ids that no key was known for since `strangeSinceMs`, and whether auth has said that it knows none either. */
let strange = new Map<string, "asked" | "unknown">();
let strangeSinceMs = 0;

const REFRESH_AFTER_MS = 5 * 60_000;
/** A made-up `kid` must not make every request ask auth: one that auth does not know is asked about once in this time … */
const ASK_AGAIN_AFTER_MS = 5_000;
/** … and of different ones as many. A key that has just been made is among them, and its tokens are good. */
const MAX_STRANGE = 20;

const RS256 = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };

/**
 * Undefined for a key that auth does not know. Throws `SiblingDown` when nobody can say, and `TooManyLookUps` beside a crowd of made-up
 * ids: a good token must not read as a bad one there, or its owner would be signed out.
 */
export async function verificationKey(kid: string, env: GatewayEnv): Promise<CryptoKey | undefined> {
  const nowMs = Date.now();
  if (keys.has(kid)) {
    // A key that is known goes on while one request asks for news: auth's trouble is not everybody's.
    if (nowMs - fetchedAtMs > REFRESH_AFTER_MS) await refresh(env, nowMs).catch(() => undefined);
    return keys.get(kid);
  }
  if (nowMs - strangeSinceMs > ASK_AGAIN_AFTER_MS) {
    strange = new Map();
    strangeSinceMs = nowMs;
  }
  if (strange.get(kid) === "unknown") return undefined;
  if (!strange.has(kid) && strange.size >= MAX_STRANGE) throw new TooManyLookUps();
  // An answer cannot be shared between requests: those that show a new key while the first of them asks ask too.
  strange.set(kid, "asked");
  await refresh(env, nowMs);
  if (!keys.has(kid)) strange.set(kid, "unknown");
  return keys.get(kid);
}

async function refresh(env: GatewayEnv, nowMs: number): Promise<void> {
  // Before the question, so that the requests beside this one go on with what is known.
  if (keys.size > 0) fetchedAtMs = nowMs;
  const published = await answered(env.AUTH.jwks());
  const imported = new Map<string, CryptoKey>();
  for (const jwk of published.keys) {
    const kid: unknown = "kid" in jwk ? jwk.kid : undefined;
    if (jwk.kty !== "RSA" || typeof kid !== "string") continue;
    imported.set(kid, await crypto.subtle.importKey("jwk", { ...jwk }, RS256, false, ["verify"]));
  }
  keys = imported;
  fetchedAtMs = nowMs;
}
