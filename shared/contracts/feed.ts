/**
 * What `AvailabilityFeed` and `TicketInventory` say to each other. An event's listeners hang on up to sixteen feeds, its shards, so that
 * the object which sells has no socket (rule 14).
 */
import { z } from "zod";
import { Id } from "./ids";
import type { Availability } from "./inventory";
import type { Refusal } from "./problems";
import type { Result } from "./result";

/** Of an event, numbered from 0; the object's name is `<eventId>:<number>`. */
export const FEED_SHARDS = 16;
export const shardName = (eventId: string, shard: number): string => `${eventId}:${shard}`;

/** A registration that nobody renews ends by itself after this long. */
export const FEED_LEASE_MS = 11 * 60_000;
/** How often a shard with listeners renews its own: twice in a lease. */
export const FEED_RENEWAL_MS = 5 * 60_000;

/** Carries who wants to listen to the shard, as JSON, on a request that only the events Worker can make. */
export const JOINING_HEADER = "x-bilten-joining";
export const Joining = z.object({
  eventId: Id,
  shard: z
    .int()
    .min(0)
    .max(FEED_SHARDS - 1),
  /** May know of a private event. */
  insider: z.boolean(),
  /** HMAC of the listener's network, of which a shard takes only so many; null where they are not counted. */
  network: z.string().nullable(),
});
export type Joining = z.infer<typeof Joining>;

export interface StockNews {
  /** Grows by one with each change of what follows. */
  version: number;
  state: "open" | "cancelled" | "completed";
  availability: Availability;
}

export interface Listening {
  news: StockNews;
  /** Null where the event is over: nothing more will be told. */
  registration: number | null;
  /** False where the shard was registered already, so that it has been told all that came before. */
  isNew: boolean;
}

/** The doors of `TicketInventory` for its feeds. */
export interface FedInventoryRpc {
  /** From now on the shard hears of every change, until its lease ends. Again renews the lease. */
  listen(shard: number): Promise<Result<Listening, Refusal<"event_not_found">>>;
  /** A registration that has been renewed since stays. */
  unlisten(shard: number, registration: number): Promise<Result<null, Refusal<"event_not_found">>>;
}

export interface AvailabilityFeedRpc {
  /** Passes it on. Nobody listening means: tell this shard nothing more. Old news, and the same again, change nothing. */
  tell(news: StockNews): Promise<{ listeners: number }>;
}
