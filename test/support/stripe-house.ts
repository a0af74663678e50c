/** A house of its own whose Stripe is the double, and what a buyer does there. */
import type { z } from "zod";
import { Order, Payment, PaymentProcessed } from "../../shared/contracts/orders";
import { type Answer, type Client, connect, parse } from "./client";
import { type FakeStripe, SECRET_KEY, startFakeStripe, WEBHOOK_SECRET } from "./fake-stripe";
import { type House, type HouseOptions, startHouse } from "./harness";
import { eventually } from "./scenes";
import { openShop, type Shop } from "./shop";

export const PUBLISHABLE_KEY = "pk_test_double";

export interface StripeHouse {
  house: House;
  stripe: FakeStripe;
  shop: Shop;
  pay(order: Order, change?: Record<string, unknown>): Promise<Answer>;
  processed(order: Order, change?: Record<string, unknown>): Promise<z.infer<typeof PaymentProcessed>>;
  paymentOf(order: Order, paymentId: string, as?: Client): Promise<Payment>;
  /** Webhooks are counted after their answer: what they lead to is waited for. */
  paymentBecomes(order: Order, paymentId: string, status: string): Promise<Payment>;
  status(order: Order): Promise<string>;
  statusBecomes(order: Order, status: string, withinMs?: number): Promise<unknown>;
  /** In the database of this id. */
  rows<T>(id: string, sql: string, ...values: unknown[]): Promise<T[]>;
  /** Lets the sweep come now to what it would come to in a minute. */
  sweepNow(paymentId: string): Promise<void>;
  stop(): Promise<void>;
}

export async function openStripeHouse({ prebuilt = {} }: Pick<HouseOptions, "prebuilt"> = {}): Promise<StripeHouse> {
  const stripe = await startFakeStripe();
  const house = await startHouse({
    prebuilt,
    vars: {
      sites: { STRIPE_PUBLISHABLE_KEY: PUBLISHABLE_KEY },
      payments: { STRIPE_SECRET_KEY: SECRET_KEY, STRIPE_WEBHOOK_SECRET: WEBHOOK_SECRET, STRIPE_API_BASE: stripe.origin },
    },
  }).catch(async (error) => {
    await stripe.stop();
    throw error;
  });
  stripe.webhooks.url = `${house.origin}/v1/payments/webhooks/stripe`;
  const shop = await openShop(connect(house.origin));
  const { DB_0, DB_1 } = await house.worker<{ DB_0: D1Database; DB_1: D1Database }>("payments").getEnv();

  const pay: StripeHouse["pay"] = (order, change = {}) =>
    shop.withToken(order).post("/payments/process", { orderId: order.id, provider: "stripe", ...change });
  const rows: StripeHouse["rows"] = async <T>(id: string, sql: string, ...values: unknown[]) => {
    const db = id.endsWith("00") ? DB_0 : DB_1;
    const { results } = await db
      .prepare(sql)
      .bind(...values)
      .all<T>();
    return results;
  };
  const status: StripeHouse["status"] = async (order) =>
    parse(Order, await shop.withToken(order).get(`/orders/${order.id}`), 200).status;
  const paymentOf: StripeHouse["paymentOf"] = async (order, paymentId, as = shop.withToken(order)) =>
    parse(Payment, await as.get(`/payments/${paymentId}`), 200);
  return {
    house,
    stripe,
    shop,
    pay,
    processed: async (order, change) => parse(PaymentProcessed, await pay(order, change), [200, 202]),
    paymentOf,
    paymentBecomes: (order, paymentId, wanted) =>
      eventually(`a payment that is ${wanted}`, async () => {
        const payment = await paymentOf(order, paymentId);
        return payment.status === wanted ? payment : undefined;
      }),
    status,
    statusBecomes: (order, wanted, withinMs) =>
      eventually(`an order that is ${wanted}`, async () => ((await status(order)) === wanted ? true : undefined), withinMs),
    rows,
    sweepNow: async (paymentId) => {
      await rows(paymentId, "UPDATE payments SET next_try_at_ms = 0 WHERE id = ?", paymentId);
      await rows(paymentId, "UPDATE refunds SET next_try_at_ms = 0 WHERE payment_id = ?", paymentId);
      await house.sweep();
    },
    stop: async () => {
      await stripe.webhooks.idle();
      await house.stop();
      await stripe.stop();
    },
  };
}

export const card = (name: string): { paymentMethod: { token: string } } => ({ paymentMethod: { token: `pm_card_${name}` } });
