/** Pools as organizers plan them, before anything of them is sold; what is refused then is refused on sale too. */
import { afterEach, describe, expect, test } from "vitest";
import { PublishedEvent } from "../../shared/contracts/events";
import { MAX_POOLS, Pool } from "../../shared/contracts/pools";
import { closeRooms, codeOf, draft, openRoom, parse, show, someId } from "../support/events-room";
import { addPool, type Event, idOf, left, numbers, own, planned, pools, Tickets } from "../support/pools-room";

afterEach(closeRooms);

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
      "422 quantity_out_of_range",
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
