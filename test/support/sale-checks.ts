/** What holds after every fact, whatever came before it: money and stock agree, and nothing goes backwards. */
import type { StatementSync } from "node:sqlite";
import type { OrderState, PaymentState } from "../../workers/payments/order-states";
import type { Fate, SaleModel } from "./sale-model";
import { CAPACITY, type World } from "./sale-world";

export interface OrderSeen {
  id: string;
  state: OrderState;
  version: number;
  quantity: number;
  total_minor: number;
  expires_at_ms: number;
  paid_at_ms: number | null;
}

export interface PaymentSeen {
  id: string;
  order_id: string;
  state: PaymentState;
  amount_minor: number;
  is_surplus: number;
  refunded_minor: number;
  returned_minor: number;
}

export interface Seen {
  orders: OrderSeen[];
  payments: PaymentSeen[];
}

export const hasMoney = ({ state }: PaymentSeen): boolean =>
  state === "succeeded" || state === "partially_refunded" || state === "refunded";

/** Prepared once: the same questions come after every fact. */
const statements = new Map<string, StatementSync>();

function rowsOf<Row>({ sqlite }: World, sql: string): Row[] {
  const statement = statements.get(sql) ?? sqlite.prepare(sql);
  statements.set(sql, statement);
  return statement.all() as Row[];
}

export const look = (world: World): Seen => ({
  orders: rowsOf<OrderSeen>(
    world,
    "SELECT o.*, (SELECT sum(quantity) FROM order_lines WHERE order_id = o.id) AS quantity FROM orders o",
  ),
  payments: rowsOf<PaymentSeen>(world, "SELECT * FROM payments ORDER BY created_at_ms, id"),
});

const sum = <Row>(rows: readonly Row[], minor: (row: Row) => number): number =>
  rows.reduce((total, row) => total + minor(row), 0);

function holds(claim: boolean, what: string, ...facts: unknown[]): void {
  if (!claim) throw new Error(`${what}: ${JSON.stringify(facts)}`);
}

/** What may follow what, written down a second time and from the outside: what a buyer would call going back. */
const ORDER_RANK: Record<OrderState, number> = {
  pending: 0,
  expired: 0,
  cancelled: 1,
  late_paid: 2,
  cancelled_paid: 2,
  paid: 2,
  partially_refunded: 3,
  refunded: 4,
};
const PAYMENT_RANK: Record<PaymentState, number> = {
  initiated: 0,
  requires_action: 1,
  processing: 2,
  failed: 3,
  succeeded: 4,
  partially_refunded: 5,
  refunded: 6,
};

/** `mayReturn`: money that was given back came again, which is the one way in which a payment is less refunded than it was. */
export function checkSteps(before: Seen, after: Seen, mayReturn: boolean): void {
  for (const order of before.orders) {
    const now = after.orders.find(({ id }) => id === order.id);
    holds(now !== undefined, "an order is gone", order);
    if (!now) continue;
    const isBack = ORDER_RANK[now.state] < ORDER_RANK[order.state] || (order.state === "expired" && now.state === "pending");
    holds(!isBack || (mayReturn && order.paid_at_ms === now.paid_at_ms), "an order went back", order, now);
    holds(now.version >= order.version, "an order's version went back", order, now);
    holds(order.paid_at_ms === null || now.paid_at_ms === order.paid_at_ms, "an order was paid twice", order, now);
  }
  for (const payment of before.payments) {
    const now = after.payments.find(({ id }) => id === payment.id);
    const isBack = !now || PAYMENT_RANK[now.state] < PAYMENT_RANK[payment.state];
    holds(!isBack || (mayReturn && now !== undefined && hasMoney(now)), "a payment went back", payment, now);
    holds(!hasMoney(payment) || now?.is_surplus === payment.is_surplus, "money was counted again", payment, now);
  }
}

interface RefundSeen {
  payment_id: string;
  reason: string;
  state: string;
  amount_minor: number;
}

/** The rows among themselves. */
export function checkMoney(world: World, { orders, payments }: Seen): void {
  const refunds = rowsOf<RefundSeen>(world, "SELECT payment_id, reason, state, amount_minor FROM refunds");
  const entries = rowsOf<{ order_id: string | null; account: string; minor: number }>(
    world,
    `SELECT t.order_id, e.account, sum(e.amount_minor) AS minor FROM ledger_entries e
     LEFT JOIN ledger_transactions t ON t.id = e.transaction_id GROUP BY 1, 2`,
  );
  const balance = (orderId: string, ...accounts: string[]) =>
    sum(
      entries.filter((entry) => entry.order_id === orderId && accounts.includes(entry.account)),
      ({ minor }) => minor,
    );
  for (const payment of payments) {
    const own = refunds.filter(({ payment_id }) => payment_id === payment.id);
    const surplus = own.filter(({ reason }) => reason === "surplus");
    const back = own.filter(({ state }) => state === "succeeded");
    const owes = hasMoney(payment) && payment.is_surplus === 1 ? payment.amount_minor : 0;
    holds(
      sum(surplus, (refund) => refund.amount_minor) === owes,
      "money that bought nothing is promised back once",
      payment,
      own,
    );
    holds(sum(own, (refund) => refund.amount_minor) === payment.refunded_minor, "what is promised", payment, own);
    holds(sum(back, (refund) => refund.amount_minor) === payment.returned_minor, "what is back", payment, own);
    holds(payment.refunded_minor <= payment.amount_minor, "never more than was paid", payment);
  }
  for (const order of orders) {
    const received = payments.filter((payment) => payment.order_id === order.id && hasMoney(payment));
    const moneyIn = sum(received, (payment) => payment.amount_minor);
    const wasted = sum(received, (payment) => payment.amount_minor * payment.is_surplus);
    const bought = order.paid_at_ms === null ? 0 : order.total_minor;
    holds(moneyIn - wasted === bought, "money in is what was bought and what goes back", order, received);
    const promised = sum(received, (payment) => payment.refunded_minor);
    const returned = sum(received, (payment) => payment.returned_minor);
    holds(balance(order.id, "provider_clearing") === moneyIn - returned, "the ledger's clearing", order, received);
    holds(
      balance(order.id, "buyer_refunds") === returned - promised,
      "what the ledger says is owed to the buyer",
      order,
      received,
    );
    const sales = balance(order.id, "organizer_payable", "tax_payable", "platform_revenue");
    holds(sales === promised - wasted - bought, "the ledger's sales", order, received);
  }
  holds(!entries.some(({ order_id }) => order_id === null), "every entry has its transaction");
  holds(sum(entries, ({ minor }) => minor) === 0, "the ledger is zero", entries);
}

