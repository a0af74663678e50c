import type { Context } from "hono";
import { describe, expect, test } from "vitest";
import { idempotencyKeyOf } from "../../shared/http/idempotency-key";
import { problemResponse } from "../../shared/http/problem";

// Only the header is read.
const keyOf = (header: string | undefined) => idempotencyKeyOf({ req: { header: () => header } } as unknown as Context);

describe("an Idempotency-Key", () => {
  test.each([
    ["abc", "abc"],
    ['"abc"', "abc"],
    ['a"b', 'a"b'],
    ["a\\b", "a\\b"],
    ['"a\\"b"', 'a"b'],
    ['"a\\\\b"', "a\\b"],
    ['"\\\\\\""', '\\"'],
    ["k".repeat(255), "k".repeat(255)],
    [`"${'\\"'.repeat(255)}"`, '"'.repeat(255)],
  ])("%j is %j", (header, key) => {
    expect(keyOf(header)).toBe(key);
  });

  test.each(["", '""', '"', '"abc', '"a"b"', '"a b"', "a b", '"a\\b"', '"abc\\"', "ü", "k".repeat(256), `"${"k".repeat(256)}"`])(
    "%j is none",
    (header) => {
      expect(() => keyOf(header)).toThrow("invalid_idempotency_key");
    },
  );

  test("need not be there", () => {
    expect(keyOf(undefined)).toBeNull();
  });
});

describe("Retry-After", () => {
  test("stands where waiting helps, whatever the status", () => {
    expect(problemResponse({ code: "request_in_progress", retryAfterSeconds: 1 }, "r").headers.get("retry-after")).toBe("1");
    expect(problemResponse({ code: "overloaded" }, "r").headers.get("retry-after")).toBe("1");
    expect(problemResponse({ code: "sold_out" }, "r").headers.get("retry-after")).toBeNull();
  });
});
