/** A hold's secret is derived from its id (rule 4): a repeated answer can carry it, and no database can leak it. */
import { hmacText, verifyHmac } from "../../shared/crypto/hmac";

const PREFIX = "bh_";
const PURPOSE = "hold_secret";

export const secretOfHold = async (key: string, holdId: string): Promise<string> =>
  PREFIX + (await hmacText(key, [PURPOSE, holdId]));

/** In constant time. */
export const isSecretOfHold = async (key: string, holdId: string, secret: string): Promise<boolean> =>
  secret.startsWith(PREFIX) && verifyHmac(key, [PURPOSE, holdId], secret.slice(PREFIX.length));