interface TicketSeen extends Record<string, SqlStorageValue> {
  order_id: string;
  issued: number;
  void: number;
}

export const ticketsIn = (world: World): TicketSeen[] =>
  world.stock
    .exec<TicketSeen>("SELECT order_id, count(*) AS issued, sum(status = 'void') AS void FROM tickets GROUP BY order_id")
    .toArray();

/** The object's stock, and D1's orders. */
export function checkStock(world: World, { orders }: Seen, model: SaleModel): void {
  const nowMs = world.nowMs();
  const tickets = ticketsIn(world);
  for (const { id, quantity, paid_at_ms, state } of orders) {
    const { issued = 0, void: voided = 0 } = tickets.find(({ order_id }) => order_id === id) ?? {};
    holds(
      issued === (paid_at_ms === null ? 0 : quantity),
      "one set of tickets for an order that is paid, none for another",
      id,
      issued,
    );
    holds(state !== "refunded" || issued === voided, "whoever has all of his money back has no ticket", id, issued, voided);
  }
  const pool = world.stock.exec<{ sold: number; held: number }>("SELECT sold, held FROM pools").one();
  const held = world.stock
    .exec<{ live: number; all_held: number }>(
      `SELECT coalesce(sum(l.value ->> 'quantity') FILTER (WHERE h.expires_at_ms > ?), 0) AS live, coalesce(sum(l.value ->> 'quantity'), 0) AS all_held
       FROM holds h JOIN json_each(h.lines) l WHERE h.status IN ('held', 'claimed')`,
      nowMs,
    )
    .one();
  holds(pool.held === held.all_held, "the pool holds what the holds hold", pool, held);
  holds(pool.sold + pool.held <= CAPACITY, "no more than there is", pool);
  // Who bought a ticket of a cancelled event has his money back, and nobody may have the place.
  if (!model.isCancelled)
    holds(pool.sold === sum(tickets, (ticket) => ticket.issued - ticket.void), "sold are the tickets", pool, tickets);
  holds(held.live === model.held(nowMs), "held is what the model holds", held, model.held(nowMs));
  if (!model.isCancelled) holds(pool.sold === model.sold(), "sold is what the model sold", pool, model.sold());
}

const FATES: Record<Fate, readonly OrderState[]> = {
  open: ["pending", "expired"],
  cancelled: ["cancelled"],
  paid: ["paid", "partially_refunded", "refunded"],
  lost: ["late_paid", "cancelled_paid", "refunded"],
};

export function checkFates({ orders }: Seen, model: SaleModel): void {
  for (const order of orders) {
    const expected = model.orders.get(order.id);
    const fits =
      expected && FATES[expected.fate].includes(order.state) && (expected.fate === "paid") === (order.paid_at_ms !== null);
    holds(fits === true, "the order is what the model says", order, expected);
    if (expected?.fate === "open")
      holds(expected.endMs === order.expires_at_ms, "the order ends when the model says", order, expected);
  }
}

/** What still waits for somebody's word. */
export const halfWay = (world: World): unknown[] =>
  rowsOf(
    world,
    `SELECT 'event' AS what, event_id AS id FROM provider_events WHERE processed_at_ms IS NULL
     UNION ALL SELECT 'payment', id FROM payments WHERE state IN ('initiated', 'requires_action', 'processing')
     UNION ALL SELECT 'refund', id FROM refunds WHERE state <> 'succeeded'
     UNION ALL SELECT 'order', id FROM orders WHERE state IN ('pending', 'late_paid', 'cancelled_paid')`,
  );

/** Once nothing is under way any more: either the tickets or the money, at the bank itself. */
export function checkEnd(world: World, { orders, payments }: Seen): void {
  const waiting = halfWay(world);
  holds(waiting.length === 0, "nothing is half-way", waiting);
  for (const order of orders) {
    const own = payments.filter(({ order_id }) => order_id === order.id);
    const kept =
      order.paid_at_ms === null
        ? 0
        : order.total_minor - sum(own, (payment) => (1 - payment.is_surplus) * payment.refunded_minor);
    const taken = world.bank.takenFor(own.map(({ id }) => id));
    holds(taken === kept, "the bank has what was bought and no more", order, own, { taken, kept });
    holds(
      ["paid", "cancelled", "expired", "partially_refunded", "refunded"].includes(order.state),
      "no order is half-way",
      order,
    );
  }
}
