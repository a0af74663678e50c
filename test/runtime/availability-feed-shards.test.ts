/** Shards that sleep, die, fill up or do not answer: nobody waits for them, and nobody pays for them for long. */
import { evictDurableObject, reset, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, expect, test, vi } from "vitest";
import { MAX_LISTENERS, SILENT_AFTER_MS } from "../../durable-objects/availability-feed/listeners";
import { readTerms } from "../../durable-objects/ticket-inventory/event";
import { type Feeds, InventoryFeed } from "../../durable-objects/ticket-inventory/feed";
import { FEED_LEASE_MS, FEED_RENEWAL_MS, FEED_SHARDS } from "../../shared/contracts/feed";
import { joinFeed } from "../../workers/events/availability-feed";
import { ANYBODY, closeRooms, openRoom, publishNew } from "../support/events-room";
import { type Feed, feedOf, join, knock, levelOf, openFeed, shardsOf, toldOf, until } from "../support/feed";
import { granted, holdRequest } from "../support/inventory";

afterEach(async () => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  await reset();
});

const jump = (ms: number) => {
  vi.useFakeTimers({ toFake: ["Date"] });
  vi.setSystemTime(Date.now() + ms);
};

const seemJoinedAt = (feed: Feed, joinedAtMs: number) =>
  runInDurableObject(feed, (_, state) => {
    for (const socket of state.getWebSockets()) socket.serializeAttachment({ insider: false, joinedAtMs });
  });

test("sockets survive the eviction of their feed and of the stock: the next change reaches them, and a newcomer hears everything", async () => {
  const { inventory, type, eventId, feed } = await openFeed();
  const listener = await join(feed, eventId);
  await evictDurableObject(feed);
  granted(await inventory.placeHold(holdRequest(type.id, 3)));
  await until("the change", () => levelOf(listener) === 7);

  await evictDurableObject(feed);
  const newcomer = await join(feed, eventId);
  expect(newcomer.frames).toMatchObject([{ type: "state", data: [{ available: 7 }] }]);

  await evictDurableObject(feed);
  await evictDurableObject(inventory);
  granted(await inventory.placeHold(holdRequest(type.id, 2)));
  await until("the change", () => levelOf(listener) === 5 && levelOf(newcomer) === 5);
  expect(new Set(listener.frames.map(({ version }) => version)).size).toBe(listener.frames.length);
  expect(listener.closed).toBeNull();
});

test("a start of the stock repeats nothing that was heard, and makes up for what was not", async () => {
  const { inventory, eventId, feed, type } = await openFeed();
  const listener = await join(feed, eventId);
  granted(await inventory.placeHold(holdRequest(type.id, 1)));
  await until("the change", () => listener.frames.length === 2);
  await until("the round's end", async () => (await toldOf(inventory))?.settled_version === 2);
  await evictDurableObject(inventory);
  await evictDurableObject(feed);
  granted(await inventory.availability());
  await scheduler.wait(500);
  expect(listener.frames).toHaveLength(2);

  // As if the object had died between its commit and the round.
  await runInDurableObject(inventory, (_, { storage }) => storage.sql.exec("UPDATE feed SET settled_version = 1"));
  await evictDurableObject(inventory);
  granted(await inventory.availability());
  await until("what was missed", () => listener.frames.length === 3);
  expect(levelOf(listener)).toBe(9);
});

test("the last one to leave gives the registration back", async () => {
  const { inventory, eventId, feed } = await openFeed();
  const [one, other] = [await join(feed, eventId), await join(feed, eventId)];
  one.socket.close(1000);
  other.socket.close(1000);
  const awake = () => runInDurableObject(feed, (_, { storage }) => storage.getAlarm());
  await until("an early alarm", async () => ((await awake()) ?? Number.POSITIVE_INFINITY) < Date.now() + FEED_RENEWAL_MS / 2);
  expect(await shardsOf(inventory)).toHaveLength(1);
  await runDurableObjectAlarm(feed);
  expect(await shardsOf(inventory)).toEqual([]);
  expect(await awake()).toBeNull();
});

