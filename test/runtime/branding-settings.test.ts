import { applyD1Migrations, reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { INTERNAL_HEADERS } from "../../shared/contracts/internal-headers";
import { ProblemBody } from "../../shared/contracts/problem-body";
import { readSettings, saveSettings } from "../../workers/branding/brand-settings";
import type { Env } from "../../workers/branding/environment";
import { app } from "../../workers/branding/routes";

const db = env.BRANDING_DB;
const organizerId = "0197f3c2-1a2b-7d3c-8e4f-0a1b2c3d4e5f";
const NOW_MS = Date.parse("2027-03-01T09:30:00Z");

beforeEach(() => applyD1Migrations(db, env.MIGRATIONS.branding));
afterEach(() => reset());

it("a change keeps the fields that it does not name, and null takes a picture away", async () => {
  const nothing = await readSettings(db, organizerId);
  expect(nothing).toMatchObject({ version: 0, settings: { updatedAt: null, logoUrl: null } });
  await saveSettings(db, nothing, { organizerId, primaryColor: "#112233", logoUrl: "https://a.example/l.svg" }, NOW_MS);
  await saveSettings(db, await readSettings(db, organizerId), { organizerId, fontFamily: "Georgia" }, NOW_MS);
  const both = await readSettings(db, organizerId);
  expect(both.version).toBe(2);
  expect(both.settings).toMatchObject({
    primaryColor: "#112233",
    logoUrl: "https://a.example/l.svg",
    fontFamily: "Georgia",
    updatedAt: "2027-03-01T09:30:00.000Z",
  });
  await saveSettings(db, both, { organizerId, logoUrl: null }, NOW_MS);
  expect((await readSettings(db, organizerId)).settings).toMatchObject({ logoUrl: null, primaryColor: "#112233" });
});

it("of two changes to one reading only the first counts, the very first one too", async () => {
  const read = await readSettings(db, organizerId);
  const answers = await Promise.all(
    ["#111111", "#222222"].map((primaryColor) => saveSettings(db, read, { organizerId, primaryColor }, NOW_MS)),
  );
  expect(answers.map((answer) => (answer.ok ? "saved" : answer.error.code)).toSorted()).toEqual(["saved", "state_moved"]);
  const winner = answers.find((answer) => answer.ok);
  expect((await readSettings(db, organizerId)).settings.primaryColor).toBe(winner?.value.settings.primaryColor);
});

it("the tables refuse a colour that is none", async () => {
  const read = await readSettings(db, organizerId);
  await expect(saveSettings(db, read, { organizerId, primaryColor: "#12345g" }, NOW_MS)).rejects.toThrow();
});

describe("a change that somebody else's overtook", () => {
  /** Another change is saved between reading and writing. */
  const overtaken = (): D1Database =>
    new Proxy(db, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== "function") return value;
        if (name !== "prepare") return value.bind(target);
        return (sql: string) => {
          const statement = target.prepare(sql);
          if (!sql.toLowerCase().startsWith("insert")) return statement;
          return {
            bind: (...values: unknown[]) => ({
              first: async () => {
                await saveSettings(db, await readSettings(db, organizerId), { organizerId, primaryColor: "#111111" }, NOW_MS);
                return statement.bind(...values).first();
              },
            }),
          };
        };
      },
    });

  async function save(headers: Record<string, string>): Promise<string> {
    const principal = { kind: "user", userId: organizerId, sessionId: "s", role: "user", authTimeMs: 0, organizerHost: false };
    const siblings: Pick<Env, "USERS"> = {
      USERS: { membership: async () => "owner", organizers: async () => [], organizerBySlug: async () => null },
    };
    const answer = await app.request(
      "/branding/settings",
      {
        method: "POST",
        headers: { ...headers, [INTERNAL_HEADERS.principal]: JSON.stringify(principal) },
        body: JSON.stringify({ organizerId, primaryColor: "#222222" }),
      },
      { DB: overtaken(), ENVIRONMENT: "development", SITES_BASE_HOST: "localhost", ...siblings },
    );
    return `${answer.status} ${ProblemBody.parse(await answer.json()).code}`;
  }

  it("is told so by 412 when it insisted on a version, else by 409", async () => {
    expect(await save({ "if-match": '"v0"' })).toBe("412 version_stale");
    expect(await save({})).toBe("409 state_moved");
  });
});
