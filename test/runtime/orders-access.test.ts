/** Who may read, pay and cancel an order, and whose lists show it. */
import { afterEach, describe, expect, test } from "vitest";
import { Hold } from "../../shared/contracts/holds";
import { INTERNAL_HEADERS } from "../../shared/contracts/internal-headers";
import { Order } from "../../shared/contracts/orders";
import type { Principal } from "../../shared/contracts/principal";
import { listOf } from "../../shared/http/list";
import { BUYER, closeTills, codeOf, guest, openTill, parse, publish, someKey, type Till, user } from "../support/payments-room";

afterEach(closeTills);

const Orders = listOf(Order);
type Account = ReturnType<typeof user>;

async function orderAs(till: Till, as: Principal): Promise<Order> {
  const event = await publish(till);
  const body = { eventId: event.id, items: [{ ticketTypeId: event.ticketTypes[0]?.id, quantity: 1 }], buyer: BUYER };
  return parse(Order, await till.ask("POST", "/orders", { as, body }), 201);
}
/** Who may read it may read its payments. */
const read = async (till: Till, order: Order, as: Principal, headers = {}) => {
  const [code, ofPayments] = await Promise.all(
    ["", "/payments"].map(async (more) => codeOf(await till.ask("GET", `/orders/${order.id}${more}`, { as, headers }))),
  );
  expect(ofPayments).toBe(code);
  return code;
};
const onHost = (account: Account, organizerId: string) => ({
  as: { ...account, organizerHost: true } as Principal,
  headers: { [INTERNAL_HEADERS.organizer]: organizerId },
});
const key = (account: Account, scopes: string[], organizerId: string | null): Principal => ({
  kind: "api_key",
  keyId: someKey(),
  userId: account.userId,
  organizerId,
  scopes,
});

