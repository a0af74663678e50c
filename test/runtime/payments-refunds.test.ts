/** `POST /payments/:id/refund`: who may, what it comes to, and what becomes of tickets, stock and money. */
import { afterEach, describe, expect, test } from "vitest";
import { Order, Refund } from "../../shared/contracts/orders";
import type { Principal } from "../../shared/contracts/principal";
import { ANYBODY, type Answer } from "../support/events-room";
import { closeTills, codeOf, guest, openTill, parse, secret, user } from "../support/payments-room";
import { books, eur, paymentStatus, refund, sold, ticketStatuses, ticketsOf, timesTold } from "../support/refunds";
import { gatherBatches, swapSql } from "../support/swapped-database";

afterEach(closeTills);

describe("a refund", () => {
  test("of everything voids the tickets, puts them back on sale, and is told once", async () => {
    const till = await openTill();
    const { event, order, payment } = await sold(till);
    const made = parse(Refund, await refund(till, payment.id), 201);
    expect(made).toMatchObject({ paymentId: payment.id, amount: eur(5000), status: "succeeded" });
    await till.idle();
    expect(await till.status(order)).toBe("refunded");
    expect(await paymentStatus(till, order, payment.id)).toBe("refunded");
    expect(await ticketStatuses(till, order)).toEqual(["void", "void"]);
    expect(await books(till, order)).toEqual({ owed: 0, clearing: 0, payable: 0 });
    expect(timesTold(till)).toBe(1);
    expect(till.sent.find(({ type }) => type === "refund.succeeded")?.data).toMatchObject({
      refundId: made.id,
      amountMinor: 5000,
      reason: "requested",
      ticketCount: 2,
    });
    const tickets = await till.events.ask("GET", `/events/${event.id}/tickets`);
    expect(tickets.body).toMatchObject({ data: [{ available: event.ticketTypes[0]?.quantity }] });
    expect(codeOf(await refund(till, payment.id))).toBe("409 refund_exceeds_payment");
  });

  test("of tickets pays their share, of an amount no ticket, and of what leaves nothing the rest of both", async () => {
    const till = await openTill();
    const { order, payment } = await sold(till, 3);
    const [first, second] = await ticketsOf(till, order);
    expect(parse(Refund, await refund(till, payment.id, { ticketIds: [first?.id, first?.id] }), 201).amount).toEqual(eur(2500));
    expect(await ticketStatuses(till, order)).toEqual(["void", "valid", "valid"]);
    expect(await till.status(order)).toBe("partially_refunded");
    expect(await paymentStatus(till, order, payment.id)).toBe("partially_refunded");
    expect(codeOf(await refund(till, payment.id, { ticketIds: [first?.id] }))).toBe("409 refund_exceeds_payment");

    parse(Refund, await refund(till, payment.id, { amount: eur(1000) }), 201);
    expect(await ticketStatuses(till, order)).toEqual(["void", "valid", "valid"]);
    parse(Refund, await refund(till, payment.id, { ticketIds: [second?.id], amount: eur(500) }), 201);
    expect(await ticketStatuses(till, order)).toEqual(["void", "void", "valid"]);
    expect(codeOf(await refund(till, payment.id, { amount: eur(3501) }))).toBe("409 refund_exceeds_payment");
    expect(await till.status(order)).toBe("partially_refunded");

    parse(Refund, await refund(till, payment.id, { amount: eur(3500) }), 201);
    expect(await ticketStatuses(till, order)).toEqual(["void", "void", "void"]);
    expect(await till.status(order)).toBe("refunded");
    expect(await books(till, order)).toEqual({ owed: 0, clearing: 0, payable: 0 });
  });

  test("leaves a ticket admitted that was admitted, and pays it back all the same", async () => {
    const till = await openTill();
    const { event, order, payment } = await sold(till);
    const opened = await till.ask("GET", `/orders/${order.id}/tickets`, { as: guest(order) });
    const [{ code }] = (opened.body as { data: [{ code: string }] }).data;
    const scan = { as: till.events.member("door"), body: { code, nonce: "n1" } };
    expect((await till.events.ask("POST", `/events/${event.id}/check-ins`, scan)).status).toBe(201);
    expect(parse(Refund, await refund(till, payment.id), 201).status).toBe("succeeded");
    expect((await ticketStatuses(till, order)).sort()).toEqual(["admitted", "void"]);
    expect(await till.status(order)).toBe("refunded");
  });

  test("asks for money that is there, in its currency, for tickets of its order, in the documented form", async () => {
    const till = await openTill();
    const { event, order, payment } = await sold(till);
    const other = await till.order(event);
    const waiting = await till.paid(other, "tok_requires_action");
    expect(codeOf(await refund(till, waiting.payment.id))).toBe("409 payment_not_refundable");
    await till.paid(other, "tok_success");
    const [foreign] = await ticketsOf(till, other);
    expect(codeOf(await refund(till, payment.id, { ticketIds: [foreign?.id] }))).toBe("422 ticket_not_of_order");
    const wrong = await refund(till, payment.id, { amount: { amount: 100, currency: "USD" } });
    expect(wrong).toMatchObject({ status: 400, body: { code: "invalid_body", errors: [{ pointer: "/amount/currency" }] } });
    for (const body of [
      { amount: eur(0) },
      { amount: eur(-1) },
      { ticketIds: [] },
      { reason: " " },
      { reason: "x".repeat(501) },
      { all: true },
    ])
      expect(codeOf(await refund(till, payment.id, body))).toBe("400 invalid_body");
    expect(codeOf(await refund(till, payment.id, { amount: eur(5001) }))).toBe("409 refund_exceeds_payment");
    expect(await till.status(order)).toBe("paid");
  });
});

