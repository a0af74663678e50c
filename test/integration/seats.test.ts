import { beforeAll, expect, inject, test } from "vitest";
import { z } from "zod";
import { Ticket } from "../../shared/contracts/events";
import { Hold } from "../../shared/contracts/holds";
import { Order } from "../../shared/contracts/orders";
import { ProblemBody } from "../../shared/contracts/problem-body";
import { MAX_SEAT_MAP_BYTES, type SeatMapDraft, SeatsChange, SwappedSeat } from "../../shared/contracts/seats";
import { EventSeats } from "../../workers/events/seat-views";
import { type Answer, type Client, connect, parse } from "../support/client";
import { bytesOf, fileOf, readTickets } from "../support/letters";
import { readerOf } from "../support/reader";
import { createOrganizer, eventually, freshEmail, outbox, type Person, registerAndLogin } from "../support/scenes";
import { arenaMap, theatreMap, writtenOut } from "../support/seat-maps";
import { createSeatedEvent } from "../support/seated-event";
import { pay } from "../support/shop";

const Tickets = z.object({ data: z.array(Ticket) });
const MAX_ARENA_PICTURE_CHARACTERS = 800_000;

let api: Client;
let owner: Person;
let organizerId: string;

beforeAll(async () => {
  api = connect(inject("origin"));
  owner = await registerAndLogin(api, { name: "Olga Owner" });
  organizerId = (await createOrganizer(owner)).id;
});

const codeOf = (answer: Answer): string => `${answer.status} ${parse(ProblemBody, answer, answer.status).code}`;
const countsOf = async (path: string) => parse(EventSeats, await api.get(`${path}/seats`), 200).counts;

test("60,000 seats come in by one body, and go out as data and as a picture", async () => {
  const map = writtenOut(arenaMap());
  expect(JSON.stringify(map).length).toBeGreaterThan(4 * 1024 * 1024);
  const { id, ticketTypes } = await createSeatedEvent(owner, organizerId, map);
  const path = `/events/${id}`;
  const front = ticketTypes.find(({ name }) => name === "Front")?.id;
  const items = [{ ticketTypeId: front, quantity: 4, bestAvailable: true }];
  const hold = parse(Hold, await api.post(`${path}/holds`, { items }), 201);
  const rows = new Set(hold.items[0]?.seatIds?.map((seatId) => seatId.replace(/-\d+$/, "")));
  expect(rows.size).toBe(1);
  await eventually("four held seats", async () => ((await countsOf(path)).held === 4 ? true : undefined), 3_000);
  expect(await countsOf(path)).toEqual({ free: 59_996, held: 4, sold: 0, blocked: 0 });
  const picture = await api.get(`${path}/seats?format=svg`);
  expect(picture.status).toBe(200);
  expect(picture.headers.get("content-type")).toMatch(/^image\/svg\+xml/);
  expect(picture.text.length).toBeLessThan(MAX_ARENA_PICTURE_CHARACTERS);
  expect(picture.text).toContain(">Free 59,996</text>");
});

test("a map too large, by one who may not, or contradicting itself changes nothing", async () => {
  const upload = (body: unknown, client: Client = owner.api) => client.post("/events/seat-maps", body);
  const map: SeatMapDraft = { ...theatreMap(), organizerId };
  expect(codeOf(await upload({ ...map, name: "x".repeat(MAX_SEAT_MAP_BYTES) }))).toBe("413 payload_too_large");
  expect(codeOf(await upload({ ...map, name: "x".repeat(MAX_SEAT_MAP_BYTES) }, api))).toBe("413 payload_too_large");
  expect(codeOf(await upload(map, api))).toBe("401 credential_missing");
  expect(codeOf(await upload(map, (await registerAndLogin(api)).api))).toBe("403 forbidden");
  expect(codeOf(await upload({ ...map, sections: "all" }))).toBe("400 invalid_body");
  const twice = { ...map, sections: map.sections.map((section) => ({ ...section, id: "p" })) };
  expect(codeOf(await upload(twice))).toBe("422 seat_map_invalid");
});

