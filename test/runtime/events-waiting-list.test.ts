import { afterEach, expect, test } from "vitest";
import { Hold } from "../../shared/contracts/holds";
import { WaitlistEntry } from "../../shared/contracts/waitlist";
import { listOf } from "../../shared/http/list";
import { joinAsGuest, lettersOf } from "../../workers/events/waiting-list";
import { closeRooms, codeOf, draft, openRoom, parse, publishNew, type Room, secret, user } from "../support/events-room";

afterEach(() => closeRooms());

const Entries = listOf(WaitlistEntry);
const SETTINGS = { allowWaitlist: true, offerSeconds: 60 };

async function openSoldOut(room: Room) {
  const event = await publishNew(room, {
    settings: SETTINGS,
    ticketTypes: [{ name: "Standing", price: { amount: 2500, currency: "EUR" }, quantity: 2 }],
  });
  const typeId = event.ticketTypes[0]?.id ?? "";
  const items = [{ ticketTypeId: typeId, quantity: 2 }];
  const hold = parse(Hold, await room.ask("POST", `/events/${event.id}/holds`, { body: { items } }), 201);
  const path = `/events/${event.id}/waitlist`;
  const giveBack = () => room.ask("DELETE", `/events/${event.id}/holds/${hold.id}`, { as: secret(hold.secret) });
  return { event, typeId, path, giveBack, wish: { ticketTypeIds: [typeId], quantity: 2 } };
}

test("a person joins by his own address, is offered what comes back, and orders from the hold that he accepts", async () => {
  const room = await openRoom();
  const { event, path, giveBack, wish } = await openSoldOut(room);
  const ada = user();
  const joined = parse(WaitlistEntry, await room.ask("POST", path, { as: ada, body: wish }), 201);
  expect(joined).toMatchObject({ state: "waiting", email: `${ada.userId}@people.example`, priority: 0, offer: null });
  expect(codeOf(await room.ask("POST", path, { as: ada, body: wish }))).toBe("409 already_waiting");
  const own = `${path}/${joined.id}`;
  expect(codeOf(await room.ask("POST", `${own}/accept`, { as: ada }))).toBe("409 offer_not_open");

  expect((await giveBack()).status).toBe(204);
  const offered = parse(WaitlistEntry, await room.ask("GET", own, { as: ada }));
  expect(offered).toMatchObject({ state: "offered", offer: { name: "Standing", quantity: 2 } });
  // The mail's secret opens it as well, and no other entry's does.
  const [letter] = await lettersOf(room.env, [{ eventId: event.id, entryId: joined.id }]);
  const hold = parse(Hold, await room.ask("POST", `${own}/accept`, { as: secret(letter?.secret ?? "") }));
  expect(hold).toMatchObject({ eventId: event.id, items: [{ quantity: 2 }], expiresAt: offered.offer?.expiresAt });
  expect(parse(Hold, await room.ask("GET", `/events/${event.id}/holds/${hold.id}`, { as: secret(hold.secret) })).id).toBe(
    hold.id,
  );
  expect(codeOf(await room.ask("GET", own, { as: secret(hold.secret) }))).toBe("404 waitlist_entry_not_found");
  expect(parse(WaitlistEntry, await room.ask("GET", own, { as: ada })).state).toBe("accepted");
});

test("members add others with priority, read and remove all; everybody else his own", async () => {
  const room = await openRoom();
  const { path, giveBack, wish } = await openSoldOut(room);
  const [ada, stranger] = [user(), user()];
  const first = parse(WaitlistEntry, await room.ask("POST", path, { as: ada, body: wish }), 201);
  const friend = { ...wish, email: "F.riend+1@gmail.com", name: "Friend", priority: 9 };
  const added = parse(WaitlistEntry, await room.ask("POST", path, { as: room.owner, body: friend }), 201);
  expect(added).toMatchObject({ email: "F.riend+1@gmail.com", priority: 9, name: "Friend" });
  const again = { ...friend, email: "friend@googlemail.com" };
  expect(codeOf(await room.ask("POST", path, { as: room.owner, body: again }))).toBe("409 already_waiting");
  expect(codeOf(await room.ask("POST", path, { as: stranger, body: friend }))).toBe("403 forbidden");
  expect(codeOf(await room.ask("POST", path, { as: stranger, body: { ...wish, priority: 1 } }))).toBe("403 forbidden");
  expect(codeOf(await room.ask("POST", path, { as: room.member("door"), body: friend }))).toBe("403 forbidden");

  const page = parse(Entries, await room.ask("GET", `${path}?limit=1`, { as: room.owner }));
  expect(page.data.map(({ id }) => id)).toEqual([first.id]);
  const rest = parse(Entries, await room.ask("GET", `${path}?limit=5&cursor=${page.nextCursor}`, { as: room.owner }));
  expect(rest.data.map(({ id }) => id)).toEqual([added.id]);
  expect(parse(Entries, await room.ask("GET", path, { as: user("the admin", "admin") })).data).toHaveLength(2);
  expect(parse(Entries, await room.ask("GET", path, { as: ada })).data.map(({ id }) => id)).toEqual([first.id]);
  expect(parse(Entries, await room.ask("GET", path, { as: stranger })).data).toEqual([]);

  expect(codeOf(await room.ask("GET", `${path}/${first.id}`, { as: stranger }))).toBe("404 waitlist_entry_not_found");
  expect(codeOf(await room.ask("DELETE", `${path}/${first.id}`, { as: room.member("finance") }))).toBe("403 forbidden");
  await giveBack();
  expect(parse(WaitlistEntry, await room.ask("GET", `${path}/${added.id}`, { as: room.owner })).state).toBe("offered");
  expect(codeOf(await room.ask("POST", `${path}/${added.id}/accept`, { as: room.owner }))).toBe("403 forbidden");
  expect((await room.ask("DELETE", `${path}/${added.id}`, { as: room.owner })).status).toBe(204);
  expect(parse(WaitlistEntry, await room.ask("GET", `${path}/${first.id}`, { as: ada })).state).toBe("offered");
  expect((await room.ask("POST", `${path}/${first.id}/decline`, { as: ada })).status).toBe(204);
  expect(parse(WaitlistEntry, await room.ask("GET", `${path}/${first.id}`, { as: ada })).state).toBe("declined");
  expect(parse(WaitlistEntry, await room.ask("GET", `${path}/${added.id}`, { as: room.owner }))).toMatchObject({
    state: "removed",
    email: null,
    name: null,
  });
});

