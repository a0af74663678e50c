/** The ledger on the real SQLite: what the database refuses, what its readers hear, and that somebody notices when it is wrong. */
import { afterEach, describe, expect, test, vi } from "vitest";
import type { Order } from "../../shared/contracts/orders";
import { checkLedger } from "../../workers/payments/ledger-check";
import { LedgerPage } from "../../workers/payments/ledger-views";
import { dbOf } from "../../workers/payments/shards";
import { countTrips } from "../support/counted-database";
import { errorOf } from "../support/inventory";
import { closeTills, codeOf, guest, openTill, parse, publish, type Till, user } from "../support/payments-room";

afterEach(async () => {
  vi.restoreAllMocks();
  await closeTills();
});

const ledger = (till: Till, more = "", as = till.events.owner) =>
  till.ask("GET", `/payments/ledger?organizerId=${till.events.organizerId}${more}`, { as });
const ledgerPage = async (till: Till, more = "") => parse(LedgerPage, await ledger(till, more));

async function paidOrder(till: Till, quantity = 1): Promise<Order> {
  const order = await till.order(await publish(till), quantity);
  await till.paid(order, "tok_success");
  return order;
}

/** An order in each of the two databases. */
async function paidInBoth(till: Till): Promise<Order[]> {
  const orders: Order[] = [];
  while (new Set(orders.map(({ id }) => id.slice(-2))).size < 2) orders.push(await paidOrder(till));
  return orders;
}

describe("the database refuses", () => {
  const transaction = (verb: string, id: string) =>
    `${verb} INTO ledger_transactions (id, fact, organizer_id, event_id, order_id, payment_id, provider, posted_at_ms)
     SELECT ${id}, fact, organizer_id, event_id, order_id, payment_id, provider, 0 FROM ledger_transactions LIMIT 1`;
  const entry = (verb: string, id: string, position: number, minor: number) =>
    `${verb} INTO ledger_entries (transaction_id, position, organizer_id, account, currency, amount_minor)
     SELECT ${id}, ${position}, organizer_id, 'provider_clearing', 'EUR', ${minor} FROM ledger_transactions LIMIT 1`;
  const STANDING = "(SELECT id FROM ledger_transactions LIMIT 1)";

  test.each([
    ["another amount", "UPDATE ledger_entries SET amount_minor = amount_minor + 1", "ledger_is_append_only"],
    ["another fact", "UPDATE ledger_transactions SET fact = 'fee'", "ledger_is_append_only"],
    ["taking entries away", "DELETE FROM ledger_entries", "ledger_is_append_only"],
    ["taking transactions away", "DELETE FROM ledger_transactions", "ledger_is_append_only"],
    ["another transaction in the place of one", transaction("REPLACE", STANDING), "ledger_sealed"],
    ["the same transaction again", transaction("INSERT OR IGNORE", STANDING), "ledger_sealed"],
    ["another entry in the place of one", entry("REPLACE", STANDING, 0, 1), "ledger_sealed"],
    ["a late entry", entry("INSERT", STANDING, 2, 1), "ledger_sealed"],
    ["a transaction without entries", transaction("INSERT", "'empty'"), "ledger_unbalanced"],
    ["an entry of nothing", entry("INSERT", "'nothing'", 0, 0), "CHECK constraint failed"],
  ])("%s", async (_, sql, refusal) => {
    const till = await openTill();
    const order = await paidOrder(till);
    const before = await till.row(order.id, "SELECT count(*) AS n, max(posted_at_ms) AS at FROM ledger_transactions");
    expect(await errorOf(till.run(order.id, sql))).toContain(refusal);
    expect(await till.row(order.id, "SELECT count(*) AS n, max(posted_at_ms) AS at FROM ledger_transactions")).toEqual(before);
    expect((await ledgerPage(till)).summary).toMatchObject({ agrees: true });
  });

  test("a transaction that does not balance, with all that is in its batch", async () => {
    const till = await openTill();
    const order = await paidOrder(till);
    const db = order.id.endsWith("00") ? till.env.DB_0 : till.env.DB_1;
    const batch = (second: number) =>
      db.batch([
        db.prepare(`UPDATE orders SET buyer_name = 'Nobody' WHERE id = '${order.id}'`),
        db.prepare(entry("INSERT", "'new'", 0, 500)),
        db.prepare(entry("INSERT", "'new'", 1, second)),
        db.prepare(transaction("INSERT", "'new'")),
      ]);
    expect(await errorOf(batch(-499))).toContain("ledger_unbalanced");
    expect(await till.row(order.id, "SELECT buyer_name FROM orders")).toEqual({ buyer_name: "Greta Guest" });
    // The control: one that balances is taken.
    await batch(-500);
    expect(await till.row(order.id, "SELECT buyer_name FROM orders")).toEqual({ buyer_name: "Nobody" });
  });
});

