import { afterEach, describe, expect, test, vi } from "vitest";
import { z } from "zod";
import { AvailableTicketType, PublishedEvent, TicketType } from "../../shared/contracts/events";
import {
  age,
  closeRooms,
  codeOf,
  draft,
  openRoom,
  parse,
  publishNew,
  type Room,
  show,
  user,
  withDoors,
} from "../support/events-room";

afterEach(closeRooms);

const Tickets = z.object({ data: z.array(AvailableTicketType) });
const leftBehind = (room: Room) => room.env.DB.prepare("SELECT COUNT(*) AS n FROM event_changes").first("n");

describe("changes of what is on sale", () => {
  test("go to the object and then to D1, and are news", async () => {
    const room = await openRoom();
    const event = await publishNew(room);
    const [type] = event.ticketTypes;
    const changed = parse(
      TicketType,
      await room.ask("PUT", `/events/${event.id}/ticket-types/${type?.id}`, {
        as: room.owner,
        body: { quantity: 20, price: { amount: 3000, currency: "EUR" } },
      }),
    );
    expect(changed).toMatchObject({ quantity: 20, price: { amount: 3000, currency: "EUR" }, name: "Standing" });
    const { data } = parse(Tickets, await room.ask("GET", `/events/${event.id}/tickets`));
    expect(data).toMatchObject([{ available: 20, price: { amount: 3000, currency: "EUR" } }]);
    expect(parse(PublishedEvent, await show(room, event.id)).ticketTypes).toEqual([changed]);
    await room.idle();
    expect(room.sent.map(({ type: news }) => news)).toEqual(["event.published", "event.changed"]);
    expect(await leftBehind(room)).toBe(0);
  });

  test("what the object refuses changes nothing", async () => {
    const room = await openRoom();
    const event = await publishNew(room);
    const path = `/events/${event.id}/ticket-types/${event.ticketTypes[0]?.id}`;
    await room.ask("POST", `/events/${event.id}/holds`, {
      body: { items: [{ ticketTypeId: event.ticketTypes[0]?.id, quantity: 5 }] },
    });
    const refused = await room.ask("PUT", path, { as: room.owner, body: { quantity: 4 } });
    expect(codeOf(refused)).toBe("409 capacity_below_sold");
    expect(refused.body).toMatchObject({ sold: 0, held: 5 });
    expect(codeOf(await room.ask("PUT", `/events/${event.id}`, { as: room.owner, body: { capacity: 4 } }))).toBe(
      "409 capacity_below_sold",
    );
    expect(parse(PublishedEvent, await show(room, event.id))).toEqual(event);
    expect(await leftBehind(room)).toBe(0);
    const second = { name: "Seated", price: { amount: 1, currency: "EUR" }, quantity: 1 };
    expect((await room.ask("POST", `/events/${event.id}/ticket-types`, { as: room.owner, body: second })).status).toBe(201);
    expect(codeOf(await room.ask("DELETE", path, { as: room.owner }))).toBe("409 ticket_type_in_use");
  });

  test("a crash after the object's yes is carried on with, and nothing is lost", async () => {
    const room = await openRoom();
    const event = await publishNew(room);
    const { TICKET_INVENTORY } = room.env;
    room.env.TICKET_INVENTORY = withDoors((real) => ({
      reconfigure: async (config) => {
        await real.reconfigure(config);
        throw new Error("killed");
      },
    }));
    expect(codeOf(await room.ask("PUT", `/events/${event.id}`, { as: room.owner, body: { capacity: 7 } }))).toBe("500 internal");
    room.env.TICKET_INVENTORY = TICKET_INVENTORY;
    expect(await leftBehind(room)).toBe(1);
    expect(parse(PublishedEvent, await show(room, event.id)).capacity).toBe(50);
    await age(room);
    // Whoever comes next carries on with it, then has his own way.
    const next = parse(
      PublishedEvent,
      await room.ask("PUT", `/events/${event.id}`, { as: room.owner, body: { title: "Later" } }),
    );
    expect(next).toMatchObject({ capacity: 7, title: "Later" });
    expect(await leftBehind(room)).toBe(0);
  });

  test("a crash before the object heard is carried on with too, by the sweep", async () => {
    const room = await openRoom();
    const event = await publishNew(room);
    const { TICKET_INVENTORY } = room.env;
    room.env.TICKET_INVENTORY = withDoors(() => ({ close: () => Promise.reject(new Error("killed")) }));
    const cancel = () => room.ask("POST", `/events/${event.id}/cancel`, { as: room.owner, body: { reason: "Rain" } });
    expect(codeOf(await cancel())).toBe("500 internal");
    room.env.TICKET_INVENTORY = TICKET_INVENTORY;
    await age(room);
    expect((await room.sweep()).settled).toBe(1);
    expect(parse(PublishedEvent, await show(room, event.id)).status).toBe("cancelled");
    await room.idle();
    expect(room.sent.map(({ type }) => type)).toEqual(["event.published", "event.cancelled"]);
    expect(parse(PublishedEvent, await cancel()).status).toBe("cancelled");
  });

  test("a hand that stalls takes no other's change for its own", async () => {
    const room = await openRoom();
    const event = await publishNew(room);
    const { TICKET_INVENTORY } = room.env;
    const put = (body: unknown) => room.ask("PUT", `/events/${event.id}`, { as: room.owner, body });
    let goOn = (): void => {};
    const stalled = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    let heard = 0;
    // The first hand has asked the object, and hears nothing for long.
    room.env.TICKET_INVENTORY = withDoors((real) => ({
      reconfigure: async (config) => {
        if (heard++ === 0) await stalled;
        return real.reconfigure(config);
      },
    }));
    const slow = put({ capacity: 40 });
    await vi.waitFor(() => expect(heard).toBe(1));
    // Its wish is refused when another hand carries it in, and given up; then a third one has its own way with the same version.
    const holds = Array.from({ length: 5 }, () =>
      room.ask("POST", `/events/${event.id}/holds`, {
        body: { items: [{ ticketTypeId: event.ticketTypes[0]?.id, quantity: 9 }] },
      }),
    );
    const held = await Promise.all(holds);
    expect(held.map(({ status }) => status)).toEqual(Array(5).fill(201));
    await age(room);
    await room.sweep();
    expect(await leftBehind(room)).toBe(0);
    expect(parse(PublishedEvent, await put({ capacity: 45, title: "Mine" })).capacity).toBe(45);
    goOn();
    expect(codeOf(await slow)).toBe("409 capacity_below_sold");
    room.env.TICKET_INVENTORY = TICKET_INVENTORY;
    expect(parse(PublishedEvent, await show(room, event.id))).toMatchObject({ capacity: 45, title: "Mine" });
  });

  test("a wish that was given up and came in all the same does not stand in the way of the next", async () => {
    const room = await openRoom();
    const event = await publishNew(room);
    const { TICKET_INVENTORY } = room.env;
    room.env.TICKET_INVENTORY = withDoors((real) => ({
      reconfigure: async (config) => {
        await real.reconfigure(config);
        throw new Error("killed");
      },
    }));
    const put = (body: unknown) => room.ask("PUT", `/events/${event.id}`, { as: room.owner, body });
    expect(codeOf(await put({ capacity: 7 }))).toBe("500 internal");
    await room.env.DB.prepare("DELETE FROM event_changes").run();
    room.env.TICKET_INVENTORY = TICKET_INVENTORY;
    expect(parse(PublishedEvent, await put({ title: "Later" }))).toMatchObject({ capacity: 50, title: "Later" });
    const { data } = parse(Tickets, await room.ask("GET", `/events/${event.id}/tickets`));
    expect(data).toMatchObject([{ available: 50 }]);
  });

  test("people who edit different things at once all get their way", async () => {
    const room = await openRoom();
    const types = ["A", "B", "C", "D"].map((name) => ({ name, price: { amount: 100, currency: "EUR" }, quantity: 5 }));
    const event = await publishNew(room, { ticketTypes: types });
    const answers = await Promise.all(
      event.ticketTypes.map((type, index) =>
        room.ask("PUT", `/events/${event.id}/ticket-types/${type.id}`, { as: room.owner, body: { quantity: 10 + index } }),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    const after = parse(PublishedEvent, await show(room, event.id));
    expect(after.ticketTypes.map(({ quantity }) => quantity)).toEqual([10, 11, 12, 13]);
    const { data } = parse(Tickets, await room.ask("GET", `/events/${event.id}/tickets`));
    expect(data.map(({ available }) => available)).toEqual([10, 11, 12, 13]);
  });

  test("a stale If-Match is a 412 and changes nothing", async () => {
    const room = await openRoom();
    const event = await publishNew(room);
    const etag = (await show(room, event.id)).headers.get("etag") ?? "";
    const put = (body: unknown) =>
      room.ask("PUT", `/events/${event.id}`, { as: room.owner, body, headers: { "if-match": etag } });
    expect((await put({ title: "First" })).status).toBe(200);
    expect(codeOf(await put({ title: "Second" }))).toBe("412 version_stale");
    expect(parse(PublishedEvent, await show(room, event.id)).title).toBe("First");
  });

  test("an event that turns private is gone for everybody else", async () => {
    const room = await openRoom();
    const event = await publishNew(room);
    expect((await show(room, event.id)).headers.get("cache-control")).toBe("public, max-age=0, s-maxage=2");
    await room.ask("PUT", `/events/${event.id}`, { as: room.owner, body: { settings: { isPublic: false } } });
    expect(codeOf(await show(room, event.id))).toBe("404 event_not_found");
    expect(codeOf(await room.ask("GET", `/events/${event.id}/tickets`))).toBe("404 event_not_found");
    const inside = await show(room, event.id, room.owner);
    expect(inside.status).toBe(200);
    expect(inside.headers.get("cache-control")).toBe("private, no-store");
    const body = { items: [{ ticketTypeId: event.ticketTypes[0]?.id, quantity: 1 }] };
    expect(codeOf(await room.ask("POST", `/events/${event.id}/holds`, { body }))).toBe("404 event_not_found");
    expect(codeOf(await room.ask("POST", `/events/${event.id}/holds`, { as: user(), body }))).toBe("404 event_not_found");
    expect((await room.ask("POST", `/events/${event.id}/holds`, { as: room.owner, body })).status).toBe(201);
  });
});

describe("an Idempotency-Key on cancelling", () => {
  const cancel = (room: Room, id: string, reason: string, key = "k") =>
    room.ask("POST", `/events/${id}/cancel`, { as: room.owner, body: { reason }, headers: { "idempotency-key": key } });

  test("gives the first answer again, a refusal too, and belongs to its body", async () => {
    const room = await openRoom();
    const event = await draft(room);
    expect(codeOf(await cancel(room, event.id, "Rain"))).toBe("409 event_state");
    await room.ask("POST", `/events/${event.id}/publish`, { as: room.owner });
    expect(codeOf(await cancel(room, event.id, "Rain"))).toBe("409 event_state");
    expect(parse(PublishedEvent, await show(room, event.id)).status).toBe("published");
    expect(codeOf(await cancel(room, event.id, "Snow"))).toBe("422 idempotency_key_reused");
    const cancelled = parse(PublishedEvent, await cancel(room, event.id, "Rain", "other"));
    expect(cancelled.status).toBe("cancelled");
    expect(parse(PublishedEvent, await cancel(room, event.id, "Rain", "other"))).toEqual(cancelled);
  });

  test("lets one of ten at once work", async () => {
    const room = await openRoom();
    const event = await publishNew(room);
    const { TICKET_INVENTORY } = room.env;
    let finish = (): void => {};
    const finished = new Promise<void>((resolve) => {
      finish = resolve;
    });
    room.env.TICKET_INVENTORY = withDoors((real) => ({ close: (reason) => finished.then(() => real.close(reason)) }));
    const answered: string[] = [];
    const asking = Array.from({ length: 10 }, async () => answered.push(codeOf(await cancel(room, event.id, "Rain"))));
    // Nine hear that the tenth is at work while it is; without a key all ten would wait for the object and then be told the same.
    await vi.waitFor(() => expect(answered).toEqual(Array(9).fill("409 request_in_progress")));
    finish();
    await Promise.all(asking);
    expect(answered[9]).toBe("200 -");
    room.env.TICKET_INVENTORY = TICKET_INVENTORY;
    expect(codeOf(await cancel(room, event.id, "Rain"))).toBe("200 -");
    await room.idle();
    expect(room.sent.filter(({ type }) => type === "event.cancelled")).toHaveLength(1);
  });

  test("is free again where nothing was answered, and forgotten after a day", async () => {
    const room = await openRoom();
    const event = await publishNew(room);
    const { TICKET_INVENTORY } = room.env;
    room.env.TICKET_INVENTORY = withDoors(() => ({ close: () => Promise.reject(new Error("killed")) }));
    expect(codeOf(await cancel(room, event.id, "Rain"))).toBe("500 internal");
    room.env.TICKET_INVENTORY = TICKET_INVENTORY;
    await age(room);
    expect(codeOf(await cancel(room, event.id, "Rain"))).toBe("200 -");
    expect((await room.sweep()).forgotten).toBe(0);
    await room.env.DB.prepare("UPDATE kept_answers SET created_at_ms = created_at_ms - 86400001").run();
    expect((await room.sweep()).forgotten).toBe(1);
  });
});
