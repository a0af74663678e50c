/** The databases that the property test runs on do what the real ones do: the same cases run in workerd (`test/runtime`). */
import { describe, expect, test } from "vitest";
import { D1_CASES, D1_CASES_SCHEMA, STORAGE_CASES } from "../support/d1-cases";
import { openNodeD1, schemaAfter, takeBack } from "../support/node-d1";
import { openNodeStorage } from "../support/node-inventory";
import { readMigrations } from "../support/sources";

describe("D1 in Node", () => {
  test.each(Object.entries(D1_CASES))("%s", async (_, check) => check(openNodeD1(D1_CASES_SCHEMA).db));
  test.each(Object.entries(D1_CASES))("%s, also inside the transaction that a test takes back", async (_, check) => {
    const { db, sqlite } = openNodeD1(D1_CASES_SCHEMA);
    takeBack(sqlite);
    await check(db);
    takeBack(sqlite);
    await check(db);
  });

  test("refuses entries of the ledger that no transaction seals", async () => {
    const migrations = readMigrations().filter(({ path }) => path.startsWith("migrations/payments/"));
    const { db } = openNodeD1(schemaAfter(migrations.map(({ text }) => text)));
    const alone = db.prepare("INSERT INTO ledger_entries VALUES ('alone', 0, 'o', 'provider_clearing', 'EUR', 1)");
    await expect(db.batch([alone])).rejects.toThrow("FOREIGN KEY constraint failed");
    expect(await db.prepare("SELECT count(*) AS n FROM ledger_entries").first("n")).toBe(0);
  });
});

describe("an object's storage in Node", () => {
  test.each(Object.entries(STORAGE_CASES))("%s", (_, check) => check(openNodeStorage().state.storage));
});
