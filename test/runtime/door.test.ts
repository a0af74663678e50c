import { env as bindings } from "cloudflare:workers";
import { afterEach, expect, test } from "vitest";
import { CheckIn } from "../../shared/contracts/check-ins";
import type { PublishedEvent, Ticket } from "../../shared/contracts/events";
import { ProblemBody } from "../../shared/contracts/problem-body";
import { serve } from "../../shared/http/app";
import { claimHold, confirmOrder, ticketsOf, voidTickets } from "../../workers/events/order-stock";
import { app } from "../../workers/events/routes";
import { signCode } from "../../workers/events/ticket-code";
import { ANYBODY, closeRooms, codeOf, openRoom, parse, publishNew, type Room, someId, user } from "../support/events-room";
import { granted } from "../support/inventory";

afterEach(closeRooms);

const BUYER = { name: "Ada", email: "ada@bilten.example" };

async function sell(
  room: Room,
  event: PublishedEvent,
  quantity = 1,
): Promise<{ orderId: string; tickets: [Ticket, ...Ticket[]] }> {
  const orderId = someId();
  const request = {
    eventId: event.id,
    orderId,
    holder: { kind: "user" as const, key: someId() },
    insider: false,
    requestHash: "h",
  };
  granted(await claimHold(room.env, { ...request, items: [{ ticketTypeId: event.ticketTypes[0]?.id ?? "", quantity }] }));
  const tickets = granted(await confirmOrder(room.env, { eventId: event.id, orderId, buyer: BUYER, attendees: [] }));
  return { orderId, tickets: tickets as [Ticket, ...Ticket[]] };
}

const scan = (room: Room, event: PublishedEvent, code: string, change: object = {}, as = room.owner) =>
  room.ask("POST", `/events/${event.id}/check-ins`, { as, body: { code, nonce: someId(), gate: "North", ...change } });

test("a ticket is admitted once, and the second door hears when and where", async () => {
  const room = await openRoom();
  const event = await publishNew(room);
  const { tickets, orderId } = await sell(room, event, 2);
  const [ticket] = tickets;
  const admitted = parse(CheckIn, await scan(room, event, ticket.code, {}, room.member("door")), 201);
  expect(admitted.ticket).toEqual({ ...ticket, status: "admitted" });
  const again = await scan(room, event, ticket.code, { gate: "South" });
  expect(codeOf(again)).toBe("409 already_admitted");
  expect(ProblemBody.parse(again.body)).toMatchObject({ admittedAt: admitted.admittedAt, gate: "North" });
  expect(granted(await ticketsOf(room.env, event.id, orderId)).map(({ status, code }) => [status, code])).toEqual([
    ["admitted", ticket.code],
    ["valid", tickets[1]?.code],
  ]);
});

test("a nonce belongs to one code of its device, and repeats its first answer", async () => {
  const room = await openRoom();
  const event = await publishNew(room);
  const { tickets } = await sell(room, event, 2);
  const [one, two] = tickets;
  const first = await scan(room, event, one.code, { nonce: "n" });
  expect(await scan(room, event, one.code, { nonce: "n" })).toMatchObject({ status: 201, body: first.body });
  expect(codeOf(await scan(room, event, two?.code ?? "", { nonce: "n" }))).toBe("422 nonce_reused");
  expect((await scan(room, event, two?.code ?? "", { nonce: "n", deviceId: "other" })).status).toBe(201);
  const refused = await scan(room, event, one.code, { nonce: "m" });
  expect(codeOf(refused)).toBe("409 already_admitted");
  const repeated = await scan(room, event, one.code, { nonce: "m" });
  expect({ ...ProblemBody.parse(repeated.body), requestId: "" }).toEqual({ ...ProblemBody.parse(refused.body), requestId: "" });
});

