/** The secret in a mail to somebody who waits: derived from his entry's id (rule 4), it reads, accepts, declines and leaves. */
import { hmacText, verifyHmac } from "../../shared/crypto/hmac";

const PREFIX = "bw_";
const PURPOSE = "waitlist_secret";

export const secretOfEntry = async (key: string, entryId: string): Promise<string> =>
  PREFIX + (await hmacText(key, [PURPOSE, entryId]));

/** In constant time. */
export const isSecretOfEntry = async (key: string, entryId: string, secret: string): Promise<boolean> =>
  secret.startsWith(PREFIX) && verifyHmac(key, [PURPOSE, entryId], secret.slice(PREFIX.length));
