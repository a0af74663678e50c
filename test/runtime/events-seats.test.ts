import { afterEach, expect, it, vi } from "vitest";
import { z } from "zod";
import { PublishedEvent } from "../../shared/contracts/events";
import { Hold } from "../../shared/contracts/holds";
import { MAX_SEAT_MAP_BYTES, type SeatMapDraft, SeatMapSummary, SeatsChange, SwappedSeat } from "../../shared/contracts/seats";
import { listOf } from "../../shared/http/list";
import { EventSeats, SeatMap } from "../../workers/events/seat-views";
import { closeRooms, codeOf, draft, openRoom, parse, type Room, someId, user, withDoors } from "../support/events-room";
import { arenaMap, theatreMap } from "../support/seat-maps";

const Problem = z.object({
  code: z.string(),
  errors: z.array(z.object({ pointer: z.string() })).optional(),
  seatIds: z.array(z.string()).optional(),
});
const EUR = (amount: number) => ({ amount, currency: "EUR" });

afterEach(closeRooms);

const upload = (room: Room, map: SeatMapDraft) =>
  room.ask("POST", "/events/seat-maps", { as: room.owner, body: { ...map, organizerId: room.organizerId } });

/** A theatre on sale: `front` and `middle` together in one type, the tables in another, and standing room without seats. */
async function openTheatre(room: Room, map: SeatMapDraft = theatreMap()) {
  const { id: seatMapId } = parse(SeatMapSummary, await upload(room, map), 201);
  const types = [
    {
      name: "Seat",
      price: EUR(4000),
      quantity: 60_000,
      seatCategories: map.categories.map(({ id }) => id).filter((id) => id !== "boxes"),
    },
    ...(map.categories.some(({ id }) => id === "boxes")
      ? [{ name: "Table", price: EUR(9000), quantity: 16, maxPerOrder: 8, seatCategories: ["boxes"] }]
      : []),
    { name: "Standing", price: EUR(1000), quantity: 50 },
  ];
  const { id } = await draft(room, { capacity: 100_000, ticketTypes: types });
  const set = parse(PublishedEvent, await room.ask("PUT", `/events/${id}/seat-map`, { as: room.owner, body: { seatMapId } }));
  expect(set.seatMapId).toBe(seatMapId);
  const event = parse(PublishedEvent, await room.ask("POST", `/events/${id}/publish`, { as: room.owner }));
  const typeOf = (name: string) => event.ticketTypes.find((type) => type.name === name)?.id ?? "";
  return { event, seatMapId, typeOf, path: `/events/${id}` };
}

/** Past the second for which an answer may be remembered. */
const letSnapshotsPass = () => vi.setSystemTime(Date.now() + 1_001);
const useClock = () => vi.useFakeTimers({ toFake: ["Date"] });
afterEach(() => void vi.useRealTimers());

async function statesOf(room: Room, path: string, query = "") {
  letSnapshotsPass();
  const seats = parse(EventSeats, await room.ask("GET", `${path}/seats${query}`));
  const all = seats.sections.flatMap(({ rows, tables = [] }) => [...rows, ...tables].flatMap((row) => row.seats));
  return { ...seats, stateOf: (id: string) => all.find((seat) => seat.id === id)?.state };
}

