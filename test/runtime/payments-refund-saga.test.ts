/** A refund cut off between any two of its steps is finished by later sweeps, once; what a provider takes back is paid again. */
import { afterEach, describe, expect, test, vi } from "vitest";
import { Refund } from "../../shared/contracts/orders";
import { refundsById } from "../../workers/payments/refund-views";
import { applyRefundWord } from "../../workers/payments/refund-words";
import { dbOf } from "../../workers/payments/shards";
import { closeTills, codeOf, openTill, parse, type Till } from "../support/payments-room";
import { replaceProviderDoors, silent } from "../support/provider-doors";
import {
  books,
  eur,
  expectAllBack,
  payingProvider,
  paymentStatus,
  refund,
  refundState,
  sold,
  sweepLater,
  ticketStatuses,
  timesTold,
} from "../support/refunds";

const doors = replaceProviderDoors();

afterEach(async () => {
  vi.useRealTimers();
  await closeTills();
});

/** Statements with this text fail, as if the machine had died there; a batch of them does nothing. */
function failing(database: D1Database, broken: { sql: string | null }): D1Database {
  const dead = new WeakSet<D1PreparedStatement>();
  const kill = (statement: D1PreparedStatement): D1PreparedStatement => {
    const killed = new Proxy(statement, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name);
        if (name === "bind") return (...values: unknown[]) => kill(target.bind(...values));
        if (typeof value === "function") return () => Promise.reject(new Error("killed"));
        return value;
      },
    });
    dead.add(killed);
    return killed;
  };
  return new Proxy(database, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== "function") return value;
      if (name === "prepare")
        return (sql: string) =>
          broken.sql !== null && sql.includes(broken.sql) ? kill(target.prepare(sql)) : target.prepare(sql);
      if (name === "batch")
        return async (statements: D1PreparedStatement[]) => {
          if (statements.some((statement) => dead.has(statement))) throw new Error("killed");
          return target.batch(statements);
        };
      return value.bind(target);
    },
  });
}

interface Broken {
  /** Of a statement that fails. */
  sql: string | null;
  /** Whether the event's object is out of reach. */
  object: boolean;
}

async function breakable(): Promise<{ till: Till; broken: Broken }> {
  const broken: Broken = { sql: null, object: false };
  const till = await openTill((plain) => ({
    DB_0: failing(plain.DB_0, broken),
    DB_1: failing(plain.DB_1, broken),
    EVENTS: {
      ...plain.EVENTS,
      voidTickets: (...args) => (broken.object ? Promise.reject(new Error("killed")) : plain.EVENTS.voidTickets(...args)),
    },
  }));
  return { till, broken };
}

describe("a refund that is cut off", () => {
  test.each([
    ["before its tickets are void", { object: true }, ["valid", "valid"]],
    ["before it is written down that they are", { sql: "SET voided_at_ms" }, ["void", "void"]],
    ["before the provider is asked", { provider: true }, ["void", "void"]],
    ["before the provider's word is written down", { sql: "UPDATE refunds SET state" }, ["void", "void"]],
  ] as const)("%s is finished by the sweep, once", async (_, cut: Partial<Broken> & { provider?: boolean }, tickets) => {
    const { till, broken } = await breakable();
    const { order, payment } = await sold(till);
    const provider = payingProvider();
    doors.open.refundPayment = cut.provider ? silent : provider.refundPayment;
    Object.assign(broken, cut);
    expect(parse(Refund, await refund(till, payment.id), 201).status).toBe("pending");
    expect(await ticketStatuses(till, order)).toEqual(tickets);
    expect(await till.status(order)).toBe("paid");
    expect(codeOf(await refund(till, payment.id))).toBe("409 refund_exceeds_payment");
    await sweepLater(till);
    expect((await refundState(till, order))?.state).toBe("pending");

    Object.assign(broken, { sql: null, object: false });
    doors.open.refundPayment = provider.refundPayment;
    await sweepLater(till);
    await sweepLater(till);
    await expectAllBack(till, order);
    expect(provider.paidMinor()).toBe(5000);
    expect(new Set(provider.asked)).toEqual(new Set(["0"]));
    expect(timesTold(till)).toBe(1);
  });

  test("before anything was written is made by the same key again, and made once", async () => {
    const { till, broken } = await breakable();
    const { order, payment } = await sold(till);
    broken.sql = "INSERT INTO refunded_tickets";
    expect((await refund(till, payment.id, {}, { key: "k" })).status).toBe(500);
    expect(await refundState(till, order)).toBeNull();
    broken.sql = null;
    const made = parse(Refund, await refund(till, payment.id, {}, { key: "k" }), 201);
    expect(parse(Refund, await refund(till, payment.id, {}, { key: "k" }), 201)).toEqual(made);
    await expectAllBack(till, order);
  });

  test("after its promise, before its answer was kept, is the same refund to the same key", async () => {
    const { till, broken } = await breakable();
    const { order, payment } = await sold(till);
    broken.sql = "UPDATE answers SET status";
    expect((await refund(till, payment.id, { amount: eur(1000) }, { key: "k" })).status).toBe(500);
    broken.sql = null;
    const made = parse(Refund, await refund(till, payment.id, { amount: eur(1000) }, { key: "k" }), 201);
    expect(await till.row(order.id, "SELECT count(*) AS n, max(id) AS id FROM refunds")).toEqual({ n: 1, id: made.id });
  });

  test("by a provider that hangs is answered as pending, and nobody else's refund passes meanwhile", async () => {
    const till = await openTill();
    const { order, payment } = await sold(till);
    const provider = payingProvider();
    doors.open.refundPayment = () => new Promise(() => undefined);
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const hanging = refund(till, payment.id, {}, { key: "k" });
    await vi.waitFor(async () => expect((await refundState(till, order))?.state).toBe("pending"));
    await scheduler.wait(50);
    expect(codeOf(await refund(till, payment.id, {}, { key: "k" }))).toBe("409 request_in_progress");
    expect(codeOf(await refund(till, payment.id))).toBe("409 refund_exceeds_payment");
    await vi.advanceTimersByTimeAsync(60_000);
    expect(parse(Refund, await hanging, 201).status).toBe("pending");
    vi.useRealTimers();
    doors.open.refundPayment = provider.refundPayment;
    await sweepLater(till);
    await expectAllBack(till, order);
    expect(provider.paidMinor()).toBe(5000);
  });
});

