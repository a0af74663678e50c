/** The one way to a payments database (rule 19). */
import type { Env } from "./environment";

const databases = (env: Env): D1Database[] => [env.DB_0, env.DB_1].slice(0, shardCount(env));

const shardCount = (env: Env): number => Number(env.PAYMENTS_SHARDS);

/** FNV-1a, 32 bits: spreads any text, and must never change, because ids carry its result. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (const char of text) value = Math.imul(value ^ char.charCodeAt(0), 0x01000193) >>> 0;
  return value;
}

/** Where a new order of this event goes: an event's orders stand together. */
export const shardOfEvent = (env: Env, eventId: string): number => hash(eventId.toLowerCase()) % shardCount(env);

/** An order's or a payment's last byte. */
export const shardOf = (id: string): number => Number.parseInt(id.slice(-2), 16);

/** Null where no shard of this id exists, and so no such thing either. */
export const dbOf = (env: Env, id: string): D1Database | null => databases(env)[shardOf(id)] ?? null;

/** For lists over all shards, for the sweep and for `orders(ids)`. */
export const allDatabases = databases;