it("a map is uploaded once, belongs to its organizer, and goes when no event uses it", async () => {
  const room = await openRoom();
  const map = parse(SeatMapSummary, await upload(room, theatreMap()), 201);
  expect(map).toMatchObject({ organizerId: room.organizerId, name: "Kleines Theater", seats: 244 });
  expect(map.categories.map(({ id, seats }) => [id, seats])).toEqual([
    ["front", 56],
    ["middle", 172],
    ["boxes", 16],
  ]);
  const list = `/events/seat-maps?organizerId=${room.organizerId}`;
  const { data } = parse(listOf(SeatMapSummary), await room.ask("GET", list, { as: room.member("door") }));
  expect(data).toEqual([map]);
  const path = `/events/seat-maps/${map.id}`;
  const whole = parse(SeatMap, await room.ask("GET", path, { as: room.owner }));
  expect(whole.sections.map(({ id, rows, tables = [] }) => [id, rows.length, tables.length])).toEqual([
    ["p", 12, 4],
    ["b", 3, 0],
  ]);

  for (const as of [undefined, user()]) {
    const stranger = as === undefined ? {} : { as };
    expect(codeOf(await room.ask("GET", path, stranger))).toBe(as ? "404 seat_map_not_found" : "401 credential_missing");
    expect(codeOf(await room.ask("DELETE", path, stranger))).toBe(as ? "404 seat_map_not_found" : "401 credential_missing");
    expect((await room.ask("GET", list, stranger)).status).toBe(as ? 403 : 401);
  }
  expect(codeOf(await room.ask("DELETE", path, { as: room.member("door") }))).toBe("403 forbidden");

  const { id } = await draft(room);
  await room.ask("PUT", `/events/${id}/seat-map`, { as: room.owner, body: { seatMapId: map.id } });
  expect(codeOf(await room.ask("DELETE", path, { as: room.owner }))).toBe("409 seat_map_in_use");
  const without = parse(
    PublishedEvent,
    await room.ask("PUT", `/events/${id}/seat-map`, { as: room.owner, body: { seatMapId: null } }),
  );
  expect(without.seatMapId).toBeUndefined();
  expect((await room.ask("DELETE", path, { as: room.owner })).status).toBe(204);
  expect(codeOf(await room.ask("GET", path, { as: room.owner }))).toBe("404 seat_map_not_found");
});

it("a map that contradicts itself is refused with its places, and nothing is stored", async () => {
  const room = await openRoom();
  const refuse = async (map: SeatMapDraft, pointer: string) => {
    const answer = await upload(room, map);
    expect(codeOf(answer)).toBe("422 seat_map_invalid");
    expect(Problem.parse(answer.body).errors?.map((fault) => fault.pointer)).toContain(pointer);
  };
  const theatre = theatreMap();
  const [parterre] = theatre.sections;
  if (!parterre?.tables?.[0]) throw new Error("the theatre has no tables");
  const withParterre = (change: Partial<typeof parterre>): SeatMapDraft => ({
    ...theatre,
    sections: [{ ...parterre, ...change }],
  });
  await refuse({ ...theatre, sections: [parterre, { ...parterre, id: "q" }] }, "/sections/1/tables/0/seats/0/id");
  await refuse(
    withParterre({ tables: [...parterre.tables, { ...parterre.tables[0], id: "x" }] }),
    "/sections/0/tables/4/seats/0/id",
  );
  const crossing = parterre.tables[0].seats.map((seat) => ({ ...seat, id: `x-${seat.id}`, x: seat.x + 0.5 }));
  await refuse(
    withParterre({ tables: [...parterre.tables, { ...parterre.tables[0], id: "x", seats: crossing }] }),
    "/sections/0/tables/4",
  );
  const run = { count: 10_000_000, category: "front", x: 0, y: 0, dx: 1, dy: 0 };
  await refuse(withParterre({ rows: [{ id: "1", label: "1", run }] }), "/sections/0/rows/0/run/count");
  const lost = { id: "l", label: "l", x: 90, y: 90, category: "front", companionOf: "nobody" };
  await refuse(withParterre({ rows: [{ id: "1", label: "1", seats: [lost] }] }), "/sections/0/rows/0/seats/0/companionOf");
  expect(codeOf(await upload(room, { ...theatre, sections: [] }))).toBe("400 invalid_body");
  const huge = {
    as: room.owner,
    body: JSON.stringify({ ...theatre, organizerId: room.organizerId, name: "x".repeat(MAX_SEAT_MAP_BYTES) }),
  };
  expect(codeOf(await room.ask("POST", "/events/seat-maps", huge))).toBe("413 payload_too_large");
  const rows = await room.env.DB.prepare(
    "SELECT (SELECT count(*) FROM seat_maps) + (SELECT count(*) FROM seat_map_pieces) AS rows",
  ).first();
  expect(rows).toEqual({ rows: 0 });
});

