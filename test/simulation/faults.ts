/** What may go wrong with a house's data, put into the files of one that is stopped: the checker must name each. */
import type { DatabaseSync } from "node:sqlite";
import { dataFiles, type Kind, withDatabase } from "./data-files.ts";

export interface Fault {
  name: string;
  /** The rule by which the checker must name it. */
  rule: string;
  of: Kind;
  /** Must change something in one database of the kind, or the fault is none. */
  sql: string[];
}

const MAIL = "SELECT * FROM captured_messages WHERE message ->> '$.data.type' = 'order_confirmation' LIMIT 1";
const PAID = "SELECT id FROM orders WHERE state = 'paid' AND total_minor > 0";
const SALE = "SELECT id FROM ledger_transactions WHERE fact = 'sale' ORDER BY id LIMIT 1";

export const FAULTS: Fault[] = [
  {
    name: "a lost ticket",
    rule: "tickets_wrong",
    of: "inventory",
    sql: ["DELETE FROM tickets WHERE position = (SELECT min(position) FROM tickets WHERE status = 'valid')"],
  },
  {
    name: "a ticket that is void and was not paid back",
    rule: "ticket_void",
    of: "inventory",
    sql: ["UPDATE tickets SET status = 'void' WHERE position = (SELECT min(position) FROM tickets WHERE status = 'valid')"],
  },
  {
    name: "a ticket too many",
    rule: "tickets_wrong",
    of: "inventory",
    sql: [
      `INSERT INTO tickets (id, order_id, ticket_type_id, status, version, holder_name, holder_email, created_at_ms)
       SELECT 'one-more', order_id, ticket_type_id, status, version, holder_name, holder_email, created_at_ms FROM tickets
       WHERE status = 'valid' LIMIT 1`,
    ],
  },
  {
    name: "a counter that is off by one",
    rule: "pool_sold",
    of: "inventory",
    sql: ["UPDATE pools SET sold = sold + 1 WHERE sold < capacity AND id = (SELECT min(id) FROM pools)"],
  },
  {
    name: "stock held for nobody",
    rule: "pool_held",
    of: "inventory",
    sql: ["UPDATE pools SET held = held + 1 WHERE sold + held < capacity AND id = (SELECT min(id) FROM pools)"],
  },
  {
    name: "more sold than there is",
    rule: "oversold",
    of: "inventory",
    sql: ["PRAGMA ignore_check_constraints = ON", "UPDATE pools SET capacity = sold - 1 WHERE sold > 0"],
  },
  {
    name: "an object that decided otherwise",
    rule: "outcome_differs",
    of: "inventory",
    sql: [
      `UPDATE orders SET outcome = 'released', reason = 'cancelled' WHERE order_id =
         (SELECT min(order_id) FROM orders WHERE outcome = 'confirmed')`,
    ],
  },
  {
    name: "an acknowledged order that is gone",
    rule: "order_lost",
    of: "payments",
    sql: [`DELETE FROM orders WHERE id = (SELECT min(id) FROM (${PAID}))`],
  },
  {
    name: "an order that was placed twice",
    rule: "order_doubled",
    of: "payments",
    sql: [
      "CREATE TEMP TABLE again AS SELECT * FROM orders LIMIT 1",
      "UPDATE again SET id = 'again', hold_id = 'again'",
      "INSERT INTO orders SELECT * FROM again",
    ],
  },
  {
    name: "an order that was told to be paid and is not",
    rule: "paid_lost",
    of: "payments",
    sql: [`UPDATE orders SET state = 'expired' WHERE id = (SELECT min(id) FROM (${PAID}))`],
  },
  {
    name: "an order that is paid without tickets",
    rule: "tickets_wrong",
    of: "payments",
    sql: [
      `UPDATE orders SET state = 'paid', paid_at_ms = updated_at_ms WHERE id =
         (SELECT min(id) FROM orders WHERE state IN ('cancelled', 'expired'))`,
    ],
  },
  {
    name: "an entry that does not balance",
    rule: "ledger_unbalanced",
    of: "payments",
    sql: [
      "DROP TRIGGER ledger_entries_no_update",
      `UPDATE ledger_entries SET amount_minor = amount_minor + 1 WHERE position = 0 AND transaction_id IN (${SALE})`,
    ],
  },
  {
    name: "a sale that was posted twice",
    rule: "ledger_postings",
    of: "payments",
    sql: [
      `INSERT INTO ledger_entries (transaction_id, position, organizer_id, account, currency, amount_minor)
       SELECT 'again', position, organizer_id, account, currency, amount_minor FROM ledger_entries WHERE transaction_id IN (${SALE})`,
      "CREATE TEMP TABLE again AS SELECT * FROM ledger_transactions WHERE fact = 'sale' ORDER BY id LIMIT 1",
      "UPDATE again SET id = 'again'",
      "INSERT INTO ledger_transactions SELECT * FROM again",
    ],
  },
  {
    name: "a sale that was not posted",
    rule: "ledger_postings",
    of: "payments",
    sql: [
      "DROP TRIGGER ledger_entries_no_delete",
      "DROP TRIGGER ledger_transactions_no_delete",
      `CREATE TEMP TABLE gone AS ${SALE}`,
      "DELETE FROM ledger_entries WHERE transaction_id IN (SELECT id FROM gone)",
      "DELETE FROM ledger_transactions WHERE id IN (SELECT id FROM gone)",
    ],
  },
  {
    name: "a payment for nothing that is kept",
    rule: "surplus_kept",
    of: "payments",
    sql: [
      "CREATE TEMP TABLE again AS SELECT * FROM payments WHERE state = 'succeeded' LIMIT 1",
      "UPDATE again SET id = 'again', is_surplus = 1",
      "INSERT INTO payments SELECT * FROM again",
    ],
  },
  {
    name: "a second payment that bought nothing and says that it did",
    rule: "event_money",
    of: "payments",
    sql: [
      "CREATE TEMP TABLE again AS SELECT * FROM payments WHERE state = 'succeeded' AND is_surplus = 0 LIMIT 1",
      "UPDATE again SET id = 'again'",
      "INSERT INTO payments SELECT * FROM again",
    ],
  },
  {
    name: "a refund above its payment",
    rule: "refund_exceeds_payment",
    of: "payments",
    sql: [
      `INSERT INTO refunds (id, payment_id, order_id, reason, state, amount_minor, currency, next_try_at_ms, created_at_ms, updated_at_ms)
       SELECT 'too-much', id, order_id, 'requested', 'succeeded', amount_minor + 1, currency, 0, 0, 0 FROM payments
       WHERE state = 'succeeded' LIMIT 1`,
    ],
  },
  {
    name: "a refund that was not posted",
    rule: "ledger_postings",
    of: "payments",
    sql: [
      "DROP TRIGGER ledger_entries_no_delete",
      "DROP TRIGGER ledger_transactions_no_delete",
      "CREATE TEMP TABLE gone AS SELECT id FROM ledger_transactions WHERE fact = 'refund_paid' LIMIT 1",
      "DELETE FROM ledger_entries WHERE transaction_id IN (SELECT id FROM gone)",
      "DELETE FROM ledger_transactions WHERE id IN (SELECT id FROM gone)",
    ],
  },
  {
    name: "an event whose buyers were not all paid back",
    rule: "event_refunds_half_way",
    of: "payments",
    sql: ["UPDATE event_refunds SET finished_at_ms = NULL"],
  },
  {
    name: "a provider's word that nobody counted",
    rule: "event_unprocessed",
    of: "payments",
    sql: ["UPDATE provider_events SET processed_at_ms = NULL WHERE rowid = (SELECT min(rowid) FROM provider_events)"],
  },
  {
    name: "a payment that stands half-way",
    rule: "payment_half_way",
    of: "payments",
    sql: ["UPDATE payments SET state = 'processing' WHERE id = (SELECT min(id) FROM payments WHERE state = 'failed')"],
  },
  {
    name: "an order that stands half-way",
    rule: "order_half_way",
    of: "payments",
    // A short run may have none that expired by itself: any that ended unpaid and is due stands for it.
    sql: [
      "UPDATE orders SET state = 'pending', expires_at_ms = 1 WHERE id = (SELECT min(id) FROM orders WHERE state IN ('expired', 'cancelled'))",
    ],
  },
  {
    name: "news that was not sent",
    rule: "outbox_left",
    of: "payments",
    sql: ["INSERT INTO outbox (id, type, envelope, created_at_ms) VALUES ('left', 'order.paid', '{}', 0)"],
  },
  {
    name: "news that was lost",
    rule: "confirmation_mails",
    of: "notifications",
    sql: [`DELETE FROM captured_messages WHERE id IN (SELECT id FROM (${MAIL}))`],
  },
  {
    name: "a mail that was sent twice",
    rule: "confirmation_mails",
    of: "notifications",
    sql: [
      `CREATE TEMP TABLE again AS ${MAIL}`,
      "UPDATE again SET id = 'again'",
      "INSERT INTO captured_messages SELECT * FROM again",
    ],
  },
  {
    name: "a refund that was told of twice",
    rule: "refund_mails",
    of: "notifications",
    sql: [
      "CREATE TEMP TABLE again AS SELECT * FROM captured_messages WHERE message ->> '$.data.type' = 'refund' LIMIT 1",
      "UPDATE again SET id = 'again'",
      "INSERT INTO captured_messages SELECT * FROM again",
    ],
  },
  {
    name: "a message that its mailbox gave up",
    rule: "dead_letter",
    of: "notifications",
    sql: [
      `INSERT INTO dead_letters (id, reason, type, body, error, attempts, parked_at_ms, tried_at_ms)
       VALUES ('given-up', 'failed', 'order.paid', '{}', 'no', 11, 0, 0)`,
    ],
  },
  {
    name: "a refund that was not counted",
    rule: "refund_counted",
    of: "analytics",
    sql: ["DELETE FROM counted_refund_facts WHERE refund_id = (SELECT min(refund_id) FROM counted_refund_facts)"],
  },
  {
    name: "a sale that was counted twice",
    rule: "sales_figures",
    of: "analytics",
    sql: ["UPDATE sales SET orders = orders + 1 WHERE rowid = (SELECT min(rowid) FROM sales)"],
  },
  {
    name: "a sale that was not counted",
    rule: "order_counted",
    of: "analytics",
    sql: ["DELETE FROM counted_orders WHERE rowid = (SELECT min(rowid) FROM counted_orders)"],
  },
];

const changesOf = (db: DatabaseSync): number => Number(db.prepare("SELECT total_changes() AS changes").get()?.changes);

/** In the first database of its kind that has what it needs. False where none has: the run was too short to show it. */
export function plant(folder: string, { of, sql }: Fault): boolean {
  return dataFiles(folder)
    .filter(({ kind }) => kind === of)
    .some(({ path }) =>
      withDatabase(path, (db) => {
        const last = sql.at(-1) ?? "";
        for (const statement of sql.slice(0, -1)) db.exec(statement);
        const before = changesOf(db);
        db.exec(last);
        return changesOf(db) > before;
      }),
    );
}
