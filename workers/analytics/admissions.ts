/** How many were let in, as the event's object told it: nobody who looks at figures asks the object that admits. */
import type { Message } from "../../shared/queue/consume";

/** A quarter of an hour that is named is named with all of its admissions, so that the newest message stands, however they come. */
export async function recordAdmissions(db: D1Database, messages: readonly Message<"admissions.counted">[]): Promise<void> {
  const counted = messages.map(({ version, data }) => ({ version, ...data }));
  await db
    .prepare(
      `INSERT INTO admissions (event_id, quarter_starts_at_ms, version, admitted)
       SELECT m.value ->> 'eventId', q.value ->> 'startsAtMs', m.value ->> 'version', q.value ->> 'admitted'
       FROM json_each(?) m JOIN json_each(m.value, '$.quarters') q WHERE true
       ON CONFLICT (event_id, quarter_starts_at_ms) DO UPDATE SET version = excluded.version, admitted = excluded.admitted
       WHERE excluded.version > admissions.version`,
    )
    .bind(JSON.stringify(counted))
    .run();
}