it("an event takes its organizer's maps alone, and types the categories of its map", async () => {
  const room = await openRoom();
  const foreign = await openRoom();
  const { id: foreignMap } = parse(SeatMapSummary, await upload(foreign, theatreMap()), 201);
  const { id: seatMapId } = parse(SeatMapSummary, await upload(room, theatreMap()), 201);
  const { id, ticketTypes } = await draft(room, {
    ticketTypes: [{ name: "Gold", price: EUR(1), quantity: 5, seatCategories: ["gold"] }],
  });
  const put = (body: unknown) => room.ask("PUT", `/events/${id}/seat-map`, { as: room.owner, body });
  expect(codeOf(await room.ask("POST", `/events/${id}/publish`, { as: room.owner }))).toBe("409 event_incomplete");
  expect(codeOf(await put({ seatMapId: foreignMap }))).toBe("404 seat_map_not_found");
  expect(codeOf(await put({ seatMapId: someId() }))).toBe("404 seat_map_not_found");
  expect(codeOf(await put({ seatMapId }))).toBe("422 seat_map_required");
  expect(codeOf(await put({}))).toBe("400 invalid_body");
  const type = `/events/${id}/ticket-types/${ticketTypes[0]?.id}`;
  expect((await room.ask("PUT", type, { as: room.owner, body: { seatCategories: ["front"] } })).status).toBe(200);
  expect((await put({ seatMapId })).status).toBe(200);
  expect(codeOf(await room.ask("PUT", type, { as: room.owner, body: { seatCategories: ["gold"] } }))).toBe(
    "422 seat_map_required",
  );
  expect(codeOf(await put({ seatMapId: null }))).toBe("200 -");

  useClock();
  expect(codeOf(await room.ask("GET", `/events/${id}/seats`))).toBe("404 event_not_found");
  expect(codeOf(await room.ask("GET", `/events/${id}/seats`, { as: room.owner }))).toBe("404 seat_map_not_found");
  await put({ seatMapId });
  const planned = parse(EventSeats, await room.ask("GET", `/events/${id}/seats`, { as: room.owner }));
  expect(planned.counts).toEqual({ free: 244, held: 0, sold: 0, blocked: 0 });
  expect(codeOf(await room.ask("POST", `/events/${id}/seats/block`, { as: room.owner, body: { seatIds: ["p-1-1"] } }))).toBe(
    "409 event_state",
  );
});

