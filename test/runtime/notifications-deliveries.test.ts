import { applyD1Migrations, reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { ok } from "../../shared/contracts/result";
import type { Message } from "../../shared/queue/consume";
import { readCaptured } from "../../workers/notifications/captured-messages";
import { countOwed, owe, parkHopeless } from "../../workers/notifications/deliveries";
import { dispatchDue } from "../../workers/notifications/dispatch";
import type { Env } from "../../workers/notifications/environment";
import { messageHandlers } from "../../workers/notifications/message-handlers";
import { type Change, ctx, envelopeOf, hearPaid, house, mails, order, ticketOf } from "../support/notifications-room";

beforeEach(() => applyD1Migrations(env.NOTIFICATIONS_DB, env.MIGRATIONS.notifications));
afterEach(() => {
  vi.useRealTimers();
  return reset();
});

it("an order is confirmed once, however often its message comes", async () => {
  const { here } = house();
  const orderId = crypto.randomUUID();
  await Promise.all([hearPaid(here, orderId), hearPaid(here, orderId)]);
  await Promise.all([dispatchDue(here, ctx), dispatchDue(here, ctx)]);
  await hearPaid(here, orderId);
  await dispatchDue(here, ctx);
  const mails = await readCaptured(here.DB, { to: "ada@bilten.example", limit: 10 });
  expect(mails).toHaveLength(1);
  expect(mails[0]?.data).toEqual({ type: "order_confirmation", orderId });
  expect(await countOwed(here.DB)).toEqual({ queued: 0, parked: 0 });
});

it("the confirmation says what, when in the event's zone, where and how much, and shows markup as text", async () => {
  const { here } = house();
  await hearPaid(here, crypto.randomUUID());
  await dispatchDue(here, ctx);
  const [mail] = await readCaptured(here.DB, { limit: 1 });
  expect(mail?.subject).toBe("Your tickets for Jazz <b>& more</b>");
  expect(mail?.text).toMatch(/^Saturday,? 5 June 2027(,| at) 19:30–23:00 CEST$/m);
  expect(mail?.text).toContain("2 × Standing, €25.00 each\nTotal: €50.00");
  expect(mail?.html).toContain("Hello Ada &lt;script&gt;,");
  expect(mail?.html).not.toContain("<script");
  expect(mail?.html).not.toContain("<b>");
});

it("an order in the name of an advertisement greets nobody by it, and neither do its tickets", async () => {
  const name = "Congratulations! You won, see https://evil.example/prize";
  const { here } = house({
    PAYMENTS: { orders: async (ids) => ids.map((id) => ({ ...order(id), buyer: { email: "somebody@bilten.example", name } })) },
    EVENTS: {
      ticketsOfOrders: async (asked) =>
        asked.map(({ orderId }) => ok([ticketOf(orderId, 1, { holder: { name, email: "somebody@bilten.example" } })])),
    },
  });
  await hearPaid(here, crypto.randomUUID());
  await dispatchDue(here, ctx);
  const [mail] = await readCaptured(here.DB, { limit: 1 });
  expect(mail?.text).toMatch(/^Hello,\n/);
  expect(`${mail?.text}${mail?.html}`).not.toContain("evil.example");
});

it("a hundred messages ask each owner a few times, not a hundred", async () => {
  const { here, orders } = house();
  for (let i = 0; i < 100; i++) await hearPaid(here, crypto.randomUUID());
  expect((await dispatchDue(here, ctx)) + (await dispatchDue(here, ctx))).toBe(100);
  expect(orders).toHaveBeenCalledTimes(5);
});

it("a verification carries its token in a link, and a mail that auth no longer knows is dropped", async () => {
  const { here } = house();
  const mailId = crypto.randomUUID();
  const requested: Message<"account.mail_requested"> = {
    ...envelopeOf,
    type: "account.mail_requested",
    subject: mailId,
    data: { accountId: crypto.randomUUID(), mailId },
  };
  await messageHandlers["account.mail_requested"]?.(here, requested);
  await dispatchDue(here, ctx);
  const [mail] = await readCaptured(here.DB, { limit: 1 });
  expect(mail?.data).toEqual({ type: "verification", token: `token-of-${mailId}` });
  expect(mail?.text).toContain(`?token=token-of-${mailId}`);

  const forgetful = house({ AUTH: { accountMails: async () => [] } }).here;
  const gone = crypto.randomUUID();
  await messageHandlers["account.mail_requested"]?.(forgetful, { ...requested, data: { ...requested.data, mailId: gone } });
  expect(await dispatchDue(forgetful, ctx)).toBe(1);
  expect(await readCaptured(here.DB, { limit: 10 })).toHaveLength(1);
});

it("what cannot be composed now comes due again, later each time, and then leaves once", async () => {
  vi.spyOn(console, "error").mockImplementation(() => undefined);
  vi.useFakeTimers({ toFake: ["Date"] });
  const down = house({ PAYMENTS: { orders: async () => Promise.reject(new Error("down")) } }).here;
  await hearPaid(down, crypto.randomUUID());
  expect(await dispatchDue(down, ctx)).toBe(0);
  const { here, orders } = house();
  expect(await dispatchDue(here, ctx)).toBe(0);
  vi.advanceTimersByTime(22_500);
  expect(await dispatchDue(down, ctx)).toBe(0);
  vi.advanceTimersByTime(22_500);
  expect(await dispatchDue(here, ctx)).toBe(0);
  expect(orders).not.toHaveBeenCalled();
  vi.advanceTimersByTime(22_500);
  expect(await dispatchDue(here, ctx)).toBe(1);
});

it("one that cannot be written keeps none of the others back", async () => {
  const errors = vi.spyOn(console, "error").mockImplementation(() => undefined);
  const bad = crypto.randomUUID();
  const broken = async (ids: string[]) =>
    ids.map((id) => (id === bad ? { ...order(id), total: { amount: 1, currency: "no" } } : order(id)));
  const { here } = house({ PAYMENTS: { orders: broken } });
  for (const id of [crypto.randomUUID(), bad, crypto.randomUUID()]) await hearPaid(here, id);
  expect(await dispatchDue(here, ctx)).toBe(2);
  expect(errors).toHaveBeenCalledTimes(1);
  expect(await countOwed(here.DB)).toEqual({ queued: 1, parked: 0 });
});

it("one for whose sake an owner tells nothing of any keeps the others back for a minute, and not for ever", async () => {
  vi.spyOn(console, "error").mockImplementation(() => undefined);
  vi.useFakeTimers({ toFake: ["Date"] });
  const orderIds = Array.from({ length: 16 }, () => crypto.randomUUID());
  const bad = orderIds[7] ?? "";
  const { ticketsOfOrders } = house().here.EVENTS;
  const { here, orders } = house({
    EVENTS: {
      ticketsOfOrders: async (asked) => {
        if (asked.some(({ orderId }) => orderId === bad)) throw new Error("broken");
        return ticketsOfOrders(asked);
      },
    },
  });
  for (const orderId of orderIds) await hearPaid(here, orderId);
  // The half without it leaves at once, within what one invocation may ask.
  expect(await dispatchDue(here, ctx)).toBeGreaterThanOrEqual(8);
  expect(orders.mock.calls.length).toBeLessThanOrEqual(4);
  for (let tries = 0; tries < 3; tries++) {
    vi.advanceTimersByTime(22_500 * 2 ** tries);
    await dispatchDue(here, ctx);
  }
  const told = (await mails(20)).map(({ data }) => data?.orderId);
  expect(told.sort()).toEqual(orderIds.filter((id) => id !== bad).sort());
  expect(await countOwed(here.DB)).toEqual({ queued: 1, parked: 0 });
});

it("those that failed together come due apart", async () => {
  vi.spyOn(console, "error").mockImplementation(() => undefined);
  const { here } = house({ PAYMENTS: { orders: async () => Promise.reject(new Error("down")) } });
  for (let count = 0; count < 20; count++) await hearPaid(here, crypto.randomUUID());
  const nowMs = Date.now();
  await dispatchDue(here, ctx);
  const { results } = await here.DB.prepare("SELECT DISTINCT due_at_ms - ? AS pauseMs FROM deliveries")
    .bind(nowMs)
    .all<{ pauseMs: number }>();
  expect(results.length).toBeGreaterThan(15);
  expect(Math.min(...results.map(({ pauseMs }) => pauseMs))).toBeGreaterThanOrEqual(15_000);
  expect(Math.max(...results.map(({ pauseMs }) => pauseMs))).toBeLessThan(30_000);
});

it("a kind is looked for among its own, not among a rush of another", async () => {
  const { here } = house();
  await owe(here.DB, "account_mail", [crypto.randomUUID()], Date.now());
  const asked: { sql: string; values: unknown[] }[] = [];
  const listening = new Proxy(here.DB, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (name !== "prepare") return typeof value === "function" ? value.bind(target) : value;
      return (sql: string) => {
        const statement = target.prepare(sql);
        if (!sql.includes("deliveries")) return statement;
        return {
          bind: (...values: unknown[]) => {
            asked.push({ sql, values });
            return statement.bind(...values);
          },
        };
      };
    },
  });
  expect(await dispatchDue({ ...here, DB: listening }, ctx)).toBe(1);
  const claims = asked.filter(({ sql }) => /^(SELECT type|update "deliveries" set "attempts")/.test(sql));
  expect(claims.length).toBeGreaterThanOrEqual(2);
  for (const { sql, values } of claims) {
    const { results } = await here.DB.prepare(`EXPLAIN QUERY PLAN ${sql}`)
      .bind(...values)
      .all<{ detail: string }>();
    expect(results.map(({ detail }) => detail).join("\n")).toMatch(/deliveries_due_by_type \(type=\?/);
  }
});