test("a shard whose sockets are gone without a word is told one change, and no other", async () => {
  const { inventory, type, eventId, feed } = await openFeed();
  await join(feed, eventId);
  await evictDurableObject(feed, { webSockets: "close" });
  expect(await shardsOf(inventory)).toHaveLength(1);
  granted(await inventory.placeHold(holdRequest(type.id, 1)));
  await until("a shard that is told no more", async () => (await shardsOf(inventory)).length === 0);
  const listener = await join(feed, eventId);
  expect(levelOf(listener)).toBe(9);
});

test("a shard with listeners renews its lease; without a renewal it ends", async () => {
  const { inventory, type, eventId, feed } = await openFeed();
  const listener = await join(feed, eventId);
  const [first] = await shardsOf(inventory);
  jump(FEED_RENEWAL_MS);
  await runDurableObjectAlarm(feed);
  const [renewed] = await shardsOf(inventory);
  expect((renewed?.lease_until_ms ?? 0) - (first?.lease_until_ms ?? 0)).toBeGreaterThanOrEqual(FEED_RENEWAL_MS);
  expect(listener.frames).toHaveLength(1);

  jump(FEED_LEASE_MS);
  granted(await inventory.placeHold(holdRequest(type.id, 1)));
  await runDurableObjectAlarm(inventory);
  expect(await shardsOf(inventory)).toEqual([]);
  expect(listener.frames).toHaveLength(1);
  // What it has missed it hears with the next renewal.
  await seemJoinedAt(feed, Date.now());
  await runDurableObjectAlarm(feed);
  await until("what was missed", () => levelOf(listener) === 9);
  expect(await shardsOf(inventory)).toHaveLength(1);
});

test("who has been silent for long is let go, and who pings is not", async () => {
  const { eventId, feed } = await openFeed();
  const [silent, pinging] = [await join(feed, eventId), await join(feed, eventId)];
  pinging.socket.send("ping");
  await until("the pong", () => pinging.words.length > 0);
  // The platform notes the time of a ping by its own clock, so that only the joining is put back.
  await seemJoinedAt(feed, Date.now() - SILENT_AFTER_MS);
  await runDurableObjectAlarm(feed);
  await until("the end of the silent one", () => silent.closed !== null);
  expect(silent.closed).toEqual({ code: 1001, reason: "silent" });
  expect(pinging.closed).toBeNull();
});

test(`a shard takes ${MAX_LISTENERS} and the next ones the rest; when all are full, a listener is told when to come again`, async () => {
  const { eventId, feed } = await openFeed();
  const sockets: WebSocket[] = [];
  while (sockets.length < MAX_LISTENERS) {
    for (const { webSocket } of await Promise.all(Array.from({ length: 100 }, () => knock(feed, eventId))))
      if (webSocket) sockets.push(webSocket);
  }
  expect((await knock(feed, eventId)).status).toBe(503);
  for (const socket of sockets) {
    socket.accept();
    socket.close(1000);
  }

  const room = await openRoom();
  const { id } = await publishNew(room);
  const asked: string[] = [];
  const withFeeds = (fetch: (name: string) => Promise<Response>) => ({
    ...room.env,
    AVAILABILITY_FEED: {
      idFromName: (name: string) => name as unknown as DurableObjectId,
      get: (name: unknown) => ({
        fetch: async () => {
          asked.push(String(name));
          return fetch(String(name));
        },
      }),
    },
  });
  const joinWith = (fetch: (name: string) => Promise<Response>) => joinFeed(withFeeds(fetch), ANYBODY, "192.0.2.1", id);
  const full = await joinWith(async () => new Response(null, { status: 503 }));
  expect(full).toMatchObject({ ok: false, error: { code: "overloaded", retryAfterSeconds: 10 } });
  expect([...asked].sort()).toEqual(Array.from({ length: FEED_SHARDS }, (_, shard) => `${id}:${shard}`).sort());

  asked.length = 0;
  const { 0: client } = new WebSocketPair();
  const last = await joinWith(async () =>
    asked.length < FEED_SHARDS ? new Response(null, { status: 503 }) : new Response(null, { status: 101, webSocket: client }),
  );
  expect(last.ok && last.value.status).toBe(101);

  asked.length = 0;
  await expect(joinWith(() => Promise.reject(new Error("broken")))).rejects.toThrow("broken");
  expect(asked).toHaveLength(2);
  await closeRooms();
});

