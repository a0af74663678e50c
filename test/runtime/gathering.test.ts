/** What many requests of one isolate leave to one of them is done once each, and by none of them for ever. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Gathering } from "../../shared/d1/gathering";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** Flushes that wait for the test, with who made them. */
function room(limit = 2) {
  const gathering = new Gathering<number>(limit);
  const flushed: [who: string, items: number[]][] = [];
  const gates: (() => void)[] = [];
  const add = (who: string, ...items: number[]) =>
    gathering.add(items, async (some) => {
      flushed.push([who, some]);
      await new Promise<void>((resolve) => gates.push(resolve));
    });
  /** Lets the flush that stands there go on, once there is one. */
  const open = async () => {
    await vi.waitFor(() => expect(gates.length).toBeGreaterThan(0));
    gates.shift()?.();
  };
  return { add, open, flushed };
}

test("one request flushes for all, in parts, and the others are free at once", async () => {
  const { add, open, flushed } = room();
  const first = add("first", 1);
  await add("second", 2, 3);
  await add("third", 4, 5);
  for (let flushes = 0; flushes < 3; flushes++) await open();
  await first;
  expect(flushed).toEqual([
    ["first", [1, 2]],
    ["first", [3, 4]],
    ["first", [5]],
  ]);
});

test("who has flushed for ten seconds hands the rest to the next that comes, and nothing is done twice", async () => {
  const { add, open, flushed } = room(1);
  const first = add("first", 1, 2);
  await vi.waitFor(() => expect(flushed).toHaveLength(1));
  vi.setSystemTime(Date.now() + 10_000);
  const second = add("second", 3);
  await open();
  await first;
  // The first has ended while the second still flushes: a third leaves its own to the second.
  await add("third", 4);
  for (let flushes = 0; flushes < 3; flushes++) await open();
  await second;
  expect(flushed).toEqual([
    ["first", [1]],
    ["second", [2]],
    ["second", [3]],
    ["second", [4]],
  ]);
});

test("a flush that throws ends it, and the next request takes what waited", async () => {
  const gathering = new Gathering<number>(1);
  const flushed: number[] = [];
  const failing = gathering.add([1, 2], async () => {
    throw new Error("no database");
  });
  await expect(failing).rejects.toThrow("no database");
  await gathering.add([3], async (items) => void flushed.push(...items));
  expect(flushed).toEqual([2, 3]);
});
