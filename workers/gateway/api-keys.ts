import type { ResolvedApiKey } from "../../shared/contracts/accounts";
import type { Principal } from "../../shared/contracts/principal";
import { isApiKey, markOf } from "../../shared/crypto/api-key";
import { sha256 } from "../../shared/crypto/bytes";
import { answered } from "./siblings";

/** What ended is refused within this (rule 3). */
export const REMEMBER_MS = 5_000;
/** Keys remembered, whether they are any or not; strangers' must not fill the isolate. */
const MAX_REMEMBERED = 5_000;
const remembered = new Map<string, { principal: Principal | null; untilMs: number }>();

/** Null for what is none of this environment's, or does not work now. Its checksum is looked at before anybody is asked. */
export async function keyPrincipal(
  key: string,
  environment: string,
  auth: { apiKeyOf(hash: string): Promise<ResolvedApiKey | null> },
): Promise<Principal | null> {
  if (!isApiKey(key, markOf(environment))) return null;
  const hash = await sha256(key);
  // Before the question, so that no revocation after it is slept through.
  const nowMs = Date.now();
  const known = remembered.get(hash);
  if (known && known.untilMs > nowMs) return known.principal;
  const resolved = await answered(auth.apiKeyOf(hash));
  const principal: Principal | null = resolved && { kind: "api_key", ...resolved };
  if (remembered.size >= MAX_REMEMBERED) remembered.clear();
  remembered.set(hash, { principal, untilMs: nowMs + REMEMBER_MS });
  return principal;
}
