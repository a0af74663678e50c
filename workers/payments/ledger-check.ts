/** The ledger's balances, and whether they agree with the payments and refunds that they are about. */
import { LEDGER_ACCOUNTS, type LedgerAccount } from "./ledger-facts";
import type { LedgerDifference, LedgerSummary } from "./ledger-views";
import { rowsOf } from "./order-rows";

/** Which orders, found by an index, and whether their sums stand order by order. */
interface Scope {
  orders: string;
  entries: string;
  /** `order_id`, or one sum for all. */
  key: "order_id" | "''";
  value: string;
}

const ofOrganizer = (organizerId: string): Scope => ({
  orders: "SELECT id FROM orders WHERE organizer_id = ?",
  entries: "ledger_entries WHERE organizer_id = ?",
  key: "''",
  value: organizerId,
});

const ofOrders = (orderIds: readonly string[]): Scope => ({
  orders: "SELECT value AS id FROM json_each(?)",
  entries: `ledger_transactions t JOIN ledger_entries e ON e.transaction_id = t.id
    WHERE t.order_id IN (SELECT value FROM json_each(?))`,
  key: "order_id",
  value: JSON.stringify(orderIds),
});

interface Balance {
  key: string;
  account: LedgerAccount;
  currency: string;
  minor: number;
}

interface Recorded {
  key: string;
  currency: string;
  /** Came, and of that for nothing; is promised back, surplus apart; is back. */
  received: number;
  surplus: number;
  promised: number;
  returned: number;
}

/** One batch, and so one moment: what is posted in the same batch as a payment's move is never seen without it. */
function selectBoth(db: D1Database, { orders, entries, key, value }: Scope): D1PreparedStatement[] {
  const byKey = key === "order_id" ? "order_id, " : "";
  return [
    db
      .prepare(
        `SELECT ${key} AS key, account, currency, sum(amount_minor) AS minor FROM ${entries} GROUP BY ${byKey}currency, account`,
      )
      .bind(value),
    db
      .prepare(
        `SELECT ${key} AS key, currency, sum(received) AS received, sum(surplus) AS surplus, sum(promised) AS promised,
           sum(returned) AS returned
         FROM (
           SELECT p.order_id, p.currency, p.amount_minor AS received, p.is_surplus * p.amount_minor AS surplus, 0 AS promised, 0 AS returned
           FROM (${orders}) o CROSS JOIN payments p ON p.order_id = o.id
           WHERE p.state IN ('succeeded', 'partially_refunded', 'refunded')
           UNION ALL
           SELECT r.order_id, r.currency, 0, 0, iif(r.reason = 'surplus', 0, r.amount_minor), iif(r.state = 'succeeded', r.amount_minor, 0)
           FROM (${orders}) o CROSS JOIN refunds r ON r.order_id = o.id
         )
         GROUP BY ${byKey}currency`,
      )
      .bind(value, value),
  ];
}

function differencesOf(balances: readonly Balance[], records: readonly Recorded[]): LedgerDifference[] {
  const currencies = new Set([...balances, ...records].map(({ currency }) => currency));
  return [...currencies].flatMap((currency) => {
    const sum = (...accounts: readonly LedgerAccount[]) =>
      balances.reduce((total, row) => total + (row.currency === currency && accounts.includes(row.account) ? row.minor : 0), 0);
    const found = records.find((record) => record.currency === currency);
    const { received, surplus, promised, returned } = found ?? { received: 0, surplus: 0, promised: 0, returned: 0 };
    const checks: [LedgerDifference["what"], number, number][] = [
      ["provider_clearing", sum("provider_clearing"), received - returned],
      ["buyer_refunds", sum("buyer_refunds"), returned - surplus - promised],
      ["sales", sum("organizer_payable", "tax_payable", "platform_revenue"), promised - (received - surplus)],
      ["sum", sum(...LEDGER_ACCOUNTS), 0],
    ];
    return checks
      .filter(([, ledger, recorded]) => ledger !== recorded)
      .map(([what, ledger, recorded]) => ({
        what,
        ledger: { amount: ledger, currency },
        records: { amount: recorded, currency },
      }));
  });
}

/** Derived each time, never stored; each shard is checked by itself, because its batch alone is of one moment. */
export async function summarize(databases: readonly D1Database[], organizerId: string): Promise<LedgerSummary> {
  const shards = await Promise.all(databases.map((db) => db.batch(selectBoth(db, ofOrganizer(organizerId)))));
  const totals = new Map<string, Balance>();
  for (const [balances] of shards) {
    for (const row of rowsOf<Balance>(balances)) {
      const key = `${row.currency} ${row.account}`;
      totals.set(key, { ...row, minor: row.minor + (totals.get(key)?.minor ?? 0) });
    }
  }
  const differences = shards.flatMap(([balances, records]) => differencesOf(rowsOf(balances), rowsOf(records)));
  return {
    balances: [...totals.values()]
      .sort((a, b) => (`${a.currency} ${a.account}` < `${b.currency} ${b.account}` ? -1 : 1))
      .map(({ account, currency, minor }) => ({ account, amount: { amount: minor, currency } })),
    agrees: differences.length === 0,
    differences,
  };
}

/** Payments that one sweep of a shard checks: the newest, where a new fault shows first, and the next of a walk over all. */
const NEWEST = 50;
const WALKED = 100;

interface Checked {
  rowid: number;
  order_id: string;
}

/** Part of the sweep: some payments' orders, one by one. Throws when the ledger says something else than they do. */
export async function checkLedger(db: D1Database): Promise<number> {
  const [newest, walked] = await db.batch<Checked>([
    db.prepare(`SELECT rowid, order_id FROM payments ORDER BY rowid DESC LIMIT ${NEWEST}`),
    db.prepare(
      `SELECT rowid, order_id FROM payments WHERE rowid > coalesce((SELECT after_rowid FROM ledger_checks), 0)
       ORDER BY rowid LIMIT ${WALKED}`,
    ),
  ]);
  const next = rowsOf<Checked>(walked);
  const payments = new Map([...rowsOf<Checked>(newest), ...next].map(({ rowid, order_id }) => [rowid, order_id]));
  if (payments.size === 0) return 0;
  const orderIds = [...new Set(payments.values())];
  const [, balances, records] = await db.batch([
    movePlace(db, next.length < WALKED ? 0 : (next.at(-1)?.rowid ?? 0)),
    ...selectBoth(db, ofOrders(orderIds)),
  ]);
  const balancesOf = Map.groupBy(rowsOf<Balance>(balances), ({ key }) => key);
  const recordsOf = Map.groupBy(rowsOf<Recorded>(records), ({ key }) => key);
  const wrong = orderIds.filter((id) => differencesOf(balancesOf.get(id) ?? [], recordsOf.get(id) ?? []).length > 0);
  if (wrong.length > 0) throw new Error(`the ledger differs from the payments of ${wrong.length} orders: ${wrong.join(", ")}`);
  return payments.size;
}

/** What is found wrong stops the walk nowhere. */
const movePlace = (db: D1Database, afterRowid: number): D1PreparedStatement =>
  db
    .prepare(
      "INSERT INTO ledger_checks (id, after_rowid) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET after_rowid = excluded.after_rowid",
    )
    .bind(afterRowid);
