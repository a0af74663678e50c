/** The cases that hold the databases of the property test (`test/unit/node-databases.test.ts`) to the real ones. */
import { reset, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, test } from "vitest";
import { D1_CASES, D1_CASES_SCHEMA, STORAGE_CASES } from "../support/d1-cases";

afterEach(() => reset());

describe("D1", () => {
  test.each(Object.entries(D1_CASES))("%s", async (_, check) => {
    const statements = D1_CASES_SCHEMA.trim().split(/;\n/);
    for (const statement of statements) await env.PAYMENTS_0_DB.prepare(statement).run();
    await check(env.PAYMENTS_0_DB);
  });
});

describe("an object's storage", () => {
  test.each(Object.entries(STORAGE_CASES))("%s", async (_, check) => {
    const inventory = env.TICKET_INVENTORY.get(env.TICKET_INVENTORY.idFromName(crypto.randomUUID()));
    await runInDurableObject(inventory, (_object, { storage }) =>
      check({ sql: storage.sql, transactionSync: (work) => storage.transactionSync(work) }),
    );
  });
});
