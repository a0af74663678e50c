import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import {
  CONFIRMED_WAITING_SCHEMA,
  FORGOTTEN_WAITING_SCHEMA,
  WAITING_SCHEMA,
} from "../../durable-objects/ticket-inventory/waiting-schema";
import { ADDRESS_KEPT_MS } from "../../shared/contracts/waiting";

test("of a list that was kept before addresses went, those who wait stay known, and the others for a week", () => {
  const database = new DatabaseSync(":memory:");
  database.exec("CREATE TABLE holds (id TEXT PRIMARY KEY)");
  for (const schema of [WAITING_SCHEMA, CONFIRMED_WAITING_SCHEMA]) database.exec(schema);
  const insert = database.prepare(
    `INSERT INTO waiting_entries (id, person_key, email, language, wish, priority, status, joined_at_ms)
     VALUES (?1, ?1, ?2, 'en', '[1]', 0, ?3, 1)`,
  );
  insert.run("waits", "a@example.org", "waiting");
  insert.run("asked", "b@example.org", "unconfirmed");
  insert.run("over", "c@example.org", "ended");
  insert.run("left", null, "removed");
  const beforeMs = Date.now();
  database.exec(FORGOTTEN_WAITING_SCHEMA);
  const goes = (id: string) => database.prepare("SELECT erase_at_ms AS ms FROM waiting_entries WHERE id = ?").get(id)?.ms;
  expect([goes("waits"), goes("left")]).toEqual([null, null]);
  for (const id of ["asked", "over"]) {
    const inMs = Number(goes(id)) - beforeMs - ADDRESS_KEPT_MS;
    expect(Math.abs(inMs), id).toBeLessThan(5_000);
  }
});
