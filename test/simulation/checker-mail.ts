/** Each mail once, to those who are owed one, and each sale counted once. */
import { z } from "zod";
import { emailOf } from "./buyers.ts";
import type { Violation } from "./checker.ts";
import { groupBy, hasBeenPaid, sumOf } from "./checker-views.ts";
import type { Snapshot } from "./snapshot.ts";

const Message = z.object({
  data: z.object({ type: z.string(), orderId: z.string().optional(), refundId: z.string().optional() }).optional(),
});

export const checkMail = (snapshot: Snapshot): Violation[] => [...checkConfirmations(snapshot), ...checkFigures(snapshot)];

function checkConfirmations({ notifications, payments, acknowledged }: Snapshot): Violation[] {
  const mails = notifications.captured_messages.map(({ id, recipient, message }) => ({
    id,
    recipient,
    data: Message.parse(JSON.parse(message)).data,
  }));
  const violations: Violation[] = [];
  const confirmations = groupBy(
    mails.filter(({ data }) => data?.type === "order_confirmation"),
    ({ data }) => data?.orderId ?? "",
  );
  // Whose event is off hears that, and nothing after it of tickets.
  const calledOff = new Set(payments.event_refunds.map(({ event_id }) => event_id));
  for (const order of payments.orders) {
    const sent = confirmations.get(order.id) ?? [];
    const owed = hasBeenPaid(order) ? 1 : 0;
    const isOver = sent.length === 0 && order.state === "refunded" && calledOff.has(order.event_id);
    if (sent.length !== owed && !isOver)
      violations.push({ rule: "confirmation_mails", id: order.id, what: `${order.state}: ${sent.length} sent, ${owed} owed` });
    if (sent.some(({ recipient }) => recipient !== order.buyer_email))
      violations.push({ rule: "mail_astray", id: order.id, what: "a confirmation went to somebody else" });
  }
  const known = new Set(payments.orders.map(({ id }) => id));
  for (const id of confirmations.keys())
    if (!known.has(id)) violations.push({ rule: "confirmation_mails", id, what: "sent for an order that is not there" });
  const buyers = new Set(acknowledged.map(({ sale }) => emailOf(sale)));
  const ofRefund = groupBy(
    mails.filter(({ data }) => data?.type === "refund"),
    ({ data }) => data?.refundId ?? "",
  );
  for (const { id, state } of payments.refunds) {
    const sent = ofRefund.get(id)?.length ?? 0;
    const owed = state === "succeeded" ? 1 : 0;
    if (sent !== owed) violations.push({ rule: "refund_mails", id, what: `${state}: ${sent} sent, ${owed} owed` });
  }
  const refunds = new Set(payments.refunds.map(({ id }) => id));
  for (const id of ofRefund.keys())
    if (!refunds.has(id)) violations.push({ rule: "refund_mails", id, what: "sent for a refund that is not there" });
  const cancellations = groupBy(
    mails.filter(({ data }) => data?.type === "event_cancelled"),
    ({ data }) => data?.orderId ?? "",
  );
  for (const [id, sent] of cancellations) {
    const order = payments.orders.find((one) => one.id === id);
    const owed = order && hasBeenPaid(order) ? 1 : 0;
    if (sent.length > owed)
      violations.push({ rule: "cancellation_mails", id, what: `${order?.state}: ${sent.length} sent, ${owed} owed` });
  }
  const expected = ["order_confirmation", "refund", "event_cancelled", "order_expired"];
  for (const { id, recipient, data } of mails)
    if (buyers.has(recipient) && !expected.includes(data?.type ?? ""))
      violations.push({ rule: "mail_unknown", id, what: `a mail of type ${data?.type} to ${recipient}` });
  return violations;
}

function checkFigures({ analytics, payments }: Snapshot): Violation[] {
  const violations: Violation[] = [];
  const counted = new Set(analytics.counted_orders.map(({ order_id }) => order_id));
  for (const order of payments.orders)
    if (counted.has(order.id) !== hasBeenPaid(order))
      violations.push({
        rule: "order_counted",
        id: order.id,
        what: `${order.state}, ${counted.has(order.id) ? "" : "not "}counted`,
      });
  for (const [event, rows] of groupBy(analytics.sales, ({ event_id }) => event_id)) {
    const orders = payments.orders.filter((order) => order.event_id === event && hasBeenPaid(order));
    const figures = { orders: orders.length, revenue: sumOf(orders, ({ total_minor }) => total_minor) };
    const says = { orders: sumOf(rows, (row) => row.orders), revenue: sumOf(rows, (row) => row.revenue_minor) };
    if (figures.orders !== says.orders || figures.revenue !== says.revenue)
      violations.push({
        rule: "sales_figures",
        id: event,
        what: `${JSON.stringify(says)}, sold were ${JSON.stringify(figures)}`,
      });
  }
  const back = new Set(analytics.counted_refund_facts.map(({ refund_id }) => refund_id));
  // Money that bought nothing was no sale either.
  for (const { id, state, reason } of payments.refunds)
    if (back.has(id) !== (state === "succeeded" && reason !== "surplus"))
      violations.push({ rule: "refund_counted", id, what: `${state}, ${back.has(id) ? "" : "not "}counted` });
  const amounts = new Map(payments.refunds.map(({ id, amount_minor }) => [id, amount_minor]));
  for (const [event, counted] of groupBy(analytics.counted_refund_facts, ({ event_id }) => event_id)) {
    const says = sumOf(
      analytics.refunds.filter(({ event_id }) => event_id === event),
      ({ refunded_minor }) => refunded_minor,
    );
    const returned = sumOf(counted, ({ refund_id }) => amounts.get(refund_id) ?? 0);
    if (says !== returned) violations.push({ rule: "refund_figures", id: event, what: `${says}, paid back were ${returned}` });
  }
  return violations;
}
