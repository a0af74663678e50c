/** A message that nothing can settle: parked by its reader, seen, replayed and dropped with the tool. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { getPlatformProxy } from "wrangler";
import { z } from "zod";
import { MAX_RETRIES } from "../../shared/queue/consume";
import { envelope } from "../../shared/queue/envelope";
import { ROOT, type WorkerDomain } from "../../shared/scripts/configurations";
import { deadLetters } from "../../shared/scripts/dead-letters";
import { type Ask, askLocally, readPlaces } from "../../shared/scripts/parked-messages";
import { type House, startHouse } from "../support/harness";
import { eventually } from "../support/scenes";

let house: House;
beforeAll(async () => {
  house = await startHouse({ sweeps: false });
});
afterAll(() => house?.stop());

const Parked = z.array(
  z.object({ id: z.string(), mailbox: z.string(), reason: z.string(), error: z.string(), attempts: z.int() }),
);

/** The tool, with the databases of this house in place of files or an account. */
const ask: Ask = async ({ mailbox }, sql) => {
  const env = await house.worker<{ DB?: D1Database; DB_0?: D1Database }>(mailbox as WorkerDomain).getEnv();
  const db = env.DB ?? env.DB_0;
  if (!db) throw new Error(`${mailbox} has no database`);
  return (await db.prepare(sql).all()).results;
};
const tool = (...args: string[]) => deadLetters(args, () => ask);
const parked = async () => Parked.parse(JSON.parse((await tool("list", "--json")).text));

/** A Worker's binding has it (workerd's own test door); its published type does not say so. */
interface QueueDoor {
  queue(name: string, messages: { id: string; timestamp: Date; attempts: number; body: unknown }[]): Promise<QueueAnswer>;
}
interface QueueAnswer {
  explicitAcks: string[];
  retryMessages: { delaySeconds?: number }[];
}

async function deliver(queue: string, bodies: unknown[], attempts = 1): Promise<QueueAnswer> {
  const worker = (await house.worker("analytics").getExport()) as unknown as QueueDoor;
  return worker.queue(
    queue,
    bodies.map((body) => ({ id: crypto.randomUUID(), timestamp: new Date(), attempts, body })),
  );
}

const paid = (currency: string) => {
  const orderId = crypto.randomUUID();
  const totalMinor = 2500;
  const data = {
    orderId,
    eventId: crypto.randomUUID(),
    organizerId: crypto.randomUUID(),
    totalMinor,
    ticketCount: 1,
    paidAtMs: 0,
  };
  return envelope("/payments", {
    type: "order.paid",
    subject: orderId,
    version: 1,
    nowMs: Date.now(),
    data: { ...data, currency },
  });
};

test("a poison message ends parked, is listed, replayed and dropped, and its batch-mates are counted", async () => {
  // No currency: the reader's own database refuses it, today and tomorrow.
  const [poison, good] = [paid("NO_CURRENCY"), paid("EUR")];
  const early = await deliver("bilten-analytics-mailbox", [poison, good]);
  expect([early.explicitAcks.length, early.retryMessages.length]).toEqual([1, 1]);
  expect(early.retryMessages[0]?.delaySeconds).toBeGreaterThanOrEqual(5);
  expect(await parked()).toEqual([]);

  const last = await deliver("bilten-analytics-mailbox", [poison, paid("EUR")], MAX_RETRIES + 1);
  expect([last.explicitAcks.length, last.retryMessages.length]).toEqual([2, 0]);
  await deliver("bilten-analytics-dead-letters", ["nobody can read this"]);
  const { DB } = await house.worker<{ DB: D1Database }>("analytics").getEnv();
  expect(await DB.prepare("SELECT count(*) AS n FROM counted_orders").first("n")).toBe(2);

  expect((await tool("list")).text).toContain("2 parked.");
  const found = await parked();
  expect(found.map(({ mailbox, reason }) => `${mailbox} ${reason}`).sort()).toEqual(["analytics failed", "analytics unreadable"]);
  expect(found.find(({ id }) => id === poison.id)?.error).toContain("CHECK constraint failed");
  expect((await tool("show", poison.id)).text).toContain(poison.subject);

  expect((await tool("replay", poison.id)).code).toBe(0);
  await house.sweep();
  const again = await eventually("the replay", async () =>
    (await parked()).find(({ id, attempts }) => id === poison.id && attempts === MAX_RETRIES + 2),
  );
  expect(again.error).toContain("CHECK constraint failed");

  expect((await tool("drop", ...found.map(({ id }) => id), "--yes")).code).toBe(0);
  expect(await parked()).toEqual([]);
});

test("a replay that succeeds is forgotten by the mailbox and counted by its reader", async () => {
  const order = paid("EUR");
  await deliver("bilten-analytics-dead-letters", [order]);
  expect((await parked()).map(({ id }) => id)).toEqual([order.id]);
  expect((await tool("replay", "--all", "--mailbox", "analytics")).code).toBe(0);
  await house.sweep();
  await eventually("an empty list", async () => ((await parked()).length === 0 ? true : undefined));
  const { DB } = await house.worker<{ DB: D1Database }>("analytics").getEnv();
  expect(await DB.prepare("SELECT 1 FROM counted_orders WHERE order_id = ?").bind(order.subject).first()).not.toBeNull();
});

test("the local databases are the files that the tool takes them for", async () => {
  const folder = await mkdtemp(join(tmpdir(), "bilten-state-"));
  const place = readPlaces().find(({ mailbox }) => mailbox === "search");
  if (!place) throw new Error("search has no mailbox");
  try {
    await expect(askLocally(folder)(place, "SELECT 1")).rejects.toThrow("no local data");
    // What `wrangler dev --persist-to` does.
    const search = await getPlatformProxy<{ DB: D1Database }>({
      configPath: join(ROOT, place.configPath),
      persist: { path: join(folder, "v3") },
    });
    const db = search.env.DB;
    await db.prepare("CREATE TABLE letters (id TEXT)").run();
    // Both at once: a house that runs, and the tool.
    await askLocally(folder)(place, "INSERT INTO letters VALUES ('from the tool') RETURNING id");
    await db.prepare("INSERT INTO letters VALUES ('from the house')").run();
    expect(await askLocally(folder)(place, "SELECT id FROM letters ORDER BY id")).toEqual([
      { id: "from the house" },
      { id: "from the tool" },
    ]);
    await search.dispose();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
