import { hashSync } from "bcryptjs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { bcrypt, saltOf } from "../../workers/auth/bcrypt";
import { blowfishDigits } from "../../workers/auth/blowfish-digits";

const WORD_BITS = 32n;

/** The fraction of pi by Machin's formula, in whole numbers: pi = 16 arctan(1/5) - 4 arctan(1/239). */
function fractionOfPi(words: number): number[] {
  const spare = 64n;
  const one = 1n << (BigInt(words) * WORD_BITS + spare);
  const arctanOfOneBy = (x: bigint): bigint => {
    let sum = 0n;
    let power = one / x;
    for (let n = 1n; power > 0n; n += 2n) {
      sum += (n % 4n === 1n ? power : -power) / n;
      power /= x * x;
    }
    return sum;
  };
  const fraction = (16n * arctanOfOneBy(5n) - 4n * arctanOfOneBy(239n) - 3n * one) >> spare;
  return Array.from({ length: words }, (_, at) => Number(BigInt.asIntN(32, fraction >> (WORD_BITS * BigInt(words - 1 - at)))));
}

test("Blowfish begins with the digits of pi", () => {
  const digits = [...blowfishDigits()];
  expect(digits).toEqual(fractionOfPi(digits.length));
});

test("what is made and read is what bcryptjs makes and reads, for any password, salt and cost", async () => {
  const text = fc.oneof(
    fc.string({ unit: "binary", maxLength: 90 }),
    fc.constantFrom("", "\0", "a".repeat(71), "a".repeat(72), "ä".repeat(36)),
  );
  await fc.assert(
    fc.asyncProperty(text, fc.integer({ min: 4, max: 6 }), fc.constantFrom("2a", "2b", "2y"), async (password, cost, kind) => {
      const salt = saltOf(cost).replace("$2b", `$${kind}`);
      expect(await bcrypt(password, salt)).toBe(hashSync(password, salt));
    }),
    { numRuns: 60 },
  );
});

test("OpenBSD's own vectors come out", async () => {
  const vectors = {
    "$2a$06$DCq7YPn5Rq63x1Lad4cll.TV4S6ytwfsfvkgY8jIucDrjc8deX1s.": "",
    "$2a$06$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe": "a",
    "$2a$06$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i": "abc",
    "$2a$06$.rCVZVOThsIa97pEDOxvGuRRgzG64bvtJ0938xuqzv18d3ZpQhstC": "abcdefghijklmnopqrstuvwxyz",
  };
  for (const [stored, password] of Object.entries(vectors)) expect(await bcrypt(password, stored), password).toBe(stored);
});

test("slices of any size add up to the same, and each is asked for", async () => {
  const salt = saltOf(5);
  const whole = await bcrypt("a cup of earl grey", salt);
  for (const rounds of [1, 7, 31, 32, 33]) {
    let rests = 0;
    const rest = async () => {
      rests++;
      return rounds;
    };
    expect(await bcrypt("a cup of earl grey", salt, rest)).toBe(whole);
    expect(rests).toBe(Math.ceil(32 / rounds));
  }
});

test.each([
  "",
  "a cup of earl grey",
  "$2x$10$abcdefghijklmnopqrstuu",
  "$2b$03$abcdefghijklmnopqrstuu",
  "$2b$32$abcdefghijklmnopqrstuu",
])("%j is no text of bcrypt", async (stored) => {
  await expect(bcrypt("a cup of earl grey", stored)).rejects.toThrow("no text of bcrypt");
});