describe("GET /payments/ledger", () => {
  test("lists what was posted, newest first, with balances that agree with the payments of all shards", async () => {
    const till = await openTill();
    const orders = await paidInBoth(till);
    const page = await ledgerPage(till);
    expect(page.data.map(({ orderId }) => orderId)).toEqual(orders.map(({ id }) => id).reverse());
    for (const transaction of page.data) {
      expect(transaction.fact).toBe("sale");
      expect(transaction.entries).toEqual([
        { account: "provider_clearing", amount: { amount: 2500, currency: "EUR" } },
        { account: "organizer_payable", amount: { amount: -2500, currency: "EUR" } },
      ]);
    }
    const minor = 2500 * orders.length;
    expect(page.summary).toEqual({
      balances: [
        { account: "organizer_payable", amount: { amount: -minor, currency: "EUR" } },
        { account: "provider_clearing", amount: { amount: minor, currency: "EUR" } },
      ],
      agrees: true,
      differences: [],
    });

    const seen: string[] = [];
    for (let more = "&limit=1"; more !== ""; ) {
      const { data, nextCursor, summary } = await ledgerPage(till, more);
      expect(summary === undefined).toBe(seen.length > 0);
      seen.push(...data.map(({ id }) => id));
      more = nextCursor === null ? "" : `&limit=1&cursor=${nextCursor}`;
    }
    expect(seen).toEqual(page.data.map(({ id }) => id));
  });

  test("takes an order, and a time from which and until which", async () => {
    const till = await openTill();
    const first = await paidOrder(till);
    const { data } = await ledgerPage(till);
    const at = data[0]?.postedAt ?? "";
    const later = new Date(Date.parse(at) + 1).toISOString();
    const count = async (more: string) => (await ledgerPage(till, more)).data.length;
    expect(await count(`&orderId=${first.id}`)).toBe(1);
    expect(await count(`&orderId=${crypto.randomUUID()}`)).toBe(0);
    expect([await count(`&from=${at}`), await count(`&from=${later}`)]).toEqual([1, 0]);
    expect([await count(`&to=${at}`), await count(`&to=${later}`)]).toEqual([0, 1]);
  });

  test("shows late money as owed to its buyer and then as given back", async () => {
    const till = await openTill();
    const order = await till.order(await publish(till));
    const { payment } = await till.paid(order, "tok_requires_action");
    await till.ask("POST", `/orders/${order.id}/cancel`, { as: guest(order) });
    await till.webhook("evt_1", "payment.succeeded", payment.id);
    await till.idle();
    const { data, summary } = await ledgerPage(till);
    expect(data.map(({ fact }) => fact).sort()).toEqual(["late_payment", "refund_paid"]);
    expect(summary).toMatchObject({ agrees: true });
    expect(summary?.balances.map(({ account, amount }) => [account, amount.amount])).toEqual([
      ["buyer_refunds", 0],
      ["provider_clearing", 0],
    ]);
  });

  test("is for finance, owners, managers and admins, and for nobody of another organizer", async () => {
    const till = await openTill();
    await paidOrder(till);
    const { events } = till;
    for (const role of ["owner", "manager", "finance"] as const)
      expect(codeOf(await ledger(till, "", events.member(role)))).toBe("200 -");
    for (const role of ["marketing", "door"] as const)
      expect(codeOf(await ledger(till, "", events.member(role)))).toBe("403 forbidden");
    expect(codeOf(await ledger(till, "", user()))).toBe("403 forbidden");
    expect(codeOf(await ledger(till, "", user(undefined, "admin")))).toBe("200 -");
    const nowhere = `/payments/ledger?organizerId=${crypto.randomUUID()}`;
    expect(codeOf(await till.ask("GET", nowhere, { as: user(undefined, "admin") }))).toBe("404 organizer_not_found");
    expect(codeOf(await till.ask("GET", nowhere, { as: events.owner }))).toBe("404 organizer_not_found");
    expect(codeOf(await till.ask("GET", "/payments/ledger", { as: events.owner }))).toBe("400 invalid_query");
    expect(codeOf(await till.ask("GET", "/payments/ledger"))).toBe("401 credential_missing");
    expect(codeOf(await ledger(till, "&cursor=x"))).toBe("400 invalid_cursor");
    expect(codeOf(await ledger(till, "&from=yesterday"))).toBe("400 invalid_query");
  });

  test("says where it does not agree, and the sweep reports it", async () => {
    const reported = vi.spyOn(console, "error").mockImplementation(() => undefined);
    const till = await openTill();
    const order = await paidOrder(till);
    expect(await till.sweep()).toMatchObject({ ledger: 1 });
    expect(reported).not.toHaveBeenCalled();
    // As if the money had come and nobody had posted it.
    await till.run(order.id, "UPDATE payments SET amount_minor = amount_minor + 100");
    expect((await ledgerPage(till)).summary).toMatchObject({
      agrees: false,
      differences: [
        { what: "provider_clearing", ledger: { amount: 2500, currency: "EUR" }, records: { amount: 2600, currency: "EUR" } },
        { what: "sales", ledger: { amount: -2500, currency: "EUR" }, records: { amount: -2600, currency: "EUR" } },
      ],
    });
    await till.sweep();
    expect(JSON.stringify(reported.mock.calls)).toContain(`the ledger differs from the payments of 1 orders: ${order.id}`);
  });

  test("is held against every payment in turn, whichever isolate comes to the next", async () => {
    const till = await openTill();
    const clone = (order: { id: string }, times: number) =>
      till.run(
        order.id,
        `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${times})
         INSERT INTO payments (id, order_id, provider, state, amount_minor, currency, method, created_at_ms, updated_at_ms)
         SELECT hex(randomblob(16)), '${order.id}', 'test', 'failed', 1, 'EUR', '{}', 0, 0 FROM n`,
      );
    const event = await publish(till);
    const unpaid = await till.order(event);
    await clone(unpaid, 120);
    const order = await till.order(event);
    await till.paid(order, "tok_success");
    await till.run(order.id, `UPDATE payments SET amount_minor = amount_minor + 100 WHERE order_id = '${order.id}'`);
    await clone(unpaid, 120);
    const db = dbOf(till.env, order.id);
    if (!db) throw new Error("no shard");
    const heard: string[] = [];
    for (let turns = 0; turns < 6; turns++)
      // Another isolate's view of the database each time.
      heard.push(await checkLedger(countTrips(db).db).then(String, (error: Error) => error.message));
    const differs = `the ledger differs from the payments of 1 orders: ${order.id}`;
    expect(heard).toEqual(["150", differs, "50", "150", differs, "50"]);
  });
});
