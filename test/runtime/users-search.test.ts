import { applyD1Migrations, reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { storeAccount } from "../../workers/users/accounts";
import { fillNameTails } from "../../workers/users/name-tails";
import { foldNames, searchUsers, UserSearchQuery } from "../../workers/users/user-search";
import { countRows } from "../support/counted-database";
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

  test("finds by a later word of the name, after those whose name begins so, and each once", async () => {
    await fill([
      { name: "Ada King Lovelace", email: "z@people.example" },
      { name: "Lovelace Ltd", email: "lovelace@people.example" },
      { name: "Mary-Jane O'Neill", email: "lovelace-fan@people.example" },
      { name: "Love Lovelace Lovelady", email: "a@people.example" },
    ]);
    const names = async (q: string, limit = 20) => findAll({ q, limit });
    for (const limit of [1, 2, 20])
      expect(await names("LOVELACE", limit)).toEqual([
        "Lovelace Ltd",
        "Ada King Lovelace",
        "Love Lovelace Lovelady",
        "Mary-Jane O'Neill",
      ]);
    expect(await names("love")).toHaveLength(4);
    expect(await names("king love")).toEqual(["Ada King Lovelace"]);
    expect(await names("jane o'n")).toEqual(["Mary-Jane O'Neill"]);
    expect(await names("neill")).toEqual([]);
    expect(await findAll({ q: "lovelady", role: "admin" })).toEqual([]);
    expect(await findAll({ q: "lovelady", role: "user", status: "active" })).toEqual(["Love Lovelace Lovelady"]);
  });

  test("knows the words of a name as it stands now, its first eight, with the role and the status", async () => {
    const account = accountOf({ name: "One Two Three Four Five-Six Seven Eight Nine" });
    await storeAccount(env.USERS_DB, account).run();
    expect(await findAll({ q: "eight" })).toHaveLength(1);
    expect(await findAll({ q: "nine" })).toEqual([]);
    expect(await findAll({ q: "six sev", status: "active" })).toHaveLength(1);
    await storeAccount(env.USERS_DB, { ...account, version: 3, status: "suspended", role: "admin" }).run();
    expect(await findAll({ q: "six", status: "active" })).toEqual([]);
    expect(await findAll({ q: "six", status: "suspended", role: "admin" })).toHaveLength(1);
    await storeAccount(env.USERS_DB, { ...account, version: 4, name: "Only Two" }).run();
    expect(await findAll({ q: "six" })).toEqual([]);
    expect(await findAll({ q: "two" })).toEqual(["Only Two"]);
    await env.USERS_DB.prepare("DELETE FROM accounts").run();
    expect(await env.USERS_DB.prepare("SELECT count(*) AS n FROM name_tails").first("n")).toBe(0);
  });

  test("takes no cursor of other words, and none of a list that it would not make", async () => {
    await fill(Array.from({ length: 3 }, (_, index) => ({ name: `Ada ${index}`, email: `zoe-${index}@people.example` })));
    const { nextCursor } = await find({ q: "ada", limit: 1 });
    expect(await find({ q: "ad", limit: 1, cursor: nextCursor })).toMatchObject({ data: [{ name: "Ada 1" }] });
    for (const other of [{ q: "zoe" }, { q: "ada 1" }, {}])
      await expect(find({ ...other, cursor: nextCursor })).rejects.toThrow("invalid_cursor");
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
          name: index % 2 ? `Ada ${at + index}` : `Grace Ada ${at + index}`,
          email: `ada-${at + index}@people.example`,
          role: (at + index) % 100 === 0 ? ("admin" as const) : ("user" as const),
          status: (at + index) % 50 === 0 ? ("suspended" as const) : ("active" as const),
        })),
      );
    for (const q of [undefined, "ada", "ada-"])
      for (const role of [undefined, "admin"])
        for (const status of [undefined, "suspended"]) {
          const query = UserSearchQuery.parse({ q, role, status, limit: 100 });
          let cursor: string | undefined;
          for (let pages = 1; pages <= 30; pages++) {
            const { db, rowsRead } = countRows(env.USERS_DB);
            const { nextCursor } = await searchUsers(db, { ...query, cursor });
            expect(rowsRead(), `${q} ${role} ${status}, page ${pages}`).toBeLessThanOrEqual(200);
            if (nextCursor === null) break;
            cursor = nextCursor;
          }
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

  describe("people who were here before later words counted", () => {
    const id = (index: number) => `00000000-0000-7000-8000-${index.toString(16).padStart(12, "0")}`;

    beforeEach(async () => {
      await reset();
      await applyD1Migrations(
        env.USERS_DB,
        env.MIGRATIONS.users.filter(({ name }) => name < "0010"),
      );
      // More names of one word than a turn goes through.
      for (let at = 0; at < 510; at += 51)
        await fill(Array.from({ length: 51 }, (_, index) => ({ id: id(at + index), name: "Cher" })));
      await fill([
        { id: id(600), name: "Ada King Lovelace" },
        { id: id(601), name: "Ádám Ponce-Lovelace", status: "suspended" },
      ]);
      await applyD1Migrations(env.USERS_DB, env.MIGRATIONS.users);
    });

    test("are found by them once the sweep was there, which ends", async () => {
      expect(await findAll({ q: "lovelace" })).toEqual([]);
      expect(await fillNameTails(env.USERS_DB)).toBe(500);
      expect(await fillNameTails(env.USERS_DB)).toBe(12);
      expect(await findAll({ q: "lovelace" })).toEqual(["Ada King Lovelace", "Ádám Ponce-Lovelace"]);
      expect(await findAll({ q: "ponce", status: "suspended" })).toEqual(["Ádám Ponce-Lovelace"]);
      expect(await fillNameTails(env.USERS_DB)).toBe(0);
      expect(await env.USERS_DB.prepare("SELECT count(*) AS n FROM name_tails_progress").first("n")).toBe(0);
      expect(await fillNameTails(env.USERS_DB)).toBe(0);
    });

    test("and who comes, changes or gets a key meanwhile has them too, once", async () => {
      await env.USERS_DB.prepare("UPDATE accounts SET name_key = NULL WHERE id = ?").bind(id(601)).run();
      await storeAccount(env.USERS_DB, accountOf({ id: id(600), version: 3, name: "Ada Byron" })).run();
      await fillNameTails(env.USERS_DB);
      await fill([
        { id: id(590), name: "Ralph Lovelace" },
        { id: id(1_000).replace("8000", "7000"), name: "Anne Lovelace" },
      ]);
      while ((await fillNameTails(env.USERS_DB)) > 0);
      await foldNames(env.USERS_DB);
      expect((await findAll({ q: "lovelace" })).sort()).toEqual(["Anne Lovelace", "Ralph Lovelace", "Ádám Ponce-Lovelace"]);
      expect(await findAll({ q: "byron" })).toEqual(["Ada Byron"]);
    });

    test("are gone through without reading the others", async () => {
      await fillNameTails(env.USERS_DB);
      let rowsRead = 0;
      const db = new Proxy(env.USERS_DB, {
        get: (target, name) => {
          if (name === "prepare") return target.prepare.bind(target);
          if (name !== "batch") throw new Error(`The sweep does not ask for ${String(name)}`);
          return async (statements: D1PreparedStatement[]) => {
            const results = await target.batch(statements);
            for (const { meta } of results) rowsRead += meta.rows_read;
            return results;
          };
        },
      });
      expect(await fillNameTails(db)).toBe(12);
      expect(rowsRead).toBeGreaterThan(0);
      expect(rowsRead).toBeLessThan(200);
    });
  });
});
