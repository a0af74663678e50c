import { describe, expect, test } from "vitest";
import { Turns } from "../../shared/thread/turns";

const LIMITS = { waiting: 3, patienceMs: 2_000, turnMs: 200, retryAfterSeconds: 5 };
const BUSY = { ok: false, error: { code: "overloaded", retryAfterSeconds: 5 } };

/** Work that goes on until it is told to end. */
function held() {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { work: () => promise, end: resolve };
}

describe("turns", () => {
  test("come one after the other, the least suspicious first and of equals the last and the first in turn, and each is told whether it waited", async () => {
    const turns = new Turns({ ...LIMITS, waiting: 4 });
    const order: string[] = [];
    const first = held();
    const running = turns.take(9, async (waited) => {
      order.push(`first ${waited}`);
      await first.work();
    });
    const take = (name: string, suspicion: number) =>
      turns.take(suspicion, async (waited) => {
        order.push(`${name} ${waited}`);
        await scheduler.wait(5);
        order.push(`${name} is done`);
        return name;
      });
    const others = [take("often wrong", 7), take("early", 1), take("amid", 1), take("late", 1)];
    first.end();
    expect(await Promise.all([running, ...others])).toEqual(
      [undefined, "often wrong", "early", "amid", "late"].map((value) => ({ ok: true, value })),
    );
    expect(order).toEqual([
      "first false",
      ...[
        "late true",
        "late is done",
        "early true",
        "early is done",
        "amid true",
        "amid is done",
        "often wrong true",
        "often wrong is done",
      ],
    ]);
  });

  test("are for so many at once: one more pushes out the most suspicious, which may be itself", async () => {
    const turns = new Turns(LIMITS);
    const first = held();
    const running = turns.take(0, first.work);
    const suspect = turns.take(5, async () => "suspect");
    const others = [turns.take(1, async () => "a"), turns.take(1, async () => "b")];
    expect(await turns.take(6, async () => "worse")).toEqual(BUSY);
    const better = turns.take(0, async () => "better");
    expect(await suspect).toEqual(BUSY);
    first.end();
    await running;
    expect(await Promise.all([better, ...others])).toEqual(["better", "a", "b"].map((value) => ({ ok: true, value })));
  });

  test("are every second one, and half of the places, for those who have proved who they are while others wait", async () => {
    const turns = new Turns({ ...LIMITS, waiting: 6 });
    const first = held();
    const running = turns.take(0, first.work);
    const order: string[] = [];
    const take = async (name: string, suspicion: number) => {
      const taken = await turns.take(suspicion, async () => void order.push(name));
      return taken.ok;
    };
    const strangers = [take("a", 0), take("b", 3), take("c", 0)];
    const proved = Array.from({ length: 4 }, (_, n) => take(`proved ${n}`, -1));
    first.end();
    expect(await Promise.all(strangers)).toEqual([true, true, true]);
    expect(await Promise.all(proved)).toEqual([false, true, true, true]);
    await running;
    expect(order).toEqual(["proved 3", "c", "proved 1", "a", "proved 2", "b"]);
  });

  test("are every fourth one for whoever waits longest, though better ones keep coming", async () => {
    const turns = new Turns({ ...LIMITS, waiting: 10 });
    const first = held();
    const running = turns.take(0, first.work);
    const order: string[] = [];
    const suspect = turns.take(9, async () => void order.push("suspect"));
    const better = Array.from({ length: 6 }, (_, n) => turns.take(0, async () => void order.push(`better ${n}`)));
    first.end();
    await Promise.all([running, suspect, ...better]);
    expect(order.indexOf("suspect")).toBe(3);
  });

  test("pass on when the work of one fails", async () => {
    const turns = new Turns(LIMITS);
    const first = held();
    const failing = turns.take(0, async () => {
      await first.work();
      throw new Error("broken");
    });
    const next = turns.take(0, async () => "next");
    first.end();
    await expect(failing).rejects.toThrow("broken");
    expect(await next).toEqual({ ok: true, value: "next" });
  });

  test("that nobody ends are over after their time, for one who waits and for one who comes", async () => {
    const turns = new Turns(LIMITS);
    const startMs = performance.now();
    void turns.take(0, () => scheduler.wait(1_000));
    expect(await turns.take(0, async () => "waited")).toEqual({ ok: true, value: "waited" });
    expect(performance.now() - startMs).toBeLessThan(900);
    void turns.take(0, () => scheduler.wait(1_000));
    await scheduler.wait(LIMITS.turnMs + 10);
    expect(await turns.take(0, async (waited) => waited)).toEqual({ ok: true, value: false });
  });

  test("are waited for so long and no longer", async () => {
    const turns = new Turns({ ...LIMITS, patienceMs: 300, turnMs: 250 });
    const ends = [held(), held()];
    const running = ends.map(({ work }) => turns.take(0, work));
    expect(await turns.take(9, async () => "late")).toEqual(BUSY);
    for (const { end } of ends) end();
    await Promise.all(running);
  });
});
