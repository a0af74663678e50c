/** Who is told that an order ended unpaid: from payments' sweep to the mail, against the real SQLite. */
import { applyD1Migrations } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, expect, it, vi } from "vitest";
import type { Envelope } from "../../shared/contracts/messages";
import type { OrderFacts } from "../../shared/contracts/orders";
import { countOwed } from "../../workers/notifications/deliveries";
import { dispatchDue } from "../../workers/notifications/dispatch";
import { messageHandlers } from "../../workers/notifications/message-handlers";
import { type Change, ctx, envelopeOf, event, house, mails, order } from "../support/notifications-room";
import { closeTills, openTill, publish, type Till } from "../support/payments-room";

afterEach(async () => {
  vi.useRealTimers();
  await closeTills();
});

const expiries = (till: Till): Envelope[] => till.sent.filter(({ type }) => type === "order.expired");

it("an order whose buyer began to pay is told of once when it ends, and one that nobody tried to pay is not", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  const till = await openTill();
  const sale = await publish(till);
  const declined = await till.order(sale);
  await till.paid(declined, "tok_decline");
  const abandoned = await till.order(sale);
  const paid = await till.order(sale);
  await till.paid(paid, "tok_success");
  vi.advanceTimersByTime(3_600_000);
  await till.sweep();
  await till.idle();
  await till.sweep();
  await till.idle();
  expect([await till.status(declined), await till.status(abandoned), await till.status(paid)]).toEqual([
    "expired",
    "expired",
    "paid",
  ]);
  expect(expiries(till).map(({ subject, version }) => [subject, version])).toEqual([[declined.id, 2]]);
});

async function tell(change: Partial<OrderFacts>, more: Change = {}): Promise<number> {
  await applyD1Migrations(env.NOTIFICATIONS_DB, env.MIGRATIONS.notifications);
  const orders = async (ids: string[]) => ids.map((id) => ({ ...order(id), status: "expired" as const, ...change }));
  const { here } = house({ PAYMENTS: { orders }, ...more });
  const orderId = crypto.randomUUID();
  const data = { orderId, eventId: event.id, organizerId: event.organizerId };
  for (let times = 0; times < 2; times++)
    await messageHandlers["order.expired"]?.(here, { ...envelopeOf, type: "order.expired", subject: orderId, data });
  const settled = await dispatchDue(here, ctx);
  expect(await countOwed(here.DB)).toEqual({ queued: 0, parked: 0 });
  return settled;
}

it.each([
  ["en", ["has ended", "You began to order tickets for Jazz", "or your money back in full", "See what is left"]],
  ["de", ["ist abgelaufen", "Sie wollten Tickets für Jazz", "oder Ihr Geld ganz zurück", "Sehen, was noch frei ist"]],
])("it says in %s that there are no tickets, and leads back to the event", async (language, said) => {
  expect(await tell({ language })).toBe(1);
  const [mail] = await mails();
  for (const words of said) expect(`${mail?.subject}\n${mail?.text}`).toContain(words);
  expect(mail?.text).toContain(`http://blue-note.localhost:8787/e/${event.id}`);
  expect(mail?.attachments).toBeUndefined();
});

it.each([
  ["was paid", { status: "paid" }, {}],
  ["may be paid again", { status: "pending" }, {}],
  ["was cancelled", { status: "cancelled" }, {}],
  ["went back", { status: "refunded" }, {}],
  ["is of a cancelled event", {}, { EVENTS: { events: async () => [{ ...event, status: "cancelled" }] } }],
] satisfies [string, Partial<OrderFacts>, Change][])("who reads it after the order %s reads nothing", async (_, change, more) => {
  expect(await tell(change, more)).toBe(1);
  expect(await mails()).toEqual([]);
});
