/** `npm run dead-letters` against databases as the migrations make them. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { beforeEach, describe, expect, test } from "vitest";
import { ROOT } from "../../shared/scripts/configurations";
import { deadLetters } from "../../shared/scripts/dead-letters";
import type { Ask } from "../../shared/scripts/parked-messages";

const ID = "0193e1a0-0000-7000-8000-000000000001";
const OTHER = "0193e1a0-0000-7000-8000-000000000002";
const HASHED = `sha256-${"a".repeat(43)}`;

function migrated(domain: string): DatabaseSync {
  const database = new DatabaseSync(":memory:");
  const folder = join(ROOT, "migrations", domain);
  for (const file of readdirSync(folder).sort()) database.exec(readFileSync(join(folder, file), "utf8"));
  return database;
}

let databases: Map<string, DatabaseSync>;
let failing: string | null;
const ask: Ask = async ({ mailbox }, sql) => {
  if (mailbox === failing) throw new Error(`${mailbox} is down`);
  const database = databases.get(mailbox) ?? migrated(mailbox);
  databases.set(mailbox, database);
  return database.prepare(sql).all();
};
const run = (...args: string[]) => deadLetters(args, () => ask);
const parsed = async (...args: string[]) => JSON.parse((await run(...args, "--json")).text);

async function park(mailbox: string, id: string, error = "Error: down", body: unknown = { id }) {
  await run("list", "--mailbox", mailbox);
  databases
    .get(mailbox)
    ?.prepare(
      `INSERT INTO dead_letters (id, reason, type, dataschema, subject, body, error, attempts, parked_at_ms, tried_at_ms)
       VALUES (?, 'failed', 'order.paid', 'urn:bilten:order.paid:1', 'an order', ?, ?, 11, 1800000000000, 1800000001000)`,
    )
    .run(id, JSON.stringify(body), error);
}

beforeEach(() => {
  databases = new Map();
  failing = null;
});

describe("listing", () => {
  test("names what is parked anywhere, in columns, one line each whatever an error says", async () => {
    expect(await run("list")).toEqual({ code: 0, text: "Nothing is parked." });
    await park("search", ID, "Error: line one\nline two \u001b[31mred");
    await park("analytics", HASHED);
    const { code, text } = await run("list");
    const [head, first, second, count] = text.split("\n");
    expect(code).toBe(0);
    expect(head).toMatch(/^MAILBOX +ID +TYPE +STATE +TRIES +PARKED +LAST ERROR$/);
    expect(first).toBe(
      `search     ${ID}  order.paid  failed  11     2027-01-15T08:00:00Z  Error: line one line two  [31mred`.replace(
        ID,
        ID.padEnd(50),
      ),
    );
    expect(second).toMatch(new RegExp(`^analytics  ${HASHED}  order.paid`));
    expect(count).toBe("2 parked.");
    expect((await run("list", "--mailbox", "analytics")).text).not.toContain(ID);
    expect(await parsed("list")).toMatchObject([{ mailbox: "search", id: ID, attempts: 11 }, { id: HASHED }]);
  });
});

describe("one message", () => {
  test("is shown with its body, in every mailbox that parked it", async () => {
    await park("notifications", ID, "Error: down", { id: ID, data: { text: "\u009b31m" } });
    await park("analytics", ID);
    const { code, text } = await run("show", ID);
    expect(code).toBe(0);
    expect(text).toContain("urn:bilten:order.paid:1");
    expect(text).toContain(`"id": "${ID}"`);
    expect(text).not.toMatch(/[\u007f-\u009f]/);
    expect((await parsed("show", ID)).map(({ mailbox }: { mailbox: string }) => mailbox)).toEqual(["analytics", "notifications"]);
  });

  test("is asked for again, alone or with all others, and says so", async () => {
    await park("search", ID);
    await park("search", OTHER);
    expect(await run("replay", ID)).toMatchObject({ code: 0, text: expect.stringContaining(`To be replayed: search ${ID}`) });
    const states = async () =>
      (await parsed("list")).map(
        ({ replay_requested_at_ms }: { replay_requested_at_ms: number | null }) => replay_requested_at_ms,
      );
    expect(await states()).toEqual([expect.any(Number), null]);
    expect((await run("list")).text).toContain("to be replayed");
    expect((await run("replay", "--all")).code).toBe(0);
    expect(await states()).toEqual([expect.any(Number), expect.any(Number)]);
  });

  test("is dropped for good, but not by accident", async () => {
    await park("search", ID);
    await park("search", OTHER);
    expect((await run("drop", ID)).code).toBe(2);
    expect(await parsed("list")).toHaveLength(2);
    expect(await run("drop", ID, "--yes")).toEqual({ code: 0, text: `Dropped: search ${ID}` });
    expect(await parsed("list")).toMatchObject([{ id: OTHER }]);
  });

  test("that two readers parked is dropped from the mailbox that is named, and from none without a name", async () => {
    await park("search", ID);
    await park("analytics", ID);
    await park("search", OTHER);
    const { code, text } = await run("drop", ID, OTHER, "--yes");
    expect([code, text]).toEqual([2, expect.stringContaining(`--mailbox for ${ID} (search, analytics)`)]);
    expect(await parsed("list")).toHaveLength(3);
    expect((await run("drop", ID, "--yes", "--mailbox", "analytics")).code).toBe(0);
    expect(await parsed("list")).toMatchObject([
      { mailbox: "search", id: ID },
      { mailbox: "search", id: OTHER },
    ]);
  });

  test.each(["show", "replay", "drop"])("that is not there fails a %s, and the others are served", async (command) => {
    await park("search", ID);
    const answer = await run(command, ID, OTHER, "--yes");
    expect(answer.code).toBe(1);
    expect(answer.text).toContain(ID);
    expect(answer.text).toContain(`Not parked: ${OTHER}`);
  });
});

describe("what is not understood changes nothing and ends with 2", () => {
  test.each([
    [[]],
    [["frob"]],
    [["constructor"]],
    [["list", ID]],
    [["list", "--mailbox", "cake"]],
    [["show"]],
    [["replay"]],
    [["replay", ID, "--all"]],
    [["drop", "--yes", "--all"]],
    [["drop", `${ID}') OR ('1`, "--yes"]],
    [["drop", "--hurry"]],
  ])("%j", async (args) => {
    await park("search", ID);
    expect((await run(...args)).code).toBe(2);
    expect(await parsed("list")).toMatchObject([{ id: ID, replay_requested_at_ms: null }]);
  });
});

describe("mails that were given up", () => {
  async function giveUp(id: string, status = "parked") {
    await run("list", "--mailbox", "notifications");
    databases
      .get("notifications")
      ?.prepare(
        `INSERT INTO deliveries (id, business_key, type, source_id, status, attempts, due_at_ms, created_at_ms, settled_at_ms)
         VALUES (?1, ?1, 'order_confirmation', 'an-order', ?2, 30, 1800000000000, 1800000000000, 1800086400000)`,
      )
      .run(id, status);
  }

  test("are listed, and queued again with all their tries", async () => {
    expect(await run("mails")).toEqual({ code: 0, text: "No mail is parked." });
    for (const id of [ID, OTHER]) await giveUp(id);
    await giveUp(crypto.randomUUID(), "sent");
    expect((await run("mails")).text).toMatch(
      new RegExp(`^ID .*\n${ID} +order_confirmation +an-order +30 +2027-01-15T08:00:00Z +2027-01-16T08:00:00Z\n`),
    );
    expect(await run("resend", ID, ID.replace("1", "2"))).toMatchObject({ code: 1, text: expect.stringContaining("Not parked") });
    const before = Date.now();
    const queued = databases.get("notifications")?.prepare("SELECT * FROM deliveries WHERE status = 'queued'").all() ?? [];
    expect(queued).toMatchObject([{ id: ID, attempts: 0, settled_at_ms: null }]);
    expect(Number(queued[0]?.due_at_ms)).toBeLessThanOrEqual(before);
    expect(await parsed("mails")).toMatchObject([{ id: OTHER }]);
    expect(await parsed("resend", "--all")).toEqual({ changed: [{ mailbox: "notifications", id: OTHER }], missing: [] });
    expect(await parsed("mails")).toEqual([]);
  });

  test("are in one mailbox only", async () => {
    expect((await run("mails", "--mailbox", "search")).code).toBe(1);
    expect((await run("resend")).code).toBe(2);
    expect((await run("resend", "cake")).code).toBe(2);
  });
});

test("a database that does not answer is a failure, not an empty list", async () => {
  failing = "users";
  expect(await run("list")).toEqual({ code: 1, text: "users is down" });
});
