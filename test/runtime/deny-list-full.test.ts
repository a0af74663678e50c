import { reset, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, expect, test } from "vitest";
import { deny, list, MAX_DENIALS } from "../../durable-objects/deny-list/denials";
import { DENY_LIST_SCHEMA } from "../../durable-objects/deny-list/migrations";
import { migrateSchema } from "../../shared/durable/migrations";

afterEach(() => reset());

const NOW_MS = Date.parse("2027-01-01T12:00:00Z");
const some = (count: number) => Array.from({ length: count }, () => ({ claim: "sid" as const, id: crypto.randomUUID() }));

test("a full list forgets nobody: everybody's tokens from before are refused, and it starts anew", async () => {
  const stub = env.TICKET_INVENTORY.getByName("a full list");
  await runInDurableObject(stub, (_instance, { storage }) => {
    migrateSchema(storage, DENY_LIST_SCHEMA);
    deny(storage.sql, some(MAX_DENIALS), NOW_MS);
    expect(list(storage.sql, NOW_MS)).toMatchObject({ allNotBeforeMs: 0, denials: { length: MAX_DENIALS } });
    deny(storage.sql, some(1), NOW_MS + 5);
    expect(list(storage.sql, NOW_MS + 5)).toEqual({ asOfMs: NOW_MS + 5, allNotBeforeMs: NOW_MS + 5, denials: [] });
    const [late] = some(1);
    deny(storage.sql, late ? [late] : [], NOW_MS + 9);
    expect(list(storage.sql, NOW_MS + 9)).toMatchObject({ allNotBeforeMs: NOW_MS + 5, denials: [{ id: late?.id }] });
  });
});
