import { afterEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { AvailableTicketType, PublishedEvent, TicketType } from "../../shared/contracts/events";
import {
  ANYBODY,
  closeRooms,
  codeOf,
  draft,
  openRoom,
  parse,
  publishNew,
  type Room,
  user,
  withDoors,
} from "../support/events-room";

afterEach(closeRooms);

const Tickets = z.object({ data: z.array(AvailableTicketType) });

const show = (room: Room, id: string, as = ANYBODY) => room.ask("GET", `/events/${id}`, { as });
const leftBehind = (room: Room) => room.env.DB.prepare("SELECT COUNT(*) AS n FROM event_changes").first("n");
/** As if the hand that did this had died long ago. */
const age = (room: Room) =>
  room.env.DB.batch([
    room.env.DB.prepare("UPDATE events SET updated_at_ms = updated_at_ms - 60000"),
    room.env.DB.prepare("UPDATE event_changes SET asked_at_ms = asked_at_ms - 60000"),
  ]);

describe("publishing", () => {
  test("an event is a secret of its members until it is published, and news once it is", async () => {
    const room = await openRoom();
    const event = await draft(room);
    expect(event.status).toBe("draft");
    expect(codeOf(await show(room, event.id))).toBe("404 event_not_found");
    expect(codeOf(await show(room, event.id, user()))).toBe("404 event_not_found");
    expect((await show(room, event.id, room.member("door"))).status).toBe(200);

    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    const published = parse(
      PublishedEvent,
      await room.ask("POST", `/events/${event.id}/publish`, { as: room.owner, headers: { traceparent } }),
    );
    expect(published).toMatchObject({ id: event.id, status: "published" });
    expect(parse(PublishedEvent, await show(room, event.id))).toEqual(published);
    await room.idle();
    expect(room.sent).toMatchObject([{ type: "event.published", subject: event.id, traceparent }]);
  });

  test("again is the same answer, and no second news", async () => {
    const room = await openRoom();
    const event = await publishNew(room);
    const answers = await Promise.all([1, 2, 3].map(() => room.ask("POST", `/events/${event.id}/publish`, { as: room.owner })));
    for (const answer of answers) expect(parse(PublishedEvent, answer)).toEqual(event);
    await room.idle();
    expect(room.sent).toHaveLength(1);
  });

  test("ten at once publish once", async () => {
    const room = await openRoom();
    const event = await draft(room);
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => room.ask("POST", `/events/${event.id}/publish`, { as: room.owner })),
    );
    expect(new Set(answers.map((answer) => parse(PublishedEvent, answer).status))).toEqual(new Set(["published"]));
    await room.idle();
    expect(room.sent).toHaveLength(1);
  });

  test("needs something to sell, and a time to come", async () => {
    const room = await openRoom();
    const empty = await draft(room, { ticketTypes: [] });
    expect(codeOf(await room.ask("POST", `/events/${empty.id}/publish`, { as: room.owner }))).toBe("409 event_incomplete");
    const past = await draft(room, { startDate: "2020-01-01T18:00:00Z", endDate: "2020-01-01T20:00:00Z" });
    expect(codeOf(await room.ask("POST", `/events/${past.id}/publish`, { as: room.owner }))).toBe("422 dates_inconsistent");
    expect((await show(room, past.id, room.owner)).body).toMatchObject({ status: "draft" });
  });

  test("a crash between D1 and the object is carried on with, by the sweep", async () => {
    const room = await openRoom();
    const event = await draft(room);
    const dying = { ...room.env };
    room.env.TICKET_INVENTORY = withDoors(() => ({ open: () => Promise.reject(new Error("killed")) }));
    expect(codeOf(await room.ask("POST", `/events/${event.id}/publish`, { as: room.owner }))).toBe("500 internal");
    room.env.TICKET_INVENTORY = dying.TICKET_INVENTORY;
    expect(codeOf(await show(room, event.id))).toBe("404 event_not_found");
    expect((await room.sweep()).settled).toBe(0);
    await age(room);
    expect((await room.sweep()).settled).toBe(1);
    expect(parse(PublishedEvent, await show(room, event.id)).status).toBe("published");
  });

  test("a crash between the object and D1 is carried on with, by publishing again", async () => {
    const room = await openRoom();
    const event = await draft(room);
    const { TICKET_INVENTORY } = room.env;
    room.env.TICKET_INVENTORY = withDoors((real) => ({
      open: async (config) => {
        await real.open(config);
        throw new Error("killed");
      },
    }));
    expect(codeOf(await room.ask("POST", `/events/${event.id}/publish`, { as: room.owner }))).toBe("500 internal");
    room.env.TICKET_INVENTORY = TICKET_INVENTORY;
    const again = parse(PublishedEvent, await room.ask("POST", `/events/${event.id}/publish`, { as: room.owner }));
    expect(again.status).toBe("published");
  });
});

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

describe("drafts", () => {
  test("many changes at once of one draft all count", async () => {
    const room = await openRoom();
    const event = await draft(room, { ticketTypes: [] });
    const types = ["A", "B", "C", "D"].map((name) => ({ name, price: { amount: 100, currency: "EUR" }, quantity: 5 }));
    const answers = await Promise.all(
      types.map((body) => room.ask("POST", `/events/${event.id}/ticket-types`, { as: room.owner, body })),
    );
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201, 201]);
    const after = parse(PublishedEvent, await show(room, event.id, room.owner));
    expect(after.ticketTypes.map(({ name }) => name).sort()).toEqual(["A", "B", "C", "D"]);
    await room.idle();
    expect(room.sent).toEqual([]);
  });

  test("only a draft can be deleted", async () => {
    const room = await openRoom();
    const [gone, stays] = [await draft(room), await publishNew(room)];
    expect((await room.ask("DELETE", `/events/${gone.id}`, { as: room.owner })).status).toBe(204);
    expect(codeOf(await show(room, gone.id, room.owner))).toBe("404 event_not_found");
    expect(codeOf(await room.ask("DELETE", `/events/${stays.id}`, { as: room.owner }))).toBe("409 event_state");
    expect(await room.env.DB.prepare("SELECT COUNT(*) AS n FROM ticket_types").first("n")).toBe(1);
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
    const answers = await Promise.all(Array.from({ length: 10 }, () => cancel(room, event.id, "Rain")));
    for (const answer of answers) expect(["200 -", "409 request_in_progress"]).toContain(codeOf(answer));
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
