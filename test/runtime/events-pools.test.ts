/** Pools as organizers plan them: in a draft by the tables alone, on sale by the word of the event's object. */
import { afterEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { AvailableTicketType, PublishedEvent, TicketType } from "../../shared/contracts/events";
import { Hold } from "../../shared/contracts/holds";
import { MAX_POOLS, Pool } from "../../shared/contracts/pools";
import { listOf } from "../../shared/http/list";
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
  someId,
  withDoors,
} from "../support/events-room";

afterEach(closeRooms);

const price = { amount: 2500, currency: "EUR" };
const Pools = listOf(Pool);
const Tickets = z.object({ data: z.array(AvailableTicketType) });

type Event = z.infer<typeof PublishedEvent>;

/** Two types of 50 over a capacity of 50. */
const twoTypes = { ticketTypes: ["Floor", "Balcony"].map((name) => ({ name, price, quantity: 50 })) };
const idOf = (event: Event, index: number): string => event.ticketTypes[index]?.id ?? "";
const own = (room: Room, method: string, path: string, body?: unknown) => room.ask(method, path, { as: room.owner, body });
const pools = async (room: Room, { id }: Event) => parse(Pools, await own(room, "GET", `/events/${id}/pools`)).data;
/** `name: capacity sold held blocked available` of each. */
const numbers = async (room: Room, event: Event) =>
  (await pools(room, event)).map((pool) =>
    [`${pool.name}:`, pool.capacity, pool.sold, pool.held, pool.blocked, pool.available].join(" "),
  );
const addPool = async (room: Room, { id }: Event, body: unknown) =>
  parse(Pool, await own(room, "POST", `/events/${id}/pools`, body), 201);
const draw = async (room: Room, { id }: Event, typeId: string, poolIds: string[]) =>
  parse(TicketType, await own(room, "PUT", `/events/${id}/ticket-types/${typeId}`, { poolIds }));
const hold = (room: Room, { id }: Event, typeId: string, quantity: number) =>
  room.ask("POST", `/events/${id}/holds`, { body: { items: [{ ticketTypeId: typeId, quantity }] } });
const left = async (room: Room, { id }: Event, as = room.owner) =>
  parse(Tickets, await room.ask("GET", `/events/${id}/tickets`, { as })).data.map(({ available }) => available);

/** A draft with a shared floor of 30 and a press allocation of 8 in it, from which the first type draws. */
async function planned(room: Room): Promise<{ event: Event; floor: Pool; press: Pool }> {
  const event = await draft(room, twoTypes);
  const floor = await addPool(room, event, { name: "Ground", capacity: 30 });
  const press = await addPool(room, event, { name: "Press", capacity: 8, withinPoolIds: [event.id, floor.id] });
  await draw(room, event, idOf(event, 0), [floor.id, press.id]);
  await draw(room, event, idOf(event, 1), [floor.id]);
  return { event, floor, press };
}

