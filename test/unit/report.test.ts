import { DrizzleQueryError } from "drizzle-orm";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { reportError } from "../../shared/observability/report";

const DSN = "https://key@sentry.example/1";
const ADDRESS = "ada@people.example";
const SAID = "D1_ERROR: UNIQUE constraint failed: accounts.email_key: SQLITE_CONSTRAINT";

const failedQuery = () =>
  new DrizzleQueryError("insert into accounts (email) values (?)", [ADDRESS, `\n    at ${ADDRESS} (x.js:1:1)`], new Error(SAID));

let logged: string[];
let sent: string[];
beforeEach(() => {
  [logged, sent] = [[], []];
  vi.spyOn(console, "error").mockImplementation((line: string) => void logged.push(line));
  vi.spyOn(globalThis, "fetch").mockImplementation(async (_, init) => {
    sent.push(new TextDecoder().decode(new Uint8Array(await new Response(init?.body).arrayBuffer())));
    return new Response("{}");
  });
});
afterEach(() => void vi.restoreAllMocks());

async function report(error: unknown, dsn?: string): Promise<void> {
  const running: Promise<unknown>[] = [];
  const env = { ENVIRONMENT: "production", ...(dsn ? { SENTRY_DSN: dsn } : {}) };
  reportError(error, env, { waitUntil: (promise) => void running.push(promise) }, { requestId: "r1", path: "/auth/register" });
  await Promise.all(running);
}

describe("a failed query", () => {
  it("is told by what the database said, without the values and the people in them", async () => {
    expect(failedQuery().message).toContain(ADDRESS);
    await report(failedQuery(), DSN);
    expect(logged).toHaveLength(1);
    expect(JSON.parse(logged[0] ?? "")).toMatchObject({
      level: "error",
      name: "DrizzleQueryError",
      message: SAID,
      requestId: "r1",
    });
    expect(logged[0]).toContain("report.test.ts");
    expect(sent).toHaveLength(1);
    expect(sent[0]).toContain(SAID);
    for (const text of [...logged, ...sent]) expect(text).not.toContain(ADDRESS);
  });

  it("says nothing of a stack whose head was rewritten", async () => {
    const error = failedQuery();
    error.stack = `Error: ${ADDRESS}`;
    await report(error, DSN);
    for (const text of [...logged, ...sent]) expect(text).not.toContain(ADDRESS);
  });

  it("does not come along as another error's cause", async () => {
    await report(new Error("no order", { cause: failedQuery() }), DSN);
    expect(sent[0]).toContain("no order");
    for (const text of [...logged, ...sent]) expect(text).not.toContain(ADDRESS);
  });
});

it("without SENTRY_DSN nothing leaves", async () => {
  await report(new TypeError("x is not a function"));
  expect(sent).toEqual([]);
  expect(JSON.parse(logged[0] ?? "")).toMatchObject({
    name: "TypeError",
    message: "x is not a function",
    path: "/auth/register",
  });
});
