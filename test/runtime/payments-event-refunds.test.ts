/** A cancelled event pays its buyers back, each once, whoever is cut off; and what four do to one order at once has one winner. */
import { afterEach, describe, expect, test, vi } from "vitest";
import { PublishedEvent } from "../../shared/contracts/events";
import { type Order, Refund } from "../../shared/contracts/orders";
import { beginEventRefunds, workThrough } from "../../workers/payments/event-refunds";
import { dbOf } from "../../workers/payments/shards";
import { counting } from "../../workers/payments/sibling-calls";
import { closeTills, codeOf, guest, openTill, parse, publish, type Till } from "../support/payments-room";
import { replaceProviderDoors, silent } from "../support/provider-doors";
import { books, eur, expectAllBack, payingProvider, refund, sweepLater, ticketStatuses, timesTold } from "../support/refunds";

const doors = replaceProviderDoors();

afterEach(async () => {
  vi.useRealTimers();
  await closeTills();
});

const cancelEvent = (till: Till, eventId: string) =>
  till.events.ask("POST", `/events/${eventId}/cancel`, { as: till.events.owner, body: { reason: "The venue is flooded." } });

const jobOf = (till: Till, event: { id: string }, order: Order) =>
  till.row<{ finished: number; left_behind: number; after_id: string }>(
    order.id,
    `SELECT finished_at_ms IS NOT NULL AS finished, left_behind, after_id FROM event_refunds WHERE event_id = '${event.id}'`,
  );

const databaseOf = (till: Till, order: Order): D1Database => {
  const db = dbOf(till.env, order.id);
  if (!db) throw new Error("no shard");
  return db;
};

