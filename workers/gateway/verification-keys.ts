import { answered } from "./siblings";

/** Verification keys by `kid`, imported once: importing a JWK for each request nearly doubles what a verification costs. */
let keys = new Map<string, CryptoKey>();
let fetchedAtMs = 0;

const REFRESH_AFTER_MS = 5 * 60_000;
/** A made-up `kid` must not make every request ask auth. */
const ASK_AGAIN_AFTER_MS = 5_000;

const RS256 = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };

export async function verificationKey(kid: string, env: GatewayEnv): Promise<CryptoKey | undefined> {
  const nowMs = Date.now();
  const ageMs = nowMs - fetchedAtMs;
  if (ageMs <= ASK_AGAIN_AFTER_MS || (keys.has(kid) && ageMs <= REFRESH_AFTER_MS)) return keys.get(kid);
  if (!keys.has(kid)) await refresh(env, nowMs);
  // A key that is known goes on while one request asks for news: auth's trouble is not everybody's.
  else await refresh(env, nowMs).catch(() => undefined);
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
