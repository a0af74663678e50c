/** Money in is tickets and refunds, by payment, order and event; the ledger says the same, entry by entry. */
import type { Violation } from "./checker.ts";
import { groupBy, hasBeenPaid, isMoney, sumOf } from "./checker-views.ts";
import type { Row, Snapshot } from "./snapshot.ts";

type Payment = Row<"payments", "payments">;
type Refund = Row<"payments", "refunds">;

export const checkMoney = (snapshot: Snapshot): Violation[] => [
  ...checkRefunds(snapshot),
  ...checkOrders(snapshot),
  ...checkEvents(snapshot),
  ...checkBalance(snapshot),
  ...checkPostings(snapshot),
];

function checkRefunds({ payments: { payments, refunds } }: Snapshot): Violation[] {
  const ofPayment = groupBy(refunds, ({ payment_id }) => payment_id);
  return payments.flatMap((payment) => {
    const mine = ofPayment.get(payment.id) ?? [];
    const promised = sumOf(mine, (refund) => refund.amount_minor);
    const returned = sumOf(mine.filter(isBack), (refund) => refund.amount_minor);
    const violations: Violation[] = [];
    const tell = (rule: string, what: string) => violations.push({ rule, id: payment.id, what });
    if (promised > payment.amount_minor) tell("refund_exceeds_payment", `${promised} of ${payment.amount_minor}`);
    if (promised !== payment.refunded_minor)
      tell("refund_miscounted", `${payment.refunded_minor} promised, the refunds say ${promised}`);
    if (returned !== payment.returned_minor)
      tell("refund_miscounted", `${payment.returned_minor} returned, the refunds say ${returned}`);
    if (mine.length > 0 && !isMoney(payment)) tell("refund_of_nothing", `a ${payment.state} payment`);
    const state = returned === 0 ? "succeeded" : returned === payment.amount_minor ? "refunded" : "partially_refunded";
    if (isMoney(payment) && payment.state !== state) tell("payment_state", `is ${payment.state} with ${returned} returned`);
    return violations;
  });
}

const isBack = ({ state }: Refund): boolean => state === "succeeded";

/** One payment bought it, for what its tickets cost; any other money of it is on its way back. */
function checkOrders({ payments: { orders, order_lines, payments, refunds } }: Snapshot): Violation[] {
  const ofOrder = groupBy(payments.filter(isMoney), ({ order_id }) => order_id);
  const linesOf = groupBy(order_lines, ({ order_id }) => order_id);
  const surplus = new Set(refunds.filter(({ reason }) => reason === "surplus").map(({ payment_id }) => payment_id));
  return orders.flatMap((order) => {
    const money = ofOrder.get(order.id) ?? [];
    const buying = money.filter(({ is_surplus }) => is_surplus === 0);
    const violations: Violation[] = [];
    const tell = (rule: string, what: string, id = order.id) => violations.push({ rule, id, what });
    const wanted = hasBeenPaid(order) && order.total_minor > 0 ? 1 : 0;
    if (buying.length !== wanted) tell("order_payments", `${order.state}, bought by ${buying.length} payments`);
    const worth = sumOf(linesOf.get(order.id) ?? [], (line) => line.quantity * line.unit_price_minor);
    if (worth - order.discount_minor + order.fees_minor + order.tax_minor !== order.total_minor)
      tell("order_total", `${order.total_minor} for lines of ${worth}`);
    for (const { id, amount_minor, currency, is_surplus } of money) {
      if (amount_minor !== order.total_minor || currency !== order.currency)
        tell("payment_amount", `${amount_minor} ${currency}`, id);
      if (is_surplus === 1 && !surplus.has(id)) tell("surplus_kept", "money that bought nothing and is not owed back", id);
    }
    return violations;
  });
}

/** What came for an event is its tickets' price, at the price that the objects froze, and what went back of the rest. */
function checkEvents({ payments: { orders, payments, refunds }, inventories }: Snapshot): Violation[] {
  const eventOf = new Map(orders.map((order) => [order.id, order.event_id]));
  return inventories.flatMap(({ event: [event], holds, tickets }) => {
    if (!event) return [];
    const money = payments.filter((payment) => isMoney(payment) && eventOf.get(payment.order_id) === event.event_id);
    const surplusIds = new Set(money.filter(({ is_surplus }) => is_surplus === 1).map(({ id }) => id));
    const back = refunds.filter(({ payment_id, state }) => surplusIds.has(payment_id) && state === "succeeded");
    const prices = new Map(
      holds.flatMap((hold) => pricesOf(hold.lines).map(([type, price]) => [`${hold.order_id} ${type}`, price] as const)),
    );
    const received = sumOf(money, ({ amount_minor }) => amount_minor);
    const sold = sumOf(tickets, ({ order_id, ticket_type_id }) => prices.get(`${order_id} ${ticket_type_id}`) ?? Number.NaN);
    const returned = sumOf(back, ({ amount_minor }) => amount_minor);
    return received === sold + returned
      ? []
      : [{ rule: "event_money", id: event.event_id, what: `${received} came, tickets for ${sold} and ${returned} given back` }];
  });
}