describe("a draft's pools", () => {
  test("are planned in the tables, and open with the event", async () => {
    const room = await openRoom();
    const { event, floor, press } = await planned(room);
    expect(floor).toMatchObject({ kind: "shared", withinPoolIds: [], available: 30 });
    expect(press).toMatchObject({ kind: "allocation", withinPoolIds: [event.id, floor.id], available: 8 });
    const plan = [
      "An evening: 50 0 0 8 42",
      "Floor: 50 0 0 0 50",
      "Balcony: 50 0 0 0 50",
      "Ground: 30 0 0 8 22",
      "Press: 8 0 0 0 8",
    ];
    expect(await numbers(room, event)).toEqual(plan);
    expect(await left(room, event)).toEqual([8, 22]);
    const published = parse(PublishedEvent, await own(room, "POST", `/events/${event.id}/publish`));
    expect(published.ticketTypes.map(({ poolIds }) => poolIds)).toEqual([[floor.id, press.id], [floor.id]]);
    expect(await numbers(room, event)).toEqual(plan);
    expect(await left(room, event)).toEqual([8, 22]);
    const { data } = parse(Tickets, await room.ask("GET", `/events/${event.id}/tickets`));
    expect(data.map(({ poolIds }) => poolIds)).toEqual([[floor.id, press.id], [floor.id]]);
  });

  test.each<[string, (ids: { event: Event; floor: Pool; press: Pool; foreign: string }) => [string, string, unknown], string]>([
    [
      "a pool that nobody made",
      ({ event }) => ["PUT", `ticket-types/${idOf(event, 0)}`, { poolIds: [someId()] }],
      "422 pool_unknown",
    ],
    [
      "another event's pool",
      ({ event, foreign }) => ["PUT", `ticket-types/${idOf(event, 0)}`, { poolIds: [foreign] }],
      "422 pool_unknown",
    ],
    [
      "an allocation without what is around it",
      ({ event, press }) => ["PUT", `ticket-types/${idOf(event, 1)}`, { poolIds: [press.id] }],
      "422 pool_inconsistent",
    ],
    [
      "a pool twice",
      ({ event, floor }) => ["PUT", `ticket-types/${idOf(event, 1)}`, { poolIds: [floor.id, floor.id] }],
      "400 invalid_body",
    ],
    [
      "an allocation larger than its surroundings",
      ({ floor }) => ["POST", "pools", { name: "X", capacity: 31, withinPoolIds: [floor.id] }],
      "422 pool_inconsistent",
    ],
    [
      "allocations larger together",
      ({ floor }) => ["POST", "pools", { name: "X", capacity: 23, withinPoolIds: [floor.id] }],
      "409 capacity_below_sold",
    ],
    [
      "an allocation within an allocation",
      ({ press }) => ["POST", "pools", { name: "X", capacity: 1, withinPoolIds: [press.id] }],
      "422 pool_unknown",
    ],
    [
      "an allocation within another event",
      ({ foreign }) => ["POST", "pools", { name: "X", capacity: 1, withinPoolIds: [foreign] }],
      "422 pool_unknown",
    ],
    [
      "a shared pool within others",
      ({ event }) => ["POST", "pools", { name: "X", capacity: 1, kind: "shared", withinPoolIds: [event.id] }],
      "400 invalid_body",
    ],
    [
      "a shared pool made an allocation",
      ({ event, floor }) => ["PUT", `pools/${floor.id}`, { withinPoolIds: [event.id] }],
      "422 pool_inconsistent",
    ],
    ["an allocation within nothing", ({ press }) => ["PUT", `pools/${press.id}`, { withinPoolIds: [] }], "422 pool_inconsistent"],
    ["less than nothing", () => ["POST", "pools", { name: "X", capacity: -1 }], "400 invalid_body"],
    ["a pool that is drawn from, removed", ({ press }) => ["DELETE", `pools/${press.id}`, undefined], "409 pool_in_use"],
    ["a pool that is around another, removed", ({ floor }) => ["DELETE", `pools/${floor.id}`, undefined], "409 pool_in_use"],
    ["the event's own pool, removed", ({ event }) => ["DELETE", `pools/${event.id}`, undefined], "404 pool_not_found"],
    [
      "another event's pool, changed by no form",
      ({ foreign }) => ["PUT", `pools/${foreign}`, { capacity: "all" }],
      "404 pool_not_found",
    ],
    ["a move from nowhere", ({ floor }) => ["POST", `pools/${someId()}/move`, { toPoolId: floor.id }], "404 pool_not_found"],
    [
      "a move to nowhere",
      ({ floor }) => ["POST", `pools/${floor.id}/move`, { toPoolId: someId(), quantity: 1 }],
      "422 pool_unknown",
    ],
    [
      "a move of nothing",
      ({ floor, press }) => ["POST", `pools/${floor.id}/move`, { toPoolId: press.id, quantity: 0 }],
      "400 invalid_body",
    ],
    [
      "a move to itself",
      ({ floor }) => ["POST", `pools/${floor.id}/move`, { toPoolId: floor.id, quantity: 1 }],
      "422 pool_inconsistent",
    ],
    [
      "more than there is, moved",
      ({ press, floor }) => ["POST", `pools/${press.id}/move`, { toPoolId: floor.id, quantity: 9 }],
      "409 capacity_below_sold",
    ],
    [
      "a type's last ticket, moved",
      ({ event, floor }) => ["POST", `pools/${idOf(event, 0)}/move`, { toPoolId: floor.id, quantity: 50 }],
      "422 quantity_out_of_range",
    ],
    ["a capacity below what is kept back", () => ["PUT", "", { capacity: 7 }], "422 pool_inconsistent"],
    [
      "a tier after itself",
      ({ event }) => ["PUT", `ticket-types/${idOf(event, 0)}`, { opensAfterTicketTypeId: idOf(event, 0) }],
      "422 tiers_inconsistent",
    ],
    [
      "a tier after another event's",
      ({ event, foreign }) => ["PUT", `ticket-types/${idOf(event, 0)}`, { opensAfterTicketTypeId: foreign }],
      "422 tiers_inconsistent",
    ],
  ])("%s is refused, before and after publishing, and nothing is changed", async (_, ask, refusal) => {
    const room = await openRoom();
    const ids = {
      ...(await planned(room)),
      foreign: (await addPool(room, await draft(room), { name: "Theirs", capacity: 9 })).id,
    };
    const { event } = ids;
    const [method, path, body] = ask(ids);
    for (const state of ["draft", "published"]) {
      if (state === "published") parse(PublishedEvent, await own(room, "POST", `/events/${event.id}/publish`));
      const before = [await pools(room, event), (await show(room, event.id, room.owner)).body];
      expect(codeOf(await own(room, method, `/events/${event.id}${path === "" ? "" : `/${path}`}`, body)), state).toBe(refusal);
      expect([await pools(room, event), (await show(room, event.id, room.owner)).body], state).toEqual(before);
    }
  });

  test("are at most fifty, are told by version, and go with the draft", async () => {
    const room = await openRoom();
    const event = await draft(room);
    const { id } = await addPool(room, event, { name: "First", capacity: 1 });
    const path = `/events/${event.id}/pools`;
    const changed = await own(room, "PUT", `${path}/${id}`, { name: "Renamed", capacity: 0 });
    expect(parse(Pool, changed)).toMatchObject({ name: "Renamed", capacity: 0 });
    const stale = { as: room.owner, body: { capacity: 2 }, headers: { "if-match": '"1"' } };
    expect(codeOf(await room.ask("PUT", `${path}/${id}`, stale))).toBe("412 version_stale");
    const fresh = { as: room.owner, body: { capacity: 2 }, headers: { "if-match": changed.headers.get("etag") ?? "" } };
    expect((await room.ask("PUT", `${path}/${id}`, fresh)).status).toBe(200);
    const row =
      "INSERT INTO pools (id, event_id, name, kind, capacity, within_pool_ids, position, version) VALUES (?, ?, 'P', 'shared', 1, '[]', 9, 1)";
    await room.env.DB.batch(Array.from({ length: MAX_POOLS - 1 }, () => room.env.DB.prepare(row).bind(someId(), event.id)));
    expect(codeOf(await own(room, "POST", path, { name: "One more", capacity: 1 }))).toBe("409 too_many_pools");
    expect((await own(room, "DELETE", `${path}/${id}`)).status).toBe(204);
    expect((await own(room, "DELETE", `/events/${event.id}`)).status).toBe(204);
    expect(await room.env.DB.prepare("SELECT COUNT(*) AS n FROM pools").first("n")).toBe(0);
  });
});

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
    const taken = await own(room, "POST", `/events/${event.id}/pools/${press.id}/move`, { toPoolId: floor.id, quantity: 6 });
    expect(codeOf(taken)).toBe("409 capacity_below_sold");
    expect(taken.body).toMatchObject({ poolId: press.id, capacity: 2, held: 3 });
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
