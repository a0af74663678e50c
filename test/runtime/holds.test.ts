import { afterEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { AvailableTicketType, type PublishedEvent } from "../../shared/contracts/events";
import { Hold } from "../../shared/contracts/holds";
import {
  ANYBODY,
  closeRooms,
  codeOf,
  draft,
  openRoom,
  parse,
  publishNew,
  type Room,
  secret,
  someId,
  user,
} from "../support/events-room";

afterEach(closeRooms);

const Tickets = z.object({ data: z.array(AvailableTicketType) });
const firstType = (event: PublishedEvent): string => event.ticketTypes[0]?.id ?? "";
const itemsOf = (event: PublishedEvent, quantity: number) => ({ items: [{ ticketTypeId: firstType(event), quantity }] });
const pathOf = ({ eventId, id }: Hold): string => `/events/${eventId}/holds/${id}`;

async function leftOf(room: Room, event: PublishedEvent): Promise<number[]> {
  return parse(Tickets, await room.ask("GET", `/events/${event.id}/tickets`)).data.map(({ available }) => available);
}

const hold = async (room: Room, event: PublishedEvent, quantity: number, asked = {}): Promise<Hold> =>
  parse(Hold, await room.ask("POST", `/events/${event.id}/holds`, { body: itemsOf(event, quantity), ...asked }), 201);

describe("a guest's hold", () => {
  test("is read, changed and given back by its secret, and by nobody else", async () => {
    const room = await openRoom();
    const event = await publishNew(room);
    const held = await hold(room, event, 2);
    expect(held).toMatchObject({ eventId: event.id, items: [{ quantity: 2, unitPrice: { amount: 2500, currency: "EUR" } }] });
    const as = secret(held.secret);
    expect(parse(Hold, await room.ask("GET", pathOf(held), { as }))).toEqual(held);

    const other = secret((await hold(room, event, 1)).secret);
    for (const stranger of [
      other,
      secret("bh_"),
      secret(`bh_${"A".repeat(43)}`),
      secret(held.secret.replace("bh_", "bo_")),
      user(),
    ]) {
      for (const method of ["GET", "PUT", "DELETE"]) {
        const body = method === "PUT" ? itemsOf(event, 5) : undefined;
        expect(codeOf(await room.ask(method, pathOf(held), { as: stranger, body }))).toBe("404 hold_not_found");
      }
    }
    expect(codeOf(await room.ask("GET", pathOf(held)))).toBe("401 credential_missing");

    const changed = parse(Hold, await room.ask("PUT", pathOf(held), { as, body: itemsOf(event, 4) }));
    expect(changed).toMatchObject({ id: held.id, items: [{ quantity: 4 }], secret: held.secret });
    expect(await leftOf(room, event)).toEqual([45]);
    expect((await room.ask("DELETE", pathOf(held), { as })).status).toBe(204);
    expect((await room.ask("DELETE", pathOf(held), { as })).status).toBe(204);
    expect(await leftOf(room, event)).toEqual([49]);
    expect(codeOf(await room.ask("GET", pathOf(held), { as }))).toBe("409 hold_released");
  });

  test("of another event's path reads like none", async () => {
    const room = await openRoom();
    const [event, other] = [await publishNew(room), await publishNew(room)];
    const held = await hold(room, event, 1);
    const elsewhere = `/events/${other.id}/holds/${held.id}`;
    expect(codeOf(await room.ask("GET", elsewhere, { as: secret(held.secret) }))).toBe("404 hold_not_found");
    for (const eventId of [someId(), "nonsense"]) {
      const answer = await room.ask("GET", `/events/${eventId}/holds/${held.id}`, { as: secret(held.secret) });
      expect(codeOf(answer)).toBe("404 hold_not_found");
    }
  });

  test("ends, and says so to whoever has its secret", async () => {
    const room = await openRoom();
    const event = await publishNew(room, { settings: { holdSeconds: 1 } });
    const held = await hold(room, event, 3);
    await scheduler.wait(1_050);
    const as = secret(held.secret);
    expect(codeOf(await room.ask("GET", pathOf(held), { as }))).toBe("409 hold_expired");
    expect(codeOf(await room.ask("PUT", pathOf(held), { as, body: itemsOf(event, 1) }))).toBe("409 hold_expired");
    expect(codeOf(await room.ask("PUT", pathOf(held), { as, body: { items: [] } }))).toBe("400 invalid_body");
    expect(await leftOf(room, event)).toEqual([50]);
  });
});

test("a signed-in buyer needs no secret for his own hold", async () => {
  const room = await openRoom();
  const event = await publishNew(room);
  const as = user();
  const held = await hold(room, event, 2, { as });
  expect(parse(Hold, await room.ask("GET", pathOf(held), { as }))).toEqual(held);
  expect((await room.ask("PUT", pathOf(held), { as, body: itemsOf(event, 1) })).status).toBe(200);
  expect((await room.ask("DELETE", pathOf(held), { as })).status).toBe(204);
  expect(await leftOf(room, event)).toEqual([50]);
  const ended = await room.ask("GET", pathOf(held), { as });
  expect(codeOf(ended)).toBe("409 hold_released");
  expect(ended.body).not.toHaveProperty("holder");
  expect(codeOf(await room.ask("PUT", pathOf(held), { as, body: itemsOf(event, 1) }))).toBe("409 hold_released");
  expect(codeOf(await room.ask("GET", pathOf(held), { as: user() }))).toBe("404 hold_not_found");
});

describe("an Idempotency-Key", () => {
  const key = (text: string) => ({ headers: { "idempotency-key": text } });

  test("makes twenty requests at once one hold", async () => {
    const room = await openRoom();
    const event = await publishNew(room);
    const held = await Promise.all(Array.from({ length: 20 }, () => hold(room, event, 2, key("twenty"))));
    for (const other of held) expect(other).toEqual(held[0]);
    expect(await leftOf(room, event)).toEqual([48]);
    expect(
      parse(Hold, await room.ask("POST", `/events/${event.id}/holds`, { body: itemsOf(event, 2), ...key('"twenty"') }), 201),
    ).toEqual(held[0]);
  });

  test("is its caller's and its event's, and keeps its body", async () => {
    const room = await openRoom();
    const [event, other] = [await publishNew(room), await publishNew(room)];
    const first = await hold(room, event, 1, key("k"));
    expect((await hold(room, event, 1, { ...key("k"), as: user() })).id).not.toBe(first.id);
    expect((await hold(room, other, 1, key("k"))).id).not.toBe(first.id);
    const reused = await room.ask("POST", `/events/${event.id}/holds`, { body: itemsOf(event, 2), ...key("k") });
    expect(codeOf(reused)).toBe("422 idempotency_key_reused");
    expect(await leftOf(room, event)).toEqual([48]);
  });

  test("of a hold that has ended gives its refusal, not its success", async () => {
    const room = await openRoom();
    const event = await publishNew(room);
    const held = await hold(room, event, 1, key("k"));
    await room.ask("DELETE", pathOf(held), { as: secret(held.secret) });
    const again = await room.ask("POST", `/events/${event.id}/holds`, { body: itemsOf(event, 1), ...key("k") });
    expect(codeOf(again)).toBe("409 hold_released");
  });

  test("hears its refusal again, whatever becomes free", async () => {
    const room = await openRoom();
    const event = await publishNew(room, { capacity: 5 });
    const rival = await hold(room, event, 3);
    const ask = (quantity: number) =>
      room.ask("POST", `/events/${event.id}/holds`, { body: itemsOf(event, quantity), ...key("k") });
    const refused = await ask(4);
    expect(codeOf(refused)).toBe("409 sold_out");
    await room.ask("DELETE", pathOf(rival), { as: secret(rival.secret) });
    expect((await ask(4)).body).toEqual(refused.body);
    expect(codeOf(await ask(1))).toBe("422 idempotency_key_reused");
    await hold(room, event, 5);
  });

  test("that cannot be one is a fault of the form, after existence", async () => {
    const room = await openRoom();
    const event = await publishNew(room);
    const ask = (id: string, text: string) => room.ask("POST", `/events/${id}/holds`, { body: itemsOf(event, 1), ...key(text) });
    for (const bad of ["two words", "x".repeat(256)])
      expect(codeOf(await ask(event.id, bad))).toBe("400 invalid_idempotency_key");
    expect(codeOf(await ask(someId(), "two words"))).toBe("404 event_not_found");
  });
});

describe("what cannot be held", () => {
  test("is refused in the order existence, form, state, and takes nothing", async () => {
    const room = await openRoom();
    const event = await publishNew(room);
    const ticketTypeId = firstType(event);
    const ask = async (body: unknown, id = event.id) => codeOf(await room.ask("POST", `/events/${id}/holds`, { body }));
    for (const body of [
      "not json",
      {},
      { items: [] },
      { items: [{ ticketTypeId, quantity: 0 }] },
      { items: [{ ticketTypeId, quantity: -1 }] },
      { items: [{ ticketTypeId, quantity: 1.5 }] },
      { items: [{ ticketTypeId, quantity: "2" }] },
      { items: [{ ticketTypeId, quantity: 101 }] },
      { items: [{ ticketTypeId: "x", quantity: 1 }] },
      { items: [{ ticketTypeId, quantity: 1, price: 0 }] },
      { items: Array.from({ length: 21 }, () => ({ ticketTypeId, quantity: 1 })) },
      [],
    ]) {
      expect(await ask(body)).toMatch(/^400 invalid_(json|body)$/);
      expect(await ask(body, someId())).toBe("404 event_not_found");
    }
    expect(await ask({ items: [{ ticketTypeId, quantity: 11 }] })).toBe("422 quantity_out_of_range");
    expect(await ask({ items: [{ ticketTypeId: someId(), quantity: 1 }] })).toBe("404 ticket_type_not_found");
    expect(await ask({ items: [{ ticketTypeId, quantity: 1, seatIds: ["A-1"] }] })).toBe("422 seat_unknown");
    expect(await ask({ items: [{ ticketTypeId, quantity: 1, seatIds: ["A-1"] }] }, someId())).toBe("404 event_not_found");
    expect(await leftOf(room, event)).toEqual([50]);
  });

  test("a draft is no event to anybody, and on sale to nobody", async () => {
    const room = await openRoom();
    const event = await draft(room);
    const ask = async (asked = {}) =>
      codeOf(await room.ask("POST", `/events/${event.id}/holds`, { body: itemsOf(event, 1), ...asked }));
    expect(await ask()).toBe("404 event_not_found");
    expect(await ask({ as: user() })).toBe("404 event_not_found");
    expect(await ask({ as: room.owner })).toBe("409 event_not_on_sale");
  });

  test("a cancelled event sells nothing more", async () => {
    const room = await openRoom();
    const event = await publishNew(room);
    await room.ask("POST", `/events/${event.id}/cancel`, { as: room.owner, body: { reason: "Flood" } });
    const refused = await room.ask("POST", `/events/${event.id}/holds`, { body: itemsOf(event, 1) });
    expect(codeOf(refused)).toBe("409 event_not_on_sale");
  });

  test("two types over a shared capacity of ten sell ten and read the same", async () => {
    const room = await openRoom();
    const types = ["A", "B"].map((name) => ({ name, price: { amount: 100, currency: "EUR" }, quantity: 10 }));
    const event = await publishNew(room, { capacity: 10, ticketTypes: types });
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, n) =>
        room.ask("POST", `/events/${event.id}/holds`, {
          body: { items: [{ ticketTypeId: event.ticketTypes[n % 2]?.id, quantity: 1 }] },
        }),
      ),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(10);
    expect(new Set(answers.filter(({ status }) => status !== 201).map(codeOf))).toEqual(new Set(["409 sold_out"]));
    expect(await leftOf(room, event)).toEqual([0, 0]);
  });

  test("in production an address holds five orders' worth, in development what it likes", async () => {
    const production = await openRoom({ ENVIRONMENT: "production" });
    const capped = await publishNew(production, {
      capacity: 500,
      ticketTypes: [{ name: "A", price: { amount: 1, currency: "EUR" }, quantity: 500 }],
    });
    for (let order = 0; order < 5; order++) await hold(production, capped, 10, { address: "2001:db8::1" });
    const as = user();
    for (let order = 0; order < 2; order++) await hold(production, capped, 10, { as });
    expect(codeOf(await production.ask("POST", `/events/${capped.id}/holds`, { body: itemsOf(capped, 1), as }))).toBe(
      "409 holder_limit",
    );
    const ask = (address: string) => production.ask("POST", `/events/${capped.id}/holds`, { body: itemsOf(capped, 1), address });
    expect(codeOf(await ask("2001:db8::ffff"))).toBe("409 holder_limit");
    expect((await ask("2001:db8:0:1::1")).status).toBe(201);
    const development = await openRoom();
    const open = await publishNew(development, {
      capacity: 500,
      ticketTypes: [{ name: "A", price: { amount: 1, currency: "EUR" }, quantity: 500 }],
    });
    for (let order = 0; order < 24; order++) await hold(development, open, 10, { as: order % 2 === 0 ? ANYBODY : as });
    await hold(development, open, 10);
    for (let order = 0; order < 25; order++) await hold(development, open, 10);
  });
});