test("a guest's entry waits once the secret in his mail has confirmed it, and his address is shown to those who read orders", async () => {
  const room = await openRoom();
  const { event, path, wish } = await openSoldOut(room);
  const guest = { ...wish, email: "greta@bilten.example", name: "Greta", language: "en" };
  const joined = await joinAsGuest(room.env, event.id, guest);
  if (!joined.ok) throw new Error(joined.error.code);
  expect(joined.value.state).toBe("unconfirmed");
  const own = `${path}/${joined.value.id}`;
  expect(codeOf(await room.ask("POST", `${own}/confirm`, { as: room.owner }))).toBe("403 forbidden");
  expect(codeOf(await room.ask("POST", `${own}/confirm`, { as: user() }))).toBe("404 waitlist_entry_not_found");
  const [letter] = await lettersOf(room.env, [{ eventId: event.id, entryId: joined.value.id }]);
  const bySecret = { as: secret(letter?.secret ?? "") };
  for (let times = 0; times < 2; times++)
    expect(parse(WaitlistEntry, await room.ask("POST", `${own}/confirm`, bySecret)).state).toBe("waiting");

  expect(parse(Entries, await room.ask("GET", path, { as: room.member("finance") })).data).toHaveLength(1);
  expect(parse(Entries, await room.ask("GET", path, { as: room.member("door") })).data).toEqual([]);
  expect(codeOf(await room.ask("GET", own, { as: room.member("door") }))).toBe("404 waitlist_entry_not_found");
});

test("what cannot be joined says why, and nobody learns of what he may not know", async () => {
  const room = await openRoom();
  const ada = user();
  const none = await publishNew(room);
  const body = { ticketTypeIds: [none.ticketTypes[0]?.id], quantity: 1 };
  expect(codeOf(await room.ask("POST", `/events/${none.id}/waitlist`, { as: ada, body }))).toBe("409 waitlist_closed");
  expect(codeOf(await room.ask("POST", `/events/${none.id}/waitlist`, { body }))).toBe("401 credential_missing");
  const unpublished = await draft(room, { settings: SETTINGS });
  const early = `/events/${unpublished.id}/waitlist`;
  expect(codeOf(await room.ask("POST", early, { as: ada, body: {} }))).toBe("404 event_not_found");
  expect(codeOf(await room.ask("POST", early, { as: room.owner, body }))).toBe("409 event_not_on_sale");
  expect(parse(Entries, await room.ask("GET", early, { as: room.owner })).data).toEqual([]);

  const secretEvent = await publishNew(room, { settings: { ...SETTINGS, isPublic: false } });
  const type = { ticketTypeIds: [secretEvent.ticketTypes[0]?.id], quantity: 1 };
  const hidden = `/events/${secretEvent.id}/waitlist`;
  expect(codeOf(await room.ask("POST", hidden, { as: ada, body: type }))).toBe("404 event_not_found");
  expect(codeOf(await room.ask("GET", hidden, { as: ada }))).toBe("404 event_not_found");
  const insider = parse(WaitlistEntry, await room.ask("POST", hidden, { as: room.owner, body: type }), 201);
  expect(insider.state).toBe("offered");
  const twice = { ...type, ticketTypeIds: [type.ticketTypeIds[0], type.ticketTypeIds[0]] };
  expect(codeOf(await room.ask("POST", hidden, { as: room.owner, body: twice }))).toBe("400 invalid_body");
  const unverified = await openRoom({ USERS: { ...room.env.USERS, verifiedEmail: async () => null } });
  expect(codeOf(await unverified.ask("POST", hidden, { as: room.owner, body: type }))).toBe("403 email_not_verified");
  await room.idle();
});
