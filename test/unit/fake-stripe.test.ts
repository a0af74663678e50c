/** The double is only worth what it refuses, and what Stripe's own test sequences find in it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import Stripe from "stripe";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { type FakeStripe, SECRET_KEY, startFakeStripe } from "../support/fake-stripe";
import { FOLDER, hasSpecs, NO_SPECS } from "../support/fake-stripe/schemas";

const Sequence = z.object({
  fixtures: z.array(
    z.object({
      name: z.string(),
      path: z.string(),
      method: z.literal("post"),
      params: z.record(z.string(), z.unknown()).optional(),
      expected_error_type: z.string().optional(),
    }),
  ),
});
const Made = z.object({ id: z.string() });

/** A trigger of Stripe's command line, and the event of ours that ends it. */
const TRIGGERS: [string, string][] = [
  ["payment_intent.created", "payment_intent.created"],
  ["payment_intent.succeeded", "payment_intent.succeeded"],
  ["payment_intent.payment_failed", "payment_intent.payment_failed"],
  ["payment_intent.requires_action", "payment_intent.requires_action"],
  ["payment_intent.canceled", "payment_intent.canceled"],
  ["charge.refunded", "refund.created"],
];

describe.skipIf(!hasSpecs())(`the double of Stripe${hasSpecs() ? "" : `: ${NO_SPECS}`}`, () => {
  let fake: FakeStripe;
  let sdk: Stripe;

  beforeAll(async () => {
    fake = await startFakeStripe();
    const { hostname, port } = new URL(fake.origin);
    sdk = new Stripe(SECRET_KEY, { protocol: "http", host: hostname, port, maxNetworkRetries: 0, telemetry: false });
  });
  afterAll(() => fake?.stop());

  it.each(TRIGGERS)("plays the official sequence %s to its %s", async (trigger, ending) => {
    const { fixtures } = Sequence.parse(JSON.parse(readFileSync(join(FOLDER, "cli-triggers", `${trigger}.json`), "utf8")));
    const ids = new Map<string, string>();
    const fill = (text: string) =>
      text
        .replace(/\$\{(\w+):id\}/g, (_, name: string) => ids.get(name) ?? "")
        // The sequences are older than the version of the API that the SDK speaks, which has another name for this.
        .replace('"payment_method_types"', '"allowed_payment_method_types"');
    for (const { name, path, params = {}, expected_error_type } of fixtures) {
      const call = sdk.rawRequest("POST", fill(path), JSON.parse(fill(JSON.stringify(params))));
      if (expected_error_type) await expect(call).rejects.toMatchObject({ rawType: expected_error_type });
      else ids.set(name, Made.parse(await call).id);
    }
    expect(fake.webhooks.told.at(-1)?.type).toBe(ending);
  });

  it("refuses what Stripe's schemas do not know, and a key that it did not give", async () => {
    const create = (params: unknown) => sdk.paymentIntents.create(params as Stripe.PaymentIntentCreateParams);
    const before = fake.books.intents.size;
    for (const params of [
      { amount: 2500 },
      { amount: "a lot", currency: "eur" },
      { amount: 2500, currency: "eur", buyer: "Greta Guest" },
      { amount: 2500, currency: "eur", capture_method: "some day" },
    ])
      await expect(create(params)).rejects.toMatchObject({ statusCode: 400 });
    const stranger = new Stripe("sk_test_stranger", { protocol: "http", host: "127.0.0.1", port: new URL(fake.origin).port });
    await expect(stranger.paymentIntents.create({ amount: 2500, currency: "eur" })).rejects.toMatchObject({ statusCode: 401 });
    expect(fake.books.intents.size).toBe(before);
  });

  it("answers a key's second request as its first, a failure too, and another body not at all", async () => {
    const params = { amount: 2500, currency: "eur" };
    const first = await sdk.paymentIntents.create(params, { idempotencyKey: "one" });
    const again = await sdk.paymentIntents.create(params, { idempotencyKey: "one" });
    expect(again.id).toBe(first.id);
    expect(again.lastResponse.headers).toMatchObject({ "idempotent-replayed": "true" });
    const other = sdk.paymentIntents.create({ ...params, amount: 2600 }, { idempotencyKey: "one" });
    await expect(other).rejects.toMatchObject({ rawType: "idempotency_error" });
    fake.fail("POST /v1/payment_intents", "error_500");
    for (const replayed of [undefined, "true"]) {
      const failing = sdk.paymentIntents.create(params, { idempotencyKey: "two" });
      const error: unknown = await failing.catch((caught: unknown) => caught);
      expect(error).toMatchObject({ statusCode: 500 });
      expect((error as Stripe.errors.StripeError).headers?.["idempotent-replayed"]).toBe(replayed);
    }
  });
});
