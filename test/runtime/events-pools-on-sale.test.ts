/** Pools and tiers on sale, by the word of the event's object. */
import { afterEach, describe, expect, test } from "vitest";
import { PublishedEvent } from "../../shared/contracts/events";
import { Hold } from "../../shared/contracts/holds";
import { Pool } from "../../shared/contracts/pools";
import { age, closeRooms, codeOf, draft, openRoom, parse, publishNew, show, withDoors } from "../support/events-room";
import { addPool, hold, idOf, left, numbers, own, planned, pools, price, Tickets } from "../support/pools-room";

afterEach(closeRooms);

describe("pools on sale", () => {
  test("give and keep by the object's word, with the numbers that stand against a wish", async () => {
    const room = await openRoom();
    const { event, floor, press } = await planned(room);
    parse(PublishedEvent, await own(room, "POST", `/events/${event.id}/publish`));
    expect((await hold(room, event, idOf(event, 0), 3)).status).toBe(201);
    expect((await hold(room, event, idOf(event, 1), 10)).status).toBe(201);
    expect((await hold(room, event, idOf(event, 1), 10)).status).toBe(201);
    expect(await numbers(room, event)).toEqual([
      "An evening: 50 0 23 5 22",
      "Floor: 50 0 3 0 47",
      "Balcony: 50 0 20 0 30",
      "Ground: 30 0 23 5 2",
      "Press: 8 0 3 0 5",
    ]);
    expect(codeOf(await hold(room, event, idOf(event, 1), 3))).toBe("409 sold_out");
    const lowered = await own(room, "PUT", `/events/${event.id}/pools/${floor.id}`, { capacity: 27 });
    expect(codeOf(lowered)).toBe("409 capacity_below_sold");
    expect(lowered.body).toMatchObject({ poolId: floor.id, capacity: 27, sold: 0, held: 23, blocked: 5 });
    expect(lowered.body).toMatchObject({ detail: "“Ground” would have 27, and has 0 sold, 23 held and 5 kept back." });
    const taken = await own(room, "POST", `/events/${event.id}/pools/${press.id}/move`, { toPoolId: floor.id, quantity: 6 });
    expect(codeOf(taken)).toBe("409 capacity_below_sold");
    expect(taken.body).toMatchObject({ poolId: press.id, capacity: 2, held: 3 });
    expect(taken.body).toMatchObject({ detail: "“Press” would have 2, and has 0 sold, 3 held and 0 kept back." });
    // A release: the allocation alone shrinks, and what is around it has more to sell.
    const released = await own(room, "POST", `/events/${event.id}/pools/${press.id}/move`, { toPoolId: floor.id, quantity: 4 });
    expect(parse(Pool, released)).toMatchObject({ capacity: 4, held: 3, available: 1 });
    expect(await left(room, event)).toEqual([1, 6]);
    expect((await hold(room, event, idOf(event, 1), 6)).status).toBe(201);
    expect((await numbers(room, event)).at(3)).toBe("Ground: 30 0 29 1 0");
    const more = await own(room, "POST", `/events/${event.id}/pools/${floor.id}/move`, { toPoolId: press.id, quantity: 1 });
    expect(codeOf(more)).toBe("409 capacity_below_sold");
    expect((await own(room, "PUT", `/events/${event.id}/pools/${floor.id}`, { capacity: 40 })).status).toBe(200);
    expect(
      (await own(room, "POST", `/events/${event.id}/pools/${floor.id}/move`, { toPoolId: press.id, quantity: 1 })).status,
    ).toBe(200);
    expect((await numbers(room, event)).slice(3)).toEqual(["Ground: 40 0 29 2 9", "Press: 5 0 3 0 2"]);
  });

  test("move between allocations, types and shared pools in one change", async () => {
    const room = await openRoom();
    const { event, floor, press } = await planned(room);
    const sponsors = await addPool(room, event, { name: "Sponsors", capacity: 4, kind: "allocation" });
    parse(PublishedEvent, await own(room, "POST", `/events/${event.id}/publish`));
    const move = async (from: string, toPoolId: string, quantity: number) =>
      parse(Pool, await own(room, "POST", `/events/${event.id}/pools/${from}/move`, { toPoolId, quantity }));
    expect(await move(press.id, sponsors.id, 3)).toMatchObject({ name: "Press", capacity: 5 });
    expect(await move(idOf(event, 0), idOf(event, 1), 10)).toMatchObject({ kind: "ticket_type", capacity: 40 });
    expect(await move(floor.id, event.id, 5)).toMatchObject({ name: "Ground", capacity: 25 });
    expect(await numbers(room, event)).toEqual([
      "An evening: 55 0 0 12 43",
      "Floor: 40 0 0 0 40",
      "Balcony: 60 0 0 0 60",
      "Ground: 25 0 0 5 20",
      "Press: 5 0 0 0 5",
      "Sponsors: 7 0 0 0 7",
    ]);
    const standing = parse(PublishedEvent, await show(room, event.id));
    expect([standing.capacity, ...standing.ticketTypes.map(({ quantity }) => quantity)]).toEqual([55, 40, 60]);
    expect(codeOf(await own(room, "DELETE", `/events/${event.id}/ticket-types/${idOf(event, 0)}`))).toBe("204 -");
    expect((await own(room, "DELETE", `/events/${event.id}/pools/${press.id}`)).status).toBe(204);
    expect((await numbers(room, event))[0]).toBe("An evening: 55 0 0 7 48");
  });

  test("a crash after the object's yes is carried on with, its pools too", async () => {
    const room = await openRoom();
    const { event, press } = await planned(room);
    parse(PublishedEvent, await own(room, "POST", `/events/${event.id}/publish`));
    const { TICKET_INVENTORY } = room.env;
    room.env.TICKET_INVENTORY = withDoors((real) => ({
      reconfigure: async (config) => {
        await real.reconfigure(config);
        throw new Error("killed");
      },
    }));
    expect((await own(room, "PUT", `/events/${event.id}/pools/${press.id}`, { capacity: 6 })).status).toBe(500);
    room.env.TICKET_INVENTORY = TICKET_INVENTORY;
    await age(room);
    await room.sweep();
    expect((await pools(room, event)).at(-1)).toMatchObject({ capacity: 6, available: 6 });
    expect(await room.env.DB.prepare("SELECT capacity FROM pools WHERE id = ?").bind(press.id).first("capacity")).toBe(6);
  });

  test("a wish of a version that knew no pools leaves them as they stand", async () => {
    const room = await openRoom();
    const { event } = await planned(room);
    parse(PublishedEvent, await own(room, "POST", `/events/${event.id}/publish`));
    const { TICKET_INVENTORY } = room.env;
    room.env.TICKET_INVENTORY = withDoors(() => ({
      reconfigure: async () => {
        throw new Error("killed");
      },
    }));
    expect((await own(room, "PUT", `/events/${event.id}`, { title: "Renamed" })).status).toBe(500);
    room.env.TICKET_INVENTORY = TICKET_INVENTORY;
    await room.env.DB.prepare("UPDATE event_changes SET wanted = json_remove(wanted, '$.pools', '$.event.offerSeconds')").run();
    await age(room);
    await room.sweep();
    expect((await numbers(room, event)).slice(3)).toEqual(["Ground: 30 0 0 8 22", "Press: 8 0 0 0 8"]);
    expect(parse(PublishedEvent, await show(room, event.id))).toMatchObject({
      title: "Renamed",
      settings: { offerSeconds: 86_400 },
    });
  });

  test("are for members: everybody reads the event's tickets, not what is sold", async () => {
    const room = await openRoom();
    const event = await publishNew(room);
    for (const [method, path] of [
      ["GET", "pools"],
      ["POST", "pools"],
      ["PUT", `pools/${event.id}`],
      ["DELETE", `pools/${event.id}`],
      ["POST", `pools/${event.id}/move`],
    ] as const) {
      expect(codeOf(await room.ask(method, `/events/${event.id}/${path}`)), path).toBe("401 credential_missing");
      if (method !== "GET")
        expect(codeOf(await room.ask(method, `/events/${event.id}/${path}`, { as: room.member("door") }))).toBe("403 forbidden");
    }
    expect((await room.ask("GET", `/events/${event.id}/pools`, { as: room.member("door") })).status).toBe(200);
  });
});

