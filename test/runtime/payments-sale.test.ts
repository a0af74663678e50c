/** What a sale costs and what it leaves, against the real SQLite and the event's real object. */
import { afterEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { Ticket } from "../../shared/contracts/events";
import { type Order, Order as OrderSchema } from "../../shared/contracts/orders";
import { ordersById } from "../../workers/payments/orders";
import { countTrips } from "../support/counted-database";
import { BUYER, closeTills, codeOf, guest, openTill, parse, publish, someKey, type Till } from "../support/payments-room";

afterEach(closeTills);

const Tickets = z.object({ data: z.array(Ticket) });

async function countedTill(): Promise<{ till: Till; trips: () => number }> {
  const counted: (() => number)[] = [];
  const count = (db: D1Database) => {
    const { db: proxy, trips } = countTrips(db);
    counted.push(trips);
    return proxy;
  };
  const till = await openTill((env) => ({ DB_0: count(env.DB_0), DB_1: count(env.DB_1) }));
  return { till, trips: () => counted.reduce((sum, trips) => sum + trips(), 0) };
}

describe("the round trips to D1", () => {
  test("of a whole sale are three: one for the order, two for the payment", async () => {
    const { till, trips } = await countedTill();
    const event = await publish(till);
    const order = await till.order(event, 2);
    expect(trips()).toBe(1);
    expect((await till.paid(order, "tok_success")).order.status).toBe("paid");
    expect(trips()).toBe(3);
    await till.idle();
    // The delivered message's row, which the sales of the same moment delete together.
    expect(trips()).toBe(4);
  });

  test("of twenty sales at once share the deletion of their messages", async () => {
    const { till, trips } = await countedTill();
    const event = await publish(till);
    await Promise.all(
      Array.from({ length: 20 }, async () =>
        expect((await till.paid(await till.order(event), "tok_success")).order.status).toBe("paid"),
      ),
    );
    await till.idle();
    expect(trips()).toBeGreaterThanOrEqual(61);
    expect(trips()).toBeLessThan(80);
  });

  test("are at most one more a request that names a key", async () => {
    const { till, trips } = await countedTill();
    const event = await publish(till);
    const order = await till.order(event, 1, someKey());
    expect(trips()).toBe(2);
    expect((await till.pay(order, "tok_success", someKey())).status).toBe(200);
    expect(trips()).toBe(5);
  });

  test("are none for a token that was guessed", async () => {
    const { till, trips } = await countedTill();
    const order = await till.order(await publish(till));
    const before = trips();
    const forged = { kind: "bearer_secret" as const, secret: `bo_1_${"A".repeat(43)}` };
    expect(codeOf(await till.ask("GET", `/orders/${order.id}`, { as: forged }))).toBe("404 order_not_found");
    expect(trips()).toBe(before);
  });
});

describe("a paid order", () => {
  test("has its tickets, is told once to each mailbox, and names nobody in the message", async () => {
    const till = await openTill();
    const order = await till.order(await publish(till), 3);
    await till.paid(order, "tok_success");
    await till.idle();
    const { data } = parse(Tickets, await till.ask("GET", `/orders/${order.id}/tickets`, { as: guest(order) }));
    expect(data.map(({ status, holder }) => [status, holder.email])).toEqual(Array(3).fill(["valid", BUYER.email]));
    expect(till.sent.map(({ type, subject, version }) => [type, subject, version])).toEqual(
      Array(2).fill(["order.paid", order.id, 2]),
    );
    expect(till.sent[0]?.data).toMatchObject({ totalMinor: 7500, currency: "EUR", ticketCount: 3 });
    expect(JSON.stringify(till.sent)).not.toMatch(/greta/i);
  });

  test("is known to siblings by its id, whichever shard it stands in", async () => {
    const till = await openTill();
    const orders: Order[] = [];
    // Where an event's orders stand is its id's chance.
    while (new Set(orders.map(({ id }) => id.slice(-2))).size < 2) orders.push(await till.order(await publish(till)));
    const found = await ordersById(till.env, [...orders.map(({ id }) => id), someKey()]);
    expect(found.map(({ id }) => id).sort()).toEqual(orders.map(({ id }) => id).sort());
    for (const facts of found) {
      expect(facts.guestAccessToken).toBe(orders.find(({ id }) => id === facts.id)?.accessToken);
      expect(facts).toMatchObject({ userId: null, paidAt: null, items: [{ quantity: 1 }] });
    }
  });
});

describe("what the buyer reads", () => {
  const ordered = async (till: Till, acceptLanguage: string | undefined): Promise<string | null | undefined> => {
    const event = await publish(till);
    const body = { eventId: event.id, items: [{ ticketTypeId: event.ticketTypes[0]?.id, quantity: 1 }], buyer: BUYER };
    const headers = acceptLanguage === undefined ? {} : { "accept-language": acceptLanguage };
    const { id } = parse(OrderSchema, await till.ask("POST", "/orders", { body, headers }), 201);
    return (await ordersById(till.env, [id]))[0]?.language;
  };

  test.each([
    ["de-AT,de;q=0.9,en;q=0.5", "de"],
    ["fr-FR, fr;q=0.9, de;q=0.3, en;q=0.2", "de"],
    ["en;q=0.1, de;q=0", "en"],
    ["tlh", "en"],
    ["*", "en"],
    [";;q=,,-", "en"],
    [undefined, "en"],
  ])("is kept from the request: %s is %s", async (header, language) => {
    expect(await ordered(await openTill(), header)).toBe(language);
  });
});

describe("one key", () => {
  test("is one body, also where the other body's event or order stands in another shard", async () => {
    const till = await openTill();
    const key = someKey();
    const first = await till.order(await publish(till), 1, key);
    const account = {
      kind: "user" as const,
      userId: someKey(),
      sessionId: someKey(),
      role: "user" as const,
      authTimeMs: 0,
      organizerHost: false,
    };
    for (let count = 0; count < 4; count++) {
      const event = await publish(till);
      const body = { eventId: event.id, items: [{ ticketTypeId: event.ticketTypes[0]?.id, quantity: 1 }], buyer: BUYER };
      expect(codeOf(await till.ask("POST", "/orders", { body, key }))).toBe("422 idempotency_key_reused");
    }
    const orders = [];
    for (let count = 0; count < 5; count++) {
      const event = await publish(till);
      const body = { eventId: event.id, items: [{ ticketTypeId: event.ticketTypes[0]?.id, quantity: 1 }], buyer: BUYER };
      orders.push(parse(z.looseObject({ id: z.string() }), await till.ask("POST", "/orders", { body, as: account }), 201));
    }
    const pay = (orderId: string) =>
      till.ask("POST", "/payments/process", {
        as: account,
        key,
        body: { orderId, provider: "test", paymentMethod: { token: "tok_success" } },
      });
    const [paid, ...others] = orders;
    expect((await pay(paid?.id ?? "")).status).toBe(200);
    for (const { id } of others) expect(codeOf(await pay(id))).toBe("422 idempotency_key_reused");
    expect(first.status).toBe("pending");
  });
});
