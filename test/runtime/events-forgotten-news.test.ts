/** Local queues forget on a kill what they had taken: the next process says it once more, what people wait for first. */
import { afterEach, expect, test } from "vitest";
import { retellForgotten } from "../../workers/events/forgotten-news";
import { countTrips } from "../support/counted-database";
import { closeRooms, openRoom, publishNew, type Room } from "../support/events-room";

afterEach(closeRooms);

/** More published events than one telling takes, all younger than this one. */
async function crowd({ env }: Room, eventId: string, count: number): Promise<void> {
  const { results } = await env.DB.prepare("SELECT name FROM pragma_table_info('events')").all<{ name: string }>();
  const changed: Record<string, string> = {
    id: "substr(id, 1, 24) || substr('000000000000' || i, -12)",
    status: "'published'",
    updated_at_ms: "updated_at_ms + 1",
  };
  const names = results.map(({ name }) => name);
  await env.DB.prepare(
    `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})
     INSERT INTO events (${names.join()}) SELECT ${names.map((name) => changed[name] ?? name).join()} FROM n, events WHERE id = ?`,
  )
    .bind(eventId)
    .run();
}

async function cancelledEvent(room: Room): Promise<string> {
  const { id } = await publishNew(room);
  await room.ask("POST", `/events/${id}/cancel`, { as: room.owner, body: { reason: "Rain" } });
  await room.idle();
  return id;
}

const retold = async (room: Room, eventId: string): Promise<number | null> =>
  room.env.DB.prepare("SELECT COUNT(*) AS n FROM outbox WHERE envelope ->> 'subject' = ?").bind(eventId).first("n");

/** Another process's view of the database. */
const elsewhere = ({ env }: Room) => ({ DB: countTrips(env.DB).db, ENVIRONMENT: env.ENVIRONMENT, QUEUES_FORGET: "yes" });

test("a cancelled event is among what is retold, however many others have changed since", async () => {
  const room = await openRoom();
  const eventId = await cancelledEvent(room);
  await crowd(room, (await publishNew(room)).id, 520);
  expect(await retellForgotten(elsewhere(room), Date.now())).toBe(500);
  expect(await retold(room, eventId)).toBe(1);
});

test("a deployment's queues are not doubted, whatever its variables say", async () => {
  const room = await openRoom();
  const eventId = await cancelledEvent(room);
  expect(await retellForgotten({ ...elsewhere(room), ENVIRONMENT: "production" }, Date.now())).toBe(0);
  expect(await retold(room, eventId)).toBe(0);
});
