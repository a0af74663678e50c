/** What is left, as the event's object told it: nobody who looks at figures asks the object that sells. */
import { eq } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import type { PublishedEvent } from "../../shared/contracts/events";
import { toTimestamp } from "../../shared/contracts/ids";
import type { Message } from "../../shared/queue/consume";
import type { StockLevel } from "./answers";
import { stockLevels } from "./schema";

/** Each message says everything, so that the newest one stands, whenever and however often the others come. */
export async function recordStock(db: D1Database, messages: readonly Message<"inventory.availability_changed">[]): Promise<void> {
  const levels = messages.map(({ version, data }) => ({ version, ...data }));
  await db
    .prepare(
      `INSERT INTO stock_levels (event_id, ticket_type_id, version, available, sold, as_of_ms)
       SELECT m.value ->> 'eventId', t.value ->> 'ticketTypeId', m.value ->> 'version', t.value ->> 'available', t.value ->> 'sold',
         m.value ->> 'asOfMs'
       FROM json_each(?) m JOIN json_each(m.value, '$.ticketTypes') t WHERE true
       ON CONFLICT (event_id, ticket_type_id) DO UPDATE SET version = excluded.version, available = excluded.available,
         sold = excluded.sold, as_of_ms = excluded.as_of_ms
       WHERE excluded.version > stock_levels.version`,
    )
    .bind(JSON.stringify(levels))
    .run();
}

/** In the organizer's order; without the types that nothing was told of yet, and those that the event no longer has. */
export async function readStock(db: D1Database, event: PublishedEvent): Promise<StockLevel[]> {
  const rows = await drizzle(db).select().from(stockLevels).where(eq(stockLevels.eventId, event.id));
  const byType = new Map(rows.map((row) => [row.ticketTypeId, row]));
  return event.ticketTypes.flatMap(({ id }) => {
    const row = byType.get(id);
    if (!row) return [];
    const { available, sold, asOfMs } = row;
    return [{ ticketTypeId: id, available, sold, asOf: toTimestamp(asOfMs) }];
  });
}