it("seats are told as data and as a picture, held by name and by the best, blocked, released and swapped", async () => {
  useClock();
  const room = await openRoom();
  const { path, typeOf, event } = await openTheatre(room);
  expect((await statesOf(room, path)).counts).toEqual({ free: 244, held: 0, sold: 0, blocked: 0 });
  const seat = typeOf("Seat");
  const hold = (item: object, as = user()) => room.ask("POST", `${path}/holds`, { as, body: { items: [item] } });

  const held = parse(Hold, await hold({ ticketTypeId: seat, quantity: 2, seatIds: ["p-1-7", "p-1-6"] }), 201);
  expect(held.items[0]?.seats?.map(({ label }) => label).sort()).toEqual([
    "Parterre · Row 1 · Seat 6",
    "Parterre · Row 1 · Seat 7",
  ]);
  const best = parse(Hold, await hold({ ticketTypeId: seat, quantity: 3, bestAvailable: true }), 201);
  expect(best.items[0]?.seatIds).toHaveLength(3);
  const refusals: [object, string][] = [
    [{ ticketTypeId: seat, quantity: 1, seatIds: ["p-1-7"] }, "409 seat_taken"],
    [{ ticketTypeId: seat, quantity: 1, seatIds: ["nowhere"] }, "422 seat_unknown"],
    [{ ticketTypeId: seat, quantity: 1, seatIds: ["t1-1"] }, "422 seat_unknown"],
    [{ ticketTypeId: seat, quantity: 2, seatIds: ["p-2-1", "p-2-1"] }, "422 seat_repeated"],
    [{ ticketTypeId: seat, quantity: 2, seatIds: ["p-2-1"] }, "422 seat_count_mismatch"],
    [{ ticketTypeId: seat, quantity: 2 }, "422 seats_required"],
    [{ ticketTypeId: seat, quantity: 21, bestAvailable: true }, "422 quantity_out_of_range"],
    [{ ticketTypeId: seat, quantity: 0, bestAvailable: true }, "400 invalid_body"],
    [{ ticketTypeId: typeOf("Standing"), quantity: 1, bestAvailable: true }, "422 seat_unknown"],
    [{ ticketTypeId: seat, quantity: 1, seatIds: ["p-2-1"], bestAvailable: true }, "400 invalid_body"],
  ];
  for (const [item, refusal] of refusals) expect(codeOf(await hold(item)), JSON.stringify(item)).toBe(refusal);

  const change = (verb: string, body: unknown, as = room.owner) => room.ask("POST", `${path}/seats/${verb}`, { as, body });
  expect(parse(SeatsChange, await change("block", { seatIds: ["b-1-1", "b-1-2"], reason: "Camera" }))).toEqual({ changed: 2 });
  expect(parse(SeatsChange, await change("block", { seatIds: ["b-1-2", "b-1-3"] }))).toEqual({ changed: 1 });
  expect(codeOf(await change("block", { seatIds: ["b-2-1", "p-1-7"] }))).toBe("409 seat_taken");
  expect(codeOf(await change("block", { seatIds: ["b-2-1", "nowhere"] }))).toBe("422 seat_unknown");
  expect(codeOf(await change("block", { seatIds: ["b-2-1", "b-2-1"] }))).toBe("422 seat_repeated");
  expect(codeOf(await change("block", { seatIds: ["b-2-1"] }, room.member("door")))).toBe("403 forbidden");
  expect(parse(SeatsChange, await change("release", { seatIds: ["b-1-3", "b-2-1"] }))).toEqual({ changed: 1 });
  const standing = await statesOf(room, path);
  expect(standing.counts).toEqual({ free: 237, held: 5, sold: 0, blocked: 2 });
  expect([standing.stateOf("p-1-7"), standing.stateOf("b-1-1"), standing.stateOf("b-1-3")]).toEqual(["held", "blocked", "free"]);
  expect((await statesOf(room, path, "?sectionId=b")).sections.map(({ id }) => id)).toEqual(["b"]);
  expect(codeOf(await room.ask("GET", `${path}/seats?sectionId=zz`))).toBe("404 seat_map_not_found");
  expect(codeOf(await room.ask("GET", `${path}/seats?format=gif`))).toBe("400 invalid_query");

  const picture = await room.ask("GET", `${path}/seats`, { headers: { accept: "image/svg+xml", "accept-language": "de" } });
  expect(picture.headers.get("content-type")).toBe("image/svg+xml");
  expect(picture.headers.get("content-security-policy")).toContain("default-src 'none'");
  expect(picture.body).toContain(">Reserviert 5</text>");
  const etag = picture.headers.get("etag") ?? "";
  expect(
    (await room.ask("GET", `${path}/seats?format=svg`, { headers: { "if-none-match": etag, "accept-language": "de" } })).status,
  ).toBe(304);
  expect((await room.ask("GET", `${path}/seats?format=svg`, { headers: { "if-none-match": etag } })).status).toBe(200);

  const inventory = room.env.TICKET_INVENTORY.get(room.env.TICKET_INVENTORY.idFromName(event.id));
  const buy = async (seatId: string) => {
    const holder = { kind: "user" as const, key: someId() };
    const orderId = someId();
    const buyer = { name: "Ada", email: "ada@bilten.example" };
    const items = [{ ticketTypeId: seat, quantity: 1, seatIds: [seatId] }];
    const claimed = await inventory.claim({
      orderId,
      holdId: someId(),
      requestHash: "",
      holder,
      insider: false,
      items,
      personKey: null,
    });
    expect(claimed.ok).toBe(true);
    const confirmed = await inventory.confirm({ eventId: event.id, orderId, buyer, attendees: [] });
    return (confirmed.ok && confirmed.value[0]?.id) || "";
  };
  const [one, two] = [await buy("p-5-1"), await buy("p-6-1")];
  const swapped = await change("swap", {
    moves: [
      { ticketId: one, seatId: "p-6-1" },
      { ticketId: two, seatId: "p-5-1" },
    ],
  });
  expect(parse(z.object({ data: z.array(SwappedSeat) }), swapped).data).toEqual([
    { ticketId: one, seatId: "p-6-1", seat: "Parterre · Row 6 · Seat 1" },
    { ticketId: two, seatId: "p-5-1", seat: "Parterre · Row 5 · Seat 1" },
  ]);
  expect(codeOf(await change("swap", { moves: [{ ticketId: one, seatId: "p-1-7" }] }))).toBe("409 seat_taken");
  expect(codeOf(await change("swap", { moves: [{ ticketId: someId(), seatId: "p-7-1" }] }))).toBe("422 ticket_not_seated");

  const smaller = theatreMap();
  const { id: lacking } = parse(SeatMapSummary, await upload(room, { ...smaller, sections: smaller.sections.slice(0, 1) }), 201);
  const replaced = await room.ask("PUT", `${path}/seat-map`, { as: room.owner, body: { seatMapId: lacking } });
  expect(codeOf(replaced)).toBe("409 seat_map_in_use");
  expect((await statesOf(room, path)).counts).toEqual({ free: 235, held: 5, sold: 2, blocked: 2 });
  expect((await change("release", { seatIds: ["b-1-1", "b-1-2"] })).status).toBe(200);
  const fitting = await room.ask("PUT", `${path}/seat-map`, { as: room.owner, body: { seatMapId: lacking } });
  expect(fitting.status, JSON.stringify(fitting.body)).toBe(200);
  expect((await statesOf(room, path)).counts).toEqual({ free: 177, held: 5, sold: 2, blocked: 0 });
});

