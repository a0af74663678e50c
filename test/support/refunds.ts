/** What tests of refunds ask for, and what they look at afterwards. */
import { expect, vi } from "vitest";
import { type Order, Payment } from "../../shared/contracts/orders";
import type { RefundIntent, RefundOutcome } from "../../workers/payments/providers/provider";
import type { Answer } from "./events-room";
import { guest, parse, publish, type Till } from "./payments-room";

export const eur = (amount: number) => ({ amount, currency: "EUR" });

export async function sold(till: Till, quantity = 2) {
  const event = await publish(till);
  const order = await till.order(event, quantity);
  const { payment } = await till.paid(order, "tok_success");
  await till.idle();
  return { event, order, payment };
}

export const refund = (
  till: Till,
  paymentId: string,
  body: object = {},
  asked: { key?: string; as?: Till["events"]["owner"] } = {},
): Promise<Answer> =>
  till.ask("POST", `/payments/${paymentId}/refund`, {
    as: asked.as ?? till.events.owner,
    body: { reason: "The set was called off.", ...body },
    ...(asked.key ? { key: asked.key } : {}),
  });

/** The object's own. */
export async function ticketsOf(till: Till, order: Order) {
  const tickets = await till.env.EVENTS.ticketsOf(order.eventId, order.id);
  if (!tickets.ok) throw new Error(tickets.error.code);
  return tickets.value;
}

export const ticketStatuses = async (till: Till, order: Order): Promise<string[]> =>
  (await ticketsOf(till, order)).map(({ status }) => status);

export const paymentStatus = async (till: Till, order: Order, paymentId: string): Promise<string> =>
  parse(Payment, await till.ask("GET", `/payments/${paymentId}`, { as: guest(order) })).status;

/** What the ledger says of an order: what buyers are owed, what lies at the provider, what the organizer is owed. */
export const books = (till: Till, order: Order) =>
  till.row<{ owed: number; clearing: number; payable: number }>(
    order.id,
    `SELECT coalesce(sum(iif(account = 'buyer_refunds', amount_minor, 0)), 0) AS owed,
       coalesce(sum(iif(account = 'provider_clearing', amount_minor, 0)), 0) AS clearing,
       coalesce(sum(iif(account = 'organizer_payable', amount_minor, 0)), 0) AS payable
     FROM ledger_entries WHERE transaction_id IN (SELECT id FROM ledger_transactions WHERE order_id = '${order.id}')`,
  );

/** How often it was told that money is back; both mailboxes get each message. */
export const timesTold = (till: Till): number =>
  new Set(till.sent.filter(({ type }) => type === "refund.succeeded").map(({ id }) => id)).size;

export interface RefundState {
  state: string;
  generation: number;
  reference: string | null;
}
export const refundState = (till: Till, order: Order): Promise<RefundState | null> =>
  till.row(order.id, `SELECT state, generation, reference FROM refunds WHERE order_id = '${order.id}'`);

/** A later sweep: whatever waited an hour is due. */
export async function sweepLater(till: Till, hours = 1): Promise<void> {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + hours * 3_601_000 });
  await till.sweep();
  await till.idle();
}

/** A provider that pays a generation of a refund once, however often it is asked, and counts what it has paid. */
export function payingProvider() {
  const asked: string[] = [];
  const paid = new Map<string, number>();
  return {
    asked,
    paidMinor: () => [...paid.values()].reduce((sum, minor) => sum + minor, 0),
    refundPayment: async ({ refundId, generation, amountMinor }: RefundIntent): Promise<RefundOutcome> => {
      asked.push(`${generation}`);
      paid.set(`${refundId} ${generation}`, amountMinor);
      return { status: "succeeded", reference: `re_${generation}` };
    },
  };
}

/** The one end that a whole refund has, whatever stood in its way. */
export async function expectAllBack(till: Till, order: Order): Promise<void> {
  expect(await till.status(order)).toBe("refunded");
  expect(await books(till, order)).toEqual({ owed: 0, clearing: 0, payable: 0 });
  expect(
    await till.row(
      order.id,
      `SELECT state, refunded_minor - returned_minor AS owed FROM payments WHERE order_id = '${order.id}'`,
    ),
  ).toEqual({ state: "refunded", owed: 0 });
  expect((await ticketsOf(till, order)).every(({ status }) => status === "void")).toBe(true);
}