describe("tiers", () => {
  test("open one after the other as each sells out, and tell so", async () => {
    const room = await openRoom();
    const event = await draft(room, { ticketTypes: ["Early", "Regular", "Late"].map((name) => ({ name, price, quantity: 4 })) });
    const opensAfter = (index: number, opensAfterTicketTypeId: string | null) =>
      own(room, "PUT", `/events/${event.id}/ticket-types/${idOf(event, index)}`, { opensAfterTicketTypeId });
    expect((await opensAfter(1, idOf(event, 0))).status).toBe(200);
    expect((await opensAfter(2, idOf(event, 1))).status).toBe(200);
    expect(codeOf(await opensAfter(0, idOf(event, 2)))).toBe("422 tiers_inconsistent");
    parse(PublishedEvent, await own(room, "POST", `/events/${event.id}/publish`));
    const states = async () =>
      parse(Tickets, await room.ask("GET", `/events/${event.id}/tickets`)).data.map(({ status }) => status);
    expect(await states()).toEqual(["on_sale", "scheduled", "scheduled"]);
    expect(codeOf(await hold(room, event, idOf(event, 1), 1))).toBe("409 ticket_type_not_on_sale");
    const held = parse(Hold, await hold(room, event, idOf(event, 0), 4), 201);
    expect(await states()).toEqual(["sold_out", "on_sale", "scheduled"]);
    const secret = { as: { kind: "bearer_secret", secret: held.secret } as const };
    expect((await room.ask("DELETE", `/events/${event.id}/holds/${held.id}`, secret)).status).toBe(204);
    // Opened stays opened.
    expect(await states()).toEqual(["on_sale", "on_sale", "scheduled"]);
    expect(codeOf(await own(room, "DELETE", `/events/${event.id}/ticket-types/${idOf(event, 0)}`))).toBe(
      "409 ticket_type_in_use",
    );
    expect((await opensAfter(1, null)).status).toBe(200);
  });
});
