/** Whoever has other seats than he bought hears of it: the news stands in the transaction of the swap, and the alarm sends it. */
import { reset, runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, expect, test, vi } from "vitest";
import { type Envelope, MESSAGES } from "../../shared/contracts/messages";
import { codeOf, confirmRequest, granted, type Inventory, rowsOf, someId } from "../support/inventory";
import { askSeats, openSeated, seatedType } from "../support/seated";

afterEach(async () => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  await reset();
});

async function sell(inventory: Inventory, eventId: string, ticketTypeId: string, ...seatIds: string[]) {
  const orderId = someId();
  granted(await inventory.claim({ ...askSeats(ticketTypeId, ...seatIds), orderId }));
  const tickets = granted(await inventory.confirm(confirmRequest(eventId, orderId)));
  return { orderId, ids: tickets.map(({ id }) => id) };
}

test("each order of which a ticket has another seat now is named once; what was refused or moves nobody is no news", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  const sent: Envelope[] = [];
  vi.spyOn(env.NOTIFICATIONS_MAILBOX, "sendBatch").mockImplementation(async (messages: Iterable<MessageSendRequest<unknown>>) => {
    // The object sends nothing else.
    for (const { body } of messages) sent.push(body as Envelope);
    return { metadata: { metrics: { backlogCount: 0, backlogBytes: 0 } } };
  });
  const type = seatedType(["front", "middle"]);
  const { inventory, config } = await openSeated([type]);
  const [a, b, c] = [
    await sell(inventory, config.eventId, type.id, "p-1-1", "p-1-2"),
    await sell(inventory, config.eventId, type.id, "p-5-1"),
    await sell(inventory, config.eventId, type.id, "p-6-1"),
  ];
  const swap = async (...moves: [ticketId: string | undefined, seatId: string][]) =>
    codeOf(await inventory.swapSeats(moves.map(([ticketId = "", seatId]) => ({ ticketId, seatId }))));
  const waiting = async () =>
    (await rowsOf<{ type: string }>(inventory, "SELECT type FROM outbox")).filter((row) => row.type === "seats.swapped").length;

  expect(await swap([a.ids[0], "p-1-3"], [b.ids[0], "p-1-2"])).toBe("seat_taken");
  expect(await swap([c.ids[0], "p-6-1"])).toBe("ok");
  expect(await waiting()).toBe(0);
  expect(await swap([a.ids[0], "p-1-2"], [a.ids[1], "p-5-1"], [b.ids[0], "p-1-1"], [c.ids[0], "p-6-1"])).toBe("ok");
  expect(await waiting()).toBe(1);

  vi.setSystemTime(Date.now() + 2_000);
  await runDurableObjectAlarm(inventory);
  const { eventId, organizerId } = config;
  const orderIds = [a.orderId, b.orderId];
  expect(sent).toMatchObject([{ type: "seats.swapped", subject: `${eventId}/seats`, data: { eventId, organizerId, orderIds } }]);
  expect(MESSAGES["seats.swapped"].data.safeParse(sent[0]?.data).success).toBe(true);
  expect(await waiting()).toBe(0);

  // Two in one millisecond, of a clock that was put back.
  vi.setSystemTime(Date.now() - 60_000);
  expect(await swap([c.ids[0], "p-6-2"])).toBe("ok");
  expect(await swap([c.ids[0], "p-6-3"])).toBe("ok");
  vi.setSystemTime(Date.now() + 120_000);
  await runDurableObjectAlarm(inventory);
  const versions = sent.map(({ version }) => version);
  expect(new Set(versions).size).toBe(3);
  const later = versions.slice(1);
  expect(Math.min(...later)).toBeGreaterThan(versions[0] ?? 0);
});
