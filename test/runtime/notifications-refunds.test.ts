import { applyD1Migrations, reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Ticket } from "../../shared/contracts/events";
import type { RefundFacts } from "../../shared/contracts/orders";
import { ok, refuse } from "../../shared/contracts/result";
import { countOwed } from "../../workers/notifications/deliveries";
import { dispatchDue } from "../../workers/notifications/dispatch";
import { ctx, event, hearPaid, hearRefunded, house, mails, refund, STANDING, ticketOf } from "../support/notifications-room";

beforeEach(() => applyD1Migrations(env.NOTIFICATIONS_DB, env.MIGRATIONS.notifications));
afterEach(() => {
  vi.useRealTimers();
  return reset();
});

const TYPE = {
  name: "Standing",
  price: { amount: 2500, currency: "EUR" },
  quantity: 50,
  minPerOrder: 1,
  maxPerOrder: 10,
};

describe("a refund", () => {
  it("is told once, however often its message comes, also with a higher version and before its order's", async () => {
    const { here } = house();
    const refundId = crypto.randomUUID();
    await Promise.all([hearRefunded(here, refundId), hearRefunded(here, refundId)]);
    await Promise.all([dispatchDue(here, ctx), dispatchDue(here, ctx)]);
    await hearRefunded(here, refundId, 4);
    await hearPaid(here, crypto.randomUUID());
    await hearRefunded(here, refundId);
    await dispatchDue(here, ctx);
    expect((await mails()).map(({ data }) => data?.type).sort()).toEqual(["order_confirmation", "refund"]);
    const told = (await mails()).find(({ data }) => data?.type === "refund");
    expect(told?.data).toEqual({ type: "refund", orderId: refund(refundId).orderId, refundId });
    expect(told?.subject).toBe("Your refund for Jazz <b>& more</b>");
  });

  it("whose mail was given up is told when its message comes again, and then no more", async () => {
    const { here } = house();
    const refundId = crypto.randomUUID();
    await hearRefunded(here, refundId);
    await here.DB.prepare("UPDATE deliveries SET status = 'parked', attempts = 30, settled_at_ms = 1").run();
    expect(await dispatchDue(here, ctx)).toBe(0);
    await hearRefunded(here, refundId, 4);
    expect(await dispatchDue(here, ctx)).toBe(1);
    await hearRefunded(here, refundId, 5);
    expect(await dispatchDue(here, ctx)).toBe(0);
    expect((await mails()).map(({ data }) => data?.refundId)).toEqual([refundId]);
  });

  const [ticket, another] = [crypto.randomUUID(), crypto.randomUUID()];
  it.each<[string, Partial<RefundFacts>, string, string]>([
    ["on request, of an amount", {}, "Blue Note pays back €25.00 of your order for Jazz", "None of your tickets is affected"],
    [
      "on request, of one ticket",
      { ticketIds: [ticket] },
      "pays back €25.00",
      "This ticket is no longer valid:\n– Ticket 1 of 3: Standing, Ada",
    ],
    [
      "on request, of two",
      { ticketIds: [ticket, another] },
      "pays back",
      "These 2 tickets are no longer valid:\n– Ticket 1 of 3: Standing, Ada <script>\n– Ticket 3 of 3: Standing, Row 4, Holder 3, named on your order's page",
    ],
    [
      "of a cancelled event",
      { reason: "event_cancelled", ticketIds: [ticket] },
      "was cancelled, and €25.00 goes back",
      "Your tickets are no longer valid.",
    ],
    [
      "of money that came too late",
      { reason: "surplus", cause: "sold_out" },
      "came after your reservation had ended, and the tickets were gone. It goes back in full: €25.00.",
      "You have no tickets",
    ],
    [
      "of money for an order that had ended",
      { reason: "surplus", cause: "order_ended" },
      "came after your order had ended. It goes back in full",
      "You have no tickets",
    ],
    [
      "of a second payment",
      { reason: "surplus", cause: "paid_twice" },
      "had been paid already when this payment came. It goes back in full",
      "Your tickets are not affected",
    ],
    [
      "of money for which no cause was kept",
      { reason: "surplus" },
      "could not be taken for tickets. It goes back in full",
      "The money takes the way",
    ],
  ])("%s says why, how much and what became of the tickets", async (_, change, ...sentences) => {
    const bought = (orderId: string) => [
      ticketOf(orderId, 0, { id: ticket, status: "void" }),
      ticketOf(orderId, 1),
      ticketOf(orderId, 2, { id: another, status: "void", seat: "Row 4", holder: { name: "evil.example", email: "" } }),
    ];
    const type = { ...TYPE, id: STANDING, eventId: event.id };
    const { here } = house({
      EVENTS: {
        events: async () => [{ ...event, ticketTypes: [type] }],
        ticketsOfOrders: async (asked) => asked.map(({ orderId }) => ok(bought(orderId))),
      },
      PAYMENTS: { refunds: async (ids) => ids.map((id) => refund(id, change)) },
    });
    await hearRefunded(here, crypto.randomUUID());
    expect(await dispatchDue(here, ctx)).toBe(1);
    const [mail] = await mails();
    for (const sentence of sentences) expect(mail?.text).toContain(sentence);
    expect(mail?.html).toContain("Hello Ada &lt;script&gt;,");
    expect(mail?.html).not.toContain("<b>");
    for (const id of change.ticketIds ?? []) expect(mail?.text).not.toContain(id);
  });

  it("of late money for a cancelled event names the cancellation", async () => {
    const { here } = house({
      EVENTS: { events: async () => [{ ...event, status: "cancelled" }] },
      PAYMENTS: { refunds: async (ids) => ids.map((id) => refund(id, { reason: "surplus", cause: "order_ended" })) },
    });
    await hearRefunded(here, crypto.randomUUID());
    await dispatchDue(here, ctx);
    expect((await mails())[0]?.text).toContain("came after the event was cancelled.");
  });

  it("that is not there yet, or whose money came back, is told once it is paid", async () => {
    vi.spyOn(console, "error").mockImplementation(() => undefined);
    vi.useFakeTimers({ toFake: ["Date"] });
    const answers: RefundFacts["status"][][] = [[], ["failed"], ["succeeded"]];
    const { here } = house({
      PAYMENTS: { refunds: async ([id = ""]) => (answers.shift() ?? []).map((status) => refund(id, { status })) },
    });
    await hearRefunded(here, crypto.randomUUID());
    expect(await dispatchDue(here, ctx)).toBe(0);
    vi.advanceTimersByTime(22_500);
    expect(await dispatchDue(here, ctx)).toBe(0);
    vi.advanceTimersByTime(45_000);
    expect(await dispatchDue(here, ctx)).toBe(1);
    expect(await mails()).toHaveLength(1);
  });

  it.each<[string, Partial<RefundFacts>, Ticket["status"][], boolean]>([
    ["the last of the order's tickets", { ticketIds: [ticket] }, ["void", "void"], true],
    ["one of two", { ticketIds: [ticket] }, ["void", "valid"], false],
    ["one of two, and the other one's holder is inside", { ticketIds: [ticket] }, ["void", "admitted"], false],
    ["an amount, after all tickets were gone", {}, ["void"], false],
    ["what a cancelled event owes, which said so already", { reason: "event_cancelled", ticketIds: [ticket] }, ["void"], false],
  ])("of %s takes the date out of the calendar, or leaves it", async (_, change, statuses, isTakenOut) => {
    const { here } = house({
      EVENTS: {
        ticketsOfOrders: async (asked) =>
          asked.map(({ orderId }) => ok(statuses.map((status, number) => ticketOf(orderId, number, { status })))),
      },
      PAYMENTS: { refunds: async (ids) => ids.map((id) => refund(id, change)) },
    });
    await hearRefunded(here, crypto.randomUUID());
    expect(await dispatchDue(here, ctx)).toBe(1);
    const [mail] = await mails();
    expect((mail?.text ?? "").includes("takes the date out of your calendar")).toBe(isTakenOut);
    const files = (mail?.attachments ?? []).map(({ content }) => new TextDecoder().decode(Uint8Array.fromBase64(content)));
    expect(files.map((file) => file.includes("METHOD:CANCEL") && file.includes(`UID:${event.id}`))).toEqual(
      isTakenOut ? [true] : [],
    );
  });

  it("whose tickets cannot be told now is told later", async () => {
    vi.spyOn(console, "error").mockImplementation(() => undefined);
    const { here } = house({
      EVENTS: { ticketsOfOrders: async (asked) => asked.map(() => refuse({ code: "unavailable" as const })) },
      PAYMENTS: { refunds: async (ids) => ids.map((id) => refund(id, { ticketIds: [ticket] })) },
    });
    await hearRefunded(here, crypto.randomUUID());
    expect(await dispatchDue(here, ctx)).toBe(0);
    expect(await countOwed(here.DB)).toEqual({ queued: 1, parked: 0 });
  });
});
