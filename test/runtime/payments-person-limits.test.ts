/** One person's tickets, over all of his orders: by the address that he names or has proved, and by what he pays with. */
import { afterEach, describe, expect, test } from "vitest";
import { Order, Payment, type RefundFacts } from "../../shared/contracts/orders";
import type { Principal } from "../../shared/contracts/principal";
import { refundsById } from "../../workers/payments/refund-views";
import { BUYER, closeTills, codeOf, guest, openTill, parse, publish, type Till, user } from "../support/payments-room";

afterEach(closeTills);

type Published = Awaited<ReturnType<typeof publish>>;

const limited = (till: Till, limit: number, ofType?: number) =>
  publish(till, {
    settings: { maxPerPerson: limit },
    ticketTypes: [
      {
        name: "Standing",
        price: { amount: 2500, currency: "EUR" },
        quantity: 50,
        ...(ofType === undefined ? {} : { maxPerPerson: ofType }),
      },
    ],
  });

const buy = (till: Till, event: Published, quantity: number, email: string, as?: Principal) =>
  till.ask("POST", "/orders", {
    ...(as ? { as } : {}),
    body: {
      eventId: event.id,
      items: [{ ticketTypeId: event.ticketTypes[0]?.id, quantity }],
      buyer: { email, name: BUYER.name },
    },
  });

const payWith = (till: Till, order: Order, token: string, fingerprint: string) =>
  till.ask("POST", "/payments/process", {
    as: guest(order),
    body: { orderId: order.id, provider: "test", paymentMethod: { token, fingerprint } },
  });

const refundOf = async (till: Till, order: Order): Promise<RefundFacts[]> => {
  const row = await till.row<{ id: string }>(order.id, `SELECT id FROM refunds WHERE order_id = '${order.id}'`);
  return row ? refundsById(till.env, [row.id]) : [];
};

describe("by address", () => {
  test("however it is spelled, an order beyond the limit takes nothing", async () => {
    const till = await openTill();
    const event = await limited(till, 4);
    const first = parse(Order, await buy(till, event, 3, "Greta.Guest@gmail.com"), 201);
    expect(codeOf(await buy(till, event, 2, "gretaguest+again@googlemail.com"))).toBe("409 person_limit");
    const left = parse(Order, await buy(till, event, 1, "g.reta.guest@gmail.com"), 201);
    expect(parse(Order, await buy(till, event, 4, "greta.guest@people.example"), 201).status).toBe("pending");
    expect(codeOf(await buy(till, event, 1, "gretaguest@gmail.com"))).toBe("409 person_limit");
    // What was given back counts no longer.
    expect((await till.ask("POST", `/orders/${left.id}/cancel`, { as: guest(left) })).status).toBe(200);
    expect((await till.paid(first, "tok_success")).order.status).toBe("paid");
    expect((await buy(till, event, 1, "gretaguest@gmail.com")).status).toBe(201);
  });

  test("of a type alone, and of somebody signed in the address that he has proved", async () => {
    const verified = "ada@people.example";
    const till = await openTill((env) => ({ USERS: { ...env.USERS, verifiedEmail: async () => verified } }));
    const event = await limited(till, 10, 2);
    const ada = user();
    parse(Order, await buy(till, event, 2, "somebody@else.example", ada), 201);
    expect(codeOf(await buy(till, event, 1, "another@else.example", ada))).toBe("409 person_limit");
    expect(codeOf(await buy(till, event, 1, "Ada@People.example"))).toBe("409 person_limit");
    // A guest's order that is not paid for takes nothing from whom he names.
    const grace = await openTill((env) => ({ USERS: { ...env.USERS, verifiedEmail: async () => verified } }));
    const other = await limited(grace, 2);
    parse(Order, await buy(grace, other, 2, verified), 201);
    expect((await buy(grace, other, 2, "ada@else.example", ada)).status).toBe(201);
    expect(codeOf(await buy(grace, other, 1, "ada@else.example", ada))).toBe("409 person_limit");
    // An API key sells to whom it names.
    const key: Principal = { kind: "api_key", keyId: "k", userId: ada.userId, organizerId: null, scopes: [] };
    expect((await buy(till, event, 1, "another@else.example", key)).status).toBe(201);
  });
});

