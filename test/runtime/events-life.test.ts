import { afterEach, describe, expect, test } from "vitest";
import { PublishedEvent } from "../../shared/contracts/events";
import { listOf } from "../../shared/http/list";
import { eventsById } from "../../workers/events/event-lists";
import { age, closeRooms, codeOf, draft, openRoom, parse, publishNew, show, user, withDoors } from "../support/events-room";

afterEach(closeRooms);

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

test("an admin reads everything and changes nothing", async () => {
  const room = await openRoom();
  const admin = user(undefined, "admin");
  const event = await draft(room);
  expect((await show(room, event.id, admin)).status).toBe(200);
  const listed = parse(listOf(PublishedEvent), await room.ask("GET", "/events?status=draft", { as: admin }));
  expect(listed.data.map(({ id }) => id)).toEqual([event.id]);
  expect(codeOf(await room.ask("POST", `/events/${event.id}/publish`, { as: admin }))).toBe("403 forbidden");
  // On an organizer's host the same session is a visitor's (rule 5).
  const visiting = { ...admin, organizerHost: true };
  expect(codeOf(await show(room, event.id, visiting))).toBe("404 event_not_found");
  expect(codeOf(await room.ask("PUT", `/events/${event.id}`, { as: visiting, body: {} }))).toBe("403 main_host_required");
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

test("siblings that ask for more events than one call takes hear so, and not of a part of them", async () => {
  const room = await openRoom();
  const ids = Array.from({ length: 101 }, () => crypto.randomUUID());
  await expect(eventsById(room.env, ids)).rejects.toThrow(RangeError);
  expect(await eventsById(room.env, ids.slice(1))).toEqual([]);
});