const pricesOf = (lines: string): [string, number][] =>
  (JSON.parse(lines) as { ticketTypeId: string; unitPriceMinor: number }[]).map((line) => [
    line.ticketTypeId,
    line.unitPriceMinor,
  ]);

/** Each transaction by itself, and all accounts together. */
function checkBalance({ payments: { ledger_entries, ledger_transactions, payments, refunds } }: Snapshot): Violation[] {
  const violations: Violation[] = [];
  const sealed = new Set(ledger_transactions.map(({ id }) => id));
  const sum = (entries: typeof ledger_entries) => sumOf(entries, ({ amount_minor }) => amount_minor);
  for (const [id, entries] of groupBy(ledger_entries, ({ transaction_id }) => transaction_id)) {
    if (!sealed.has(id)) violations.push({ rule: "ledger_unsealed", id, what: "entries without their transaction" });
    for (const [currency, of] of groupBy(entries, (entry) => entry.currency))
      if (sum(of) !== 0) violations.push({ rule: "ledger_unbalanced", id, what: `${sum(of)} ${currency}` });
  }
  const currencies = new Set([...ledger_entries, ...payments].map(({ currency }) => currency));
  for (const currency of currencies) {
    const of = <T extends { currency: string }>(rows: T[]) => rows.filter((row) => row.currency === currency);
    const account = (name: string) => sum(of(ledger_entries).filter((entry) => entry.account === name));
    const received = sumOf(of(payments).filter(isMoney), ({ amount_minor }) => amount_minor);
    const returned = sumOf(of(refunds).filter(isBack), ({ amount_minor }) => amount_minor);
    const owed = sumOf(of(refunds), ({ amount_minor }) => amount_minor) - returned;
    if (account("provider_clearing") !== received - returned)
      violations.push({
        rule: "ledger_clearing",
        id: currency,
        what: `${account("provider_clearing")}, not ${received - returned}`,
      });
    if (account("buyer_refunds") !== -owed)
      violations.push({ rule: "ledger_owed", id: currency, what: `${account("buyer_refunds")}, not ${-owed}` });
  }
  return violations;
}

/** Each fact stands once, for its payment's or its refund's amount. */
function checkPostings({ payments: { ledger_entries, ledger_transactions, payments, refunds, orders } }: Snapshot): Violation[] {
  const violations: Violation[] = [];
  const entries = groupBy(ledger_entries, ({ transaction_id }) => transaction_id);
  const debited = (id: string) =>
    sumOf(
      (entries.get(id) ?? []).filter(({ amount_minor }) => amount_minor > 0),
      (entry) => entry.amount_minor,
    );
  const expect = (id: string, what: string, facts: string[], amount: number, has: typeof ledger_transactions) => {
    const posted = sumOf(has, (transaction) => debited(transaction.id));
    const isOnce = facts.every((fact) => has.filter((transaction) => transaction.fact === fact).length <= 1);
    if (!isOnce || posted !== amount)
      violations.push({ rule: "ledger_postings", id, what: `${what}: ${posted} posted ${has.length} times, not ${amount} once` });
  };
  const ofPayment = groupBy(ledger_transactions, ({ payment_id }) => payment_id);
  const ofRefund = groupBy(ledger_transactions, ({ refund_id }) => refund_id);
  for (const payment of payments) {
    const has = ofPayment.get(payment.id) ?? [];
    const amount = isMoney(payment) ? payment.amount_minor : 0;
    const is = (...facts: string[]) => has.filter(({ fact }) => facts.includes(fact));
    expect(payment.id, "sale and fee", ["sale", "fee"], payment.is_surplus === 0 ? amount : 0, is("sale", "fee"));
    expect(payment.id, "late payment", ["late_payment"], payment.is_surplus === 1 ? amount : 0, is("late_payment"));
  }
  const surplus = new Set(payments.filter((payment: Payment) => payment.is_surplus === 1).map(({ id }) => id));
  for (const refund of refunds) {
    const has = ofRefund.get(refund.id) ?? [];
    const is = (fact: string) => has.filter((transaction) => transaction.fact === fact);
    expect(refund.id, "refund", ["refund"], surplus.has(refund.payment_id) ? 0 : refund.amount_minor, is("refund"));
    const net = sumOf(is("refund_paid"), ({ id }) => debited(id)) - sumOf(is("refund_returned"), ({ id }) => debited(id));
    const wanted = isBack(refund) ? refund.amount_minor : 0;
    if (net !== wanted)
      violations.push({ rule: "ledger_postings", id: refund.id, what: `paid back: ${net} posted, not ${wanted}` });
  }
  const known = new Set(orders.map(({ id }) => id));
  for (const { id, order_id } of ledger_transactions)
    if (!known.has(order_id))
      violations.push({ rule: "ledger_postings", id, what: `of an order that is not there: ${order_id}` });
  return violations;
}
