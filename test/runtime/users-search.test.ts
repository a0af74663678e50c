import { applyD1Migrations, reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { storeAccount } from "../../workers/users/accounts";
import { foldNames, searchUsers, UserSearchQuery } from "../../workers/users/user-search";
import { accountOf } from "../support/users";

beforeEach(() => applyD1Migrations(env.USERS_DB, env.MIGRATIONS.users));
afterEach(() => reset());

const fill = async (people: Parameters<typeof accountOf>[0][]): Promise<void> => {
  await env.USERS_DB.batch(people.map((person) => storeAccount(env.USERS_DB, accountOf(person))));
};
const find = (query: Record<string, unknown>) => searchUsers(env.USERS_DB, UserSearchQuery.parse(query));

/** All pages, as a client would read them. */
async function findAll(query: Record<string, unknown>): Promise<string[]> {
  const names: string[] = [];
  let cursor: string | null | undefined;
  for (let pages = 0; cursor !== null && pages < 100; pages++) {
    const found = await find({ ...query, ...(cursor ? { cursor } : {}) });
    names.push(...found.data.map(({ name }) => name));
    cursor = found.nextCursor;
  }
  return names;
}

describe("looking for people", () => {
  test("finds by the beginning of a name without its accents, and of an address", async () => {
    await fill([
      { name: "Ádám Kovács", email: "kovacs@people.example" },
      { name: "Bela Bartók", email: "adam-fan@people.example" },
      { name: "Zoe", email: "zoe@people.example" },
    ]);
    expect((await find({ q: "ADAM" })).data.map(({ name }) => name)).toEqual(["Ádám Kovács", "Bela Bartók"]);
    expect((await find({ q: "adám k" })).data.map(({ name }) => name)).toEqual(["Ádám Kovács"]);
    expect((await find({ q: "Zoe@PEOPLE" })).data.map(({ name }) => name)).toEqual(["Zoe"]);
    expect((await find({ q: "100%" })).data).toEqual([]);
    expect((await find({})).data).toHaveLength(3);
  });

  test.each([1, 3, 100])("shows each once over pages of %i, found by name and by address alike", async (limit) => {
    const people = Array.from({ length: 130 }, (_, index) => ({
      name: `Ada ${index}`,
      email: `${index % 3 === 0 ? "ada" : "x"}-${index}@people.example`,
    }));
    people.push(...Array.from({ length: 7 }, (_, index) => ({ name: `Other ${index}`, email: `ada-z${index}@people.example` })));
    for (let at = 0; at < people.length; at += 50) await fill(people.slice(at, at + 50));
    const few = limit === 1 ? { q: "ada 1" } : { q: "ada" };
    const wanted = people.map(({ name }) => name).filter((name) => (limit === 1 ? name.startsWith("Ada 1") : true));
    const found = await findAll({ ...few, limit });
    expect([...found].sort()).toEqual([...wanted].sort());
    expect(await findAll({ limit })).toHaveLength(limit === 1 ? 100 : people.length);
  });

  test("keeps to a role and a status", async () => {
    await fill([
      { name: "Ada Admin", role: "admin" },
      { name: "Ada Gone", role: "admin", status: "suspended" },
      { name: "Ada User" },
    ]);
    expect(await findAll({ q: "ada", role: "admin" })).toEqual(["Ada Admin", "Ada Gone"]);
    expect(await findAll({ status: "suspended" })).toEqual(["Ada Gone"]);
    expect(await findAll({ q: "ada", role: "admin", status: "active" })).toEqual(["Ada Admin"]);
  });

  test("reads at most 200 rows a page, whatever is asked, and never sorts", async () => {
    for (let at = 0; at < 1_200; at += 50)
      await fill(
        Array.from({ length: 50 }, (_, index) => ({
          name: `Ada ${at + index}`,
          email: `ada-${at + index}@people.example`,
          role: (at + index) % 100 === 0 ? ("admin" as const) : ("user" as const),
          status: (at + index) % 50 === 0 ? ("suspended" as const) : ("active" as const),
        })),
      );
    for (const q of [undefined, "ada", "ada-"])
      for (const role of [undefined, "admin"])
        for (const status of [undefined, "suspended"]) {
          let read = 0;
          const counted = new Proxy(env.USERS_DB, {
            get: (db, name) => {
              if (name !== "prepare") return Reflect.get(db, name);
              return (sql: string) => ({
                bind: (...values: unknown[]) => ({
                  all: async () => {
                    const result = await db
                      .prepare(sql)
                      .bind(...values)
                      .all();
                    read += result.meta.rows_read;
                    return result;
                  },
                }),
              });
            },
          });
          const query = UserSearchQuery.parse({ q, role, status, limit: 100 });
          const { nextCursor } = await searchUsers(counted, query);
          expect(read, `${q} ${role} ${status}`).toBeLessThanOrEqual(200);
          read = 0;
          if (nextCursor) await searchUsers(counted, { ...query, cursor: nextCursor });
          expect(read, `${q} ${role} ${status}, second page`).toBeLessThanOrEqual(200);
        }
  });

  test("folds the names that an older version projected", async () => {
    await fill([{ name: "Ádám" }]);
    await env.USERS_DB.prepare("UPDATE accounts SET name_key = NULL").run();
    expect((await find({ q: "adam" })).data).toEqual([]);
    expect(await foldNames(env.USERS_DB)).toBe(1);
    expect((await find({ q: "adam" })).data).toHaveLength(1);
    expect(await foldNames(env.USERS_DB)).toBe(0);
  });
});
