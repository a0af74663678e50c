/** A sign-in from a kind of device, or from a country on it, that the account was not seen on is told to its owner by mail. */
import type { Account } from "../../shared/contracts/accounts";
import { type Client, countryOf } from "./clients";
import { notice } from "./mails";
import { recordEvent } from "./security-events";

/** The first session of an account is no news, nor is a country where the edge knows none. Sessions are remembered for ninety days. */
async function isNew(env: AuthEnv, accountId: string, { device, place }: Client): Promise<boolean> {
  const seen = await env.DB.prepare(
    `SELECT EXISTS (SELECT 1 FROM sessions WHERE account_id = ?1 AND device IS NOT NULL) AS some,
       EXISTS (SELECT 1 FROM sessions WHERE account_id = ?1 AND device = ?2
         AND (?3 IS NULL OR place = ?3 OR place LIKE '%, ' || ?3)) AS same`,
  )
    .bind(accountId, device, countryOf(place))
    .first<{ some: number; same: number }>();
  return seen?.some === 1 && seen.same === 0;
}

/** What belongs into the batch that signs somebody in; the sweep sends the mail. Two first sign-ins at once are told twice. */
export async function signInEffects(
  env: AuthEnv,
  { id }: Pick<Account, "id">,
  client: Client | undefined,
  nowMs: number,
): Promise<D1PreparedStatement[]> {
  const signedIn = recordEvent(env, id, "signed_in", nowMs, { client });
  if (!client || !(await isNew(env, id, client))) return [signedIn];
  return [signedIn, ...notice(env, id, "new_device", nowMs, { client }).effects];
}
