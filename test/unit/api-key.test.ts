import { crc32 } from "node:zlib";
import { describe, expect, test, vi } from "vitest";
import type { ResolvedApiKey } from "../../shared/contracts/accounts";
import { checksumOf, isApiKey, makeApiKey } from "../../shared/crypto/api-key";
import { principalOf } from "../../workers/gateway/credentials";
import { REMEMBER_MS } from "../../workers/gateway/look-ups";

const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

describe("a key", () => {
  test("is told from any other text by its form and its checksum, and works in its own environment", () => {
    for (let n = 0; n < 50; n++) {
      const key = makeApiKey("live");
      expect(key).toMatch(/^bk_live_[0-9A-Za-z]{38}$/);
      expect([isApiKey(key, "live"), isApiKey(key, "test")]).toEqual([true, false]);
      const at = 8 + (n % 38);
      const altered = key.slice(0, at) + (key[at] === "x" ? "y" : "x") + key.slice(at + 1);
      expect(isApiKey(altered, "live"), altered).toBe(false);
      expect(isApiKey(key.replace("live", "test"), "test")).toBe(false);
    }
  });

  test("has zlib's CRC-32 as its checksum", () => {
    for (const text of ["", "bk_live_0123456789ABCDEFGHIJKLMNOPQRSTUV", "bk_test_zzz"]) {
      const value = [...checksumOf(text)].reduce((sum, digit) => sum * 62 + ALPHABET.indexOf(digit), 0);
      expect(value).toBe(crc32(text));
    }
  });

  test("uses every character about as often as any other", () => {
    const counts = new Map<string, number>();
    for (let n = 0; n < 2_000; n++)
      for (const character of makeApiKey("test").slice(8, 40)) counts.set(character, (counts.get(character) ?? 0) + 1);
    // 64,000 characters, 1,032 of each on average; eight standard deviations are 255.
    expect([counts.size, [...counts.values()].every((count) => Math.abs(count - 1_032) < 255)]).toEqual([62, true]);
  });
});

describe("at the gateway", () => {
  const RESOLVED: ResolvedApiKey = { keyId: "k", userId: "u", organizerId: null, scopes: ["orders:read"] };
  const API = { audience: "https://api.bilten.example", organizerId: null };
  const after = { waitUntil: () => undefined };

  function startAuth(resolved: ResolvedApiKey | null) {
    const auth = { asked: [] as string[], resolved, down: false };
    const env = {
      ENVIRONMENT: "production",
      ISSUER: API.audience,
      API_LIMIT: { limit: async () => ({ success: true }) },
      AUTH: {
        apiKeyOf: async (hash: string) => {
          auth.asked.push(hash);
          if (auth.down) throw new Error("auth is gone");
          return auth.resolved;
        },
      },
      // The gateway asks nothing else to resolve a key.
    } as unknown as GatewayEnv;
    const ask = (key: string, host: { audience: string; organizerId: string | null } = API) =>
      principalOf(new Request(API.audience, { headers: { authorization: `Bearer ${key}` } }), host, env, after);
    return { auth, ask };
  }
  const INVALID = { kind: "refused", code: "credential_invalid" };

  test("acts for its maker; auth hears its hash only", async () => {
    const { auth, ask } = startAuth(RESOLVED);
    const key = makeApiKey("live");
    expect(await ask(key)).toEqual({ kind: "api_key", ...RESOLVED });
    expect(auth.asked).toHaveLength(1);
    expect(auth.asked[0]).not.toContain(key.slice(8));
  });

  test("is refused before anybody is asked when it is mistyped, of the other environment, or on an organizer's host", async () => {
    const { auth, ask } = startAuth(RESOLVED);
    const key = makeApiKey("live");
    for (const wrong of [key.slice(0, -1), `${key}0`, makeApiKey("test"), "bk_live_x", `bk_live_${"a".repeat(38)}`])
      expect(await ask(wrong), wrong).toEqual(INVALID);
    expect(await ask(key, { audience: "demo.bilten.example", organizerId: "o" })).toEqual(INVALID);
    expect(auth.asked).toEqual([]);
  });

  test("is remembered for five seconds and no longer, so that one that was revoked ends", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: Date.parse("2027-01-01T12:00:00Z") });
    try {
      const { auth, ask } = startAuth(RESOLVED);
      const key = makeApiKey("live");
      await ask(key);
      auth.resolved = null;
      vi.advanceTimersByTime(REMEMBER_MS - 1);
      expect(await ask(key)).toMatchObject({ kind: "api_key" });
      expect(auth.asked).toHaveLength(1);
      vi.advanceTimersByTime(1);
      expect(await ask(key)).toEqual(INVALID);
      auth.down = true;
      vi.advanceTimersByTime(REMEMBER_MS);
      await expect(ask(key)).rejects.toThrow("a sibling did not answer");
    } finally {
      vi.useRealTimers();
    }
  });
});
