/** How a password is stored and compared (NIST SP 800-63B-4, 3.1.1.2); password-policy.ts says which one may be chosen. */
import { compare, getRounds, hash } from "bcryptjs";
import { z } from "zod";
import { utf8 } from "../../shared/crypto/bytes";

export const MIN_PASSWORD_CHARACTERS = 8;
export const MAX_PASSWORD_CHARACTERS = 256;
/** bcrypt's work factor for new passwords; what is stored names its own, and is made anew at login when it is below this. */
export const BCRYPT_COST = 10;

/** Two ways to type the same characters are one password. */
export const normalizePassword = (password: string): string => password.normalize("NFKC");

/** UTF-16 units of what is offered, before anything looks at it: NFKC makes up to eighteen characters of one. */
const MAX_OFFERED_LENGTH = 4096;

/** Characters as people count them to a machine: code points. */
function lengthOf(password: string): number {
  let length = 0;
  for (const _ of normalizePassword(password)) length++;
  return length;
}

/** A new password, as far as its form goes; the rest is `judgePassword`'s. */
export const NewPassword = z
  .string()
  .max(MAX_OFFERED_LENGTH, { error: `at most ${MAX_PASSWORD_CHARACTERS} characters`, abort: true })
  .refine((password) => lengthOf(password) >= MIN_PASSWORD_CHARACTERS, `at least ${MIN_PASSWORD_CHARACTERS} characters`)
  .refine((password) => lengthOf(password) <= MAX_PASSWORD_CHARACTERS, `at most ${MAX_PASSWORD_CHARACTERS} characters`)
  // Halves of surrogate pairs all become the same replacement character in UTF-8.
  .refine((password) => password.isWellFormed(), "Unicode text")
  .meta({ minLength: MIN_PASSWORD_CHARACTERS, maxLength: MAX_PASSWORD_CHARACTERS, format: "password" });

/** What somebody offers at login: no policy here, or old passwords would lock their owners out. */
export const OfferedPassword = z.string().min(1).max(MAX_OFFERED_LENGTH).meta({ format: "password" });

/**
 * bcrypt ignores what comes after 72 bytes and stops at a NUL; 64 characters of base64 have neither problem. The purpose in front
 * makes a plain SHA-384 of the same password, leaked elsewhere, useless as a guess.
 */
export async function prehash(password: string): Promise<string> {
  const input = utf8(`bilten:password:1\0${normalizePassword(password)}`);
  return new Uint8Array(await crypto.subtle.digest("SHA-384", input)).toBase64();
}

/** bcrypt's own text. Every one was made of a pre-hash, the first account's too, so that none needs a mark for it. */
export const hashPassword = async (password: string, cost: number = BCRYPT_COST): Promise<string> =>
  hash(await prehash(password), cost);

/** True of a text that was made with less work than a new one would be. */
export const isOutdated = (storedHash: string): boolean => getRounds(storedHash) < BCRYPT_COST;

/** Of bytes that nobody kept: an address without an account costs the same work as a wrong password. */
const NOBODYS_HASH = `$2b$${BCRYPT_COST}$7uhBzPUjttu/ygM4faZGCuJzSTt.S.mnW2Z4z4dIQWenwmyDfh9XO`;

export async function checkPassword(password: string, storedHash: string | null): Promise<boolean> {
  const offered = await prehash(password);
  const kept = storedHash ?? NOBODYS_HASH;
  if (await compare(offered, kept)) return storedHash !== null;
  // One that was made with less work would tell that there is an account: the rest of the work, as 2^c + 2^c + 2^(c+1) + … is.
  for (let cost = getRounds(kept); cost < BCRYPT_COST; cost++) await hash(offered, cost);
  return false;
}
