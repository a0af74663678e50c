import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Denied } from "../../shared/contracts/denials";

const START_MS = Date.parse("2027-01-01T12:00:00Z");
const USER = "0197f3c2-7b1e-7cc3-98c4-dc0c0c07398f";
const SESSION = "0197f3c2-7b1e-7cc3-98c4-dc0c0c073990";
let isDenied: typeof import("../../workers/gateway/deny-list").isDenied;

/** Each test is an isolate of its own. */
beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["Date"], now: START_MS });
  vi.resetModules();
  ({ isDenied } = await import("../../workers/gateway/deny-list"));
});
afterEach(() => void vi.useRealTimers());

/** An auth that can be told what to say, that can be killed, and that counts how often it was asked. */
function startAuth() {
  const auth = {
    asked: 0,
    alive: true,
    list: { allNotBeforeMs: 0, denials: [] } as Omit<Denied, "asOfMs">,
    async denied(): Promise<Denied> {
      auth.asked++;
      if (!auth.alive) throw new Error("auth is gone");
      return { ...auth.list, asOfMs: Date.now() };
    },
  };
  const beside: Promise<unknown>[] = [];
  const after = { waitUntil: (promise: Promise<unknown>) => void beside.push(promise) };
  const ask = (issuedAtMs = START_MS) => isDenied({ userId: USER, sessionId: SESSION, issuedAtMs }, auth, after);
  return { auth, ask, settle: () => Promise.all(beside.splice(0)) };
}

const deny = (claim: "sub" | "sid", notBeforeMs: number) => ({
  allNotBeforeMs: 0,
  denials: [{ claim, id: claim === "sub" ? USER : SESSION, notBeforeMs }],
});
const at = (ms: number) => vi.setSystemTime(START_MS + ms);

describe("a token", () => {
  test.each(["sub", "sid"] as const)(
    "of a denied %s is refused when it was issued before, and good when at that moment or later",
    async (claim) => {
      const { auth, ask } = startAuth();
      auth.list = deny(claim, START_MS + 500);
      expect([await ask(START_MS + 499), await ask(START_MS + 500), await ask(START_MS + 501)]).toEqual([true, false, false]);
    },
  );

  test("of anybody is refused when everybody's are", async () => {
    const { auth, ask } = startAuth();
    auth.list = { allNotBeforeMs: START_MS + 500, denials: [] };
    expect([await ask(START_MS + 499), await ask(START_MS + 500)]).toEqual([true, false]);
  });
});

describe("the copy", () => {
  test("answers alone for five seconds, and is renewed beside a request after them", async () => {
    const { auth, ask, settle } = startAuth();
    await ask();
    for (const ms of [1, 2_500, 4_999]) {
      at(ms);
      await ask();
    }
    expect(auth.asked).toBe(1);
    at(5_000);
    auth.list = deny("sid", START_MS + 4_000);
    // This request is decided by what is known, and so are those beside it, which do not ask again.
    expect(await Promise.all([ask(), ask()])).toEqual([false, false]);
    await settle();
    expect([auth.asked, await ask()]).toEqual([2, true]);
  });

  test("that is older than ten seconds decides nothing: what ended is refused within them", async () => {
    const { auth, ask } = startAuth();
    await ask();
    auth.list = deny("sid", START_MS + 1);
    at(10_001);
    expect(await ask()).toBe(true);
    expect(auth.asked).toBe(2);
  });

  test("goes on without auth for ten seconds, and then nobody is let in until auth answers", async () => {
    const { auth, ask, settle } = startAuth();
    await ask();
    auth.alive = false;
    at(5_000);
    expect(await ask()).toBe(false);
    await settle();
    at(5_500);
    await ask();
    expect(auth.asked).toBe(2);
    at(6_000);
    await ask();
    await settle();
    expect(auth.asked).toBe(3);
    at(10_001);
    await expect(ask()).rejects.toThrow("a sibling did not answer");
    auth.alive = true;
    expect(await ask()).toBe(false);
  });

  test("that came late does not replace a newer one", async () => {
    const { auth, ask, settle } = startAuth();
    await ask();
    at(5_000);
    let answerLate = (): void => undefined;
    const answered = new Promise<void>((resolve) => {
      answerLate = resolve;
    });
    auth.denied = async () => {
      await answered;
      return { allNotBeforeMs: 0, denials: [], asOfMs: START_MS + 4_000 };
    };
    await ask();
    auth.denied = async () => ({ ...deny("sid", START_MS + 9_000), asOfMs: START_MS + 10_500 });
    at(10_500);
    expect(await ask()).toBe(true);
    answerLate();
    await settle();
    expect(await ask()).toBe(true);
  });
});