it.each([
  ["order", { PAYMENTS: { orders: async () => [] } }],
  ["event", { EVENTS: { events: async () => [] } }],
  ["organizer", { USERS: { organizers: async () => [], invitationMails: async () => [], readingHabits: async () => [] } }],
] satisfies [string, Change][])("a paid order whose %s is missing in one answer is confirmed by the next", async (_, change) => {
  vi.spyOn(console, "error").mockImplementation(() => undefined);
  vi.useFakeTimers({ toFake: ["Date"] });
  const { here: forgetful } = house(change);
  await hearPaid(forgetful, crypto.randomUUID());
  expect(await dispatchDue(forgetful, ctx)).toBe(0);
  vi.advanceTimersByTime(22_500);
  expect(await dispatchDue(house().here, ctx)).toBe(1);
  expect(await readCaptured(env.NOTIFICATIONS_DB, { limit: 10 })).toHaveLength(1);
});

it("what failed for a day is parked and counted, and no longer tried", async () => {
  vi.spyOn(console, "error").mockImplementation(() => undefined);
  vi.useFakeTimers({ toFake: ["Date"] });
  const orders = vi.fn(async () => Promise.reject(new Error("down")));
  const { here } = house({ PAYMENTS: { orders } });
  await hearPaid(here, crypto.randomUUID());
  let hours = 0;
  for (; (await parkHopeless(here.DB, Date.now())) === 0 && hours < 100; hours++) {
    await dispatchDue(here, ctx);
    vi.advanceTimersByTime(3_600_000 + 300_000);
  }
  expect(hours).toBeGreaterThanOrEqual(24);
  expect(orders).toHaveBeenCalledTimes(30);
  expect(await countOwed(here.DB)).toEqual({ queued: 0, parked: 1 });
  expect(await dispatchDue(house().here, ctx)).toBe(0);
});