test("malformed, altered, forged and other events' codes are unknown, and open nothing", async () => {
  const room = await openRoom();
  const [event, other] = [await publishNew(room), await publishNew(room)];
  const { tickets } = await sell(room, event);
  const [{ id: ticketId, code }] = tickets;
  const elsewhere = (await sell(room, other)).tickets[0].code;
  const pair = (await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"])) as CryptoKeyPair;
  const forgersKey = JSON.stringify(await crypto.subtle.exportKey("jwk", pair.privateKey));
  const forged = await signCode(forgersKey, { eventId: event.id, ticketId, version: 1 });
  const neverIssued = await signCode(bindings.TICKET_SIGNING_KEY, { eventId: event.id, ticketId: someId(), version: 1 });
  const altered = [...code].map((letter, at) =>
    at < 4 ? null : code.slice(0, at) + (letter === "A" ? "B" : "A") + code.slice(at + 1),
  );
  const codes = [
    forged,
    neverIssued,
    elsewhere,
    "x",
    "BT1.",
    "bt1.".concat(code.slice(4)),
    `${code}=`,
    `${code}A`,
    code.slice(0, -1),
    ` ${code}`,
    "💥".repeat(400),
  ];
  for (const bad of [...codes, ...altered.filter((text) => text !== null)]) {
    expect(codeOf(await scan(room, event, bad))).toBe("404 ticket_unknown");
  }
  expect((await scan(room, event, code)).status).toBe(201);
});

test("a void ticket stays outside, and so does a cancelled event's", async () => {
  const room = await openRoom();
  const event = await publishNew(room);
  const { orderId, tickets } = await sell(room, event);
  const kept = (await sell(room, event)).tickets[0];
  granted(await voidTickets(room.env, event.id, orderId, null));
  expect(codeOf(await scan(room, event, tickets[0].code))).toBe("409 ticket_void");
  await room.ask("POST", `/events/${event.id}/cancel`, { as: room.owner, body: { reason: "Flood" } });
  expect(codeOf(await scan(room, event, kept.code))).toBe("409 ticket_void");
});

test("only those who stand at the door may scan", async () => {
  const room = await openRoom();
  const event = await publishNew(room);
  const { code } = (await sell(room, event)).tickets[0];
  const as = async (who: Parameters<Room["ask"]>[2]) =>
    codeOf(await room.ask("POST", `/events/${event.id}/check-ins`, { body: { code, nonce: someId() }, ...who }));
  expect(await as({})).toBe("401 credential_missing");
  expect(await as({ as: user() })).toBe("403 forbidden");
  expect(await as({ as: room.member("finance") })).toBe("403 forbidden");
  expect(await as({ as: user(someId(), "admin") })).toBe("403 forbidden");
  expect(await as({ as: room.member("manager") })).toBe("201 -");
});

test("a scan's clock may be somewhat wrong, not wildly", async () => {
  const room = await openRoom();
  const event = await publishNew(room);
  const { code } = (await sell(room, event)).tickets[0];
  for (const scannedAt of ["2001-01-01T00:00:00Z", "2999-01-01T00:00:00Z", "yesterday"]) {
    expect(codeOf(await scan(room, event, code, { scannedAt }))).toBe("400 invalid_body");
  }
  expect((await scan(room, event, code, { scannedAt: new Date(Date.now() + 60_000).toISOString() })).status).toBe(201);
});

test("confirming again gives the same tickets with the same codes", async () => {
  const room = await openRoom();
  const event = await publishNew(room);
  const { orderId, tickets } = await sell(room, event, 3);
  const again = granted(await confirmOrder(room.env, { eventId: event.id, orderId, buyer: BUYER, attendees: [] }));
  expect(again).toEqual(tickets);
  expect(new Set(tickets.map(({ code }) => code)).size).toBe(3);
});

test("a caller without the gateway's props finds nothing here", async () => {
  const room = await openRoom();
  const event = await publishNew(room);
  const knock = async (props: unknown) => {
    const context = { waitUntil: () => undefined, passThroughOnException: () => undefined, props } as unknown as ExecutionContext;
    const request = new Request(`http://localhost/events/${event.id}`, {
      headers: { "x-bilten-principal": JSON.stringify(ANYBODY) },
    });
    return (await serve(app)(request, room.env, context)).status;
  };
  expect(await knock({})).toBe(404);
  expect(await knock({ caller: "payments" })).toBe(404);
  expect(await knock({ caller: "gateway" })).toBe(200);
});
