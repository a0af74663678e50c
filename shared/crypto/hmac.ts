import { fromBase64Url, toBase64Url, utf8 } from "./bytes";

/** Imported once an isolate: importing costs more than signing. Bounded, because secrets come from configuration only. */
const keys = new Map<string, Promise<CryptoKey>>();

function hmacKey(secret: string): Promise<CryptoKey> {
  let key = keys.get(secret);
  if (!key) {
    key = crypto.subtle.importKey("raw", utf8(secret), { name: "HMAC", hash: "SHA-256" }, false, ["sign", "verify"]);
    keys.set(secret, key);
  }
  return key;
}

/**
 * Parts are joined by NUL, which only the last one (a raw body, say) may contain, so that ("ab","c") and ("a","bc") differ. The first
 * part is the purpose, and a purpose always has the same number of parts.
 */
function message(parts: readonly string[]): Uint8Array<ArrayBuffer> {
  if (parts.slice(0, -1).some((part) => part.includes("\0")))
    throw new RangeError("a part of an HMAC before the last one contains a NUL");
  return utf8(parts.join("\0"));
}

/** HMAC-SHA-256 (RFC 2104) over the parts; 32 bytes. */
export const hmac = async (secret: string, parts: readonly string[]): Promise<Uint8Array<ArrayBuffer>> =>
  new Uint8Array(await crypto.subtle.sign("HMAC", await hmacKey(secret), message(parts)));

export const hmacText = async (secret: string, parts: readonly string[]): Promise<string> =>
  toBase64Url(await hmac(secret, parts));

/** Constant-time (WebCrypto's `verify`). */
export async function verifyHmac(secret: string, parts: readonly string[], mac: string): Promise<boolean> {
  const bytes = fromBase64Url(mac);
  return bytes !== null && crypto.subtle.verify("HMAC", await hmacKey(secret), bytes, message(parts));
}
