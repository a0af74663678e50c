import { reset, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { LoginGuard } from "../../durable-objects/login-guard";
import { LOGIN_GUARD_SCHEMA } from "../../durable-objects/login-guard/migrations";
import { DAY_MS } from "../../durable-objects/login-guard/tries";
import type { GuardLimits } from "../../shared/contracts/login-guard";
import { migrateSchema } from "../../shared/durable/migrations";

const NOW_MS = Date.parse("2027-01-01T12:00:00Z");
const REPORTING = { ENVIRONMENT: "development" };
let nowMs = NOW_MS;
const pass = (ms: number): void => {
  nowMs += ms;
  vi.setSystemTime(nowMs);
};

beforeEach(() => {
  nowMs = NOW_MS;
  vi.useFakeTimers({ toFake: ["Date"], now: nowMs });
});
afterEach(async () => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  await reset();
});

describe("many guesses at once", () => {
  const LIMITS: GuardLimits = {
    atOnce: 3,
    windowMs: Number.POSITIVE_INFINITY,
    free: 1_000,
    firstPauseMs: 0,
    mostPauseMs: 0,
    lockAt: 2,
    lockMs: 60_000,
    mostLockMs: 60_000,
    closeAt: Number.POSITIVE_INFINITY,
  };
  const inGuard = (work: (guard: LoginGuard) => Promise<void>) =>
    runInDurableObject(env.TICKET_INVENTORY.getByName(crypto.randomUUID()), (_instance, state) =>
      work(new LoginGuard(state, REPORTING)),
    );

  test("are no way past the lock: a right one that ends after the last wrong one lets nobody in", async () => {
    await inGuard(async (guard) => {
      for (let n = 0; n < 3; n++) expect(guard.enter(LIMITS)).toEqual({ waitMs: 0, suspicion: n });
      expect(await guard.wrong(LIMITS)).toEqual({ waitMs: 0, locked: false });
      expect(await guard.wrong(LIMITS)).toEqual({ waitMs: 0, locked: true });
      expect(guard.right()).toEqual({ waitMs: 60_000, locked: false });
      expect(guard.enter(LIMITS)).toEqual({ waitMs: 60_000, suspicion: 0 });
    });
  });

  test("are looked at a few at a time, and one whose end nobody told is over after a minute and a half", async () => {
    await inGuard(async (guard) => {
      for (let n = 0; n < 3; n++) guard.enter(LIMITS);
      expect(guard.enter(LIMITS)).toEqual({ waitMs: 1_000, suspicion: 3 });
      guard.leave();
      expect(guard.enter(LIMITS)).toEqual({ waitMs: 0, suspicion: 2 });
      pass(89_999);
      expect(guard.enter(LIMITS)).toMatchObject({ waitMs: 1_000 });
      pass(1);
      expect(guard.enter(LIMITS)).toEqual({ waitMs: 0, suspicion: 0 });
    });
  });

  test("of a network are little beside many right ones", async () => {
    const network: GuardLimits = { ...LIMITS, atOnce: 100, lockAt: null };
    await inGuard(async (guard) => {
      for (let n = 0; n < 6; n++) {
        guard.enter(network);
        await guard.wrong(network);
      }
      expect(guard.enter(network)).toEqual({ waitMs: 0, suspicion: 6 });
      guard.leave({ right: true });
      expect(guard.enter(network)).toEqual({ waitMs: 0, suspicion: 3 });
      guard.leave();
      expect(guard.enter(network)).toEqual({ waitMs: 0, suspicion: 3 });
    });
  });

  test("leave nothing behind but what was wrong, and that for a day each", async () => {
    await runInDurableObject(env.TICKET_INVENTORY.getByName(crypto.randomUUID()), async (_instance, state) => {
      const guard = new LoginGuard(state, REPORTING);
      const tables = () =>
        state.storage.sql.exec("SELECT name FROM sqlite_master WHERE type = 'table' AND name = 'tries'").toArray().length;
      guard.enter(LIMITS);
      guard.right();
      expect([tables(), await state.storage.getAlarm()]).toEqual([0, null]);
      guard.enter(LIMITS);
      await guard.wrong(LIMITS);
      expect([tables(), await state.storage.getAlarm()]).toEqual([1, nowMs + DAY_MS]);
      guard.enter(LIMITS);
      await guard.wrong(LIMITS);
      pass(DAY_MS);
      // While an alarm runs, none is set.
      await state.storage.deleteAlarm();
      await guard.alarm();
      expect([tables(), await state.storage.getAlarm()]).toEqual([1, nowMs + DAY_MS]);
      pass(DAY_MS);
      expect(guard.enter(LIMITS)).toEqual({ waitMs: 0, suspicion: 0 });
      await guard.alarm();
      expect(tables()).toBe(0);
    });
  });

  test("are forgotten though an alarm failed, or was lost", async () => {
    const errors = vi.spyOn(console, "error").mockImplementation(() => undefined);
    await runInDurableObject(env.TICKET_INVENTORY.getByName(crypto.randomUUID()), async (_instance, state) => {
      const guard = new LoginGuard(state, REPORTING);
      guard.enter(LIMITS);
      await guard.wrong(LIMITS);
      pass(DAY_MS);
      await state.storage.deleteAlarm();
      vi.spyOn(state.storage, "deleteAll").mockRejectedValueOnce(new Error("the disk is full"));
      await guard.alarm();
      expect(errors).toHaveBeenCalledTimes(1);
      expect(await state.storage.getAlarm()).toBe(nowMs + 60_000);
      await state.storage.deleteAlarm();
      new LoginGuard(state, REPORTING);
      await vi.waitFor(async () => expect(await state.storage.getAlarm()).not.toBeNull());
      await guard.alarm();
      expect(state.storage.sql.exec("SELECT name FROM sqlite_master WHERE name = 'tries'").toArray()).toEqual([]);
    });
  });

  test("that an older version counted stay counted for their day", async () => {
    await runInDurableObject(env.TICKET_INVENTORY.getByName(crypto.randomUUID()), async (_instance, state) => {
      migrateSchema(state.storage, LOGIN_GUARD_SCHEMA.slice(0, 1));
      state.storage.sql.exec("INSERT INTO tries VALUES (1, 0, ?, ?, 1, ?)", nowMs - 1_000, nowMs + 60_000, nowMs);
      const guard = new LoginGuard(state, REPORTING);
      expect(guard.enter(LIMITS)).toEqual({ waitMs: 60_000, suspicion: 0 });
      await vi.waitFor(async () => expect(await state.storage.getAlarm()).toBe(nowMs + DAY_MS));
    });
  });
});
