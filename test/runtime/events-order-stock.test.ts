/** What orders are told by the events Worker when an object cannot tell it. */
import { afterEach, expect, test, vi } from "vitest";
import { claimHold, confirmOrder, ticketsOfOrders } from "../../workers/events/order-stock";
import { closeRooms, openRoom, publishNew, someId, withDoors } from "../support/events-room";
import { granted } from "../support/inventory";

afterEach(() => {
  vi.restoreAllMocks();
  return closeRooms();
});

test.each([
  ["is broken", new Error("broken"), "unavailable"],
  ["has too much to do", Object.assign(new Error("too much"), { overloaded: true }), "overloaded"],
])("of three orders, one whose object %s costs the others nothing", async (_, failure, code) => {
  const said = vi.spyOn(console, "error").mockImplementation(() => undefined);
  const room = await openRoom();
  const event = await publishNew(room);
  const orderIds = [someId(), someId(), someId()];
  for (const orderId of orderIds) {
    const items = [{ ticketTypeId: event.ticketTypes[0]?.id ?? "", quantity: 1 }];
    const holder = { kind: "user" as const, key: someId() };
    granted(await claimHold(room.env, { eventId: event.id, orderId, holder, insider: false, requestHash: "h", items }));
    const buyer = { name: "Ada", email: "ada@bilten.example" };
    granted(await confirmOrder(room.env, { eventId: event.id, orderId, buyer, attendees: [] }));
  }
  const failing = withDoors((real) => ({
    ticketsOf: (orderId) => (orderId === orderIds[1] ? Promise.reject(failure) : real.ticketsOf(orderId)),
  }));
  const answers = await ticketsOfOrders(
    { ...room.env, TICKET_INVENTORY: failing },
    { waitUntil: () => undefined },
    orderIds.map((orderId) => ({ eventId: event.id, orderId })),
  );
  expect(answers.map((answer) => (answer.ok ? answer.value.map((ticket) => ticket.orderId) : answer.error.code))).toEqual([
    [orderIds[0]],
    code,
    [orderIds[2]],
  ]);
  // A bug is reported, load is not one.
  expect(said).toHaveBeenCalledTimes(code === "unavailable" ? 1 : 0);
});
