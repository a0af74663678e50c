import { afterEach, expect, it, vi } from "vitest";
import { z } from "zod";
import { PublishedEvent } from "../../shared/contracts/events";
import { ok } from "../../shared/contracts/result";
import { MAX_SEAT_MAP_BYTES, type SeatMapDraft, SeatMapSummary } from "../../shared/contracts/seats";
import { listOf } from "../../shared/http/list";
import { changeEvent, settle } from "../../workers/events/event-changes";
import { readInTime } from "../../workers/events/seat-map-uploads";
import { EventSeats, SeatMap } from "../../workers/events/seat-views";
import { loadEvent } from "../../workers/events/stored-event";
import { closeRooms, codeOf, draft, openRoom, parse, publishNew, someId, user } from "../support/events-room";
import { theatreMap } from "../support/seat-maps";
import { uploadMap } from "../support/theatre-room";

const Problem = z.object({
  code: z.string(),
  errors: z.array(z.object({ pointer: z.string() })).optional(),
  seatIds: z.array(z.string()).optional(),
});
const EUR = (amount: number) => ({ amount, currency: "EUR" });

const useClock = () => vi.useFakeTimers({ toFake: ["Date"] });
afterEach(() => void vi.useRealTimers());
afterEach(closeRooms);

it("a map is uploaded once, belongs to its organizer, and goes when no event uses it", async () => {
  const room = await openRoom();
  const map = parse(SeatMapSummary, await uploadMap(room, theatreMap()), 201);
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

it("a body that does not come in time is given up, and one that does is read", async () => {
  const request = (body: ReadableStream<Uint8Array>) => new Request("http://events/events/seat-maps", { method: "POST", body });
  const endless = new ReadableStream<Uint8Array>({ pull: () => new Promise<never>(() => undefined) });
  await expect(readInTime(request(endless), 20)).rejects.toThrow("overloaded");
  const prompt = new Response("{}").body;
  if (!prompt) throw new Error("a body");
  await expect(readInTime(request(prompt), 5_000)).resolves.toBeUndefined();
});

it("a map that goes while an event is changed to it leaves neither an error nor a wish that nobody can carry out", async () => {
  const room = await openRoom();
  const { id: mapId } = parse(SeatMapSummary, await uploadMap(room, theatreMap()), 201);
  const later = { waitUntil: () => undefined, traceparent: undefined };
  const { id: draftId } = await draft(room);
  const { id: onSaleId } = await publishNew(room);
  const wishes = () => room.env.DB.prepare("SELECT COUNT(*) AS n FROM event_changes").first("n");
  expect((await room.ask("DELETE", `/events/seat-maps/${mapId}`, { as: room.owner })).status).toBe(204);
  for (const id of [draftId, onSaleId]) {
    // As whoever has read the map before it went.
    const wanted = await changeEvent(room.env, later, id, (stored) =>
      ok({ ...stored, event: { ...stored.event, seatMapId: mapId, seatCategories: ["front"] } }),
    );
    expect(wanted).toMatchObject({ ok: false, error: { code: "seat_map_not_found" } });
    expect(await wishes()).toBe(0);
  }

  // One that stands all the same, of an earlier time, is given up by whoever comes next.
  const stored = await loadEvent(room.env, onSaleId);
  if (!stored) throw new Error("the event is not there");
  const { event } = stored;
  const wish = { ...stored, event: { ...event, version: event.version + 1, changeId: someId(), seatMapId: mapId } };
  await room.env.DB.prepare("INSERT INTO event_changes (event_id, change_id, wanted, asked_at_ms) VALUES (?, ?, ?, 1)")
    .bind(onSaleId, wish.event.changeId, JSON.stringify(wish))
    .run();
  await settle(room.env, later, onSaleId, Date.now());
  expect(await wishes()).toBe(0);
  const body = { capacity: 7 };
  expect(parse(PublishedEvent, await room.ask("PUT", `/events/${onSaleId}`, { as: room.owner, body })).capacity).toBe(7);
});

it("a map that contradicts itself is refused with its places, and nothing is stored", async () => {
  const room = await openRoom();
  const refuse = async (map: SeatMapDraft, pointer: string) => {
    const answer = await uploadMap(room, map);
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
  expect(codeOf(await uploadMap(room, { ...theatre, sections: [] }))).toBe("400 invalid_body");
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
  const { id: foreignMap } = parse(SeatMapSummary, await uploadMap(foreign, theatreMap()), 201);
  const { id: seatMapId } = parse(SeatMapSummary, await uploadMap(room, theatreMap()), 201);
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
  const { id } = parse(SeatMapSummary, await uploadMap(room, map), 201);
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
