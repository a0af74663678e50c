/** Mails that an order may be owed several times: one each version of what has changed about it, and what the last one of them said. */
import { uuidV7 } from "../../shared/crypto/uuid";
import { OWED_ONCE } from "./deliveries";
import type { DeliveryType } from "./schema";

export type OrderNews = Extract<DeliveryType, "event_move" | "seat_change">;

interface OwedNews {
  orderId: string;
  /** Of what has changed; grows. */
  version: number;
}

/** By which the mail is owed once. */
export const orderNewsId = ({ orderId, version }: OwedNews): string => `${orderId}/${version}`;

export function orderNewsOf(sourceId: string): OwedNews {
  const [orderId = "", version = ""] = sourceId.split("/");
  if (!/^\d+$/.test(version)) throw new Error(`no mail can be written of ${sourceId}`);
  return { orderId, version: Number(version) };
}

interface Owing {
  type: OrderNews;
  news: readonly OwedNews[];
  nowMs: number;
  /** How long it must have been the newest, and how long the first that it tells may wait. */
  quietMs: number;
  longestQuietMs: number;
}

/** What waits of the same order is told with it, and hands on when the first of it was heard: news that follow each other are told too. */
export async function oweOnceQuiet(db: D1Database, { type, news, nowMs, quietMs, longestQuietMs }: Owing): Promise<void> {
  const rows = news.map((owed) => ({ id: uuidV7(nowMs), orderId: owed.orderId, sourceId: orderNewsId(owed) }));
  // "0" is the character behind "/": all keys of one order lie between the two.
  await db
    .prepare(
      `INSERT INTO deliveries (id, business_key, type, source_id, status, attempts, due_at_ms, created_at_ms, heard_at_ms)
       SELECT id, ?1 || ':' || source_id, ?1, source_id, 'queued', 0, min(?2 + ?4, heard_at_ms + ?5), ?2, heard_at_ms FROM (
         SELECT value ->> 'id' AS id, value ->> 'sourceId' AS source_id, min(?2, coalesce((
           SELECT min(coalesce(d.heard_at_ms, d.created_at_ms)) FROM deliveries d
           WHERE d.business_key > ?1 || ':' || (value ->> 'orderId') || '/' AND d.business_key < ?1 || ':' || (value ->> 'orderId') || '0'
             AND d.status = 'queued'), ?2)) AS heard_at_ms
         FROM json_each(?3)) WHERE true ${OWED_ONCE}`,
    )
    .bind(type, nowMs, JSON.stringify(rows), quietMs, longestQuietMs)
    .run();
}

export interface ToldNews {
  /** The newest version of which a mail has left; null before the first. */
  sent: number | null;
  /** The newest that is owed, or was. */
  owed: number;
}

/** Of each order that was ever owed mail of this kind. */
export async function toldNews(db: D1Database, type: OrderNews, orderIds: readonly string[]): Promise<Map<string, ToldNews>> {
  // "0" is the character behind "/": all keys of one order lie between the two.
  const { results } = await db
    .prepare(
      `SELECT asked.value AS order_id, d.source_id, d.status FROM json_each(?2) AS asked
         JOIN deliveries d ON d.business_key > ?1 || ':' || asked.value || '/' AND d.business_key < ?1 || ':' || asked.value || '0'`,
    )
    .bind(type, JSON.stringify(orderIds))
    .all<{ order_id: string; source_id: string; status: string }>();
  const told = new Map<string, ToldNews>();
  for (const { order_id, source_id, status } of results) {
    const { version } = orderNewsOf(source_id);
    const known = told.get(order_id) ?? { sent: null, owed: version };
    const sent = status === "sent" ? Math.max(version, known.sent ?? version) : known.sent;
    told.set(order_id, { sent, owed: Math.max(version, known.owed) });
  }
  return told;
}
