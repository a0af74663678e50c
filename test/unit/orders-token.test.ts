import { describe, expect, test } from "vitest";
import { looksLikeOrderToken, orderToken, verifyOrderToken } from "../../workers/payments/order-token";
import { sign, verify } from "../../workers/payments/providers/test-signature";
import { shardOf, shardOfEvent } from "../../workers/payments/shards";

const KEY = "a-key-of-the-test";
const ORDER = "0197f3d0-a9f0-7c11-8b2a-1a2b3c4d5e00";

describe("an order's token", () => {
  test("is the same each time, opens its own order, and says its version", async () => {
    const token = await orderToken(KEY, ORDER, 1);
    expect(token).toBe(await orderToken(KEY, ORDER, 1));
    expect(looksLikeOrderToken(token)).toBe(true);
    expect(await verifyOrderToken(KEY, ORDER, token)).toBe(1);
    expect(await verifyOrderToken(KEY, ORDER, await orderToken(KEY, ORDER, 12))).toBe(12);
  });

  test("opens no other order, no other version, and nothing under another key", async () => {
    const token = await orderToken(KEY, ORDER, 1);
    expect(await verifyOrderToken(KEY, ORDER.replace(/0$/, "1"), token)).toBeNull();
    expect(await verifyOrderToken(KEY, ORDER, token.replace("bo_1_", "bo_2_"))).toBeNull();
    expect(await verifyOrderToken("another", ORDER, token)).toBeNull();
  });

  test.each(["", "bo_", "bo_1_short", "bo_0_" + "A".repeat(43), "bh_" + "A".repeat(43), "bo_1_" + "A".repeat(44)])(
    "has one form, and %j is not it",
    async (text) => {
      expect(looksLikeOrderToken(text)).toBe(false);
      expect(await verifyOrderToken(KEY, ORDER, text)).toBeNull();
    },
  );
});

describe("a test webhook's signature", () => {
  const body = '{"id":"evt_1"}';
  const nowMs = 1_800_000_000_000;

  test("fits its body, its secret and its time", async () => {
    const header = await sign(KEY, body, nowMs);
    expect(await verify(KEY, body, header, nowMs + 60_000)).toBe(true);
    expect(await verify(KEY, `${body} `, header, nowMs)).toBe(false);
    expect(await verify("another", body, header, nowMs)).toBe(false);
    expect(await verify(KEY, body, header, nowMs + 301_000)).toBe(false);
    expect(await verify(KEY, body, header.replace(/t=\d+/, `t=${nowMs + 1}`), nowMs)).toBe(false);
    expect(await verify(KEY, body, null, nowMs)).toBe(false);
  });
});

describe("the shard", () => {
  test("of an event is always the same, and each gets its share", () => {
    // Only the number of shards is read.
    const env = { PAYMENTS_SHARDS: "2" } as Parameters<typeof shardOfEvent>[0];
    const counts = [0, 0];
    for (let count = 0; count < 2_000; count++) {
      const id = crypto.randomUUID();
      const shard = shardOfEvent(env, id);
      expect(shardOfEvent(env, id.toUpperCase())).toBe(shard);
      counts[shard] = (counts[shard] ?? 0) + 1;
    }
    expect(Math.min(...counts)).toBeGreaterThan(850);
  });

  test("of an id is its last byte", () => {
    expect(shardOf(ORDER)).toBe(0);
    expect(shardOf("0197f3d0-a9f0-7c11-8b2a-1a2b3c4d5eff")).toBe(255);
  });
});
