/** The short form of `npm run chaos`, and the checker's own trial: whatever is planted in the data of a clean run, it names. */
import { cp, rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ROOT } from "../../shared/scripts/configurations.ts";
import { buildAll } from "../support/built-house.ts";
import { killWorkerds } from "./chaos-house.ts";
import { planOf } from "./chaos-plan.ts";
import { type ChaosRun, runChaos } from "./chaos-run.ts";
import { check } from "./checker.ts";
import { FAULTS, plant } from "./faults.ts";
import { readSnapshot } from "./snapshot.ts";

const OPTIONS = { seed: 7, sales: 48, kills: 2, hurried: true };
const folder = join(ROOT, ".wrangler/chaos-test");
const data = join(folder, "data");
const copy = join(folder, "copy");

let run: ChaosRun;

beforeAll(async () => {
  await rm(folder, { recursive: true, force: true });
  run = await runChaos(await buildAll(join(folder, "built")), data, OPTIONS);
}, 280_000);

afterAll(async () => {
  killWorkerds();
  await rm(folder, { recursive: true, force: true });
});

describe("sales while workerd is killed", () => {
  test("lose nothing, double nothing and leave nothing half-way", () => {
    expect(check(run.snapshot)).toEqual([]);
  });

  test("were sales, and kills", () => {
    const { snapshot, figures } = run;
    expect(figures.kills).toBe(OPTIONS.kills);
    expect(figures.retries).toBeGreaterThan(0);
    expect(snapshot.payments.orders.filter(({ state }) => state === "paid").length).toBeGreaterThan(5);
    expect(snapshot.payments.refunds.length).toBeGreaterThan(0);
    expect(snapshot.inventories).toHaveLength(5);
  });
});

describe("the checker names", () => {
  test.each(FAULTS)("$name", async (fault) => {
    await rm(copy, { recursive: true, force: true });
    await cp(data, copy, { recursive: true });
    expect(plant(copy, fault)).toBe(true);
    expect(check(readSnapshot(copy)).map(({ rule }) => rule)).toContain(fault.rule);
  });

  test("a client who was told something else the second time", () => {
    const [told] = run.snapshot.acknowledged.filter(({ operation, status }) => operation === "order" && status === 201);
    if (!told) throw new Error("no order");
    const changed = { ...run.snapshot, acknowledged: [...run.snapshot.acknowledged, { ...told, status: 409 }] };
    expect(check(changed).map(({ rule }) => rule)).toContain("answer_changed");
  });
});

test("a seed is a crowd", () => {
  expect(planOf(OPTIONS)).toEqual(planOf(OPTIONS));
  expect(planOf({ ...OPTIONS, seed: 8 })).not.toEqual(planOf(OPTIONS));
});
