/** The provider `test` keeps its timers in rows: what a kill, a restart or a slow sweep leaves of them is delivered all the same. */
import { afterEach, describe, expect, test, vi } from "vitest";
import { closeTills, guest, openTill, publish, type Till } from "../support/payments-room";

afterEach(async () => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  await closeTills();
});

const LOCAL = "http://127.0.0.1:";

/** The server as its own timers reach it: on one port only. */
function listenOn(till: Till, port: number) {
  const posted: { port: string; id: string; type: string }[] = [];
  vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
    const url = new URL(String(input));
    if (!String(input).startsWith(LOCAL) || Number(url.port) !== port) throw new Error("connection refused");
    const { id, type }: { id: string; type: string } = JSON.parse(String(init?.body));
    posted.push({ port: url.port, id, type });
    const headers = Object.fromEntries(new Headers(init?.headers));
    const { status } = await till.ask("POST", url.pathname, { body: String(init?.body), headers });
    return new Response(null, { status });
  });
  return posted;
}

const setClock = (ms: number) => vi.useFakeTimers({ toFake: ["Date"], now: ms });

describe("tok_late", () => {
  test("settles 5 s after the hold's end, which it does not move, and is delivered once by however many sweeps", async () => {
    const till = await openTill();
    const order = await till.order(await publish(till));
    const { payment, order: paying } = await till.paid(order, "tok_late");
    expect([payment.status, paying.status, paying.expiresAt]).toEqual(["processing", "pending", order.expiresAt]);
    const posted = listenOn(till, 8787);
    const dueMs = Date.parse(order.expiresAt) + 5_000;

    setClock(dueMs - 10_000);
    expect(await till.sweep()).toMatchObject({ testDeliveries: 0 });
    await till.run(order.id, "UPDATE payments SET next_try_at_ms = 0");
    expect(await till.sweep()).toMatchObject({ payments: 1 });
    // Asked before its time, the provider says nothing else than its webhooks will.
    expect(await till.status(order)).toBe("pending");

    setClock(dueMs);
    const reports = await Promise.all([till.sweep(), till.sweep(), till.sweep()]);
    expect(reports.reduce((sum, report) => sum + (report.testDeliveries ?? 0), 0)).toBe(1);
    await till.idle();
    expect(posted).toEqual([{ port: "8787", id: `evt_late_${payment.id}`, type: "payment.succeeded" }]);
    expect(await till.status(order)).toBe("paid");
    setClock(dueMs + 60_000);
    expect(await till.sweep()).toMatchObject({ testDeliveries: 0 });
  });

  test("is taken a little before its time by a sweep, which waits for it", async () => {
    const till = await openTill();
    const order = await till.order(await publish(till));
    await till.paid(order, "tok_late");
    const posted = listenOn(till, 8787);
    setClock(Date.parse(order.expiresAt) + 5_000 - 300);
    expect(await till.sweep()).toMatchObject({ testDeliveries: 1 });
    expect(posted).toEqual([]);
    await till.idle();
    expect(posted).toHaveLength(1);
  });

  test("finds the server on the port that it answers on after a restart", async () => {
    vi.spyOn(console, "error").mockImplementation(() => undefined);
    const till = await openTill();
    const order = await till.order(await publish(till));
    await till.paid(order, "tok_late");
    const posted = listenOn(till, 8999);
    setClock(Date.parse(order.expiresAt) + 5_000);
    await till.sweep();
    await till.idle();
    expect(posted).toEqual([]);

    till.env.LOCAL_PORT = "8999";
    await till.sweep();
    expect(posted).toEqual([]);
    setClock(Date.parse(order.expiresAt) + 30_000);
    expect(await till.sweep()).toMatchObject({ testDeliveries: 1 });
    await till.idle();
    expect(posted.map(({ port }) => port)).toEqual(["8999"]);
    expect(await till.status(order)).toBe("paid");
  });

  test("or on the one that the latest request named", async () => {
    const till = await openTill();
    const order = await till.order(await publish(till));
    await till.paid(order, "tok_late");
    const posted = listenOn(till, 9001);
    setClock(Date.parse(order.expiresAt) + 5_000);
    await till.ask("GET", `/orders/${order.id}`, { as: guest(order), at: "http://localhost:9001" });
    await till.sweep();
    await till.idle();
    expect(posted.map(({ port }) => port)).toEqual(["9001"]);
  });
});

describe("tok_duplicate", () => {
  test("tells of its success three times, as one event, with the processing in between, within 4 s", async () => {
    const till = await openTill();
    const order = await till.order(await publish(till));
    const posted = listenOn(till, 8787);
    const startedAtMs = Date.now();
    const { payment, order: paying } = await till.paid(order, "tok_duplicate");
    expect([payment.status, paying.expiresAt]).toEqual(["processing", order.expiresAt]);
    await till.idle();
    expect(Date.now() - startedAtMs).toBeLessThan(4_000);
    const success = [`evt_duplicate_${payment.id}`, "payment.succeeded"];
    expect(posted.map(({ id, type }) => [id, type])).toEqual([
      success,
      [`evt_processing_${payment.id}`, "payment.processing"],
      success,
      success,
    ]);
    expect(await till.status(order)).toBe("paid");
    expect(till.sent.filter(({ type }) => type === "order.paid")).toHaveLength(2);
    expect(await till.row(order.id, "SELECT COUNT(*) AS n FROM test_deliveries WHERE delivered_at_ms IS NULL")).toEqual({ n: 0 });
  });

  test("is delivered by the sweep where the request that waited was killed", async () => {
    const till = await openTill();
    const order = await till.order(await publish(till));
    // Nothing listens: whatever is in flight dies like the process would.
    vi.spyOn(console, "error").mockImplementation(() => undefined);
    vi.spyOn(globalThis, "fetch").mockRejectedValue(new Error("killed"));
    await till.paid(order, "tok_duplicate");
    await till.idle();
    const posted = listenOn(till, 8787);
    setClock(Date.now() + 60_000);
    expect(await till.sweep()).toMatchObject({ testDeliveries: 4 });
    await till.idle();
    expect(posted).toHaveLength(4);
    expect(await till.status(order)).toBe("paid");
  });
});
