import { afterEach, expect, test } from "vitest";
import { announcedEventsAfter } from "../../workers/events/event-lists";
import { closeRooms, draft, openRoom, publishNew } from "../support/events-room";

afterEach(closeRooms);

test("all that was ever announced is told page by page, with the version of its newest message, and no draft", async () => {
  const room = await openRoom();
  const open = await publishNew(room);
  const hidden = await publishNew(room, { settings: { isPublic: false } });
  const over = await publishNew(room);
  await draft(room);
  await room.ask("PUT", `/events/${open.id}`, { as: room.owner, body: { title: "Renamed" } });
  await room.ask("POST", `/events/${over.id}/cancel`, { as: room.owner, body: { reason: "Rain" } });
  await room.idle();

  const told = await announcedEventsAfter(room.env, "");
  expect(told.map(({ event }) => event.id)).toEqual([open.id, hidden.id, over.id].sort());
  const newest = new Map(room.sent.map((message) => [message.subject, message.version]));
  for (const { event, version } of told) expect(version, event.title).toBe(newest.get(event.id));
  expect(told.find(({ event }) => event.id === open.id)?.event).toMatchObject({ title: "Renamed", status: "published" });
  expect(told.find(({ event }) => event.id === over.id)?.event.status).toBe("cancelled");

  expect((await announcedEventsAfter(room.env, told[0]?.event.id ?? "")).map(({ event }) => event.id)).toEqual(
    told.slice(1).map(({ event }) => event.id),
  );
  expect(await announcedEventsAfter(room.env, told.at(-1)?.event.id ?? "")).toEqual([]);
});
