/**
 * What providers said, word for word, for whoever must prove it: the row has it before the 200, because one write is all or nothing, and
 * the archive afterwards. The row stays, so that the event counts once for ever.
 */
import { reportError } from "../../shared/observability/report";
import type { Env, Later } from "./environment";
import { take } from "./retries";
import type { ProviderEventRow } from "./schema";

/** Bodies of one sweep of a shard. */
const MAX_BODIES = 500;
/** A Worker has six connections at once. */
const AT_ONCE = 6;
const MAX_MS = 10_000;

type Archived = Pick<ProviderEventRow, "provider" | "event_id" | "body" | "body_hash" | "received_at_ms">;

/** By provider and day; an id is the provider's own and may be any text. */
export const archiveKey = ({ provider, event_id, received_at_ms }: Archived): string =>
  `${provider}/${new Date(received_at_ms).toISOString().slice(0, 10)}/${encodeURIComponent(event_id)}`;

/** Part of the sweep. The same object again is the same object: a sweep that was killed in between, or two at once, lose nothing. */
export async function archiveBodies(env: Env, later: Later, db: D1Database): Promise<number> {
  const startedAtMs = Date.now();
  let count = 0;
  while (count < MAX_BODIES && Date.now() - startedAtMs < MAX_MS) {
    const events = await take<Archived>(db, "provider_events", Date.now(), {
      where: "body IS NOT NULL AND processed_at_ms IS NOT NULL",
      limit: AT_ONCE,
    });
    if (events.length === 0) break;
    const kept = await Promise.all(events.map((event) => archive(env, later, event)));
    const moved = events.filter((_, index) => kept[index]);
    if (moved.length > 0) await emptyRows(db, moved).run();
    count += moved.length;
  }
  return count;
}

async function archive(env: Env, later: Later, event: Archived): Promise<boolean> {
  try {
    await env.PROVIDER_EVENTS.put(archiveKey(event), event.body, {
      httpMetadata: { contentType: "application/json" },
      customMetadata: { sha256: event.body_hash },
    });
    return true;
  } catch (error) {
    reportError(error, env, later, { task: `archive an event of ${event.provider}` });
    return false;
  }
}

const emptyRows = (db: D1Database, events: readonly Archived[]): D1PreparedStatement =>
  db
    .prepare(
      `UPDATE provider_events SET body = NULL, archived_at_ms = ?
       WHERE (provider, event_id) IN (SELECT value ->> 0, value ->> 1 FROM json_each(?)) AND body IS NOT NULL`,
    )
    .bind(Date.now(), JSON.stringify(events.map(({ provider, event_id }) => [provider, event_id])));
