/**
 * bcrypt (Provos and Mazières, 1999), in slices. `bcryptjs` does all rounds in one go, some 70 ms that keep everybody else's request of
 * the same thread waiting, because no clock moves in a Worker while it works. What it writes and reads are the same texts; it makes
 * salts and their base64 here, and a test holds the two together.
 */
import { decodeBase64, encodeBase64, genSaltSync } from "bcryptjs";
import { utf8 } from "../../shared/crypto/bytes";
import { blowfishDigits } from "./blowfish-digits";

const SUBKEYS = 18;
const SALT_BYTES = 16;
const SALT_CHARACTERS = 22;
const HASH_BYTES = 23;
/** bcrypt looks at no more of a password, its closing NUL among them. */
const MAX_PASSWORD_BYTES = 72;
const MAX_COST = 31;
const MIN_COST = 4;
const BLOCK = "OrpheanBeholderScryDoubt";
const BLOCK_ROUNDS = 64;

/** How many rounds come next, before others of the thread have their turn. */
export type Rest = () => Promise<number>;

/** Some 20 ms of rounds: for whoever has no reason to look around. */
const ROUNDS_IN_ONE_GO = 256;
const goOn: Rest = async () => ROUNDS_IN_ONE_GO;

export const saltOf = (cost: number): string => genSaltSync(cost);

/** The text that is stored, by the settings in front of another one: `$2b$10$` and 22 characters of salt. */
export async function bcrypt(password: string, stored: string, rest: Rest = goOn): Promise<string> {
  const settings = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{22}/.exec(stored);
  const cost = Number(settings?.[1]);
  if (!settings || cost < MIN_COST || cost > MAX_COST) throw new Error("no text of bcrypt");
  const salt = decodeBase64(settings[0].slice(-SALT_CHARACTERS), SALT_BYTES);
  const key = [...utf8(`${password}\0`).subarray(0, MAX_PASSWORD_BYTES)];
  const keyWords = wordsOf(key, SUBKEYS);
  const saltWords = wordsOf(salt, SUBKEYS);
  const state = blowfishDigits();
  expand(state, keyWords, saltWords);
  for (let left = 2 ** cost; left > 0; ) {
    const rounds = Math.min(left, await rest());
    for (let round = 0; round < rounds; round++) {
      expand(state, keyWords, NO_SALT);
      expand(state, saltWords, NO_SALT);
    }
    left -= rounds;
  }
  const block = wordsOf([...utf8(BLOCK)], BLOCK.length / 4);
  for (let at = 0; at < block.length; at += 2)
    for (let round = 0; round < BLOCK_ROUNDS; round++) encipher(state, block, at, block[at] as number, block[at + 1] as number);
  const bytes = [...block].flatMap((word) => [word >>> 24, (word >>> 16) & 255, (word >>> 8) & 255, word & 255]);
  return settings[0] + encodeBase64(bytes, HASH_BYTES);
}

/** Compared without telling how much of it fits. */
export async function fitsBcrypt(password: string, stored: string, rest?: Rest): Promise<boolean> {
  const made = utf8(await bcrypt(password, stored, rest));
  const kept = utf8(stored);
  return made.byteLength === kept.byteLength && crypto.subtle.timingSafeEqual(made, kept);
}

/** Big-endian, the bytes over and over. */
const wordsOf = (bytes: readonly number[], count: number): Int32Array =>
  Int32Array.from({ length: count }, (_, at) => {
    let word = 0;
    for (let byte = 4 * at; byte < 4 * at + 4; byte++) word = (word << 8) | (bytes[byte % bytes.length] as number);
    return word;
  });

const NO_SALT = new Int32Array(SUBKEYS);

/** One key schedule: the subkeys take the key, and every word of the state is replaced by what it enciphers to, salted. */
function expand(state: Int32Array, key: Int32Array, salt: Int32Array): void {
  for (let at = 0; at < SUBKEYS; at++) state[at] = (state[at] as number) ^ (key[at] as number);
  let left = 0;
  let right = 0;
  for (let at = 0; at < state.length; at += 2) {
    // The salt is four words, of which two are next; repeated in the eighteen.
    encipher(state, state, at, left ^ (salt[at & 3] as number), right ^ (salt[(at & 3) + 1] as number));
    left = state[at] as number;
    right = state[at + 1] as number;
  }
}

/** Blowfish's sixteen rounds on two words, written at `at` of `to`. `state` is the subkeys and the four tables behind them. */
function encipher(state: Int32Array, to: Int32Array, at: number, left: number, right: number): void {
  let l = left ^ (state[0] as number);
  let r = right;
  for (let subkey = 1; subkey < SUBKEYS - 1; subkey += 2) {
    r ^= mix(state, l) ^ (state[subkey] as number);
    l ^= mix(state, r) ^ (state[subkey + 1] as number);
  }
  to[at] = r ^ (state[SUBKEYS - 1] as number);
  to[at + 1] = l;
}

const mix = (state: Int32Array, word: number): number =>
  ((((state[SUBKEYS + (word >>> 24)] as number) + (state[SUBKEYS + 256 + ((word >>> 16) & 255)] as number)) ^
    (state[SUBKEYS + 512 + ((word >>> 8) & 255)] as number)) +
    (state[SUBKEYS + 768 + (word & 255)] as number)) |
  0;