describe("an order", () => {
  test("is read by its buyer, by members with orders:read and by admins", async () => {
    const till = await openTill();
    const buyer = user();
    const order = await orderAs(till, buyer);
    expect(await read(till, order, buyer)).toBe("200 -");
    expect(await read(till, order, till.events.owner)).toBe("200 -");
    expect(await read(till, order, till.events.member("finance"))).toBe("200 -");
    expect(await read(till, order, till.events.member("door"))).toBe("404 order_not_found");
    expect(await read(till, order, user())).toBe("404 order_not_found");
    expect(await read(till, order, user(someKey(), "admin"))).toBe("200 -");
    expect(await read(till, order, { kind: "anonymous" })).toBe("401 credential_missing");
    expect(await read(till, order, { kind: "refused", code: "credential_expired" })).toBe("401 credential_expired");
  });

  test("is read by an API key only where its scopes and its organizer say so", async () => {
    const till = await openTill();
    const order = await orderAs(till, user());
    const { owner, organizerId } = till.events;
    expect(await read(till, order, key(owner, ["orders:read"], organizerId))).toBe("200 -");
    expect(await read(till, order, key(owner, ["events:write"], organizerId))).toBe("404 order_not_found");
    expect(await read(till, order, key(owner, ["orders:read"], someKey()))).toBe("404 order_not_found");
  });

  test("of a person is none of his API key's, unless the key placed it itself", async () => {
    const till = await openTill();
    const { owner, organizerId } = till.events;
    const private_ = await orderAs(till, owner);
    const body = { orderId: private_.id, provider: "test", paymentMethod: { token: "tok_success" } };
    const tryAll = async (as: Principal) => [
      await read(till, private_, as),
      codeOf(await till.ask("GET", `/orders/${private_.id}/tickets`, { as })),
      codeOf(await till.ask("POST", "/payments/process", { as, body })),
      codeOf(await till.ask("POST", `/orders/${private_.id}/cancel`, { as })),
    ];
    const [none, forbidden] = ["404 order_not_found", "403 forbidden"];
    expect(await tryAll(key(owner, ["events:read"], null))).toEqual([none, none, none, none]);
    expect(await tryAll(key(owner, ["orders:read"], someKey()))).toEqual([none, none, none, none]);
    // By its scope it reads, as a colleague would.
    expect((await tryAll(key(owner, ["orders:read"], organizerId))).slice(2)).toEqual([forbidden, forbidden]);
    expect(await till.row(private_.id, "SELECT COUNT(*) AS n FROM payments")).toEqual({ n: 0 });

    const seller = key(owner, ["events:read"], null);
    const sold = await orderAs(till, seller);
    expect(await read(till, sold, seller)).toBe("200 -");
    expect(await read(till, sold, key(owner, ["events:read"], null))).toBe(none);
    const payment = { orderId: sold.id, provider: "test", paymentMethod: { token: "tok_success" } };
    expect(codeOf(await till.ask("POST", "/payments/process", { as: seller, body: payment }))).toBe("200 -");
    const other = await orderAs(till, seller);
    expect(codeOf(await till.ask("POST", `/orders/${other.id}/cancel`, { as: seller }))).toBe("200 -");
  });

  test("for a private event is placed by its organizer's members, and by their keys as far as their scopes go", async () => {
    const till = await openTill();
    const { owner, organizerId } = till.events;
    const event = await publish(till, { settings: { isPublic: false } });
    const items = [{ ticketTypeId: event.ticketTypes[0]?.id, quantity: 1 }];
    const place = async (as: Principal) =>
      codeOf(await till.ask("POST", "/orders", { as, body: { eventId: event.id, items, buyer: BUYER } }));
    expect(await place(owner)).toBe("201 -");
    expect(await place(key(owner, ["events:read"], organizerId))).toBe("201 -");
    for (const stranger of [
      key(owner, ["orders:read"], organizerId),
      key(owner, ["events:read"], someKey()),
      user(),
      { kind: "anonymous" } as const,
    ])
      expect(await place(stranger)).toBe("404 event_not_found");
  });

  test("is paid and cancelled by its buyer alone", async () => {
    const till = await openTill();
    const order = await orderAs(till, user());
    const body = { orderId: order.id, provider: "test", paymentMethod: { token: "tok_success" } };
    const tryAll = async (as: Principal) => [
      codeOf(await till.ask("POST", "/payments/process", { as, body })),
      codeOf(await till.ask("POST", `/orders/${order.id}/cancel`, { as })),
    ];
    expect(await tryAll(user())).toEqual(["404 order_not_found", "404 order_not_found"]);
    expect(await tryAll(till.events.owner)).toEqual(["403 forbidden", "403 forbidden"]);
    expect(await tryAll(user(someKey(), "admin"))).toEqual(["403 forbidden", "403 forbidden"]);
    expect(await till.row(order.id, "SELECT COUNT(*) AS n FROM payments")).toEqual({ n: 0 });
  });

  test("is closed to a guest's token of an earlier version", async () => {
    const till = await openTill();
    const order = await till.order(await publish(till));
    expect(await read(till, order, guest(order))).toBe("200 -");
    await till.run(order.id, `UPDATE orders SET token_version = 2 WHERE id = '${order.id}'`);
    expect(await read(till, order, guest(order))).toBe("404 order_not_found");
    expect(codeOf(await till.pay(order, "tok_success"))).toBe("404 order_not_found");
    expect(codeOf(await till.ask("POST", `/orders/${order.id}/cancel`, { as: guest(order) }))).toBe("404 order_not_found");
  });
});

