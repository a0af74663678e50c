import { randomUUID } from "node:crypto";
import { beforeAll, expect, inject, it } from "vitest";
import { Order } from "../../shared/contracts/orders";
import { LedgerPage } from "../../workers/payments/ledger-views";
import { connect, parse } from "../support/client";
import { codeOf, openShop, pay, type Shop } from "../support/shop";

let shop: Shop;

beforeAll(async () => {
  shop = await openShop(connect(inject("origin")));
});

it("an organizer's finance reads what was sold, balanced and checked, and nobody else does", async () => {
  const { organizerId } = parse(Order, await shop.box.owner.api.get(`/orders/${(await shop.placeAsGuest(1)).id}`), 200);
  const path = `/payments/ledger?organizerId=${organizerId}`;
  expect(parse(LedgerPage, await shop.box.owner.api.get(path), 200).data).toEqual([]);
  const orders = [await shop.placeAsGuest(1), await shop.placeAsGuest(2)];
  for (const order of orders) await pay(shop.withToken(order), order.id, "tok_success");

  const { data, summary } = parse(LedgerPage, await shop.box.owner.api.get(`/v1${path}`), 200);
  expect(data.map(({ fact, orderId }) => [fact, orderId])).toEqual(orders.map(({ id }) => ["sale", id]).reverse());
  expect(summary).toEqual({
    balances: [
      { account: "organizer_payable", amount: { amount: -7500, currency: "EUR" } },
      { account: "provider_clearing", amount: { amount: 7500, currency: "EUR" } },
    ],
    agrees: true,
    differences: [],
  });

  expect(codeOf(await shop.person.api.get(path), 403)).toBe("forbidden");
  expect(codeOf(await shop.api.get(path), 401)).toBe("credential_missing");
  expect(codeOf(await shop.box.owner.api.get(`/payments/ledger?organizerId=${randomUUID()}`), 404)).toBe("organizer_not_found");
  expect(codeOf(await shop.box.owner.api.get("/payments/ledger"), 400)).toBe("invalid_query");
});
