/**
 * `bk_live_` or `bk_test_`, 32 random characters, 6 of a checksum, so that a scanner for leaked secrets tells a key from any other
 * text, and a key that was mistyped is refused before anybody is asked.
 */
const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const RANDOM_LENGTH = 32;
const CHECKSUM_LENGTH = 6;
const FORM = new RegExp(`^bk_(live|test)_[0-9A-Za-z]{${RANDOM_LENGTH + CHECKSUM_LENGTH}}$`);
/** What tells keys apart in a list, and opens nothing. */
export const HINT_LENGTH = 12;

export type ApiKeyMark = "live" | "test";

/** A key of one environment is none in the other. */
export const markOf = (environment: string): ApiKeyMark => (environment === "development" ? "test" : "live");

/** CRC-32 (ISO 3309), bit by bit: over forty characters a table would cost more. */
function crc32(text: string): number {
  let crc = 0xffffffff;
  for (let at = 0; at < text.length; at++) {
    crc ^= text.charCodeAt(at);
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return (crc ^ 0xffffffff) >>> 0;
}

/** Of everything before it, base 62, most significant first, filled up with zeros. */
export function checksumOf(text: string): string {
  let left = crc32(text);
  let digits = "";
  for (let place = 0; place < CHECKSUM_LENGTH; place++) {
    digits = ALPHABET.charAt(left % ALPHABET.length) + digits;
    left = Math.floor(left / ALPHABET.length);
  }
  return digits;
}

/** 190 bits. A byte that would make some characters likelier than others is thrown away. */
export function makeApiKey(mark: ApiKeyMark): string {
  const fair = 256 - (256 % ALPHABET.length);
  let key = `bk_${mark}_`;
  const end = key.length + RANDOM_LENGTH;
  while (key.length < end)
    for (const byte of crypto.getRandomValues(new Uint8Array(RANDOM_LENGTH)))
      if (byte < fair && key.length < end) key += ALPHABET.charAt(byte % ALPHABET.length);
  return key + checksumOf(key);
}

/** Whether it may be a key of this environment at all. */
export const isApiKey = (text: string, mark: ApiKeyMark): boolean =>
  FORM.test(text) &&
  text.startsWith(`bk_${mark}_`) &&
  checksumOf(text.slice(0, -CHECKSUM_LENGTH)) === text.slice(-CHECKSUM_LENGTH);
