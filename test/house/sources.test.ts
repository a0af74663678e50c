import { describe, expect, it } from "vitest";
import { readSources } from "../support/sources";
import { findSourceProblems, MAX_LINES } from "./sources";

const problemsIn = (text: string): string[] => findSourceProblems([{ path: "x.ts", text }]);

describe("hand-written code", () => {
  it("keeps the rules of the house", () => {
    expect(findSourceProblems(readSources())).toEqual([]);
  });

  it.each([
    `const a = 1; // ${"TO"}DO later`,
    `// @ts-${"ignore"}`,
    `// @ts-expect-${"error"}`,
    "const a: any = 1;",
    "const a = b as any;",
    "const a = new Map<string, any>();",
    "const a = b!;",
    "call(b!.c, d[0]!)",
    "const a = rows[0]! + 1;",
    "const a = (await response.json()) as Order;",
    "x\n".repeat(MAX_LINES + 1),
  ])("would be caught with %j", (text) => {
    expect(problemsIn(text)).toHaveLength(1);
  });

  it.each([
    "const a = b!; // the loop above ends with one",
    `// @ts-expect-${"error"} the binding's type lacks the method`,
    "const a = b !== c && d != e && !f;",
    'const a = "Hello!";',
    "const anything = { company: 1 };",
    "// any of them, all of them",
    "roles.every((any) => may(role, any))",
    "const a = /[!]x!/.test(b);",
    "x\n".repeat(MAX_LINES),
  ])("may say %j", (text) => {
    expect(problemsIn(text)).toEqual([]);
  });
});
