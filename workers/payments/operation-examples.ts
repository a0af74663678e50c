/** What the document shows. */
import type { Ticket } from "../../shared/contracts/events";
import type { Order, OrderDraft, Payment, PaymentDraft, Refund, RefundDraft } from "../../shared/contracts/orders";
import type { Backlog } from "./backlog";
import type { LedgerPage } from "./ledger-views";

const EVENT_ID = "0197f3c2-7b1e-7cc3-98c4-dc0c0c07398f";
const TICKET_TYPE_ID = "0197f3c2-7b1f-7a52-8f0d-6f0e5b1c2d3e";
const eur = (amount: number) => ({ amount, currency: "EUR" });

export const orderDraft: OrderDraft = {
  eventId: EVENT_ID,
  items: [{ ticketTypeId: TICKET_TYPE_ID, quantity: 2 }],
  buyer: { email: "ada@bilten.example", name: "Ada Lovelace" },
};

export const order: Order = {
  id: "0197f3d0-a9f0-7c11-8b2a-1a2b3c4d5e00",
  eventId: EVENT_ID,
  organizerId: "0197f3b0-11aa-7d55-b1c4-7a6f5e4d3c2b",
  status: "pending",
  expiresAt: "2027-03-02T12:10:00.000Z",
  items: [{ ticketTypeId: TICKET_TYPE_ID, name: "Standing", quantity: 2, unitPrice: eur(2500) }],
  subtotal: eur(5000),
  discount: eur(0),
  fees: eur(0),
  tax: eur(0),
  total: eur(5000),
  buyer: { email: "ada@bilten.example", name: "Ada Lovelace" },
  createdAt: "2027-03-02T12:00:00.000Z",
};

export const guestOrder: Order = { ...order, accessToken: "bo_1_3q2-7wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" };
export const paidOrder: Order = { ...order, status: "paid" };
export const cancelledOrder: Order = { ...order, status: "cancelled" };

export const paymentDraft: PaymentDraft = { orderId: order.id, provider: "test", paymentMethod: { token: "tok_success" } };

export const payment: Payment = {
  id: "0197f3d0-b7c2-7d01-9c1d-2b3c4d5e6f00",
  orderId: order.id,
  provider: "test",
  status: "succeeded",
  amount: eur(5000),
  createdAt: "2027-03-02T12:01:00.000Z",
};

export const redirectedPayment: Payment = {
  ...payment,
  status: "requires_action",
  nextAction: { type: "redirect", url: `/dev/test-provider/payments/${payment.id}/settle` },
};

export const ticket: Ticket = {
  id: "0197f3d0-aa10-7e21-b0c1-9f8e7d6c5b4a",
  eventId: EVENT_ID,
  orderId: order.id,
  ticketTypeId: TICKET_TYPE_ID,
  status: "valid",
  code: "AZfz0KoQfiGwwZ-OfWxbSgE.c2lnbmF0dXJl",
  holder: { name: "Ada Lovelace", email: "ada@bilten.example" },
  createdAt: "2027-03-02T12:01:00.000Z",
};

export const refundDraft: RefundDraft = { amount: eur(2500), reason: "The second set was called off." };
export const refund: Refund = {
  id: "0197f3d1-0a4e-7c15-9b21-7d3f2e1a0b00",
  paymentId: payment.id,
  amount: eur(2500),
  status: "succeeded",
  createdAt: "2027-03-04T09:30:00.000Z",
};

export const ledgerPage: LedgerPage = {
  data: [
    {
      id: "0197f3d0-b7c9-7a33-8d1e-4c5d6e7f8a00",
      fact: "sale",
      eventId: EVENT_ID,
      orderId: order.id,
      paymentId: payment.id,
      provider: "test",
      postedAt: "2027-03-02T12:01:00.000Z",
      entries: [
        { account: "provider_clearing", amount: eur(5000) },
        { account: "organizer_payable", amount: eur(-5000) },
      ],
    },
  ],
  nextCursor: null,
  summary: {
    balances: [
      { account: "organizer_payable", amount: eur(-5000) },
      { account: "provider_clearing", amount: eur(5000) },
    ],
    agrees: true,
    differences: [],
  },
};

export const backlog: Backlog = {
  data: [
    { what: "provider_events", waiting: 2, oldestAgeSeconds: 41, failing: 1 },
    { what: "outbox", waiting: 0, oldestAgeSeconds: 0, failing: 0 },
  ],
};
