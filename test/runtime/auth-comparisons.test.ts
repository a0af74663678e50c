import { afterEach, describe, expect, test, vi } from "vitest";
import { checkInTurn, REST_IN_A_FLOOD_MS, WAITING } from "../../workers/auth/comparisons";
import { hashPassword } from "../../workers/auth/passwords";
import { PASSWORD, settled, startAuth } from "../support/auth";

afterEach(async () => {
  vi.restoreAllMocks();
  await settled();
});

describe("a flood of wrong passwords", () => {
  test("rests long between two comparisons on one machine, and never in a deployed isolate, which has its thread to itself", async () => {
    const wait = vi.spyOn(scheduler, "wait");
    const longRests = async (environment: string) => {
      const { env, after } = startAuth({ environment });
      wait.mockClear();
      await Promise.all(Array.from({ length: 23 }, () => checkInTurn(env, after, "wrong", null, 0)));
      return wait.mock.calls.filter(([ms]) => ms === REST_IN_A_FLOOD_MS).length;
    };
    expect(await longRests("production")).toBe(0);
    expect(await longRests("development")).toBeGreaterThan(0);
  });

  test("waits in a queue of as many as are compared within their patience: one more hears at once that there are too many", async () => {
    const { env, after } = startAuth({ environment: "production" });
    // Of least work: only who hears what, and in which order, is looked at.
    const stored = await hashPassword(PASSWORD, 4);
    const order: string[] = [];
    await Promise.all(
      Array.from({ length: 1 + WAITING + 10 }, async () => {
        const compared = await checkInTurn(env, after, PASSWORD, stored, 0);
        order.push(compared.ok ? "compared" : compared.error.code);
      }),
    );
    expect(order.filter((code) => code === "overloaded")).toHaveLength(10);
    expect(order.lastIndexOf("overloaded")).toBeLessThan(12);
    expect(WAITING * 70).toBeLessThanOrEqual(25_000);
  });
});
