/** Requests for orders that are refused: in which order they are checked, and what they leave behind. */
import { afterEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { AvailableTicketType } from "../../shared/contracts/events";
import type { Env } from "../../workers/payments/environment";
import {
  BUYER,
  closeTills,
  codeOf,
  guest,
  openTill,
  parse,
  publish,
  secret,
  someKey,
  type Till,
  user,
} from "../support/payments-room";

afterEach(closeTills);

const Tickets = z.object({ data: z.array(AvailableTicketType) });
const availableOf = async (till: Till, eventId: string): Promise<number> => {
  return parse(Tickets, await till.events.ask("GET", `/events/${eventId}/tickets`)).data[0]?.available ?? -1;
};

describe("a key that is used for another event", () => {
  test.each(["1", "2"])("leaves no stock behind, with %s shards", async (shards) => {
    const till = await openTill((): Partial<Env> => ({ PAYMENTS_SHARDS: shards }));
    const key = someKey();
    const order = await till.order(await publish(till), 1, key);
    // Where an event's orders stand is its id's chance.
    for (let count = 0; count < 4; count++) {
      const other = await publish(till);
      const body = { eventId: other.id, items: [{ ticketTypeId: other.ticketTypes[0]?.id, quantity: 3 }], buyer: BUYER };
      expect(codeOf(await till.ask("POST", "/orders", { body, key }))).toBe("422 idempotency_key_reused");
      expect(await availableOf(till, other.id)).toBe(50);
    }
    expect(await availableOf(till, order.eventId)).toBe(49);
    expect((await till.paid(order, "tok_success")).order.status).toBe("paid");
  });
});

describe("the order of checks", () => {
  const bad = { body: { unknown: true } };

  test("of a cancellation: credential, existence, permission, form, key", async () => {
    const till = await openTill();
    const order = await till.order(await publish(till));
    const cancel = async (id: string, asked: Parameters<Till["ask"]>[2]) =>
      codeOf(await till.ask("POST", `/orders/${id}/cancel`, asked));
    const holds = secret(`bh_${"A".repeat(43)}`);
    for (const id of ["nonsense", order.id, someKey()]) {
      expect(await cancel(id, { as: holds, ...bad })).toBe("401 credential_invalid");
    }
    for (const id of ["nonsense", order.id, someKey()]) {
      expect(await cancel(id, { as: user(), ...bad })).toBe("404 order_not_found");
      expect(await cancel(id, { as: user(), key: '"open' })).toBe("404 order_not_found");
    }
    expect(await cancel(order.id, { as: till.events.owner, ...bad })).toBe("403 forbidden");
    expect(await cancel(order.id, { as: guest(order), ...bad })).toBe("400 invalid_body");
    expect(await cancel(order.id, { as: guest(order), key: '"open' })).toBe("400 invalid_idempotency_key");
    expect(await cancel(order.id, { as: guest(order) })).toBe("200 -");
  });

  test("of paying and ordering: a secret that can never be right before the form", async () => {
    const till = await openTill();
    const order = await till.order(await publish(till));
    const holds = secret(`bh_${"A".repeat(43)}`);
    expect(codeOf(await till.ask("POST", "/payments/process", { as: holds, ...bad }))).toBe("401 credential_invalid");
    expect(codeOf(await till.ask("POST", "/orders", { as: guest(order), ...bad }))).toBe("401 credential_invalid");
    expect(codeOf(await till.ask("POST", "/orders", { as: holds, ...bad }))).toBe("400 invalid_body");
    const body = { orderId: order.id, provider: "test", paymentMethod: { token: "tok_success" } };
    expect(codeOf(await till.ask("POST", "/payments/process", { as: user(), body, key: '"open' }))).toBe("404 order_not_found");
    expect(codeOf(await till.ask("POST", "/payments/process", { as: guest(order), body, key: '"open' }))).toBe(
      "400 invalid_idempotency_key",
    );
  });

  test("says nothing of a payment's existence to a hold's secret, nor to another order's token", async () => {
    const till = await openTill();
    const event = await publish(till);
    const { payment } = await till.paid(await till.order(event), "tok_decline");
    const other = await till.order(event);
    const read = async (id: string, as: ReturnType<typeof secret>) => codeOf(await till.ask("GET", `/payments/${id}`, { as }));
    for (const id of [payment.id, someKey()]) {
      expect(await read(id, secret(`bh_${"A".repeat(43)}`))).toBe("401 credential_invalid");
      expect(await read(id, guest(other))).toBe("404 payment_not_found");
    }
  });
});
