import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, it } from "vitest";
import { ROOT } from "../../shared/scripts/configurations";
import { readRebuild, requestRebuild, searchPlace } from "../../shared/scripts/reindex";

it("asks the search database for one rebuild, and again from the start", async () => {
  const database = new DatabaseSync(":memory:");
  const folder = join(ROOT, "migrations/search");
  for (const file of readdirSync(folder).sort()) database.exec(readFileSync(join(folder, file), "utf8"));
  const place = searchPlace();
  expect(place.database).toBe("bilten-search");
  const ask = async (where: typeof place, sql: string) => {
    expect(where).toBe(place);
    return database.prepare(sql).all();
  };
  database.exec("UPDATE rebuilds SET started_at_ms = 1, after_id = 'x', events_read = 7, finished_at_ms = 2");
  const fresh = { asked_at_ms: 5, started_at_ms: null, events_read: 0, finished_at_ms: null };
  expect(await requestRebuild(ask, place, 5)).toEqual(fresh);
  expect(await readRebuild(ask, place)).toEqual(fresh);
  expect(database.prepare("SELECT after_id FROM rebuilds").all()).toMatchObject([{ after_id: "" }]);
});
