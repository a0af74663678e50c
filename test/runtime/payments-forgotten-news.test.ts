/** Local queues forget on a kill what they had taken: the next process says it once more. */
import { afterEach, expect, test, vi } from "vitest";
import { Refund } from "../../shared/contracts/orders";
import { beginRetelling, retell } from "../../workers/payments/forgotten-news";
import { applyRefundWord } from "../../workers/payments/refund-words";
import { dbOf } from "../../workers/payments/shards";
import { closeTills, openTill, parse, publish } from "../support/payments-room";
import { replaceProviderDoors } from "../support/provider-doors";
import { payingProvider, refund, sold, sweepLater } from "../support/refunds";

const doors = replaceProviderDoors();

afterEach(async () => {
  vi.useRealTimers();
  await closeTills();
});

const retelling = { QUEUES_FORGET: "yes" };

test("the first sweep of a process tells what was paid before it once more, in the same words, and only the first", async () => {
  const till = await openTill(() => retelling);
  const event = await publish(till);
  const paid = await till.order(event);
  await till.paid(paid, "tok_success");
  await till.order(event);
  await till.idle();
  const told = till.sent.splice(0);
  expect(told.map(({ type, subject }) => [type, subject])).toEqual(Array(2).fill(["order.paid", paid.id]));

  // A sweep leaves what is fresh in the outbox to those who put it there.
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 3_000 });
  expect(await till.sweep()).toMatchObject({ retold: 1 });
  await till.idle();
  const again = till.sent.splice(0);
  expect(again.map(({ subject, version, data }) => ({ subject, version, data }))).toEqual(
    told.map(({ subject, version, data }) => ({ subject, version, data })),
  );
  expect(await till.sweep()).toMatchObject({ retold: 0 });
});

test("page by page, with each order in one of them, and nothing that is younger than the process", async () => {
  const till = await openTill();
  const event = await publish(till);
  const orders = await Promise.all(Array.from({ length: 5 }, () => till.order(event)));
  for (const order of orders) await till.paid(order, "tok_success");
  await till.idle();
  const [first] = orders;
  const db = first && dbOf(till.env, first.id);
  if (!db) throw new Error("no order");
  // All at one moment, so that the pages part between orders of the same time.
  await db.prepare("UPDATE orders SET paid_at_ms = ?").bind(Date.now()).run();
  const begun = beginRetelling(Date.now());
  const late = await till.order(event);
  await till.paid(late, "tok_success");
  await till.idle();
  await db
    .prepare("UPDATE orders SET paid_at_ms = ? WHERE id = ?")
    .bind(begun.untilMs + 1, late.id)
    .run();

  const pages = [];
  for (let page = await retell(db, begun, 2); page > 0; page = await retell(db, begun, 2)) pages.push(page);
  expect(pages).toEqual([2, 2, 1]);
  const { results } = await db.prepare("SELECT envelope ->> 'subject' AS subject FROM outbox").all<{ subject: string }>();
  expect(results.map(({ subject }) => subject).sort()).toEqual(orders.map(({ id }) => id).sort());
});

test("money that went back, came back and went again is told as each of the three", async () => {
  const till = await openTill();
  const { payment, order } = await sold(till);
  doors.open.refundPayment = payingProvider().refundPayment;
  const { id } = parse(Refund, await refund(till, payment.id), 201);
  const db = dbOf(till.env, order.id);
  if (!db) throw new Error("no shard");
  const word = { fact: "refund_failed", failureCode: "expired_or_canceled_card", reference: "re_0", generation: null } as const;
  await applyRefundWord(till.env, { waitUntil: () => undefined }, db, id, word);
  await sweepLater(till);
  const words = (envelopes: typeof till.sent) =>
    [...new Map(envelopes.map((message) => [message.id, message])).values()]
      .filter(({ type }) => type.startsWith("refund."))
      .map(({ type, subject, version, data }) => ({ type, subject, version, data }));
  const told = words(till.sent.splice(0));
  expect(told.map(({ type }) => type)).toEqual(["refund.succeeded", "refund.returned", "refund.succeeded"]);

  const begun = beginRetelling(Date.now());
  while ((await retell(db, begun, 2)) > 0);
  const { results } = await db.prepare("SELECT envelope FROM outbox ORDER BY rowid").all<{ envelope: string }>();
  expect(words(results.map(({ envelope }) => JSON.parse(envelope)))).toEqual(told);
});

test.each([
  ["nobody says that it forgets", { QUEUES_FORGET: "" }],
  ["somebody says so of a deployment", { ...retelling, ENVIRONMENT: "production" }],
])("a queue of the network is not doubted, where %s", async (_, bindings) => {
  const till = await openTill();
  await till.paid(await till.order(await publish(till)), "tok_success");
  await till.idle();
  till.sent.splice(0);
  Object.assign(till.env, bindings);
  expect(await till.sweep()).toMatchObject({ retold: 0 });
  expect(till.sent).toEqual([]);
});
