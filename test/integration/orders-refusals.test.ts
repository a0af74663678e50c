import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, inject, it } from "vitest";
import { Order } from "../../shared/contracts/orders";
import { ProblemBody } from "../../shared/contracts/problem-body";
import { connect, parse } from "../support/client";
import { BUYER, codeOf, Orders, openShop, pay, type Shop } from "../support/shop";

let shop: Shop;

beforeAll(async () => {
  shop = await openShop(connect(inject("origin")));
});

describe("somebody else's order", () => {
  it("reads like one that does not exist, but for its organizer's members", async () => {
    const order = await shop.placeAsGuest(1);
    const other = await shop.placeAsGuest(1);
    for (const client of [shop.person.api, shop.withToken(other)]) {
      for (const id of [order.id, randomUUID(), "nonsense"]) {
        expect(codeOf(await client.get(`/orders/${id}`), 404)).toBe("order_not_found");
        expect(codeOf(await client.get(`/orders/${id}/tickets`), 404)).toBe("order_not_found");
        expect(codeOf(await client.post(`/orders/${id}/cancel`), 404)).toBe("order_not_found");
      }
      expect(codeOf(await pay(client, order.id, "tok_success"), 404)).toBe("order_not_found");
    }
    expect(parse(Order, await shop.box.owner.api.get(`/orders/${order.id}`), 200).accessToken).toBeUndefined();
    expect(codeOf(await pay(shop.box.owner.api, order.id, "tok_success"), 403)).toBe("forbidden");
    expect(codeOf(await shop.api.get(`/orders/${order.id}`), 401)).toBe("credential_missing");
    expect(codeOf(await shop.api.get(`/orders/${order.id}`, { token: "bh_forged" }), 401)).toBe("credential_invalid");
    expect(codeOf(await shop.api.get(`/orders/user/${shop.person.user.id}`), 401)).toBe("credential_missing");
    expect(codeOf(await shop.box.owner.api.get(`/orders/user/${shop.person.user.id}`), 404)).toBe("user_not_found");
    expect(codeOf(await shop.person.api.get(`/orders?eventId=${shop.box.event.id}`), 403)).toBe("forbidden");
    expect(codeOf(await shop.box.owner.api.get("/orders"), 400)).toBe("invalid_query");
  });

  it("stands in its organizer's list once, page by page", async () => {
    for (let count = 0; count < 3; count++) await shop.placeAsGuest(1);
    const seen: string[] = [];
    let cursor: string | null = "";
    while (cursor !== null) {
      const next: string = cursor === "" ? "" : `&cursor=${cursor}`;
      const page = parse(Orders, await shop.box.owner.api.get(`/orders?eventId=${shop.box.event.id}&limit=2${next}`), 200);
      seen.push(...page.data.map(({ id }) => id));
      cursor = page.nextCursor;
    }
    expect(seen.length).toBeGreaterThan(3);
    expect(new Set(seen).size).toBe(seen.length);
    expect(codeOf(await shop.box.owner.api.get(`/orders?eventId=${shop.box.event.id}&cursor=nonsense`), 400)).toBe(
      "invalid_cursor",
    );
  });
});

describe("bad input", () => {
  it.each<[string, Record<string, unknown>]>([
    ["no items", { items: undefined }],
    ["an empty list of items", { items: [] }],
    ["a fraction", { items: [{ ticketTypeId: randomUUID(), quantity: 1.5 }] }],
    ["a negative quantity", { items: [{ ticketTypeId: randomUUID(), quantity: -1 }] }],
    ["an unknown field", { price: 1 }],
    ["an address that is none", { buyer: { email: "nobody", name: "N" } }],
    ["a voucher that does not exist", { voucherCode: "FREE" }],
    ["a hold without its secret", { items: undefined, holdId: randomUUID() }],
    ["more attendees than tickets", { attendees: [BUYER, BUYER, BUYER] }],
  ])("is refused: %s", async (_, change) => {
    const before = await shop.availableNow();
    const body = parse(ProblemBody, await shop.api.post("/orders", { ...shop.draft(2), ...change }), 400);
    expect(body.code).toBe("invalid_body");
    expect(body.errors?.length).toBeGreaterThan(0);
    expect(await shop.availableNow()).toBe(before);
  });

  it("has its own code each where the form is right", async () => {
    const order = await shop.placeAsGuest(1);
    const guest = shop.withToken(order);
    expect(codeOf(await shop.api.post("/orders", shop.draft(11)), 422)).toBe("quantity_out_of_range");
    expect(codeOf(await shop.api.post("/orders", { ...shop.draft(1), eventId: randomUUID() }), 404)).toBe("event_not_found");
    expect(codeOf(await guest.post("/payments/process", { orderId: order.id, provider: "paypal" }), 422)).toBe(
      "provider_not_configured",
    );
    expect(codeOf(await pay(guest, order.id, "tok_unknown"), 400)).toBe("invalid_body");
    expect(codeOf(await shop.api.post("/orders", shop.draft(1), { idempotencyKey: "ü".repeat(3) }), 400)).toBe(
      "invalid_idempotency_key",
    );
    expect(codeOf(await shop.api.post("/payments/webhooks/stripe", {}), 400)).toBe("invalid_signature");
    expect(codeOf(await shop.api.post("/payments/webhooks/test", { forged: true }), 400)).toBe("invalid_signature");
    expect(codeOf(await shop.api.post(`/payments/webhooks/test/${randomUUID()}`, {}), 400)).toBe("invalid_signature");
    expect(codeOf(await shop.api.post("/payments/webhooks/nobody", {}), 404)).toBe("not_found");
    expect(codeOf(await guest.get(`/payments/${randomUUID()}`), 404)).toBe("payment_not_found");
    expect(codeOf(await shop.api.post(`/dev/test-provider/payments/${randomUUID()}/settle`), 404)).toBe("payment_not_found");
  });
});
