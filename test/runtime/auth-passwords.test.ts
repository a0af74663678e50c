import { getRounds } from "bcryptjs";
import { describe, expect, test, vi } from "vitest";
import { isCommon, withoutOwnWords } from "../../workers/auth/password-policy";
import { checkPassword, hashPassword, isOutdated, NewPassword, prehash } from "../../workers/auth/passwords";

const accepted = (password: string): boolean => NewPassword.safeParse(password).success;

describe("what may be a password", () => {
  test("eight to 256 characters as people count them, not UTF-16 units", () => {
    expect(accepted("1234567")).toBe(false);
    expect(accepted("12345678")).toBe(true);
    expect(accepted("🐎".repeat(7))).toBe(false);
    expect(accepted("🐎".repeat(8))).toBe(true);
    expect(accepted("🐎".repeat(256))).toBe(true);
    expect(accepted("x".repeat(257))).toBe(false);
  });

  test("a body full of characters that normalize to eighteen each is refused before it is normalized", () => {
    const normalize = vi.spyOn(String.prototype, "normalize");
    expect(accepted("\uFDFA".repeat(349_000))).toBe(false);
    expect(normalize).not.toHaveBeenCalled();
    normalize.mockRestore();
  });

  test("half a surrogate pair is none, for all of them hash alike", () => {
    expect(accepted("1234567\ud83d")).toBe(false);
  });

  test("the most common ones are known in any case and spelling, and an uncommon one is not", async () => {
    for (const common of ["password", "12345678", "iloveyou", "PassWord1", "qwertyuiop", "987654321", "ｐａｓｓｗｏｒｄ"]) {
      expect(await isCommon(common), common).toBe(true);
    }
    for (const rare of ["correct-horse-battery", "a cup of earl grey", "Zq7!kd02-vv", ""]) {
      expect(await isCommon(rare), rare).toBe(false);
    }
  });
});

describe("the account's own words", () => {
  const ada = { email: "Ada.King@Lovelace-Estate.example", name: "Ada Lovelace" };

  test.each([
    ["adalovelace1815", "1815"],
    ["ADA-KING-2027", "--2027"],
    ["Ada.King@Lovelace-Estate.example", ""],
    ["biltenbilten", ""],
    ["ｌｏｖｅｌａｃｅ!!", "!!"],
    ["my bilten password", "my  password"],
  ])("%s without them is %j", (password, rest) => {
    expect(withoutOwnWords(password, ada)).toBe(rest);
  });

  test("a password with none of them is left alone, and words of two letters count for nothing", () => {
    expect(withoutOwnWords("a cup of earl grey", ada)).toBeNull();
    expect(withoutOwnWords("bo and al in one", { email: "bo@al.example", name: "Al" })).toBeNull();
  });
});

describe("how a password is kept", () => {
  test("two of a hundred characters that differ in the last one are different", async () => {
    const stored = await hashPassword(`${"a".repeat(99)}b`);
    expect(await checkPassword(`${"a".repeat(99)}b`, stored)).toBe(true);
    expect(await checkPassword(`${"a".repeat(99)}c`, stored)).toBe(false);
  });

  test("what goes into bcrypt fits its 72 bytes and carries no NUL", async () => {
    for (const password of ["short", "x".repeat(256), "🐎".repeat(256), "a\0b"]) {
      expect(await prehash(password)).toMatch(/^[A-Za-z0-9+/]{64}$/);
    }
  });

  test("what follows a NUL counts", async () => {
    const stored = await hashPassword("12345678\0left");
    expect(await checkPassword("12345678\0right", stored)).toBe(false);
  });

  test("two ways to type the same characters are one password", async () => {
    const stored = await hashPassword("cafe\u0301 au lait");
    expect(await checkPassword("caf\u00e9 au lait", stored)).toBe(true);
  });

  test("the hash names its cost", async () => {
    expect(getRounds(await hashPassword("a cup of earl grey"))).toBe(10);
  });

  test("less work than today's is outdated, and today's is not", async () => {
    expect(isOutdated(await hashPassword("a cup of earl grey", 4))).toBe(true);
    expect(isOutdated(await hashPassword("a cup of earl grey"))).toBe(false);
  });

  test("a password of 72 bytes plus one differs in the last", async () => {
    const stored = await hashPassword(`${"a".repeat(72)}b`);
    expect(await checkPassword(`${"a".repeat(72)}b`, stored)).toBe(true);
    expect(await checkPassword(`${"a".repeat(72)}c`, stored)).toBe(false);
    expect(await checkPassword("a".repeat(72), stored)).toBe(false);
  });

  test("nobody's hash takes the same work and fits nothing", async () => {
    expect(await checkPassword("a cup of earl grey", null)).toBe(false);
  });
});
