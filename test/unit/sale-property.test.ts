/** Random sequences of facts against a simple model, with the shipped code over real SQLite. */
import fc from "fast-check";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { OrderState } from "../../workers/payments/order-states";
import * as configured from "../../workers/payments/providers/configured";
import { type Fact, facts } from "../support/sale-facts";
import { reached, runSale } from "../support/sale-run";
import type { Swap, World } from "../support/sale-world";

vi.mock("cloudflare:workers", async () => (await import("../support/node-inventory")).nodeWorkers);

/** The environment's `SALE_SEQUENCES` for more of them, `SALE_SEED` and `SALE_PATH` for those of an earlier run. */
const DEFAULT_RUNS = 5_000;
const RUNS = Number(process.env.SALE_SEQUENCES ?? DEFAULT_RUNS);
const SEED = Number(process.env.SALE_SEED ?? Math.floor(Math.random() * 2 ** 31));

const EVERY_STATE: (OrderState | "given_back")[] = [
  "pending",
  "expired",
  "cancelled",
  "paid",
  "late_paid",
  "cancelled_paid",
  "partially_refunded",
  "refunded",
  "given_back",
];

/** Chance comes here once in 2,500 sequences: the money finds its stock sold, and the provider does not answer for the way back. */
const LATE_AND_SOLD_OUT: Fact[] = [
  { type: "place", free: false, quantity: 2 },
  { type: "pay", order: 0, mood: "failed", back: "succeeded" },
  { type: "pass", ms: 3_700_000 },
  { type: "place", free: false, quantity: 1 },
  { type: "refund", payment: 0, part: "all", back: "silent" },
  { type: "settle", charge: 0, paid: false },
  { type: "deliver", event: 0, times: 1 },
  { type: "settle", charge: 0, paid: true },
  { type: "deliver", event: 5, times: 1 },
];

const realNow = Date.now;
let world: World | null = null;
const onOpen = (opened: World) => {
  world = opened;
};

beforeAll(() => {
  // What workerd has and Node does not; nobody waits here.
  vi.stubGlobal("scheduler", { wait: async () => undefined });
  vi.spyOn(configured, "providerOf").mockImplementation(() => world?.bank.provider() ?? null);
  vi.spyOn(console, "error").mockImplementation(() => undefined);
  vi.spyOn(console, "warn").mockImplementation(() => undefined);
});
afterAll(() => {
  Date.now = realNow;
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

test(`money and stock agree after every fact, in ${RUNS} sequences (SALE_SEED=${SEED})`, { timeout: 600_000 }, async () => {
  const path = process.env.SALE_PATH;
  await fc.assert(
    fc.asyncProperty(facts, (sequence) => runSale(sequence, { onOpen })),
    { numRuns: RUNS, seed: SEED, ...(path ? { path } : { examples: [[LATE_AND_SOLD_OUT]] }) },
  );
  if (RUNS >= DEFAULT_RUNS) expect([...reached].sort()).toEqual([...EVERY_STATE].sort());
});

/** The test of the test: with one piece of the shipped SQL swapped, the default runs must find it, by what is wrong then. */
test.each<[string, Swap, RegExp]>([
  [
    "the guard does not stop the batch",
    { payments: { find: "SELECT changes()", replace: "SELECT 1" } },
    /the ledger's|promised|bought|what is back|CHECK constraint|UNIQUE constraint/,
  ],
  [
    "a posting says twice the sum",
    { payments: { find: "value ->> 'amountMinor'", replace: "2 * (value ->> 'amountMinor')" } },
    /the ledger's clearing/,
  ],
  [
    "what is back is not counted",
    { payments: { find: "returned_minor = returned_minor + ?", replace: "returned_minor = returned_minor + 0 * ?" } },
    /what is back/,
  ],
  [
    "the object forgets what it decided",
    { stock: { find: "FROM orders WHERE order_id = ?", replace: "FROM orders WHERE order_id = ? AND 0" } },
    /one set of tickets|held|sold|the order is what the model says|the pool|CHECK constraint/,
  ],
])("where %s, that is found", { timeout: 600_000 }, async (_, swap, why) => {
  const broken = fc.assert(
    fc.asyncProperty(facts, (sequence) => runSale(sequence, { onOpen, swap })),
    { numRuns: DEFAULT_RUNS, seed: SEED, endOnFailure: true },
  );
  const failure = await broken.then(
    () => null,
    (error: Error) => error,
  );
  expect(failure?.message).toMatch(/Property failed after \d+ tests/);
  expect(String(failure?.cause)).toMatch(why);
});
