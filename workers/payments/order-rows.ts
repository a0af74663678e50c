/** How orders, their lines and their payments are read together: one round trip each. */
import type { LineRow, OrderRow, PaymentRow } from "./schema";

export interface OrderWithLines {
  order: OrderRow;
  lines: LineRow[];
}

/** What a fact about money changes: the payment and its order. */
export interface Sale extends OrderWithLines {
  payment: PaymentRow;
}

export const selectOrder = (db: D1Database, orderId: string): D1PreparedStatement =>
  db.prepare("SELECT * FROM orders WHERE id = ?").bind(orderId);

export const selectLines = (db: D1Database, orderId: string): D1PreparedStatement =>
  db.prepare("SELECT * FROM order_lines WHERE order_id = ? ORDER BY position").bind(orderId);

/** The rows of one statement of a batch. `Row` is what its SELECT names, which the schema test compares with the tables. */
export const rowsOf = <Row>(result: D1Result | undefined): Row[] => (result?.results ?? []) as Row[];

export async function readOrder(db: D1Database, orderId: string): Promise<OrderWithLines | null> {
  const [orders, lines] = await db.batch([selectOrder(db, orderId), selectLines(db, orderId)]);
  const [order] = rowsOf<OrderRow>(orders);
  return order ? { order, lines: rowsOf<LineRow>(lines) } : null;
}

export const selectSale = (db: D1Database, paymentId: string): D1PreparedStatement[] => [
  db.prepare("SELECT * FROM payments WHERE id = ?").bind(paymentId),
  db.prepare("SELECT * FROM orders WHERE id = (SELECT order_id FROM payments WHERE id = ?)").bind(paymentId),
  db
    .prepare("SELECT * FROM order_lines WHERE order_id = (SELECT order_id FROM payments WHERE id = ?) ORDER BY position")
    .bind(paymentId),
];

export function toSale([payments, orders, lines]: readonly D1Result[]): Sale | null {
  const [payment] = rowsOf<PaymentRow>(payments);
  const [order] = rowsOf<OrderRow>(orders);
  return payment && order ? { payment, order, lines: rowsOf<LineRow>(lines) } : null;
}

export const readSale = async (db: D1Database, paymentId: string): Promise<Sale | null> =>
  toSale(await db.batch(selectSale(db, paymentId)));

/** One parameter however many ids: D1 binds at most 100. */
const IDS = "(SELECT value FROM json_each(?))";

/** Those that exist, by id. */
export async function readOrders(db: D1Database, orderIds: readonly string[]): Promise<Map<string, OrderWithLines>> {
  const ids = JSON.stringify(orderIds);
  const [orders, lines] = await db.batch([
    db.prepare(`SELECT * FROM orders WHERE id IN ${IDS}`).bind(ids),
    db.prepare(`SELECT * FROM order_lines WHERE order_id IN ${IDS} ORDER BY position`).bind(ids),
  ]);
  const linesOf = Map.groupBy(rowsOf<LineRow>(lines), ({ order_id }) => order_id);
  return new Map(rowsOf<OrderRow>(orders).map((order) => [order.id, { order, lines: linesOf.get(order.id) ?? [] }]));
}

/** Those that exist, by the payment's id. */
export async function readSales(db: D1Database, paymentIds: readonly string[]): Promise<Map<string, Sale>> {
  const ids = JSON.stringify(paymentIds);
  const ofPayments = `(SELECT order_id FROM payments WHERE id IN ${IDS})`;
  const [payments, orders, lines] = await db.batch([
    db.prepare(`SELECT * FROM payments WHERE id IN ${IDS}`).bind(ids),
    db.prepare(`SELECT * FROM orders WHERE id IN ${ofPayments}`).bind(ids),
    db.prepare(`SELECT * FROM order_lines WHERE order_id IN ${ofPayments} ORDER BY position`).bind(ids),
  ]);
  const orderOf = new Map(rowsOf<OrderRow>(orders).map((order) => [order.id, order]));
  const linesOf = Map.groupBy(rowsOf<LineRow>(lines), ({ order_id }) => order_id);
  const sales = rowsOf<PaymentRow>(payments).flatMap((payment): [string, Sale][] => {
    const order = orderOf.get(payment.order_id);
    return order ? [[payment.id, { payment, order, lines: linesOf.get(order.id) ?? [] }]] : [];
  });
  return new Map(sales);
}
