/** Which shards of the event's feed listen, and the version of the stock that they were told. */
import { FEED_LEASE_MS, type StockNews } from "../../shared/contracts/feed";
import { tellAvailability } from "./availability";
import type { Terms } from "./event";

export type Shard = { shard: number; registration: number };

type FeedRow = { version: number; told: string; settled_version: number };

const readFeed = (sql: SqlStorage): FeedRow =>
  sql.exec<FeedRow>("SELECT version, told, settled_version FROM feed WHERE id = 1").one();

const count = (sql: SqlStorage, terms: Terms, nowMs: number): { news: Omit<StockNews, "version">; told: string } => {
  const availability = tellAvailability(sql, terms, nowMs);
  const { asOfMs: _asOfMs, ...rest } = availability;
  return { news: { state: terms.state, availability }, told: JSON.stringify([terms.state, rest]) };
};

/** The stock as it stands, under a new version where it is not as it was. */
export function countNews(sql: SqlStorage, terms: Terms, nowMs: number): StockNews {
  const { news, told } = count(sql, terms, nowMs);
  const before = readFeed(sql);
  if (told === before.told) return { ...news, version: before.version };
  sql.exec("UPDATE feed SET version = version + 1, told = ? WHERE id = 1", told);
  return { ...news, version: before.version + 1 };
}

/** Whether some shard may not have heard how things stand: for a start of the object, which remembers nothing. */
export function isUnsettled(sql: SqlStorage, terms: Terms, nowMs: number): boolean {
  const { version, told, settled_version } = readFeed(sql);
  return settled_version < version || told !== count(sql, terms, nowMs).told;
}

/** Every shard has heard this version. */
export const settle = (sql: SqlStorage, version: number): void =>
  void sql.exec("UPDATE feed SET settled_version = ?1 WHERE id = 1 AND settled_version < ?1 AND ?1 <= version", version);

export const readShards = (sql: SqlStorage): Shard[] =>
  sql.exec<Shard>("SELECT shard, registration FROM feed_shards ORDER BY shard").toArray();

/** Registers a shard, or renews its lease under a new number. */
export function register(sql: SqlStorage, shard: number, nowMs: number): { registration: number; isNew: boolean } {
  const isNew = sql.exec("SELECT 1 FROM feed_shards WHERE shard = ?", shard).toArray().length === 0;
  const { registration } = sql
    .exec<{ registration: number }>(
      "UPDATE feed SET registrations = registrations + 1 WHERE id = 1 RETURNING registrations AS registration",
    )
    .one();
  sql.exec(
    `INSERT INTO feed_shards (shard, registration, lease_until_ms) VALUES (?, ?, ?)
     ON CONFLICT (shard) DO UPDATE SET registration = excluded.registration, lease_until_ms = excluded.lease_until_ms`,
    shard,
    registration,
    nowMs + FEED_LEASE_MS,
  );
  return { registration, isNew };
}

/** But not where it has been renewed since under another number. */
export const unregister = (sql: SqlStorage, { shard, registration }: Shard): void =>
  void sql.exec("DELETE FROM feed_shards WHERE shard = ? AND registration = ?", shard, registration);

/** Whether a lease has ended. */
export const dropExpired = (sql: SqlStorage, nowMs: number): boolean =>
  sql.exec("DELETE FROM feed_shards WHERE lease_until_ms <= ?", nowMs).rowsWritten > 0;
