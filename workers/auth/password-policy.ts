/** Which password may be chosen (NIST SP 800-63B-4, 3.1.1.2): none that others guess first. No rules about kinds of characters. */
import type { Refusal } from "../../shared/contracts/problems";
import { utf8 } from "../../shared/crypto/bytes";
import type { After } from "./news";
import { isLeaked } from "./password-leaks";
import { MIN_PASSWORD_CHARACTERS, normalizePassword } from "./passwords";

/** Whose password it is to be. */
export interface Chooser {
  email: string;
  name: string;
}

const SERVICE = "bilten";
/** Shorter ones stand in most passphrases by chance. */
const MIN_WORD_CHARACTERS = 3;

/** Null when it may be chosen; else the form's refusal, at the body's `pointer`. */
export async function judgePassword(
  env: AuthEnv,
  after: After,
  password: string,
  chooser: Chooser,
  pointer: string,
): Promise<Refusal<"invalid_body"> | null> {
  const because = (message: string): Refusal<"invalid_body"> => ({ code: "invalid_body", errors: [{ pointer, message }] });
  if (await isCommon(password)) return because("is among the most common passwords");
  const rest = withoutOwnWords(password, chooser);
  if (rest !== null && ([...rest].length < MIN_PASSWORD_CHARACTERS || (await isCommon(rest))))
    return because("is little more than the account's own name, address or this service's name");
  if (await isLeaked(env, after, normalizePassword(password))) return because("is known from a leak");
  return null;
}

const fold = (text: string): string => normalizePassword(text).toLowerCase();

/** What is left of the password without the account's own words; null when it has none of them. */
export function withoutOwnWords(password: string, { email, name }: Chooser): string | null {
  const folded = fold(password);
  const at = email.lastIndexOf("@");
  const local = fold(email.slice(0, at));
  const domain = fold(email.slice(at + 1));
  const whole = [fold(email), domain, local, fold(name), fold(name).replace(/\s+/gu, "")];
  // Of a domain the top says nothing about anybody.
  const parts = [...local.split(/[^\p{L}\p{N}]+/u), ...fold(name).split(/[^\p{L}\p{N}]+/u), ...domain.split(".").slice(0, -1)];
  const words = [...new Set([...whole, ...parts, SERVICE])]
    .filter((word) => [...word].length >= MIN_WORD_CHARACTERS)
    // The longest first, or a part of it would keep it from being found.
    .sort((a, b) => b.length - a.length);
  const rest = words.reduce((text, word) => text.replaceAll(word, ""), folded);
  return rest === folded ? null : rest;
}

let common: DataView | undefined;

/** Whether the list has it, whatever its letters' case. Loaded at the first registration of an isolate, not at its start. */
export async function isCommon(password: string): Promise<boolean> {
  if (!common) {
    const { COMMON_PASSWORDS } = await import("./common-passwords");
    common = new DataView(Uint8Array.fromBase64(COMMON_PASSWORDS).buffer);
  }
  const digest = await crypto.subtle.digest("SHA-256", utf8(fold(password)));
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