test("shards that fail or do not answer hold nobody up, and are told no more after three tries", async () => {
  const { inventory, eventId } = await openFeed();
  const shards = [0, 1, 2];
  for (const shard of shards) await join(feedOf(eventId, shard), eventId, { shard });
  const told = await runInDurableObject(inventory, async (_, { storage }) => {
    const { sql } = storage;
    const terms = readTerms(sql);
    if (terms === null) throw new Error("not open");
    const rounds: number[][] = [];
    const tookMs: number[] = [];
    const feeds: Feeds = {
      getByName: (name) => ({
        tell: (news) => {
          if (name.endsWith(":1")) throw new Error("dead");
          return name.endsWith(":2") ? new Promise(() => undefined) : Promise.resolve({ listeners: news.version });
        },
      }),
    };
    const feed = new InventoryFeed(sql, feeds, () => terms);
    for (let n = 0; n < 5; n++) {
      // Another capacity stands for any change.
      sql.exec("UPDATE pools SET capacity = capacity + 1");
      const round = storage.transactionSync(() => feed.take(terms, Date.now() + 60_000 * n));
      if (round === null) break;
      const startedMs = Date.now();
      const answers = await feed.tell(round);
      tookMs.push(Date.now() - startedMs);
      storage.transactionSync(() => feed.settle(round, answers, Date.now()));
      rounds.push(round.shards.map(({ shard }) => shard));
    }
    return { rounds, tookMs };
  });
  expect(told.rounds).toEqual([[0, 1, 2], [0, 1, 2], [0, 1, 2], [0], [0]]);
  for (const tookMs of told.tookMs) expect(tookMs).toBeLessThan(2_500);
  expect((await shardsOf(inventory)).map(({ shard }) => shard)).toEqual([0]);
});

test("an alarm that comes for other things before a round's turn asks for no other before it", async () => {
  const { inventory, eventId } = await openFeed();
  await join(feedOf(eventId), eventId);
  const asked = await runInDurableObject(inventory, async (_, { storage }) => {
    const terms = readTerms(storage.sql);
    if (terms === null) throw new Error("not open");
    const slow = { tell: () => scheduler.wait(100).then(() => ({ listeners: 1 })) };
    const feed = new InventoryFeed(storage.sql, { getByName: () => slow }, () => terms);
    const round = feed.take(terms, Date.now());
    if (round === null) throw new Error("nothing to tell");
    const telling = feed.tell(round);
    feed.stir();
    const meanwhile = feed.noteBatch(Date.now()) === terms.endMs;
    const answers = await telling;
    const nowMs = Date.now();
    feed.settle(round, answers, nowMs);
    const next = feed.noteBatch(nowMs) ?? 0;
    return { meanwhile, early: feed.take(terms, nowMs), pauseMs: next - nowMs, isKept: feed.dueMs() === next };
  });
  expect(asked).toMatchObject({ meanwhile: true, early: null, isKept: true });
  // Longer than a quarter of a second, because the round took so long.
  expect(asked.pauseMs).toBeGreaterThan(400);
});

test("a listener who reads nothing, and one who is gone, keep no frame from the others", async () => {
  const { inventory, type, eventId, feed } = await openFeed(2_000);
  const gone = await join(feed, eventId);
  // Takes nothing off the wire.
  const stuck = await knock(feed, eventId);
  const listener = await join(feed, eventId);
  gone.socket.close(1000);
  for (let n = 1; n <= 5; n++) {
    granted(await inventory.placeHold(holdRequest(type.id, 1)));
    await until("the change", () => levelOf(listener) === 2_000 - n);
  }
  expect(listener.closed).toBeNull();
  stuck.webSocket?.accept();
  stuck.webSocket?.close(1000);
});
