import { Secret, TOTP } from "otpauth";
import { describe, expect, test } from "vitest";
import { utf8 } from "../../shared/crypto/bytes";
import { toBase32 } from "../../workers/auth/base32";
import { codeAt, otpauthUrl, STEP_SECONDS, stepAt, stepOf } from "../../workers/auth/totp";

/** The standard's seeds: the digits, as long as each hash's block takes them (RFC 6238, errata 2866). */
const SEEDS = {
  "SHA-1": utf8("12345678901234567890"),
  "SHA-256": utf8("12345678901234567890123456789012"),
  "SHA-512": utf8("1234567890123456789012345678901234567890123456789012345678901234"),
};
type Hash = keyof typeof SEEDS;

/** RFC 6238, Appendix B. */
const VECTORS: [seconds: number, hash: Hash, code: string][] = [
  [59, "SHA-1", "94287082"],
  [59, "SHA-256", "46119246"],
  [59, "SHA-512", "90693936"],
  [1111111109, "SHA-1", "07081804"],
  [1111111109, "SHA-256", "68084774"],
  [1111111109, "SHA-512", "25091201"],
  [1111111111, "SHA-1", "14050471"],
  [1111111111, "SHA-256", "67062674"],
  [1111111111, "SHA-512", "99943326"],
  [1234567890, "SHA-1", "89005924"],
  [1234567890, "SHA-256", "91819424"],
  [1234567890, "SHA-512", "93441116"],
  [2000000000, "SHA-1", "69279037"],
  [2000000000, "SHA-256", "90698825"],
  [2000000000, "SHA-512", "38618901"],
  [20000000000, "SHA-1", "65353130"],
  [20000000000, "SHA-256", "77737706"],
  [20000000000, "SHA-512", "47863826"],
];

test.each(VECTORS)("at %d seconds %s says %s", async (seconds, hash, code) => {
  expect(await codeAt(SEEDS[hash], stepAt(seconds * 1000), { hash, digits: 8 })).toBe(code);
});

describe("an authenticator app that reads the link", () => {
  const secret = crypto.getRandomValues(new Uint8Array(20));

  test("says the same codes, for years", async () => {
    const url = otpauthUrl(secret, "ada+tickets@bilten.example");
    const peer = new TOTP({ secret: Secret.fromBase32(new URL(url).searchParams.get("secret") ?? ""), issuer: "Bilten" });
    for (let n = 0; n < 200; n++) {
      const timestamp = 1_700_000_000_000 + n * 1_234_567_890;
      expect(await codeAt(secret, stepAt(timestamp))).toBe(peer.generate({ timestamp }));
    }
  });

  test("finds issuer, account and parameters in it", () => {
    const url = new URL(otpauthUrl(secret, "ada+tickets@bilten.example"));
    expect(`${url.protocol}//${url.host}`).toBe("otpauth://totp");
    expect(decodeURIComponent(url.pathname)).toBe("/Bilten:ada+tickets@bilten.example");
    expect(Object.fromEntries(url.searchParams)).toEqual({
      secret: toBase32(secret),
      issuer: "Bilten",
      algorithm: "SHA1",
      digits: "6",
      period: String(STEP_SECONDS),
    });
  });

  test.each([0, 1, 2, 3, 4, 5, 10, 20])("reads %d bytes as they were written", (length) => {
    const bytes = crypto.getRandomValues(new Uint8Array(length));
    expect(toBase32(bytes)).toBe(new Secret({ buffer: bytes.buffer }).base32);
  });
});

test("a code counts in its own 30 seconds and in those before and after, and no others", async () => {
  const secret = SEEDS["SHA-1"];
  const nowMs = 1_800_000_015_000;
  const now = stepAt(nowMs);
  for (const off of [-1, 0, 1]) expect(await stepOf(secret, await codeAt(secret, now + off), nowMs)).toBe(now + off);
  for (const off of [-2, 2]) expect(await stepOf(secret, await codeAt(secret, now + off), nowMs)).toBeNull();
});
