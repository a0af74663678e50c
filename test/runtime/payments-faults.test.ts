/** Whatever step of a sale fails, is answered to nobody, or is the process's last: a ticket or the money back, once, and nothing half-way. */
import { afterEach, describe, expect, test, vi } from "vitest";
import { Order, PaymentProcessed, Refund } from "../../shared/contracts/orders";
import { oneTicket, passTime, sweepTwice } from "../support/aftermath";
import type { Answer } from "../support/events-room";
import { FAULT_KINDS, type FaultKind, type Faults, planFaults } from "../support/faults";
import { BUYER, closeTills, codeOf, guest, openTill, parse, publish, someKey, type Till } from "../support/payments-room";
import { faultsInBooks } from "../support/sale-books";

afterEach(async () => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  await closeTills();
});

interface Trial {
  till: Till;
  faults: Faults;
  kind: FaultKind;
}

/** A client that hears nothing asks again, with the same key, until it is answered. */
async function insist({ till, faults, kind }: Trial, ask: () => Promise<Answer>): Promise<Answer> {
  for (let tries = 0; tries < 6; tries++) {
    const wasOver = faults.happened();
    const answer = await ask();
    const isLost = kind === "killed" && !wasOver && faults.happened();
    // What a killed process had still to do after its answer is not done either.
    await till.idle();
    if (faults.happened()) faults.disarm();
    const isLeased = codeOf(answer) === "409 request_in_progress";
    if (answer.status < 500 && !isLost && !isLeased) return answer;
    // A lease of one who died ends by itself.
    if (isLeased) passTime(31_000);
  }
  throw new Error("never answered");
}

type Act = () => Promise<Order>;

/** What a client does while the fault happens, prepared without one. The order in the end reads `ends`. */
interface Story {
  ends: "paid" | "refunded";
  prepare(trial: Trial): Promise<Act>;
}

const pay = (trial: Trial, order: Order, key: string) => insist(trial, () => trial.till.pay(order, "tok_success", key));

async function placed(trial: Trial, event: Awaited<ReturnType<typeof publish>>): Promise<Order> {
  const body = { eventId: event.id, items: [{ ticketTypeId: event.ticketTypes[0]?.id, quantity: 1 }], buyer: BUYER };
  const key = someKey();
  return parse(Order, await insist(trial, () => trial.till.ask("POST", "/orders", { body, key })), 201);
}

async function waiting(till: Till, event: Awaited<ReturnType<typeof publish>>) {
  const order = await till.order(event);
  const { payment } = await till.paid(order, "tok_requires_action");
  return { order, paymentId: payment.id };
}

const STORIES: Record<string, Story> = {
  "ordered and paid": {
    ends: "paid",
    async prepare(trial) {
      const event = await publish(trial.till, oneTicket());
      return async () => {
        const order = await placed(trial, event);
        const answer = await pay(trial, order, someKey());
        const { payment } = parse(PaymentProcessed, answer, answer.status);
        // Told that it failed, he takes the next card.
        if (payment.status === "failed") await pay(trial, order, someKey());
        return order;
      };
    },
  },
  "for nothing": {
    ends: "paid",
    async prepare(trial) {
      const event = await publish(trial.till, oneTicket(0));
      return () => placed(trial, event);
    },
  },
  "paid by a webhook": {
    ends: "paid",
    async prepare(trial) {
      const { order, paymentId } = await waiting(trial.till, await publish(trial.till, oneTicket()));
      return async () => {
        await insist(trial, () => trial.till.webhook(`evt_${paymentId}`, "payment.succeeded", paymentId));
        return order;
      };
    },
  },
  "paid too late": {
    ends: "refunded",
    async prepare(trial) {
      const event = await publish(trial.till, oneTicket());
      const { order, paymentId } = await waiting(trial.till, event);
      passTime(Date.parse(order.expiresAt) - Date.now() + 1_000);
      await trial.till.paid(await trial.till.order(event), "tok_success");
      await trial.till.idle();
      return async () => {
        await insist(trial, () => trial.till.webhook(`evt_${paymentId}`, "payment.succeeded", paymentId));
        return order;
      };
    },
  },
  "cancelled, and paid all the same": {
    ends: "refunded",
    async prepare(trial) {
      const { order, paymentId } = await waiting(trial.till, await publish(trial.till, oneTicket()));
      return async () => {
        const [as, key] = [guest(order), someKey()];
        const cancelled = await insist(trial, () => trial.till.ask("POST", `/orders/${order.id}/cancel`, { as, key }));
        expect(parse(Order, cancelled).status).toBe("cancelled");
        await insist(trial, () => trial.till.webhook(`evt_${paymentId}`, "payment.succeeded", paymentId));
        return order;
      };
    },
  },
  "refunded on request": {
    ends: "refunded",
    async prepare(trial) {
      const order = await trial.till.order(await publish(trial.till, oneTicket()));
      const { payment } = await trial.till.paid(order, "tok_success");
      await trial.till.idle();
      const request = { as: trial.till.events.owner, body: { reason: "ill" }, key: someKey() };
      return async () => {
        parse(Refund, await insist(trial, () => trial.till.ask("POST", `/payments/${payment.id}/refund`, request)), 201);
        return order;
      };
    },
  },
};

