/** Which event's and which shard an object is, kept for its alarms. */
import { hasSchema, migrateSchema } from "../../shared/durable/migrations";
import { FEED_SCHEMA } from "./migrations";

export type Self = { event_id: string; shard: number; registration: number | null };

/** Null while nobody has listened here. */
export function readSelf(storage: DurableObjectStorage): Self | null {
  if (!hasSchema(storage.sql)) return null;
  return storage.sql.exec<Self>("SELECT event_id, shard, registration FROM feed WHERE id = 1").toArray()[0] ?? null;
}

export function keepRegistration(storage: DurableObjectStorage, eventId: string, shard: number, registration: number): void {
  storage.transactionSync(() => {
    migrateSchema(storage, FEED_SCHEMA);
    storage.sql.exec(
      `INSERT INTO feed (id, event_id, shard, registration) VALUES (1, ?, ?, ?)
       ON CONFLICT (id) DO UPDATE SET registration = excluded.registration`,
      eventId,
      shard,
      registration,
    );
  });
}

export const forgetRegistration = (storage: DurableObjectStorage): void =>
  void storage.sql.exec("UPDATE feed SET registration = NULL WHERE id = 1");
