/** Verification keys by `kid`, imported once: importing a JWK for each request nearly doubles what a verification costs. */
let keys = new Map<string, CryptoKey>();
let fetchedAtMs = 0;

const REFRESH_AFTER_MS = 5 * 60_000;
/** A made-up `kid` must not make every request ask auth. */
const ASK_AGAIN_AFTER_MS = 5_000;

const RS256 = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };

export async function verificationKey(kid: string, env: GatewayEnv): Promise<CryptoKey | undefined> {
  const ageMs = Date.now() - fetchedAtMs;
  if (ageMs > REFRESH_AFTER_MS || (!keys.has(kid) && ageMs > ASK_AGAIN_AFTER_MS)) await refresh(env);
  return keys.get(kid);
}

async function refresh(env: GatewayEnv): Promise<void> {
  const published = await env.AUTH.jwks();
  const imported = new Map<string, CryptoKey>();
  for (const jwk of published.keys) {
    const kid: unknown = "kid" in jwk ? jwk.kid : undefined;
    if (jwk.kty !== "RSA" || typeof kid !== "string") continue;
    imported.set(kid, await crypto.subtle.importKey("jwk", { ...jwk }, RS256, false, ["verify"]));
  }
  keys = imported;
  fetchedAtMs = Date.now();
}