describe.each(FAULT_KINDS)("a step that was %s", (kind) => {
  test.each(Object.keys(STORIES))("of a sale that is %s", async (name) => {
    vi.spyOn(console, "error").mockImplementation(() => undefined);
    const story = STORIES[name];
    if (!story) throw new Error("no such story");
    const faults = planFaults();
    const till = await openTill(faults.change);
    const trial: Trial = { till, faults, kind };
    let at = 0;
    do {
      const orders: [step: number, order: Order][] = [];
      // A few steps share their sweeps, each of which has calls for more than that.
      for (let few = 0; few < 4 && (at === 0 || faults.happened()); few++) {
        at += 1;
        const act = await story.prepare(trial);
        faults.arm(at, kind);
        orders.push([at, await act()]);
        faults.disarm();
      }
      await sweepTwice(till);
      expect([`up to step ${at}`, await faultsInBooks(till)]).toEqual([`up to step ${at}`, []]);
      for (const [step, order] of orders) expect([step, await till.status(order)]).toEqual([step, story.ends]);
    } while (faults.happened());
    // It has steps, and each of them has failed once.
    expect(at).toBeGreaterThan(3);
  });
});

describe("the books that are read after each", () => {
  const planted: [string, (till: Till, order: Order) => Promise<unknown>, RegExp][] = [
    [
      "a ticket that is gone",
      (till, { eventId, id }) => till.env.EVENTS.voidTickets(eventId, id, null),
      /^a paid order has 0 tickets of 1/,
    ],
    [
      "money that is not written down",
      (till, { id }) => till.run(id, `UPDATE payments SET state = 'failed' WHERE order_id = '${id}'`),
      /^a paid order keeps 0 of 2500/,
    ],
    [
      "an order that was paid back without its money",
      (till, { id }) => till.run(id, `UPDATE orders SET state = 'refunded' WHERE id = '${id}'`),
      /^a refunded order keeps 2500 of 2500/,
    ],
    [
      "news that went out twice",
      async (till) => till.sent.push(...till.sent.slice(0, 1).map((message) => ({ ...message, id: someKey() }))),
      /^a paid order was told of as paid 2 times/,
    ],
    [
      "a payment that nobody has decided",
      (till, { id }) => till.run(id, `UPDATE payments SET state = 'processing' WHERE order_id = '${id}'`),
      /^1 payments that nobody has decided/,
    ],
  ];

  test.each(planted)("would show %s", async (_, plant, fault) => {
    const till = await openTill();
    const order = await till.order(await publish(till, oneTicket()));
    await till.paid(order, "tok_success");
    await till.idle();
    expect(await faultsInBooks(till)).toEqual([]);
    await plant(till, order);
    expect(await faultsInBooks(till)).toContainEqual(expect.stringMatching(fault));
  });
});
