/** What providers say is kept for ever, counted once, and moved to the archive word for word once it is counted. */
import { afterEach, describe, expect, test, vi } from "vitest";
import { sha256 } from "../../shared/crypto/bytes";
import type { ProviderEventRow } from "../../workers/payments/schema";
import { closeTills, codeOf, confirmingThrough, openTill, publish, type Till } from "../support/payments-room";

afterEach(async () => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  await closeTills();
});

const eventOf = (till: Till, id: string, eventId: string) =>
  till.row<ProviderEventRow>(id, `SELECT * FROM provider_events WHERE event_id = '${eventId}'`);

async function waitingPayment(till: Till) {
  const order = await till.order(await publish(till));
  return { order, paymentId: (await till.paid(order, "tok_requires_action")).payment.id };
}

/** The bucket as it is, but for what a test does to its writes. */
const bucketWith = (bucket: R2Bucket, put: (write: () => Promise<R2Object>) => Promise<R2Object>) =>
  new Proxy(bucket, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== "function") return value;
      if (name !== "put") return value.bind(target);
      return (...args: Parameters<R2Bucket["put"]>) => put(() => target.put(...args) as Promise<R2Object>);
    },
  });

describe("a body that was counted", () => {
  test("is in the archive after a sweep, word for word, and its event counts no second time", async () => {
    const till = await openTill();
    const { order, paymentId } = await waitingPayment(till);
    await till.webhook("evt/1 ü", "payment.succeeded", paymentId);
    await till.idle();
    const before = await eventOf(till, order.id, "evt/1 ü");
    if (!before?.body) throw new Error("the event has no body");
    expect(await till.sweep()).toMatchObject({ archivedEvents: 1, archivedEventsWaiting: 0 });

    const day = new Date(before.received_at_ms).toISOString().slice(0, 10);
    const kept = await till.env.PROVIDER_EVENTS.get(`test/${day}/evt%2F1%20%C3%BC`);
    expect(await kept?.text()).toBe(before.body);
    expect(kept?.customMetadata).toEqual({ sha256: before.body_hash });
    expect(await sha256(before.body)).toBe(before.body_hash);
    const after = await eventOf(till, order.id, "evt/1 ü");
    expect(after).toMatchObject({ body: null, archived_at_ms: expect.any(Number), processed_at_ms: before.processed_at_ms });

    const told = till.sent.length;
    expect((await till.webhook("evt/1 ü", "payment.succeeded", paymentId)).status).toBe(200);
    await till.idle();
    expect(await eventOf(till, order.id, "evt/1 ü")).toEqual(after);
    expect(till.sent).toHaveLength(told);
    expect(await till.sweep()).toMatchObject({ archivedEvents: 0 });
  });

  test("stays in its row until the archive has it, and stands before no other meanwhile", async () => {
    vi.spyOn(console, "error").mockImplementation(() => undefined);
    let failures = 1;
    const till = await openTill((env) => ({
      PROVIDER_EVENTS: bucketWith(env.PROVIDER_EVENTS, async (write) => {
        if (failures-- > 0) throw new Error("the bucket does not answer");
        return write();
      }),
    }));
    const { order, paymentId } = await waitingPayment(till);
    await till.webhook("evt_1", "payment.processing", paymentId);
    await till.idle();
    expect(await till.sweep()).toMatchObject({ archivedEvents: 0, archivedEventsWaiting: 1, archivedEventsFailing: 1 });
    await till.webhook("evt_2", "payment.succeeded", paymentId);
    await till.idle();
    expect(await till.sweep()).toMatchObject({ archivedEvents: 1 });
    expect(await eventOf(till, order.id, "evt_1")).toMatchObject({ body: expect.any(String), archived_at_ms: null });
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 120_000 });
    expect(await till.sweep()).toMatchObject({ archivedEvents: 1, archivedEventsWaiting: 0 });
    expect(await eventOf(till, order.id, "evt_1")).toMatchObject({ body: null });
  });

  test("is written to the archive once by three sweeps at once", async () => {
    let writes = 0;
    const till = await openTill((env) => ({
      PROVIDER_EVENTS: bucketWith(env.PROVIDER_EVENTS, (write) => {
        writes += 1;
        return write();
      }),
    }));
    const { paymentId } = await waitingPayment(till);
    for (let id = 0; id < 20; id++) await till.webhook(`evt_${id}`, "payment.processing", paymentId);
    await till.idle();
    const reports = await Promise.all([till.sweep(), till.sweep(), till.sweep()]);
    expect(reports.reduce((sum, { archivedEvents = 0 }) => sum + archivedEvents, 0)).toBe(20);
    expect(writes).toBe(20);
  });
});

test("a body that is not counted yet is not archived", async () => {
  vi.spyOn(console, "error").mockImplementation(() => undefined);
  const till = await openTill((env) => ({
    EVENTS: confirmingThrough(env, () => {
      throw new Error("the object does not answer");
    }),
  }));
  const { order, paymentId } = await waitingPayment(till);
  await till.webhook("evt_1", "payment.succeeded", paymentId);
  await till.idle();
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 5_000 });
  expect(await till.sweep()).toMatchObject({ providerEvents: 1, archivedEvents: 0, providerEventsWaiting: 1 });
  expect(await eventOf(till, order.id, "evt_1")).toMatchObject({ body: expect.any(String), processed_at_ms: null });
});

describe("an event that is signed and about nothing of ours", () => {
  test("is stored, answered with 200 and counts nothing, also when it comes again", async () => {
    vi.spyOn(console, "warn").mockImplementation(() => undefined);
    const till = await openTill();
    const { order, paymentId } = await waitingPayment(till);
    const others = `00000000-0000-7000-8000-0000000000${paymentId.slice(-2)}`;
    for (const [eventId, id] of [
      ["evt_unknown", others],
      ["evt_no_shard", `${others.slice(0, -2)}ee`],
    ] as const) {
      for (let times = 0; times < 2; times++) expect(codeOf(await till.webhook(eventId, "payment.succeeded", id))).toBe("200 -");
      await till.idle();
    }
    expect(await eventOf(till, order.id, "evt_unknown")).toMatchObject({ processed_at_ms: expect.any(Number) });
    expect(
      await till.env.DB_0.prepare("SELECT COUNT(*) AS n FROM provider_events WHERE event_id = 'evt_no_shard'").first("n"),
    ).toBe(1);
    expect(await till.status(order)).toBe("pending");
  });

  test("nor one provider's about another's payment", async () => {
    vi.spyOn(console, "warn").mockImplementation(() => undefined);
    const till = await openTill();
    const { order, paymentId } = await waitingPayment(till);
    await till.run(order.id, `UPDATE payments SET provider = 'stripe' WHERE id = '${paymentId}'`);
    expect((await till.webhook("evt_1", "payment.succeeded", paymentId)).status).toBe(200);
    await till.idle();
    expect(await eventOf(till, order.id, "evt_1")).toMatchObject({ processed_at_ms: expect.any(Number) });
    expect(await till.row(order.id, `SELECT state FROM payments WHERE id = '${paymentId}'`)).toEqual({
      state: "requires_action",
    });
    expect(await till.status(order)).toBe("pending");
  });
});