describe("a cancelled event", () => {
  test("pays every buyer back what is left, ends what nobody has paid, and gives late money back", async () => {
    const till = await openTill();
    const event = await publish(till);
    const paid = [await till.order(event, 1), await till.order(event, 2), await till.order(event, 1)];
    const payments: string[] = [];
    for (const order of paid) payments.push((await till.paid(order, "tok_success")).payment.id);
    parse(Refund, await refund(till, payments[1] ?? "", { amount: eur(1500) }), 201);
    parse(Refund, await refund(till, payments[2] ?? ""), 201);
    const pending = await till.order(event);
    const underWay = await till.order(event);
    const late = await till.paid(underWay, "tok_requires_action");

    const cancelled = await cancelEvent(till, event.id);
    expect(parse(PublishedEvent, cancelled, 202).status).toBe("cancelled");
    await till.events.idle();
    await till.receive();
    await till.idle();
    for (const order of paid) await expectAllBack(till, order);
    expect(timesTold(till)).toBe(4);
    const told = till.sent.filter(
      ({ type, data }) => type === "refund.succeeded" && (data as { reason: string }).reason === "event_cancelled",
    );
    expect(new Set(told.map(({ data }) => (data as { amountMinor: number }).amountMinor))).toEqual(new Set([2500, 3500]));
    for (const order of [pending, underWay]) expect(await till.status(order)).toBe("cancelled");
    expect(await jobOf(till, event, pending)).toMatchObject({ finished: 1 });

    await till.webhook("evt_late", "payment.succeeded", late.payment.id);
    await till.idle();
    await expectAllBack(till, underWay);
    // Nobody may have what a cancelled event gave back.
    const tickets = await till.events.ask("GET", `/events/${event.id}/tickets`, { as: till.events.owner });
    expect(tickets.body).toMatchObject({ data: [{ status: "ended" }] });
    expect(parse(PublishedEvent, await cancelEvent(till, event.id), 200).status).toBe("cancelled");
    await beginEventRefunds(till.env, event.id);
    await sweepLater(till);
    expect(timesTold(till)).toBe(5);
  });

  test("that sold nothing for money is cancelled with nothing to pay back", async () => {
    const till = await openTill();
    const event = await publish(till, { ticketTypes: [{ name: "Free", price: eur(0), quantity: 9 }] });
    const order = await till.order(event);
    expect(await till.status(order)).toBe("paid");
    expect((await cancelEvent(till, event.id)).status).toBe(200);
    await till.events.idle();
    await till.receive();
    expect(await ticketStatuses(till, order)).toEqual(["void"]);
    expect(await jobOf(till, event, order)).toMatchObject({ finished: 1 });
  });

  test("keeps its answer to a key", async () => {
    const till = await openTill();
    const event = await publish(till);
    await till.paid(await till.order(event), "tok_success");
    const ask = () =>
      till.events.ask("POST", `/events/${event.id}/cancel`, {
        as: till.events.owner,
        body: { reason: "Flooded." },
        headers: { "idempotency-key": "k" },
      });
    expect((await ask()).status).toBe(202);
    await till.events.idle();
    await till.receive();
    expect((await ask()).status).toBe(202);
  });

  test("waits for an order that the object has confirmed and D1 does not know as paid yet", async () => {
    const till = await openTill();
    const event = await publish(till);
    const order = await till.order(event);
    const { payment } = await till.paid(order, "tok_requires_action");
    // The request that confirmed it was killed there.
    const buyer = { name: order.buyer.name, email: order.buyer.email };
    expect((await till.env.EVENTS.confirmOrder({ eventId: event.id, orderId: order.id, buyer, attendees: [] })).ok).toBe(true);
    await cancelEvent(till, event.id);
    await till.events.idle();
    await till.receive();
    expect(await till.status(order)).toBe("pending");
    expect(await jobOf(till, event, order)).toEqual({ finished: 0, left_behind: 0, after_id: "" });
    await till.webhook("evt_1", "payment.succeeded", payment.id);
    await till.idle();
    expect(await till.status(order)).toBe("paid");
    await sweepLater(till);
    await expectAllBack(till, order);
    expect(await jobOf(till, event, order)).toMatchObject({ finished: 1 });
  });

  test("goes through hundreds of orders page by page, and carries on where it was cut off", async () => {
    const till = await openTill();
    const event = await publish(till);
    const first = await till.order(event);
    await till.run(
      first.id,
      `INSERT INTO orders (id, event_id, organizer_id, hold_id, state, request_hash, currency, subtotal_minor, discount_minor, fees_minor,
         tax_minor, total_minor, buyer_email, buyer_name, attendees, placed_until_ms, expires_at_ms, created_at_ms, updated_at_ms)
       WITH RECURSIVE more (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM more WHERE n < 220)
       SELECT 'order-' || n, event_id, organizer_id, 'hold-' || n, state, request_hash, currency, subtotal_minor, discount_minor, fees_minor,
         tax_minor, total_minor, buyer_email, buyer_name, attendees, placed_until_ms, expires_at_ms, created_at_ms - 100 + n / 7, updated_at_ms
       FROM orders, more WHERE orders.id = '${first.id}'`,
    );
    const last = await till.order(event);
    await till.paid(last, "tok_success");
    await cancelEvent(till, event.id);
    await beginEventRefunds(till.env, event.id);
    const db = databaseOf(till, first);
    const calls = { left: 3 };
    const work = {
      env: counting(till.env, calls),
      later: { waitUntil: () => undefined },
      db,
      calls,
      untilMs: Date.now() + 5_000,
    };
    await workThrough(work, event.id);
    expect(calls.left).toBe(1);
    expect(await jobOf(till, event, first)).toMatchObject({ finished: 0 });
    expect(await till.row(first.id, "SELECT count(*) AS n FROM orders WHERE state = 'cancelled'")).toEqual({ n: 100 });
    expect(await till.status(last)).toBe("paid");
    await sweepLater(till);
    expect(await till.row(first.id, "SELECT count(*) AS n FROM orders WHERE state = 'cancelled'")).toEqual({ n: 221 });
    await expectAllBack(till, last);
    expect(await jobOf(till, event, first)).toMatchObject({ finished: 1 });
  });

  test.each([
    ["the object", "object"],
    ["the provider", "provider"],
  ])("that cannot reach %s pays back once it can, each buyer once", async (_, away) => {
    let isAway = true;
    const till = await openTill((plain) => ({
      EVENTS: {
        ...plain.EVENTS,
        voidOrders: (...args) =>
          isAway && away === "object" ? Promise.reject(new Error("out of reach")) : plain.EVENTS.voidOrders(...args),
      },
    }));
    const event = await publish(till);
    const orders = [await till.order(event), await till.order(event)];
    for (const order of orders) await till.paid(order, "tok_success");
    const provider = payingProvider();
    doors.open.refundPayment = away === "provider" ? silent : provider.refundPayment;
    await cancelEvent(till, event.id);
    await till.events.idle();
    await till.receive();
    for (const order of orders) expect(await till.status(order)).toBe("paid");
    isAway = false;
    doors.open.refundPayment = provider.refundPayment;
    await sweepLater(till);
    await sweepLater(till);
    for (const order of orders) await expectAllBack(till, order);
    expect(provider.paidMinor()).toBe(5000);
    expect(timesTold(till)).toBe(2);
  });

  test("whose news a killed queue has forgotten is told once more by the next process", async () => {
    const till = await openTill();
    const event = await publish(till);
    const order = await till.order(event);
    await till.paid(order, "tok_success");
    await cancelEvent(till, event.id);
    await till.events.idle();
    expect(till.events.sentToPayments.splice(0)).toHaveLength(1);
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 5_000 });
    await till.events.sweep();
    expect(till.events.sentToPayments).toEqual([]);
    till.events.env.QUEUES_FORGET = "yes";
    await till.events.sweep();
    expect(till.events.sentToPayments).toHaveLength(1);
    await till.receive();
    await expectAllBack(till, order);
    await till.events.sweep();
    expect(till.events.sentToPayments).toEqual([]);
  });

  test("told twice, and at work twice at once, pays once", async () => {
    const till = await openTill();
    const event = await publish(till);
    const order = await till.order(event);
    const { payment } = await till.paid(order, "tok_success");
    const provider = payingProvider();
    doors.open.refundPayment = provider.refundPayment;
    await cancelEvent(till, event.id);
    await till.events.idle();
    till.events.sentToPayments.push(...till.events.sentToPayments);
    const [, asked] = await Promise.all([till.receive(), refund(till, payment.id), till.sweep()]);
    expect(["201", "409 refund_exceeds_payment"]).toContain(asked.status === 201 ? "201" : codeOf(asked));
    await sweepLater(till);
    await expectAllBack(till, order);
    expect(provider.paidMinor()).toBe(2500);
    expect(timesTold(till)).toBe(1);
  });
});

