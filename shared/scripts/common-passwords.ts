/**
 * Makes workers/auth/common-passwords.ts out of public password lists (one a line, most common first). Run by hand when a list is
 * renewed: `node shared/scripts/common-passwords.ts list.txt other.txt`. The file that it writes names no password, only the first
 * 32 bits of each one's SHA-256, in order.
 */
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./configurations.ts";

/** Shorter ones are refused for their length already. */
const MIN_CHARACTERS = 8;
const PER_LIST = 10_000;

const prefixes = new Set<number>();
for (const file of process.argv.slice(2)) {
  const folded = readFileSync(file, "utf8")
    .split("\n")
    .map((line) => line.trim().normalize("NFKC").toLowerCase());
  const longEnough = [...new Set(folded)].filter((password) => [...password].length >= MIN_CHARACTERS);
  for (const password of longEnough.slice(0, PER_LIST))
    prefixes.add(createHash("sha256").update(password).digest().readUInt32BE(0));
}
const sorted = [...prefixes].sort((a, b) => a - b);
const bytes = Buffer.alloc(sorted.length * 4);
for (const [index, prefix] of sorted.entries()) bytes.writeUInt32BE(prefix, index * 4);

writeFileSync(
  join(ROOT, "workers/auth/common-passwords.ts"),
  `/**
 * ${sorted.length} common passwords of eight characters and more, as the sorted first 32 bits of the SHA-256 of each in NFKC and small
 * letters: SecLists' ten thousand most common (MIT, © 2018 Daniel Miessler) and the first ten thousand that are long enough of
 * @zxcvbn-ts/language-common 4.1.3 (MIT, © 2012 Dan Wheeler and Dropbox, © 2021 @zxcvbn-ts). Written by
 * shared/scripts/common-passwords.ts.
 */
export const COMMON_PASSWORDS =
  "${bytes.toString("base64")}";
`,
);
console.log(`${sorted.length} passwords, ${bytes.length} bytes`);
