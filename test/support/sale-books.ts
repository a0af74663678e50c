/** Reads everything that a sale leaves behind, in both shards and in the events' objects, and says what of it does not agree. */
import { env as bindings } from "cloudflare:workers";
import * as stock from "../../workers/events/order-stock";
import { checkLedger } from "../../workers/payments/ledger-check";
import type { OrderRow, PaymentRow, RefundRow } from "../../workers/payments/schema";
import { inventoryOf, poolsOf } from "./inventory";
import type { Till } from "./payments-room";

type OrderFound = OrderRow & { quantity: number };

const WAITING = {
  "provider events not counted": "SELECT COUNT(*) AS n FROM provider_events WHERE processed_at_ms IS NULL",
  "messages in the outbox": "SELECT COUNT(*) AS n FROM outbox",
  "rows in the guard": "SELECT COUNT(*) AS n FROM guard",
  "orders that are still pending": "SELECT COUNT(*) AS n FROM orders WHERE state = 'pending'",
  "orders whose money is still owed": "SELECT COUNT(*) AS n FROM orders WHERE state IN ('late_paid', 'cancelled_paid')",
  "payments that nobody has decided": "SELECT COUNT(*) AS n FROM payments WHERE state IN ('initiated', 'processing')",
  "refunds that are not paid": "SELECT COUNT(*) AS n FROM refunds WHERE state <> 'succeeded'",
};

const sum = <Row>(rows: readonly Row[], minor: (row: Row) => number): number =>
  rows.reduce((total, row) => total + minor(row), 0);

async function rowsOf<Row>(db: D1Database, sql: string): Promise<Row[]> {
  return (await db.prepare(sql).all<Row>()).results;
}

/** Empty when nothing stands half-way and money, stock, ledger and news agree. */
export async function faultsInBooks(till: Till): Promise<string[]> {
  const faults: string[] = [];
  const sold = new Map<string, number>();
  for (const db of [bindings.PAYMENTS_0_DB, bindings.PAYMENTS_1_DB]) {
    for (const [what, sql] of Object.entries(WAITING)) {
      const count = await db.prepare(sql).first<number>("n");
      if (count !== 0) faults.push(`${count} ${what}`);
    }
    await checkLedger(db).catch((error) => faults.push(String(error)));
    const payments = Map.groupBy(await rowsOf<PaymentRow>(db, "SELECT * FROM payments"), ({ order_id }) => order_id);
    const refunds = Map.groupBy(await rowsOf<RefundRow>(db, "SELECT * FROM refunds"), ({ payment_id }) => payment_id);
    for (const order of await rowsOf<OrderFound>(
      db,
      "SELECT *, (SELECT SUM(quantity) FROM order_lines WHERE order_id = orders.id) AS quantity FROM orders",
    )) {
      const valid = await validTickets(till, order);
      sold.set(order.event_id, (sold.get(order.event_id) ?? 0) + valid);
      faults.push(...faultsInOrder(till, order, payments.get(order.id) ?? [], refunds, valid));
    }
  }
  for (const [eventId, tickets] of sold) {
    for (const pool of await poolsOf(inventoryOf(eventId))) {
      if (pool.sold !== tickets || pool.held !== 0)
        faults.push(`a pool has ${pool.sold} sold and ${pool.held} held, and there are ${tickets} tickets`);
    }
  }
  return faults;
}

async function validTickets(till: Till, { event_id, id }: OrderRow): Promise<number> {
  const tickets = await stock.ticketsOf(till.events.env, event_id, id);
  if (!tickets.ok) throw new Error(`the tickets of an order: ${tickets.error.code}`);
  return tickets.value.filter(({ status }) => status === "valid").length;
}

function faultsInOrder(
  till: Till,
  order: OrderFound,
  payments: readonly PaymentRow[],
  refunds: ReadonlyMap<string, readonly RefundRow[]>,
  valid: number,
): string[] {
  const received = payments.filter(({ state }) => ["succeeded", "partially_refunded", "refunded"].includes(state));
  const kept = sum(received, ({ amount_minor, returned_minor }) => amount_minor - returned_minor);
  const isPaid = order.state === "paid";
  const news = new Set(
    till.sent.filter(({ type, subject }) => type === "order.paid" && subject === order.id).map(({ id }) => id),
  );
  const paidBack = (payment: PaymentRow) => sum(refunds.get(payment.id) ?? [], ({ amount_minor }) => amount_minor);
  const checks: [boolean, string][] = [
    [kept === (isPaid ? order.total_minor : 0), `keeps ${kept} of ${order.total_minor}`],
    [valid === (isPaid ? order.quantity : 0), `has ${valid} tickets of ${order.quantity}`],
    [news.size === (order.paid_at_ms === null ? 0 : 1), `was told of as paid ${news.size} times`],
    [received.every((payment) => paidBack(payment) === payment.returned_minor), "was paid back something else than its refunds"],
  ];
  return checks.filter(([holds]) => !holds).map(([, fault]) => `a ${order.state} order ${fault}`);
}
