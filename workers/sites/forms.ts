/** What a browser sent, and whether one of our own pages made it do so. */
import type { Context } from "hono";
import { sha256 } from "../../shared/crypto/bytes";
import { readBytesOnce } from "../../shared/http/body";
import { principalOf } from "../../shared/http/principal";

/** The fields as they were typed. */
export async function readFields(c: Context): Promise<URLSearchParams> {
  return new URLSearchParams(new TextDecoder().decode(await readBytesOnce(c.req.raw)));
}

/** Every browser says on a POST where its form stood; another organizer's host is another site. */
export const isFromHere = (c: Context): boolean => c.req.header("origin") === new URL(c.req.url).origin;

/** The secret of the one hold or order whose page it is, null where the reader showed none. */
export function secretOf(c: Context): string | null {
  const principal = principalOf(c);
  return principal.kind === "bearer_secret" ? principal.secret : null;
}

export const TOKEN_FIELD = "form";

/** Only who can read the page knows it: of the secret in the cookie, which the page itself never shows. */
export const formToken = (secret: string): Promise<string> => sha256(`form of ${secret}`);

/** For a form that does something with the secret: it came from here, and from a page that this reader was shown. */
export async function isOwnForm(c: Context, fields: URLSearchParams): Promise<boolean> {
  const secret = secretOf(c);
  if (!isFromHere(c)) return false;
  // Without the secret nothing can be done, and the domain says so.
  return secret === null || fields.get(TOKEN_FIELD) === (await formToken(secret));
}

/** 1–200 visible characters, as an `Idempotency-Key`; whoever sends something else gets one of his own. */
export function keyOf(fields: URLSearchParams): string {
  const key = fields.get("key") ?? "";
  return /^[\x21\x23-\x7e][\x21-\x7e]{0,199}$/.test(key) ? key : crypto.randomUUID();
}
