/** What buyers notice of an object that is busy or out of reach: little. */
import { afterEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { AvailableTicketType, type PublishedEvent } from "../../shared/contracts/events";
import { Hold } from "../../shared/contracts/holds";
import type { HoldRequest } from "../../shared/contracts/inventory";
import type { TicketInventoryRpc } from "../../shared/contracts/inventory-rpc";
import { claimHold } from "../../workers/events/order-stock";
import { closeRooms, codeOf, openRoom, parse, publishNew, type Room, someId, withDoors } from "../support/events-room";

afterEach(closeRooms);

const Tickets = z.object({ data: z.array(AvailableTicketType) });
const firstType = (event: PublishedEvent): string => event.ticketTypes[0]?.id ?? "";
const itemsOf = (event: PublishedEvent, quantity: number) => ({ items: [{ ticketTypeId: firstType(event), quantity }] });

const hold = async (room: Room, event: PublishedEvent, quantity: number): Promise<Hold> =>
  parse(Hold, await room.ask("POST", `/events/${event.id}/holds`, { body: itemsOf(event, quantity) }), 201);

async function leftOf(room: Room, event: PublishedEvent): Promise<number[]> {
  return parse(Tickets, await room.ask("GET", `/events/${event.id}/tickets`)).data.map(({ available }) => available);
}

describe("the object's troubles", () => {
  const trouble = (marks: object) => Object.assign(new Error("trouble"), marks);

  test("an overloaded object is a 503 and is never asked again", async () => {
    const room = await openRoom();
    const event = await publishNew(room);
    let asked = 0;
    const overload = async () => {
      asked++;
      throw trouble({ overloaded: true, retryable: true });
    };
    room.env.TICKET_INVENTORY = withDoors(() => ({ placeHold: overload, claim: overload }));
    const answer = await room.ask("POST", `/events/${event.id}/holds`, { body: itemsOf(event, 1) });
    expect(codeOf(answer)).toBe("503 overloaded");
    expect(answer.headers.get("retry-after")).toBe("1");
    expect(asked).toBe(1);
    const claim = {
      eventId: event.id,
      orderId: someId(),
      holder: { kind: "user" as const, key: someId() },
      insider: false,
      requestHash: "h",
    };
    const claimed = await claimHold(room.env, { ...claim, items: [{ ticketTypeId: firstType(event), quantity: 1 }] });
    expect(claimed).toMatchObject({ ok: false, error: { code: "overloaded" } });
  });

  test("a broken connection is tried again with the same hold, three times at most", async () => {
    const room = await openRoom();
    const event = await publishNew(room);
    const ids: string[] = [];
    const breaking = (times: number) =>
      withDoors((real: TicketInventoryRpc) => ({
        placeHold: async (request: HoldRequest) => {
          ids.push(request.holdId);
          // It reached the object, and the answer was lost.
          const placed = await real.placeHold(request);
          if (ids.length <= times) throw trouble({ retryable: true });
          return placed;
        },
      }));
    room.env.TICKET_INVENTORY = breaking(2);
    await hold(room, event, 2);
    expect(new Set(ids).size).toBe(1);
    expect(await leftOf(room, event)).toEqual([48]);
    ids.length = 0;
    room.env.TICKET_INVENTORY = breaking(9);
    expect(codeOf(await room.ask("POST", `/events/${event.id}/holds`, { body: itemsOf(event, 1) }))).toBe("503 unavailable");
    expect(ids).toHaveLength(3);
  });
});

test("one order id at two events names two holds", async () => {
  const room = await openRoom();
  const orderId = someId();
  const claims = [await publishNew(room), await publishNew(room)].map((event) =>
    claimHold(room.env, {
      eventId: event.id,
      orderId,
      holder: { kind: "user", key: someId() },
      insider: false,
      requestHash: "h",
      items: itemsOf(event, 1).items,
    }),
  );
  const holdIds = (await Promise.all(claims)).map((claimed) => (claimed.ok ? claimed.value.holdId : claimed.error.code));
  expect(new Set(holdIds).size).toBe(2);
});

test("however many look at the availability, the object is asked once a second", async () => {
  const room = await openRoom();
  const event = await publishNew(room);
  let asked = 0;
  room.env.TICKET_INVENTORY = withDoors((real) => ({
    availability: () => {
      asked++;
      return real.availability();
    },
  }));
  const Snapshot = Tickets.extend({ asOf: z.iso.datetime() });
  for (let look = 0; look < 50; look++) {
    const { data } = parse(Snapshot, await room.ask("GET", `/events/${event.id}/availability`));
    expect(data).toMatchObject([{ available: 50, status: "on_sale", eventId: event.id }]);
  }
  expect(asked).toBeLessThanOrEqual(2);
  await hold(room, event, 5);
  await scheduler.wait(1_050);
  expect(parse(Snapshot, await room.ask("GET", `/events/${event.id}/availability`)).data).toMatchObject([{ available: 45 }]);
});