describe("at the same moment, or a few milliseconds apart", () => {
  /** Runs the moves in each of their orders, and looks whether each order of a ticket has one end. How each ended. */
  async function race(till: Till, moves: readonly string[], nowMs: (order: Order) => number): Promise<Set<string>> {
    const event = await publish(till);
    const ends = new Set<string>();
    for (const [round, sequence] of permutations(moves).entries()) {
      vi.useRealTimers();
      const order = await till.order(event);
      const { payment } = await till.paid(order, "tok_requires_action");
      vi.useFakeTimers({ toFake: ["Date"], now: nowMs(order) });
      const make: Record<string, () => Promise<unknown>> = {
        pay: () => till.webhook(`evt_${round}`, "payment.succeeded", payment.id),
        cancel: () => till.ask("POST", `/orders/${order.id}/cancel`, { as: guest(order) }),
        expire: () => till.sweep(),
        refund: () => refund(till, payment.id),
      };
      const apartMs = (round % 3) * 12;
      await Promise.all(
        sequence.map(async (move, index) => {
          await scheduler.wait(index * apartMs);
          await make[move]?.();
        }),
      );
      await till.idle();
      await sweepLater(till, 2);
      ends.add(await endOf(till, order, `${sequence.join()} ${apartMs} ms apart`));
    }
    return ends;
  }

  /** Either he has the ticket, or he has the money, or he never paid. */
  async function endOf(till: Till, order: Order, moves: string): Promise<string> {
    const status = await till.status(order);
    const tickets = await ticketStatuses(till, order);
    const { owed, clearing } = (await books(till, order)) ?? {};
    const standing = tickets.filter((ticket) => ticket === "valid").length;
    expect({ status, standing, owed, clearing }, moves).toEqual(
      status === "paid"
        ? { status, standing: 1, owed: 0, clearing: 2500 }
        : { status: "refunded", standing: 0, owed: 0, clearing: 0 },
    );
    return tickets.length > 0 && status === "refunded" ? "paid, then refunded" : status;
  }

  test("paying, cancelling, expiring and refunding an order has one winner", async () => {
    const till = await openTill();
    const ends = await race(till, ["pay", "cancel", "expire", "refund"], () => Date.now());
    expect(ends).toContain("paid");
    expect(ends).toContain("refunded");
  });

  test("paying, expiring and refunding it after its end has, too", async () => {
    const till = await openTill();
    const ends = await race(till, ["pay", "expire", "refund"], (order) => Date.parse(order.expiresAt) + 1_000);
    expect(ends).toContain("paid");
  });
});

function permutations<T>(items: readonly T[]): T[][] {
  if (items.length <= 1) return [[...items]];
  return items.flatMap((item, index) => permutations(items.filter((_, other) => other !== index)).map((rest) => [item, ...rest]));
}
