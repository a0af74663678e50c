/** What those hear who watch an event sell, and when. */
import { reset, runInDurableObject } from "cloudflare:test";
import { afterEach, expect, test, vi } from "vitest";
import { MAX_LISTENERS_A_NETWORK } from "../../durable-objects/availability-feed/listeners";
import { join, knock, levelOf, openFeed, shardsOf, toldOf, until } from "../support/feed";
import { granted, holdRequest, typeDraft } from "../support/inventory";

afterEach(async () => {
  vi.restoreAllMocks();
  await reset();
});

/** Longer than any round and its pause. */
const settled = () => scheduler.wait(1_000);

test("a listener is told everything at once, and then what changes, within a second", async () => {
  const { inventory, type, eventId, feed } = await openFeed();
  const listener = await join(feed, eventId);
  const [first] = listener.frames;
  expect(first).toMatchObject({
    type: "state",
    version: 1,
    data: [
      { id: type.id, eventId, name: "Standing", price: { amount: 2500, currency: "EUR" }, available: 10, status: "on_sale" },
    ],
  });
  const placedMs = performance.now();
  granted(await inventory.placeHold(holdRequest(type.id, 10)));
  await until("the change", () => listener.frames.length === 2);
  expect(performance.now() - placedMs).toBeLessThan(1_000);
  expect(listener.frames[1]).toEqual({
    type: "change",
    version: 2,
    asOf: expect.any(String),
    data: [{ id: type.id, available: 0, status: "sold_out" }],
  });
});

test("a crowd's holds are told together, 250 ms apart at least, and the last frame says what is left", async () => {
  const { inventory, type, eventId, feed } = await openFeed(1_000);
  const [listener, other] = [await join(feed, eventId), await join(feed, eventId)];
  const startedMs = performance.now();
  for (let n = 0; n < 60; n++) {
    granted(await inventory.placeHold(holdRequest(type.id, 1)));
    await scheduler.wait(20);
  }
  const tookMs = performance.now() - startedMs;
  await until("the last of them", () => levelOf(listener) === 940);
  await settled();
  expect(listener.frames.length).toBeGreaterThan(2);
  expect(listener.frames.length - 1).toBeLessThanOrEqual(Math.ceil(tookMs / 250) + 1);
  const rounds = listener.timesMs.slice(1);
  // A round may come early at a listener whose frame before was late by as much as this.
  for (const [index, timeMs] of rounds.slice(1).entries()) expect(timeMs - (rounds[index] ?? 0)).toBeGreaterThan(200);
  const versions = listener.frames.map(({ version }) => version);
  expect(versions).toEqual(versions.map((_, index) => index + 1));
  expect(other.frames).toEqual(listener.frames);
});

test("while nobody listens nothing is written for it, and while nothing changes nothing is sent or written", async () => {
  const { inventory, type, eventId, feed } = await openFeed();
  granted(await inventory.placeHold(holdRequest(type.id, 1)));
  await settled();
  expect(await toldOf(inventory)).toEqual({ version: 0, settled_version: 0 });

  const listener = await join(feed, eventId);
  await settled();
  const before = [await toldOf(inventory), await shardsOf(inventory)];
  const statements = await runInDurableObject(inventory, (_, { storage }) => {
    return vi.spyOn(storage.sql, "exec").mock.calls;
  });
  await settled();
  expect(statements).toEqual([]);
  expect([await toldOf(inventory), await shardsOf(inventory)]).toEqual(before);
  expect(before[0]).toEqual({ version: 1, settled_version: 1 });
  expect(listener.frames).toHaveLength(1);
  // The ear hears something where there is something to hear.
  granted(await inventory.placeHold(holdRequest(type.id, 1)));
  await until("the change", () => listener.frames.length === 2);
  expect(statements.some(([query]) => query.includes("feed"))).toBe(true);
});

test("a hold that ends and a sale that begins are told by the clock alone", async () => {
  const opening = typeDraft({ saleStartMs: Date.now() + 700 });
  const { inventory, type, eventId, feed } = await openFeed(10, { holdMs: 400, holdCapMs: 400 }, opening);
  const listener = await join(feed, eventId);
  expect(listener.frames[0]?.data[0]?.status).toBe("scheduled");
  await until("the beginning", () => listener.frames.at(-1)?.data[0]?.status === "on_sale");
  granted(await inventory.placeHold(holdRequest(type.id, 4)));
  await until("the hold", () => levelOf(listener) === 6);
  await until("its end", () => levelOf(listener) === 10);
});

