/** What was acknowledged is there, once, with exactly its tickets, and the object and D1 say the same of it. */
import { z } from "zod";
import { Ticket } from "../../shared/contracts/events.ts";
import { Order, PaymentProcessed } from "../../shared/contracts/orders.ts";
import { emailOf } from "./buyers.ts";
import type { Violation } from "./checker.ts";
import { groupBy, hasBeenPaid, sumOf } from "./checker-views.ts";
import type { Row, Snapshot } from "./snapshot.ts";

type OrderRow = Row<"payments", "orders">;

export function checkOrders(snapshot: Snapshot): Violation[] {
  return [...checkAcknowledged(snapshot), ...checkAnswersAgain(snapshot), ...checkTickets(snapshot), ...checkOutcomes(snapshot)];
}

function checkAcknowledged({ acknowledged, payments, inventories }: Snapshot): Violation[] {
  const violations: Violation[] = [];
  const orders = new Map(payments.orders.map((order) => [order.id, order]));
  const ticketOrder = new Map(inventories.flatMap(({ tickets }) => tickets.map((ticket) => [ticket.id, ticket.order_id])));
  const toldPaid = (order: Order) => {
    const row = orders.get(order.id);
    if (!row) violations.push({ rule: "order_lost", id: order.id, what: "was acknowledged and is not there" });
    else if (["paid", "refunded", "partially_refunded"].includes(order.status) && !wasPaid(row))
      violations.push({ rule: "paid_lost", id: order.id, what: `was told to be ${order.status} and is ${row.state}` });
  };
  for (const { operation, status, body } of acknowledged) {
    if (operation === "order" && status === 201) toldPaid(Order.parse(body));
    if (operation === "order_read" && status === 200) toldPaid(Order.parse(body));
    if (operation === "pay" && status < 300) toldPaid(PaymentProcessed.parse(body).order);
    if (operation === "tickets_read" && status === 200) {
      for (const { id, orderId } of z.object({ data: z.array(Ticket) }).parse(body).data) {
        if (ticketOrder.get(id) !== orderId)
          violations.push({ rule: "ticket_lost", id, what: `was shown as one of order ${orderId} and is not there` });
      }
    }
  }
  // A buyer sends each wish with one key, so that however often it is sent there is one order of his.
  const wishes = new Map(
    [...groupBy(acknowledged, ({ sale }) => emailOf(sale))].map(([email, of]) => [
      email,
      new Set(of.filter(({ operation }) => operation === "order").map(({ key }) => key)).size,
    ]),
  );
  for (const [email, rows] of groupBy(payments.orders, (order) => order.buyer_email)) {
    const wished = wishes.get(email) ?? 0;
    if (rows.length > wished)
      violations.push({
        rule: "order_doubled",
        id: rows.map(({ id }) => id).join(" "),
        what: `${rows.length} orders for ${wished} wishes of ${email}`,
      });
  }
  return violations;
}

/** Money came for it; whether or not it bought anything is asked elsewhere. */
const wasPaid = ({ state }: OrderRow): boolean => ["paid", "partially_refunded", "refunded"].includes(state);

/** A key that is used again hears what it heard first. */
function checkAnswersAgain({ acknowledged }: Snapshot): Violation[] {
  const keyed = acknowledged.filter(({ key, operation }) => key !== null && operation !== "hold");
  return [...groupBy(keyed, ({ key, path }) => `${path} ${key}`)].flatMap(([id, answers]) => {
    const texts = new Set(answers.map(({ status, body }) => JSON.stringify([status, withoutRequest(body)])));
    return texts.size > 1 ? [{ rule: "answer_changed", id, what: [...texts].join(" then ") }] : [];
  });
}

/** A refusal names the request that it answers. */
const withoutRequest = (body: unknown): unknown =>
  typeof body === "object" && body !== null && "requestId" in body ? { ...body, requestId: undefined } : body;

function checkTickets({ payments, inventories }: Snapshot): Violation[] {
  const tickets = groupBy(
    inventories.flatMap((inventory) => inventory.tickets),
    ({ order_id }) => order_id,
  );
  const lines = groupBy(payments.order_lines, ({ order_id }) => order_id);
  const refunded = new Set(payments.refunded_tickets.map(({ ticket_id }) => ticket_id));
  const known = new Set(payments.orders.map(({ id }) => id));
  const strangers = [...tickets.keys()].filter((orderId) => !known.has(orderId));
  return [
    ...strangers.map((id) => ({ rule: "ticket_without_order", id, what: "tickets of an order that D1 does not know" })),
    ...payments.orders.flatMap((order) => {
      const issued = tickets.get(order.id) ?? [];
      const owed = hasBeenPaid(order) ? (lines.get(order.id) ?? []) : [];
      const violations: Violation[] = [];
      const types = new Set([...owed.map((line) => line.ticket_type_id), ...issued.map((ticket) => ticket.ticket_type_id)]);
      for (const type of types) {
        const has = issued.filter((ticket) => ticket.ticket_type_id === type).length;
        const wants = sumOf(
          owed.filter((line) => line.ticket_type_id === type),
          ({ quantity }) => quantity,
        );
        if (has !== wants)
          violations.push({ rule: "tickets_wrong", id: order.id, what: `${order.state}, ${wants} bought and ${has} issued` });
      }
      for (const { id, status } of issued) {
        const isBack = order.state === "refunded" || refunded.has(id);
        if (status === "void" && !isBack)
          violations.push({ rule: "ticket_void", id, what: `of the ${order.state} order ${order.id}` });
        // A person who is inside stays inside.
        if (status === "valid" && isBack)
          violations.push({ rule: "ticket_valid", id, what: `was paid back, of order ${order.id}` });
      }
      return violations;
    }),
  ];
}

/** The object decided, D1 recorded (rule 12). */
function checkOutcomes({ payments, inventories, dueByMs }: Snapshot): Violation[] {
  const outcomes = new Map(inventories.flatMap(({ orders }) => orders.map((order) => [order.order_id, order.outcome])));
  const holds = new Map(inventories.flatMap((inventory) => inventory.holds.map((hold) => [hold.order_id ?? "", hold] as const)));
  return payments.orders.flatMap((order) => {
    const outcome = outcomes.get(order.id) ?? "open";
    const hold = holds.get(order.id);
    if (!hold) return [{ rule: "hold_lost", id: order.id, what: "the object knows no hold of this order" }];
    const said = {
      rule: "outcome_differs",
      id: order.id,
      what: `D1 says ${order.state}, the object ${outcome} (${hold.status})`,
    };
    if (hasBeenPaid(order)) return outcome === "confirmed" ? [] : [said];
    if (outcome === "confirmed") return [said];
    const isOver = order.state !== "pending" || order.expires_at_ms <= dueByMs;
    // What ended may have had its stock given back without a word: the hold's own end.
    return isOver && (hold.status === "claimed" || hold.status === "held") && hold.expires_at_ms <= dueByMs ? [said] : [];
  });
}