it("a 60,000-seat map reaches the object once, in parts, and not with later changes", async () => {
  useClock();
  const parts: number[] = [];
  const room = await openRoom({
    TICKET_INVENTORY: withDoors((real) => ({
      installSeats: (part) => {
        parts.push(part.segments.reduce((sum, { seats }) => sum + seats.length, 0));
        return real.installSeats(part);
      },
    })),
  });
  const { path, typeOf } = await openTheatre(room, arenaMap());
  expect(parts).toHaveLength(6);
  expect(parts.reduce((a, b) => a + b, 0)).toBe(60_000);
  expect((await room.ask("PUT", path, { as: room.owner, body: { title: "Another" } })).status).toBe(200);
  expect(parts).toHaveLength(6);
  const best = await room.ask("POST", `${path}/holds`, {
    as: user(),
    body: { items: [{ ticketTypeId: typeOf("Seat"), quantity: 4, bestAvailable: { sectionIds: ["s7"] } }] },
  });
  expect(parse(Hold, best, 201).items[0]?.seatIds?.every((id) => id.startsWith("s7-r1-"))).toBe(true);
  const { counts } = await statesOf(room, path, "?sectionId=s7");
  expect(counts).toEqual({ free: 996, held: 4, sold: 0, blocked: 0 });
});

it("a map that stays large compressed is kept in pieces, and read back whole", async () => {
  const room = await openRoom();
  const seats = Array.from({ length: 30_000 }, (_, at) => ({
    id: `${crypto.randomUUID()}.${crypto.randomUUID().slice(0, 27)}`,
    label: `${at}`,
    x: at % 200,
    y: Math.floor(at / 200),
    category: "a",
  }));
  const rows = Array.from({ length: 150 }, (_, row) => ({
    id: `${row}`,
    label: `${row}`,
    seats: seats.slice(row * 200, row * 200 + 200),
  }));
  const map: SeatMapDraft = {
    organizerId: room.organizerId,
    name: "Large",
    categories: [{ id: "a", name: "A" }],
    sections: [{ id: "s", name: "S", focus: { x: 0, y: 0 }, rows }],
  };
  const { id } = parse(SeatMapSummary, await upload(room, map), 201);
  // Under another id nothing of it is remembered.
  const copyId = someId();
  await room.env.DB.batch([
    room.env.DB.prepare(
      "INSERT INTO seat_maps SELECT ?1, organizer_id, name, seats, categories, sections, created_at_ms FROM seat_maps WHERE id = ?2",
    ).bind(copyId, id),
    room.env.DB.prepare("INSERT INTO seat_map_pieces SELECT ?1, piece, bytes FROM seat_map_pieces WHERE seat_map_id = ?2").bind(
      copyId,
      id,
    ),
  ]);
  const pieces = await room.env.DB.prepare("SELECT count(*) AS pieces FROM seat_map_pieces WHERE seat_map_id = ?")
    .bind(copyId)
    .first();
  expect(pieces?.pieces).toBeGreaterThan(1);
  const whole = parse(SeatMap, await room.ask("GET", `/events/seat-maps/${copyId}`, { as: room.owner }));
  expect(whole.sections[0]?.rows.flatMap((row) => row.seats.map((seat) => seat.id))).toEqual(seats.map((seat) => seat.id));
});