test("new terms are told as a whole", async () => {
  const { inventory, config, type, eventId, feed } = await openFeed();
  const listener = await join(feed, eventId);
  const dearer = { ...type, unitPriceMinor: 2800 };
  granted(await inventory.reconfigure({ ...config, version: 2, changeId: crypto.randomUUID(), ticketTypes: [dearer] }));
  await until("the price", () => listener.frames.length === 2);
  expect(listener.frames[1]).toMatchObject({ type: "state", version: 2, data: [{ price: { amount: 2800 }, available: 10 }] });
});

test.each(["cancelled", "completed"] as const)(
  "a %s event says so with its last frame, and takes nobody in after it",
  async (reason) => {
    const { inventory, eventId, feed } = await openFeed();
    const listener = await join(feed, eventId);
    granted(await inventory.close(reason));
    await until("the end", () => listener.closed !== null);
    expect(listener.frames.at(-1)).toMatchObject({ type: "end", status: reason, data: [{ available: 10, status: "ended" }] });
    expect(listener.closed).toEqual({ code: 1000, reason });
    await until("a shard that rests", async () => (await shardsOf(inventory)).length === 0);

    const late = await join(feed, eventId);
    await until("the end", () => late.closed !== null);
    expect(late.frames.map(({ type }) => type)).toEqual(["end"]);
    expect(await shardsOf(inventory)).toEqual([]);
  },
);

test("outsiders do not hear of a private event, nor on when it becomes one", async () => {
  const { inventory, config, eventId, feed } = await openFeed(10, { isPublic: false });
  expect((await knock(feed, eventId)).status).toBe(404);
  const insider = await join(feed, eventId, { insider: true });
  granted(await inventory.reconfigure({ ...config, version: 2, changeId: crypto.randomUUID(), isPublic: true }));
  await until("all know", async () => (await knock(feed, eventId)).status === 101);
  const outsider = await join(feed, eventId);
  granted(await inventory.reconfigure({ ...config, version: 3, changeId: crypto.randomUUID(), isPublic: false }));
  await until("the outsider's end", () => outsider.closed !== null);
  expect(outsider.closed).toEqual({ code: 1008, reason: "private" });
  expect(outsider.frames).toHaveLength(1);
  await scheduler.wait(100);
  expect(insider.closed).toBeNull();
});

test("an event that nobody has opened cannot be listened to, and leaves no trace", async () => {
  const { feed } = await openFeed();
  const answer = await knock(feed, crypto.randomUUID());
  expect([answer.status, answer.webSocket]).toEqual([409, null]);
  expect(await runInDurableObject(feed, (_, { storage }) => storage.getAlarm())).toBeNull();
});

test("ping is answered; whoever sends anything else is let go, and nobody else is", async () => {
  const { eventId, feed } = await openFeed();
  const [polite, loud] = [await join(feed, eventId), await join(feed, eventId)];
  polite.socket.send("ping");
  loud.socket.send("hello?");
  await until("both answers", () => polite.words.length > 0 && loud.closed !== null);
  expect(polite.words).toEqual(["pong"]);
  expect(loud.closed?.code).toBe(1008);
  expect(polite.closed).toBeNull();
});

test("one network takes its share of a shard, and no more", async () => {
  const { eventId, feed } = await openFeed();
  const knocks = Array.from({ length: MAX_LISTENERS_A_NETWORK + 20 }, () => knock(feed, eventId, { network: "one" }));
  const answers = await Promise.all(knocks);
  const statuses = answers.map(({ status }) => status);
  expect(statuses.filter((status) => status === 101)).toHaveLength(MAX_LISTENERS_A_NETWORK);
  expect(statuses.filter((status) => status === 503)).toHaveLength(20);
  expect((await knock(feed, eventId, { network: "another" })).status).toBe(101);
  for (const { webSocket } of answers) {
    webSocket?.accept();
    webSocket?.close(1000);
  }
});