test("nobody but members with the permission may refund, a buyer never, and strangers hear nothing", async () => {
  const till = await openTill();
  const { event, order, payment } = await sold(till);
  const path = `/payments/${payment.id}/refund`;
  const ask = async (as: Principal, at = path): Promise<string> =>
    codeOf(await till.ask("POST", at, { as, body: { nonsense: 1 } }));
  expect(await ask(ANYBODY)).toBe("401 credential_missing");
  expect(await ask(secret("bh_whatever"))).toBe("401 credential_invalid");
  expect(await ask(guest(order))).toBe("403 forbidden");
  expect(await ask(guest(await till.order(event)))).toBe("404 payment_not_found");
  expect(await ask(user())).toBe("404 payment_not_found");
  expect(await ask(user(crypto.randomUUID(), "admin"))).toBe("403 forbidden");
  expect(await ask(till.events.member("door"))).toBe("403 forbidden");
  for (const id of ["nonsense", crypto.randomUUID()]) {
    expect(await ask(user(), `/payments/${id}/refund`)).toBe("404 payment_not_found");
    expect(await ask(guest(order), `/payments/${id}/refund`)).toBe("404 payment_not_found");
  }
  expect(await ask(till.events.member("finance"))).toBe("400 invalid_body");

  for (const buyer of [user(), till.events.member("owner")]) {
    const items = [{ ticketTypeId: event.ticketTypes[0]?.id, quantity: 1 }];
    const body = { eventId: event.id, items, buyer: { email: "m@people.example", name: "M" } };
    const own = parse(Order, await till.ask("POST", "/orders", { as: buyer, body }), 201);
    const process = { orderId: own.id, provider: "test", paymentMethod: { token: "tok_success" } };
    const paid: Answer = await till.ask("POST", "/payments/process", { as: buyer, body: process });
    const { id } = (paid.body as { payment: { id: string } }).payment;
    expect(await ask(buyer, `/payments/${id}/refund`)).toBe("403 forbidden");
  }
});

describe("two refunds at once", () => {
  test("for more than was paid: one stands, the other exceeds", async () => {
    const { till, answers } = await twoAtOnce();
    expect(answers).toEqual(["201", "409 refund_exceeds_payment"]);
    expect(till.promised).toBe(3000);
  });

  test("control: without the comparison the table's CHECK still refuses the second", async () => {
    const { till, answers } = await twoAtOnce((db) => swapSql(db, "AND refunded_minor = ? AND", "AND ? IS NOT NULL AND"));
    expect(answers).toEqual(["201", "409 refund_exceeds_payment"]);
    expect(till.promised).toBe(3000);
  });

  test("control: without the promise two refunds of 3000 stand for a payment of 5000", async () => {
    const { till, answers } = await twoAtOnce((db) =>
      swapSql(db, "refunded_minor = refunded_minor + ?, updated_at_ms", "refunded_minor = refunded_minor + 0 * ?, updated_at_ms"),
    );
    expect(answers[0]).toBe("201");
    expect(answers[1]).not.toBe("409 refund_exceeds_payment");
    expect(till.promised).toBe(6000);
  });
});

