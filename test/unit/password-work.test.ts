import { beforeEach, expect, test, vi } from "vitest";
import { BCRYPT_COST, checkPassword, hashPassword } from "../../workers/auth/passwords";

/** bcrypt's rounds that were spent, counted and still done. */
const spent = vi.hoisted(() => ({ rounds: 0 }));
vi.mock("bcryptjs", async (importOriginal) => {
  const bcryptjs = await importOriginal<typeof import("bcryptjs")>();
  return {
    ...bcryptjs,
    compare: (password: string, stored: string) => {
      spent.rounds += 2 ** bcryptjs.getRounds(stored);
      return bcryptjs.compare(password, stored);
    },
    hash: (password: string, cost: number) => {
      spent.rounds += 2 ** cost;
      return bcryptjs.hash(password, cost);
    },
  };
});
beforeEach(() => {
  spent.rounds = 0;
});

test.each([
  ["without an account", null],
  ["of an account whose hash is of today", BCRYPT_COST],
  ["of one that cost half as much", BCRYPT_COST - 1],
  ["of one that cost a sixteenth", BCRYPT_COST - 4],
])("a wrong password %s costs the same work", async (_, cost) => {
  const stored = cost === null ? null : await hashPassword("a cup of earl grey", cost);
  spent.rounds = 0;
  expect(await checkPassword("wrong", stored)).toBe(false);
  expect(spent.rounds).toBe(2 ** BCRYPT_COST);
});
