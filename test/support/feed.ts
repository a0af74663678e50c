/** Listeners of an event's feed, as the runtime tests have them: the shipped objects, asked past the Worker. */
import { env } from "cloudflare:workers";
import type { AvailabilityFeed } from "../../durable-objects/availability-feed";
import { AvailabilityFrame } from "../../shared/contracts/availability";
import { JOINING_HEADER, type Joining, shardName } from "../../shared/contracts/feed";
import { configOf, type Inventory, openInventory, rowsOf, typeDraft } from "./inventory";

export type Feed = DurableObjectStub<AvailabilityFeed>;

const LOOK_EVERY_MS = 10;

export const feedOf = (eventId: string, shard = 0): Feed => env.AVAILABILITY_FEED.getByName(shardName(eventId, shard));

export async function knock(feed: Feed, eventId: string, change: Partial<Joining> = {}): Promise<Response> {
  const joining: Joining = { eventId, shard: 0, insider: false, network: null, ...change };
  return feed.fetch("https://feed/", { headers: { upgrade: "websocket", [JOINING_HEADER]: JSON.stringify(joining) } });
}

export interface Listener {
  socket: WebSocket;
  /** What came, oldest first. */
  frames: AvailabilityFrame[];
  /** When each came. */
  timesMs: number[];
  /** Answers that are no frames: `pong`. */
  words: string[];
  closed: { code: number; reason: string } | null;
}

/** Listens to the client's end of an upgrade. */
export function listenTo(socket: WebSocket): Listener {
  const listener: Listener = { socket, frames: [], timesMs: [], words: [], closed: null };
  socket.accept();
  socket.addEventListener("message", ({ data }) => {
    if (typeof data !== "string") throw new Error("a frame that is no text");
    if (!data.startsWith("{")) listener.words.push(data);
    else {
      listener.frames.push(AvailabilityFrame.parse(JSON.parse(data)));
      listener.timesMs.push(performance.now());
    }
  });
  socket.addEventListener("close", ({ code, reason }) => {
    listener.closed = { code, reason };
  });
  return listener;
}

export async function join(feed: Feed, eventId: string, change: Partial<Joining> = {}): Promise<Listener> {
  const { status, webSocket } = await knock(feed, eventId, change);
  if (webSocket === null || webSocket === undefined) throw new Error(`no upgrade: ${status}`);
  const listener = listenTo(webSocket);
  await until("the first frame", () => listener.frames.length > 0);
  return listener;
}

export async function until(what: string, look: () => boolean | Promise<boolean>, withinMs = 3_000): Promise<void> {
  const startedMs = performance.now();
  while (!(await look())) {
    if (performance.now() - startedMs > withinMs) throw new Error(`not within ${withinMs} ms: ${what}`);
    await scheduler.wait(LOOK_EVERY_MS);
  }
}

/** Of the first ticket type, as the newest frame that names it has it. */
export const levelOf = ({ frames }: Listener): number | undefined =>
  frames.findLast(({ data }) => data.length > 0)?.data[0]?.available;

export const shardsOf = (inventory: Inventory) =>
  rowsOf<{ shard: number; registration: number; lease_until_ms: number }>(
    inventory,
    "SELECT shard, registration, lease_until_ms FROM feed_shards ORDER BY shard",
  );
export const toldOf = async (inventory: Inventory) =>
  (await rowsOf<{ version: number; settled_version: number }>(inventory, "SELECT version, settled_version FROM feed"))[0];

/** An event on sale with one type, and the first shard of its feed. */
export async function openFeed(quantity = 10, change: Parameters<typeof configOf>[1] = {}, type = typeDraft({ quantity })) {
  const config = configOf([type], change);
  const inventory = await openInventory(config);
  return { inventory, config, type, eventId: config.eventId, feed: feedOf(config.eventId) };
}