async function twoAtOnce(swap?: (db: D1Database) => ReturnType<typeof swapSql>) {
  const plain = await openTill();
  const { order, payment } = await sold(plain);
  const shard = order.id.endsWith("00") ? "DB_0" : "DB_1";
  const swapped = swap?.(plain.env[shard]);
  plain.env[shard] = gatherPromises(swapped?.db ?? plain.env[shard]);
  const both = await Promise.all([1, 2].map(() => refund(plain, payment.id, { amount: eur(3000) })));
  await plain.idle();
  if (swapped) expect(swapped.swaps()).toBeGreaterThanOrEqual(2);
  const sum = await plain.row<{ minor: number }>(
    order.id,
    `SELECT sum(amount_minor) AS minor FROM refunds WHERE order_id = '${order.id}'`,
  );
  const answers = both.map((answer) => (answer.status === 201 ? "201" : codeOf(answer))).sort();
  return { till: { promised: sum?.minor }, answers };
}

/** Both have read, and planned, before either writes. */
const gatherPromises = (db: D1Database): D1Database => {
  const gathered = gatherBatches(db, 2);
  return new Proxy(db, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== "function") return value;
      if (name !== "batch") return value.bind(target);
      // A guarded batch has its guard; what is read passes.
      return (statements: D1PreparedStatement[]) => (statements.length > 4 ? gathered : target).batch(statements);
    },
  });
};

describe("a refund with a key", () => {
  test("is made once, and told again", async () => {
    const till = await openTill();
    const { order, payment } = await sold(till);
    const first = parse(Refund, await refund(till, payment.id, { amount: eur(1000) }, { key: "k" }), 201);
    expect(parse(Refund, await refund(till, payment.id, { amount: eur(1000) }, { key: "k" }), 201)).toEqual(first);
    expect(codeOf(await refund(till, payment.id, { amount: eur(2000) }, { key: "k" }))).toBe("422 idempotency_key_reused");
    expect(parse(Refund, await refund(till, payment.id, { amount: eur(1000) }, { key: "l" }), 201).id).not.toBe(first.id);
    expect(codeOf(await refund(till, payment.id, { amount: eur(9000) }, { key: "m" }))).toBe("409 refund_exceeds_payment");
    await refund(till, payment.id);
    expect(codeOf(await refund(till, payment.id, { amount: eur(9000) }, { key: "m" }))).toBe("409 refund_exceeds_payment");
    const colleague = till.events.member("finance");
    expect(codeOf(await refund(till, payment.id, { amount: eur(1000) }, { key: "k", as: colleague }))).toBe(
      "409 refund_exceeds_payment",
    );
    expect(await till.status(order)).toBe("refunded");
  });

  test("twice at once is one refund", async () => {
    const till = await openTill();
    const { order, payment } = await sold(till);
    const answers = await Promise.all([1, 2, 3].map(() => refund(till, payment.id, { amount: eur(1000) }, { key: "k" })));
    expect(answers.filter(({ status }) => status === 201).length).toBeGreaterThanOrEqual(1);
    expect(answers.every((answer) => answer.status === 201 || codeOf(answer) === "409 request_in_progress")).toBe(true);
    expect(await till.row(order.id, "SELECT count(*) AS n FROM refunds")).toEqual({ n: 1 });
  });

  test("that is of another currency leaves its key free", async () => {
    const till = await openTill();
    const { payment } = await sold(till);
    const usd = { amount: { amount: 100, currency: "USD" } };
    expect(codeOf(await refund(till, payment.id, usd, { key: "k" }))).toBe("400 invalid_body");
    parse(Refund, await refund(till, payment.id, { amount: eur(100) }, { key: "k" }), 201);
  });
});