describe("a session of an organizer's host", () => {
  test("buys and reads there, and sees nothing that was bought elsewhere", async () => {
    const till = await openTill();
    const buyer = user();
    const order = await orderAs(till, buyer);
    const here = onHost(buyer, till.events.organizerId);
    const elsewhere = onHost(buyer, someKey());
    expect(await read(till, order, here.as, here.headers)).toBe("200 -");
    expect(await read(till, order, elsewhere.as, elsewhere.headers)).toBe("404 order_not_found");
    const mine = `/orders/user/${buyer.userId}`;
    expect(parse(Orders, await till.ask("GET", mine, here)).data).toHaveLength(1);
    expect(parse(Orders, await till.ask("GET", mine, elsewhere)).data).toHaveLength(0);
    const body = { orderId: order.id, provider: "test", paymentMethod: { token: "tok_success" } };
    expect(codeOf(await till.ask("POST", "/payments/process", { ...elsewhere, body }))).toBe("404 order_not_found");
    expect(codeOf(await till.ask("POST", "/payments/process", { ...here, body }))).toBe("200 -");
  });

  test("orders nothing elsewhere, neither tickets nor a hold of its own", async () => {
    const till = await openTill();
    const buyer = user();
    const event = await publish(till);
    const items = [{ ticketTypeId: event.ticketTypes[0]?.id, quantity: 1 }];
    const placeHold = () => till.events.ask("POST", `/events/${event.id}/holds`, { as: buyer, body: { items } });
    const held = parse(Hold, await placeHold(), 201);
    const bodies = [
      { eventId: event.id, items, buyer: BUYER },
      { eventId: event.id, holdId: held.id, holdSecret: held.secret, buyer: BUYER },
    ];
    for (const body of bodies) {
      const elsewhere = { ...onHost(buyer, someKey()), body };
      expect(codeOf(await till.ask("POST", "/orders", elsewhere))).toBe("404 event_not_found");
      const here = { ...onHost(buyer, till.events.organizerId), body };
      expect(codeOf(await till.ask("POST", "/orders", here))).toBe("201 -");
    }
  });

  test("has no part in the organizer's books", async () => {
    const till = await openTill();
    const order = await orderAs(till, user());
    const owner = onHost(till.events.owner, till.events.organizerId);
    expect(await read(till, order, owner.as, owner.headers)).toBe("404 order_not_found");
  });
});

describe("a user's list", () => {
  test("is one, newest first, over all shards, stable while orders come in", async () => {
    const till = await openTill();
    const buyer = user();
    const placed: string[] = [];
    // Where an event's orders stand is its id's chance.
    while (placed.length < 7 || new Set(placed.map((id) => id.slice(-2))).size < 2) placed.push((await orderAs(till, buyer)).id);
    await orderAs(till, user());
    const seen: string[] = [];
    let cursor: string | null = "";
    while (cursor !== null) {
      const query: string = `limit=3${cursor === "" ? "" : `&cursor=${cursor}`}`;
      const page = parse(Orders, await till.ask("GET", `/orders/user/${buyer.userId}?${query}`, { as: buyer }));
      seen.push(...page.data.map(({ id }) => id));
      for (const { items } of page.data) expect(items).toHaveLength(1);
      cursor = page.nextCursor;
      if (seen.length === 3) await orderAs(till, buyer);
    }
    expect([...seen].sort()).toEqual([...placed].sort());
    const listed = parse(Orders, await till.ask("GET", `/orders/user/${buyer.userId}`, { as: user(someKey(), "admin") }));
    expect(listed.data).toHaveLength(placed.length + 1);
    const times = listed.data.map(({ createdAt }) => createdAt);
    expect(times).toEqual([...times].sort().reverse());
  });

  test("is nobody else's", async () => {
    const till = await openTill();
    const buyer = user();
    await orderAs(till, buyer);
    for (const id of [buyer.userId, someKey(), "nonsense"]) {
      expect(codeOf(await till.ask("GET", `/orders/user/${id}?limit=0`, { as: user() }))).toBe("404 user_not_found");
    }
    expect(codeOf(await till.ask("GET", `/orders/user/${buyer.userId}?limit=0`, { as: buyer }))).toBe("400 invalid_query");
    expect(codeOf(await till.ask("GET", `/orders/user/${buyer.userId}?cursor=x`, { as: buyer }))).toBe("400 invalid_cursor");
  });
});
