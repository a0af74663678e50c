import type { ResolvedApiKey } from "../../shared/contracts/accounts";
import type { Principal } from "../../shared/contracts/principal";
import { isApiKey, markOf } from "../../shared/crypto/api-key";
import { LookUps, type Sender } from "./look-ups";

const keys = new LookUps<ResolvedApiKey | null>((key) => key !== null);

interface Auth {
  apiKeyOf(hash: string): Promise<ResolvedApiKey | null>;
}

/** Null for what is none of this environment's, or does not work now. Its checksum is looked at before anybody is asked. Throws as `LookUps` does. */
export async function keyPrincipal(key: string, environment: string, auth: Auth, sender: Sender): Promise<Principal | null> {
  if (!isApiKey(key, markOf(environment))) return null;
  const found = await keys.find(key, (hash) => auth.apiKeyOf(hash), sender);
  return found && { kind: "api_key", ...found };
}