describe("a provider that refuses", () => {
  test("is asked for something new, and for the same again where it says nothing", async () => {
    const till = await openTill();
    const { order, payment } = await sold(till);
    const asked: number[] = [];
    const say = (word: "failed" | "silence" | "succeeded") => {
      doors.open.refundPayment = async ({ generation }) => {
        asked.push(generation);
        return word === "silence"
          ? silent()
          : { status: word, reference: `re_${generation}`, ...(word === "failed" ? { failureCode: "insufficient_funds" } : {}) };
      };
    };
    say("failed");
    const made = parse(Refund, await refund(till, payment.id), 201);
    expect(made.status).toBe("failed");
    expect(await refundsById(till.env, [made.id])).toMatchObject([{ status: "failed", reason: "requested", orderId: order.id }]);
    expect(await till.status(order)).toBe("paid");
    await sweepLater(till);
    say("silence");
    await sweepLater(till);
    await sweepLater(till, 2);
    say("succeeded");
    await sweepLater(till, 2);
    expect(asked).toEqual([0, 1, 2, 2, 2]);
    await expectAllBack(till, order);
    expect(timesTold(till)).toBe(1);
  });

  test("after it has paid is asked again, while order and payment stay what they were", async () => {
    const till = await openTill();
    const { order, payment } = await sold(till);
    const provider = payingProvider();
    doors.open.refundPayment = provider.refundPayment;
    const made = parse(Refund, await refund(till, payment.id), 201);
    const db = dbOf(till.env, order.id);
    if (!db) throw new Error("no shard");
    const word = (fact: "refund_failed" | "refund_succeeded", reference: string | null) =>
      applyRefundWord(till.env, { waitUntil: () => undefined }, db, made.id, {
        fact,
        failureCode: null,
        reference,
        generation: null,
      });

    await word("refund_failed", "re_of_somebody_else");
    expect((await refundState(till, order))?.state).toBe("succeeded");
    await word("refund_failed", "re_0");
    // What is said twice, and late, is about what was refused.
    await word("refund_failed", "re_0");
    await word("refund_succeeded", "re_0");
    expect(await refundState(till, order)).toEqual({ state: "failed", generation: 1, reference: null });
    expect(await books(till, order)).toEqual({ owed: -5000, clearing: 5000, payable: 0 });
    expect(await till.status(order)).toBe("refunded");
    expect(await paymentStatus(till, order, payment.id)).toBe("refunded");
    expect(codeOf(await refund(till, payment.id))).toBe("409 refund_exceeds_payment");

    await sweepLater(till);
    expect(await refundState(till, order)).toEqual({ state: "succeeded", generation: 1, reference: "re_1" });
    await word("refund_failed", "re_0");
    await expectAllBack(till, order);
    expect(provider.asked).toEqual(["0", "1"]);
    expect(timesTold(till)).toBe(2);
    const returned = new Map(till.sent.filter(({ type }) => type === "refund.returned").map((message) => [message.id, message]));
    expect([...returned.values()].map(({ data }) => data)).toMatchObject([
      { refundId: made.id, amountMinor: 5000, reason: "requested", ticketCount: 2 },
    ]);
  });

  test("of a part that comes back and goes again leaves the whole as it is", async () => {
    const till = await openTill();
    const { order, payment } = await sold(till);
    const provider = payingProvider();
    doors.open.refundPayment = provider.refundPayment;
    const made = parse(Refund, await refund(till, payment.id, { amount: eur(2000) }), 201);
    parse(Refund, await refund(till, payment.id, { amount: eur(3000) }), 201);
    const db = dbOf(till.env, order.id);
    if (!db) throw new Error("no shard");
    const word = { fact: "refund_failed", failureCode: null, reference: "re_0", generation: null } as const;
    await applyRefundWord(till.env, { waitUntil: () => undefined }, db, made.id, word);
    expect(await till.status(order)).toBe("refunded");
    expect(await books(till, order)).toEqual({ owed: -2000, clearing: 2000, payable: 0 });
    await sweepLater(till);
    await expectAllBack(till, order);
  });
});
