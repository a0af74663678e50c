/** Whose holds and places on waiting lists an API key and a session of an organizer's host may touch: their own, and here. */
import { afterEach, describe, expect, test } from "vitest";
import { Hold } from "../../shared/contracts/holds";
import { INTERNAL_HEADERS } from "../../shared/contracts/internal-headers";
import type { Principal } from "../../shared/contracts/principal";
import { WaitlistEntry } from "../../shared/contracts/waitlist";
import {
  ANYBODY,
  closeRooms,
  codeOf,
  openRoom,
  parse,
  publishNew,
  type Room,
  secret,
  someId,
  user,
} from "../support/events-room";

afterEach(() => closeRooms());

const keyOf = (userId: string, scopes: string[]): Principal => ({
  kind: "api_key",
  keyId: someId(),
  userId,
  organizerId: null,
  scopes,
});
const onHost = (account: Principal, organizerId: string) => ({
  as: { ...account, organizerHost: true } as Principal,
  headers: { [INTERNAL_HEADERS.organizer]: organizerId },
});

async function openSale() {
  const room = await openRoom();
  const event = await publishNew(room, { settings: { allowWaitlist: true, offerSeconds: 60 } });
  const items = [{ ticketTypeId: event.ticketTypes[0]?.id ?? "", quantity: 1 }];
  return { room, event, holds: `/events/${event.id}/holds`, body: { items } };
}

/** What each of a hold's routes says. */
async function codesOfHold(room: Room, path: string, body: unknown, asked: { as: Principal; headers?: Record<string, string> }) {
  const codes = [];
  for (const [method, at] of [
    ["GET", path],
    ["PUT", path],
    ["POST", `${path}/extend`],
    ["POST", `${path}/reacquire`],
    ["DELETE", path],
  ] as const)
    codes.push(codeOf(await room.ask(method, at, method === "PUT" ? { ...asked, body } : asked)));
  return codes;
}
const NO_HOLD = Array(5).fill("404 hold_not_found");
const ALL_WELL = ["200 -", "200 -", "200 -", "200 -", "204 -"];

describe("an API key", () => {
  test("touches no hold of its maker, and its own by the hold's secret", async () => {
    const { room, holds, body } = await openSale();
    const ada = user();
    const key = keyOf(ada.userId, ["events:write", "orders:read"]);
    const mine = parse(Hold, await room.ask("POST", holds, { as: ada, body }), 201);
    expect(await codesOfHold(room, `${holds}/${mine.id}`, body, { as: key })).toEqual(NO_HOLD);
    const its = parse(Hold, await room.ask("POST", holds, { as: key, body }), 201);
    expect(await codesOfHold(room, `${holds}/${its.id}`, body, { as: secret(its.secret) })).toEqual(ALL_WELL);
    expect(await codesOfHold(room, `${holds}/${mine.id}`, body, { as: ada })).toEqual(ALL_WELL);
  });

  test("touches no place of its maker's on a waiting list, and reads a list by its scope alone", async () => {
    const { room, event, holds, body } = await openSale();
    const path = await sellOut(room, holds, event);
    const ada = user();
    const wish = { ticketTypeIds: [body.items[0]?.ticketTypeId], quantity: 1 };
    const mine = parse(WaitlistEntry, await room.ask("POST", path, { as: ada, body: wish }), 201);
    const own = `${path}/${mine.id}`;
    const none = "404 waitlist_entry_not_found";
    const key = keyOf(ada.userId, ["events:write", "orders:read"]);
    for (const [method, at] of [
      ["GET", own],
      ["POST", `${own}/accept`],
      ["POST", `${own}/decline`],
      ["DELETE", own],
    ] as const)
      expect(codeOf(await room.ask(method, at, { as: key })), at).toBe(none);
    expect(codeOf(await room.ask("GET", own, { as: keyOf(room.owner.userId, ["orders:read"]) }))).toBe("200 -");
    expect(codeOf(await room.ask("GET", own, { as: keyOf(room.owner.userId, ["search:read"]) }))).toBe(none);
    expect(codeOf(await room.ask("GET", own, { as: ada }))).toBe("200 -");
  });
});

/** Nothing is left; the path of the waiting list. */
async function sellOut(room: Room, holds: string, event: { id: string; ticketTypes: { id: string; quantity: number }[] }) {
  for (let left = event.ticketTypes[0]?.quantity ?? 0; left > 0; left -= 10) {
    const items = [{ ticketTypeId: event.ticketTypes[0]?.id, quantity: Math.min(10, left) }];
    parse(Hold, await room.ask("POST", holds, { as: ANYBODY, address: `192.0.2.${left}`, body: { items } }), 201);
  }
  return `/events/${event.id}/waitlist`;
}

describe("a session of an organizer's host", () => {
  test("holds there and nowhere else, and touches there what it held", async () => {
    const { room, holds, body } = await openSale();
    const ada = user();
    const [here, elsewhere] = [onHost(ada, room.organizerId), onHost(ada, someId())];
    for (const headers of [{}, { "idempotency-key": someId() }]) {
      const ask = (at: typeof here) => room.ask("POST", holds, { ...at, headers: { ...at.headers, ...headers }, body });
      expect(codeOf(await ask(elsewhere))).toBe("404 event_not_found");
      const held = parse(Hold, await ask(here), 201);
      expect(await codesOfHold(room, `${holds}/${held.id}`, body, elsewhere)).toEqual(NO_HOLD);
      expect(await codesOfHold(room, `${holds}/${held.id}`, body, here)).toEqual(ALL_WELL);
      // One that has ended is told to its owner, and there.
      expect(codeOf(await room.ask("GET", `${holds}/${held.id}`, here))).toBe("409 hold_released");
      expect(codeOf(await room.ask("GET", `${holds}/${held.id}`, elsewhere))).toBe("404 hold_not_found");
    }
    // A faulty form comes after what the caller may not know of.
    expect(codeOf(await room.ask("POST", holds, { ...elsewhere, body: {} }))).toBe("404 event_not_found");
    expect(codeOf(await room.ask("POST", holds, { ...here, body: {} }))).toBe("400 invalid_body");
  });

  test("waits there and nowhere else", async () => {
    const { room, event, holds, body } = await openSale();
    const path = await sellOut(room, holds, event);
    const ada = user();
    const [here, elsewhere] = [onHost(ada, room.organizerId), onHost(ada, someId())];
    const wish = { ticketTypeIds: [body.items[0]?.ticketTypeId], quantity: 1 };
    expect(codeOf(await room.ask("POST", path, { ...elsewhere, body: wish }))).toBe("404 event_not_found");
    expect(codeOf(await room.ask("GET", path, elsewhere))).toBe("404 event_not_found");
    const mine = parse(WaitlistEntry, await room.ask("POST", path, { ...here, body: wish }), 201);
    const own = `${path}/${mine.id}`;
    for (const [method, at] of [
      ["GET", own],
      ["POST", `${own}/accept`],
      ["POST", `${own}/decline`],
      ["DELETE", own],
    ] as const)
      expect(codeOf(await room.ask(method, at, elsewhere)), at).toBe("404 waitlist_entry_not_found");
    expect(codeOf(await room.ask("POST", `${own}/accept`, here))).toBe("409 offer_not_open");
    expect(codeOf(await room.ask("GET", own, here))).toBe("200 -");
    expect((await room.ask("DELETE", own, here)).status).toBe(204);
  });
});
