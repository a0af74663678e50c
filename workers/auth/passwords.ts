/** How a password is judged, stored and compared (NIST SP 800-63B, 5.1.1.2). */
import { compare, hash } from "bcryptjs";
import { z } from "zod";
import { utf8 } from "../../shared/crypto/bytes";

export const MIN_PASSWORD_CHARACTERS = 8;
export const MAX_PASSWORD_CHARACTERS = 256;
/** bcrypt's work factor for new passwords; what is stored names its own. */
export const BCRYPT_COST = 10;

/** Two ways to type the same characters are one password. */
export const normalizePassword = (password: string): string => password.normalize("NFKC");

/** Characters as people count them to a machine: code points. */
const lengthOf = (password: string): number => [...normalizePassword(password)].length;

/** A new password. Whether it is too common needs `isCommon`. */
export const NewPassword = z
  .string()
  .refine((password) => lengthOf(password) >= MIN_PASSWORD_CHARACTERS, `at least ${MIN_PASSWORD_CHARACTERS} characters`)
  .refine((password) => lengthOf(password) <= MAX_PASSWORD_CHARACTERS, `at most ${MAX_PASSWORD_CHARACTERS} characters`)
  // Halves of surrogate pairs all become the same replacement character in UTF-8.
  .refine((password) => password.isWellFormed(), "Unicode text")
  .meta({ minLength: MIN_PASSWORD_CHARACTERS, maxLength: MAX_PASSWORD_CHARACTERS, format: "password" });

/** What somebody offers at login: no policy here, or old passwords would lock their owners out. */
export const OfferedPassword = z.string().min(1).max(4096).meta({ format: "password" });

/**
 * bcrypt ignores what comes after 72 bytes and stops at a NUL; 64 characters of base64 have neither problem. The purpose in front
 * makes a plain SHA-384 of the same password, leaked elsewhere, useless as a guess.
 */
export async function prehash(password: string): Promise<string> {
  const input = utf8(`bilten:password:1\0${normalizePassword(password)}`);
  return new Uint8Array(await crypto.subtle.digest("SHA-384", input)).toBase64();
}

export const hashPassword = async (password: string): Promise<string> => hash(await prehash(password), BCRYPT_COST);

/** Of bytes that nobody kept: an address without an account costs the same work as a wrong password. */
const NOBODYS_HASH = "$2b$10$7uhBzPUjttu/ygM4faZGCuJzSTt.S.mnW2Z4z4dIQWenwmyDfh9XO";

export async function checkPassword(password: string, storedHash: string | null): Promise<boolean> {
  const matches = await compare(await prehash(password), storedHash ?? NOBODYS_HASH);
  return matches && storedHash !== null;
}

let common: DataView | undefined;

/** Whether the list has it, whatever its letters' case. Loaded at the first registration of an isolate, not at its start. */
export async function isCommon(password: string): Promise<boolean> {
  if (!common) {
    const { COMMON_PASSWORDS } = await import("./common-passwords");
    common = new DataView(Uint8Array.fromBase64(COMMON_PASSWORDS).buffer);
  }
  const digest = await crypto.subtle.digest("SHA-256", utf8(normalizePassword(password).toLowerCase()));
  const wanted = new DataView(digest).getUint32(0);
  let low = 0;
  let high = common.byteLength / 4 - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const prefix = common.getUint32(middle * 4);
    if (prefix === wanted) return true;
    if (prefix < wanted) low = middle + 1;
    else high = middle - 1;
  }
  return false;
}
