/** Tokens that are stored nowhere: `<id>.<HMAC>` of a row, opaque to whoever holds one (rule 4). */
import { UUID_PATTERN } from "../../shared/contracts/ids";
import { hmacText, verifyHmac } from "../../shared/crypto/hmac";

const DELIMITER = ".";

export const tokenOf = async (env: AuthEnv, purpose: string, id: string): Promise<string> =>
  id + DELIMITER + (await hmacText(env.ACCOUNT_TOKEN_KEY, [purpose, id]));

/** The row's id, or null for a text that nobody was given for this purpose. Says nothing about use and age. */
export async function idOf(env: AuthEnv, purpose: string, token: string): Promise<string | null> {
  const at = token.indexOf(DELIMITER);
  const id = token.slice(0, Math.max(at, 0));
  if (!UUID_PATTERN.test(id)) return null;
  return (await verifyHmac(env.ACCOUNT_TOKEN_KEY, [purpose, id], token.slice(at + 1))) ? id : null;
}
