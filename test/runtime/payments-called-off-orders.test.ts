/** Whom a cancelled event took tickets from, before and after their money went back. */
import { afterEach, expect, test } from "vitest";
import type { Order } from "../../shared/contracts/orders";
import { Refund } from "../../shared/contracts/orders";
import { calledOffOrders, standingOrders } from "../../workers/payments/ticketed-orders";
import { closeTills, openTill, parse, publish, type Till } from "../support/payments-room";
import { replaceProviderDoors } from "../support/provider-doors";
import { eur, refund } from "../support/refunds";

replaceProviderDoors();
afterEach(closeTills);

const idsOf = (orders: readonly Order[]) => orders.map(({ id }) => id).sort();

/** All pages together; each but the last is full. */
async function listed(till: Till, eventId: string): Promise<string[]> {
  const found: string[] = [];
  let cursor: string | null = null;
  do {
    const page: Awaited<ReturnType<typeof calledOffOrders>> = await calledOffOrders(till.env, eventId, cursor);
    found.push(...page.orderIds);
    cursor = page.nextCursor;
  } while (cursor !== null);
  return found.sort();
}

test("free and paid orders alike, not those that were never paid or went back before, and the same after the refunds", async () => {
  const till = await openTill();
  const event = await publish(till);
  const paid = [await till.order(event), await till.order(event, 2)];
  for (const order of paid) await till.paid(order, "tok_success");
  const returned = await till.order(event);
  parse(Refund, await refund(till, (await till.paid(returned, "tok_success")).payment.id), 201);
  const partly = await till.order(event, 2);
  parse(Refund, await refund(till, (await till.paid(partly, "tok_success")).payment.id, { amount: eur(100) }), 201);
  await till.order(event);
  await till.idle();
  const wanted = idsOf([...paid, partly]);
  expect(await listed(till, event.id)).toEqual(wanted);

  await till.events.ask("POST", `/events/${event.id}/cancel`, { as: till.events.owner, body: { reason: "Flooded." } });
  await till.events.idle();
  await till.receive();
  await till.idle();
  expect(await till.status(paid[0] as Order)).toBe("refunded");
  expect(await listed(till, event.id)).toEqual(wanted);

  const free = await publish(till, { ticketTypes: [{ name: "Free", price: eur(0), quantity: 9 }] });
  expect(await listed(till, free.id)).toEqual([]);
  const order = await till.order(free);
  expect(await listed(till, free.id)).toEqual([order.id]);
});

test("more than a page are all found once, also where many have one moment", async () => {
  const till = await openTill();
  const event = await publish(till);
  const order = await till.order(event);
  await till.paid(order, "tok_success");
  await till.idle();
  const columns = (
    (await till.row<{ names: string }>(order.id, "SELECT group_concat(name) AS names FROM pragma_table_info('orders')"))?.names ??
    ""
  ).split(",");
  const copied = columns.map((name) => (name === "id" || name === "hold_id" ? `'copy-' || n` : name));
  await till.run(
    order.id,
    `WITH RECURSIVE copies(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM copies WHERE n < 250)
     INSERT INTO orders (${columns.join(", ")}) SELECT ${copied.join(", ")} FROM orders, copies WHERE id = '${order.id}'`,
  );
  const found = await listed(till, event.id);
  expect(found).toHaveLength(251);
  expect(new Set(found).size).toBe(251);
});

test("of an event that stands, those that were placed before then and are paid", async () => {
  const till = await openTill();
  const event = await publish(till);
  const paid = await till.order(event);
  await till.paid(paid, "tok_success");
  const returned = await till.order(event);
  parse(Refund, await refund(till, (await till.paid(returned, "tok_success")).payment.id), 201);
  await till.order(event);
  await till.idle();
  const placedMs = Date.parse(paid.createdAt);
  expect(await standingOrders(till.env, event.id, placedMs + 1, null)).toEqual({ orderIds: [paid.id], nextCursor: null });
  expect(await standingOrders(till.env, event.id, Date.now() + 1000, null)).toEqual({ orderIds: [paid.id], nextCursor: null });
  expect((await standingOrders(till.env, event.id, placedMs, null)).orderIds).toEqual([]);
});