describe("by the means of payment", () => {
  test("what one card has paid is counted over addresses; what is beyond is paid back once, and the buyer hears why", async () => {
    const till = await openTill();
    const event = await limited(till, 3);
    const orders = await Promise.all(
      ["a@people.example", "b@people.example", "c@people.example"].map(async (email) =>
        parse(Order, await buy(till, event, 2, email), 201),
      ),
    );
    const [first, second, third] = orders;
    if (!first || !second || !third) throw new Error("three orders");
    expect((await payWith(till, first, "tok_success", "card one")).status).toBe(200);
    const refused = await payWith(till, second, "tok_success", "card one");
    expect(codeOf(refused)).toBe("409 person_limit");
    await till.idle();
    expect(await till.status(second)).toBe("refunded");
    const row = await till.row<{ id: string }>(second.id, `SELECT id FROM payments WHERE order_id = '${second.id}'`);
    const payment = parse(Payment, await till.ask("GET", `/payments/${row?.id}`, { as: guest(second) }));
    expect(payment).toMatchObject({ status: "refunded", failureCode: "person_limit" });
    expect(await refundOf(till, second)).toMatchObject([
      { reason: "surplus", cause: "person_limit", status: "succeeded", amount: { amount: 5000 }, ticketIds: [] },
    ]);
    // Its stock is free again, and another card is another person.
    expect((await till.events.ask("GET", `/events/${event.id}/tickets`)).body).toMatchObject({ data: [{ available: 46 }] });
    expect((await payWith(till, third, "tok_success", "card two")).status).toBe(200);
    expect(await till.status(third)).toBe("paid");
  });

  test("a crash between the object's release and the books is told as the limit that it was", async () => {
    const till = await openTill();
    const event = await limited(till, 2);
    const order = async (email: string) => parse(Order, await buy(till, event, 2, email), 201);
    const [first, second] = [await order("a@p.example"), await order("b@p.example")];
    expect((await payWith(till, first, "tok_success", "one card")).status).toBe(200);
    const { releaseOrder } = till.env.EVENTS;
    till.env.EVENTS.releaseOrder = async (...asked) => {
      await releaseOrder(...asked);
      throw new Error("killed");
    };
    await payWith(till, second, "tok_success", "one card");
    till.env.EVENTS.releaseOrder = releaseOrder;
    expect(await till.status(second)).toBe("pending");
    const row = await till.row<{ id: string }>(second.id, `SELECT id FROM payments WHERE order_id = '${second.id}'`);
    await till.webhook("evt_1", "payment.succeeded", row?.id ?? "");
    await till.idle();
    expect(await till.status(second)).toBe("refunded");
    expect(await refundOf(till, second)).toMatchObject([{ cause: "person_limit", amount: { amount: 5000 } }]);
    const payment = parse(Payment, await till.ask("GET", `/payments/${row?.id}`, { as: guest(second) }));
    expect(payment).toMatchObject({ failureCode: "person_limit" });
  });

  test("money that a webhook brings is counted the same, now or by the sweep", async () => {
    const till = await openTill();
    const event = await limited(till, 2);
    const order = async (email: string) => parse(Order, await buy(till, event, 2, email), 201);
    const [first, second, third] = [await order("a@p.example"), await order("b@p.example"), await order("c@p.example")];
    expect((await payWith(till, first, "tok_success", "one card")).status).toBe(200);
    for (const late of [second, third]) expect((await payWith(till, late, "tok_requires_action", "one card")).status).toBe(202);
    const paymentOf = async ({ id }: Order) =>
      (await till.row<{ id: string }>(id, `SELECT id FROM payments WHERE order_id = '${id}'`))?.id ?? "";
    await till.webhook("evt_1", "payment.succeeded", await paymentOf(second));
    await till.idle();
    expect(await till.status(second)).toBe("refunded");
    // Stored, and its request killed before it was counted.
    const { confirmOrder } = till.env.EVENTS;
    till.env.EVENTS.confirmOrder = async () => {
      throw new Error("killed");
    };
    await till.webhook("evt_2", "payment.succeeded", await paymentOf(third));
    await till.idle();
    till.env.EVENTS.confirmOrder = confirmOrder;
    expect(await till.status(third)).toBe("pending");
    await till.run(third.id, "UPDATE provider_events SET received_at_ms = 0, next_try_at_ms = 0");
    await till.sweep();
    await till.idle();
    expect(await till.status(third)).toBe("refunded");
    expect(await refundOf(till, third)).toMatchObject([{ cause: "person_limit", amount: { amount: 5000 } }]);
  });

  test("an event without a limit asks nobody what was paid with", async () => {
    const till = await openTill();
    const event = await publish(till);
    const [first, second] = [await till.order(event, 5), await till.order(event, 5)];
    for (const order of [first, second]) expect((await payWith(till, order, "tok_success", "one card")).status).toBe(200);
    expect(await till.status(second)).toBe("paid");
  });
});