it("deployed without a carrier, what is owed waits and nothing personal is written", async () => {
  const { here } = house({ ENVIRONMENT: "production" });
  await hearPaid(here, crypto.randomUUID());
  expect(await dispatchDue(here, ctx)).toBe(0);
  expect(await countOwed(here.DB)).toEqual({ queued: 1, parked: 0 });
  expect(await readCaptured(here.DB, { limit: 10 })).toEqual([]);
});

it("a dispatcher that is gone between its claim, its send and its settling leaves one mail", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  vi.spyOn(console, "error").mockImplementation(() => undefined);
  const { here } = house();
  const killedAt = (statement: string): Env => ({ ...here, DB: failing(here.DB, statement) });
  await hearPaid(here, crypto.randomUUID());
  await dispatchDue(killedAt("INSERT INTO captured_messages"), ctx);
  expect(await mails()).toHaveLength(0);
  vi.advanceTimersByTime(59_000);
  expect(await dispatchDue(here, ctx)).toBe(0);
  vi.advanceTimersByTime(1_000);
  await dispatchDue(killedAt('set "status"'), ctx);
  const [first] = await mails();
  expect(await countOwed(here.DB)).toEqual({ queued: 1, parked: 0 });
  vi.advanceTimersByTime(120_000);
  expect(await dispatchDue(here, ctx)).toBe(1);
  expect(await mails()).toEqual([first]);
  expect(await countOwed(here.DB)).toEqual({ queued: 0, parked: 0 });
});

/** A database on which a kind of statement fails before it does anything. */
function failing(database: D1Database, piece: string): D1Database {
  return new Proxy(database, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== "function") return value;
      if (name !== "prepare") return value.bind(target);
      return (sql: string) => {
        if (sql.includes(piece)) throw new Error("killed");
        return target.prepare(sql);
      };
    },
  });
}
