/**
 * The index anew from the events themselves, while the old one answers: FTS5 cannot be exported, so this is its backup (rule 29). Somebody
 * writes a row of `rebuilds` (npm run reindex), the sweep reads the owner's events a page at a time into the fresh tables, and at the end
 * fresh and searched tables change their names in one transaction. A crash in between costs the page that was being read.
 */
import { guardedBatch } from "../../shared/d1/guarded-batch";
import type { SweepEnv } from "./environment";
import { putDocuments } from "./event-documents";

/** An invocation makes at most 25 calls to siblings, and the same sweep has dead letters to replay. */
const MAX_PAGES = 16;

const TABLES = ["seen_events", "documents", "bodies", "words", "word_trigrams"] as const;

interface Rebuild {
  asked_at_ms: number;
  started_at_ms: number | null;
  after_id: string;
}

/** True while what changes must also be written to the fresh tables. */
export const fillsFresh = async (db: D1Database): Promise<boolean> =>
  (await db.prepare("SELECT 1 FROM rebuilds WHERE started_at_ms IS NOT NULL AND finished_at_ms IS NULL").first()) !== null;

/** The events it read. */
export async function carryOnRebuild({ DB, EVENTS }: Pick<SweepEnv, "DB" | "EVENTS">, nowMs: number): Promise<number> {
  const rebuild = await DB.prepare(
    "SELECT asked_at_ms, started_at_ms, after_id FROM rebuilds WHERE finished_at_ms IS NULL",
  ).first<Rebuild>();
  if (!rebuild) return 0;
  if (rebuild.started_at_ms === null && !(await start(DB, rebuild.asked_at_ms, nowMs))) return 0;
  const askedAtMs = rebuild.asked_at_ms;
  let [afterId, read] = [rebuild.after_id, 0];
  for (let page = 0; page < MAX_PAGES; page++) {
    const announced = await EVENTS.announcedEvents(afterId);
    const last = announced.at(-1);
    if (!last) {
      await finish(DB, askedAtMs, afterId, nowMs);
      return read;
    }
    const seen = announced.map(({ event, version }) => ({ eventId: event.id, version, event }));
    await putDocuments(DB, seen, nowMs, ["fresh_"]);
    const { meta } = await DB.prepare(
      `UPDATE rebuilds SET after_id = ?1, events_read = events_read + ?2
       WHERE asked_at_ms = ?3 AND after_id = ?4 AND finished_at_ms IS NULL`,
    )
      .bind(last.event.id, announced.length, askedAtMs, afterId)
      .run();
    // Another sweep is at it, or it was asked for again.
    if (meta.changes === 0) return read;
    afterId = last.event.id;
    read += announced.length;
  }
  return read;
}

const empty = (db: D1Database): D1PreparedStatement[] => [
  ...TABLES.filter((table) => table !== "words").map((table) => db.prepare(`DELETE FROM fresh_${table}`)),
  db.prepare("INSERT INTO fresh_words (fresh_words) VALUES ('delete-all')"),
];

/** False where another sweep was first. */
async function start(db: D1Database, askedAtMs: number, nowMs: number): Promise<boolean> {
  const mine = db
    .prepare("UPDATE rebuilds SET started_at_ms = ?1 WHERE asked_at_ms = ?2 AND started_at_ms IS NULL")
    .bind(nowMs, askedAtMs);
  return (await guardedBatch(db, mine, empty(db))).ok;
}

/** Whoever searches sees the one index or the other. What was searched goes afterwards; if it does not, the next start takes it. */
async function finish(db: D1Database, askedAtMs: number, afterId: string, nowMs: number): Promise<void> {
  const whole = db
    .prepare("UPDATE rebuilds SET finished_at_ms = ?1 WHERE asked_at_ms = ?2 AND after_id = ?3 AND finished_at_ms IS NULL")
    .bind(nowMs, askedAtMs, afterId);
  const renamed = TABLES.flatMap((table) =>
    [
      [table, `old_${table}`],
      [`fresh_${table}`, table],
      [`old_${table}`, `fresh_${table}`],
    ].map(([from, to]) => db.prepare(`ALTER TABLE ${from} RENAME TO ${to}`)),
  );
  if ((await guardedBatch(db, whole, renamed)).ok) await db.batch(empty(db));
}
