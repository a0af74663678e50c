/**
 * Small secrets that must be read again, kept sealed (AES-256-GCM) under a key derived from KEY_ENCRYPTION_KEY (HKDF, RFC 5869), so
 * that the database alone gives none away.
 */
import { fromBase64Url, toBase64Url, utf8 } from "../../shared/crypto/bytes";

const IV_BYTES = 12;

async function sealingKey(env: AuthEnv, purpose: string): Promise<CryptoKey> {
  const secret = await crypto.subtle.importKey("raw", utf8(env.KEY_ENCRYPTION_KEY), "HKDF", false, ["deriveKey"]);
  const derivation = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info: utf8(`bilten:${purpose}`) };
  return crypto.subtle.deriveKey(derivation, secret, { name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
}

/** IV and what AES-GCM made of the secret; `owner` is authenticated with it, so that rows cannot be swapped. */
export async function seal(env: AuthEnv, purpose: string, owner: string, secret: Uint8Array<ArrayBuffer>): Promise<string> {
  const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
  const algorithm = { name: "AES-GCM", iv, additionalData: utf8(owner) };
  const sealed = new Uint8Array(await crypto.subtle.encrypt(algorithm, await sealingKey(env, purpose), secret));
  const bytes = new Uint8Array(IV_BYTES + sealed.byteLength);
  bytes.set(iv);
  bytes.set(sealed, IV_BYTES);
  return toBase64Url(bytes);
}

/** Null for what was sealed for another owner or under another KEY_ENCRYPTION_KEY, or was altered. */
export async function unseal(
  env: AuthEnv,
  purpose: string,
  owner: string,
  text: string,
): Promise<Uint8Array<ArrayBuffer> | null> {
  const bytes = fromBase64Url(text);
  if (!bytes) return null;
  const algorithm = { name: "AES-GCM", iv: bytes.slice(0, IV_BYTES), additionalData: utf8(owner) };
  const key = await sealingKey(env, purpose);
  return crypto.subtle.decrypt(algorithm, key, bytes.slice(IV_BYTES)).then(
    (secret) => new Uint8Array(secret),
    () => null,
  );
}
