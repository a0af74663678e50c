import { afterEach, expect, it, vi } from "vitest";
import { z } from "zod";
import { Hold } from "../../shared/contracts/holds";
import { SeatMapSummary, SeatsChange, SwappedSeat } from "../../shared/contracts/seats";
import { closeRooms, codeOf, openRoom, parse, someId, user, withDoors } from "../support/events-room";
import { arenaMap, theatreMap } from "../support/seat-maps";
import { openTheatre, statesOf, uploadMap } from "../support/theatre-room";

const useClock = () => vi.useFakeTimers({ toFake: ["Date"] });
afterEach(() => void vi.useRealTimers());
afterEach(closeRooms);

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
    [{ ticketTypeId: seat, quantity: 1, seatIds: ["p-12-c2"] }, "409 seat_for_companion"],
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
  // Who comes along has a seat of his own, until the organizer gives it to anybody.
  const companionOf = async (id: string) => {
    const { sections } = await statesOf(room, path);
    return sections.flatMap(({ rows }) => rows.flatMap((row) => row.seats)).find((one) => one.id === id)?.companionOf;
  };
  expect(await companionOf("p-12-c2")).toBe("p-12-w2");
  expect(codeOf(await change("release", { seatIds: ["p-12-c2"], companions: "yes" }))).toBe("400 invalid_body");
  expect(parse(SeatsChange, await change("release", { seatIds: ["p-12-c2"], companions: true }))).toEqual({ changed: 1 });
  expect([await companionOf("p-12-c1"), await companionOf("p-12-c2")]).toEqual(["p-12-w1", undefined]);
  const { id: lone, secret } = parse(Hold, await hold({ ticketTypeId: seat, quantity: 1, seatIds: ["p-12-c2"] }), 201);
  expect((await room.ask("DELETE", `${path}/holds/${lone}`, { as: { kind: "bearer_secret", secret } })).status).toBe(204);

  const standing = await statesOf(room, path);
  expect(standing.counts).toEqual({ free: 237, held: 5, sold: 0, blocked: 2 });
  expect([standing.stateOf("p-1-7"), standing.stateOf("b-1-1"), standing.stateOf("b-1-3")]).toEqual(["held", "blocked", "free"]);
  expect((await statesOf(room, path, "?sectionId=b")).sections.map(({ id }) => id)).toEqual(["b"]);
  expect(codeOf(await room.ask("GET", `${path}/seats?sectionId=zz`))).toBe("404 seat_map_not_found");
  expect(codeOf(await room.ask("GET", `${path}/seats?format=gif`))).toBe("400 invalid_query");
  expect(codeOf(await room.ask("GET", `/events/${someId()}/seats?format=gif`))).toBe("404 event_not_found");

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
  const { id: lacking } = parse(
    SeatMapSummary,
    await uploadMap(room, { ...smaller, sections: smaller.sections.slice(0, 1) }),
    201,
  );
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