test("a seat is bought, named on ticket and mail, blocked, released and swapped", async () => {
  const types = [{ name: "Seat", price: { amount: 4000, currency: "EUR" }, quantity: 244, seatCategories: ["front", "middle"] }];
  const { id, ticketTypes } = await createSeatedEvent(owner, organizerId, theatreMap(), { ticketTypes: types });
  const path = `/events/${id}`;
  const buy = async (seatIds: string[]) => {
    const buyer = { email: freshEmail("ada"), name: "Ada Lovelace" };
    const items = [{ ticketTypeId: ticketTypes[0]?.id, quantity: seatIds.length, seatIds }];
    const placed = parse(Order, await api.post("/orders", { eventId: id, items, buyer }), 201);
    expect(placed.items[0]?.seats?.map((seat) => seat.id)).toEqual(placed.items[0]?.seatIds);
    const client = api.as({ token: placed.accessToken ?? "" });
    expect((await pay(client, placed.id, "tok_success")).status).toBe(200);
    const tickets = async () => parse(Tickets, await client.get(`/orders/${placed.id}/tickets`), 200).data;
    return { buyer, tickets };
  };
  const ada = await buy(["p-3-7", "p-3-6"]);
  const seats = (await ada.tickets()).map(({ seat }) => seat).sort();
  expect(seats).toEqual(["Parterre · Row 3 · Seat 6", "Parterre · Row 3 · Seat 7"]);
  const mail = await outbox(api, ada.buyer.email, ({ data }) => data?.type === "order_confirmation");
  expect(mail.text).toContain("Parterre · Row 3 · Seat 7");
  for (const nth of [0, 1]) {
    const pages = await readTickets(bytesOf(fileOf(mail, ".pdf", nth)));
    expect(pages).toHaveLength(2);
    for (const page of pages) expect(page.text).toMatch(/Parterre · Row 3 · Seat [67]/);
  }

  const post = (verb: string, body: unknown, client: Client = owner.api) => client.post(`${path}/seats/${verb}`, body);
  expect(parse(SeatsChange, await post("block", { seatIds: ["b-1-1"], reason: "Camera" }), 200)).toEqual({ changed: 1 });
  expect(codeOf(await post("block", { seatIds: ["p-3-7"] }))).toBe("409 seat_taken");
  expect(codeOf(await post("block", { seatIds: ["b-1-1"] }, api))).toBe("401 credential_missing");
  expect(parse(SeatsChange, await post("release", { seatIds: ["b-1-1", "b-1-2"] }), 200)).toEqual({ changed: 1 });

  const bob = await buy(["p-4-1"]);
  const [[first], [other]] = [await ada.tickets(), await bob.tickets()];
  if (!first?.seatId || !other) throw new Error("there is no ticket to swap");
  const moves = [
    { ticketId: first.id, seatId: "p-4-1" },
    { ticketId: other.id, seatId: first.seatId },
  ];
  const swapped = parse(z.object({ data: z.array(SwappedSeat) }), await post("swap", { moves }), 200);
  expect(swapped.data.map(({ seat }) => seat)).toEqual(["Parterre · Row 4 · Seat 1", first.seat]);
  const [[moved], [movedToo]] = [await ada.tickets(), await bob.tickets()];
  expect([moved?.seat, movedToo?.seat]).toEqual(["Parterre · Row 4 · Seat 1", first.seat]);
  expect([moved?.code, movedToo?.code]).toEqual([first.code, other.code]);

  // Both hear of it, with the tickets as they are now, and find them on the order's page.
  for (const [buyer, seat = "", before = ""] of [
    [ada.buyer, "Parterre · Row 4 · Seat 1", first.seat],
    [bob.buyer, first.seat, "Parterre · Row 4 · Seat 1"],
  ] as const) {
    const news = await outbox(api, buyer.email, ({ data }) => data?.type === "seats_changed");
    expect(news.text).toContain(`${seat} instead of ${before}`);
    const printed = await readTickets(bytesOf(fileOf(news, ".pdf", 0)));
    expect(printed.some(({ text }) => text.includes(seat))).toBe(true);
    const link = new URL(/https?:\S+\/o\/\S+/.exec(news.text ?? "")?.[0] ?? "");
    const reader = readerOf(api, link.hostname);
    const page = await reader.follow(await reader.get(`${link.pathname}${link.search}`));
    const listed = /<ul class="seats"[\s\S]*?<\/ul>/.exec(page.text)?.[0];
    expect(listed).toContain(seat);
    expect(page.text).not.toContain(before);
  }
});
