/** The projection of events that is searched. */
import type { PublishedEvent } from "../../shared/contracts/events";
import { localDay } from "../../shared/locale/moment";
import { firstIdOf, lastIdOf } from "./document-ids";
import { cheapestOf, filterWordsOf } from "./filter-words";
import { isCorrectable, trigramsOf, wordsOf } from "./words";

const isFindable = (event: PublishedEvent): boolean => event.status === "published" && event.settings.isPublic;

export interface SeenEvent {
  eventId: string;
  /** The message's, which grows with each change of the event. */
  version: number;
  /** As the owner tells it now; null where there is none any more. */
  event: PublishedEvent | null;
}

/** Which tables: those that are searched, or those that a rebuild fills (`migrations/search`). */
export type IndexSet = "" | "fresh_";

/** The document that goes, where something newer was heard. */
const OUTDATED = (set: IndexSet) => `(SELECT doc_id FROM ${set}seen_events WHERE event_id = ?1 AND version < ?2)`;
/** The document that comes, unless it is there: the same version was heard before. */
const WANTED = (set: IndexSet) =>
  `FROM ${set}seen_events WHERE event_id = ?1 AND version = ?2 AND doc_id IS NOT NULL
     AND doc_id NOT IN (SELECT doc_id FROM ${set}bodies)`;

/** In this order: the body comes last, and by it the others know whether they were there. */
const SQL = (set: IndexSet) => ({
  remove: ["words WHERE rowid", "documents WHERE doc_id", "bodies WHERE doc_id"].map(
    (where) => `DELETE FROM ${set}${where} = ${OUTDATED(set)}`,
  ),
  bury: `INSERT INTO ${set}seen_events (event_id, version) VALUES (?1, ?2)
    ON CONFLICT (event_id) DO UPDATE SET version = excluded.version, doc_id = NULL WHERE excluded.version > ${set}seen_events.version`,
  // A document keeps its id while it keeps its minute, so that a page that is being read neither repeats nor loses it.
  see: `INSERT INTO ${set}seen_events (event_id, version, doc_id)
    VALUES (?1, ?2, coalesce((SELECT max(doc_id) + 1 FROM ${set}documents WHERE doc_id BETWEEN CAST(?3 AS INTEGER) AND CAST(?4 AS INTEGER)), CAST(?3 AS INTEGER)))
    ON CONFLICT (event_id) DO UPDATE SET version = excluded.version,
      doc_id = CASE WHEN doc_id BETWEEN CAST(?3 AS INTEGER) AND CAST(?4 AS INTEGER) THEN doc_id ELSE excluded.doc_id END
    WHERE excluded.version > ${set}seen_events.version`,
  document: `INSERT INTO ${set}documents (doc_id, event_id, starts_at_ms, ends_at_ms, local_day, lat, lng, lowest_price_minor, over)
    SELECT doc_id, event_id, ?3, ?4, ?5, ?6, ?7, ?8, ?9 ${WANTED(set)}`,
  words: `INSERT INTO ${set}words (rowid, title, place, description, filters) SELECT doc_id, ?3, ?4, ?5, ?6 ${WANTED(set)}`,
  body: `INSERT INTO ${set}bodies (doc_id, body) SELECT doc_id, ?3 ${WANTED(set)}`,
  vocabulary: `INSERT OR IGNORE INTO ${set}word_trigrams (trigram, word)
    SELECT value ->> 0, value ->> 1 FROM json_each(?1)`,
});
const STATEMENTS: Record<IndexSet, ReturnType<typeof SQL>> = { "": SQL(""), fresh_: SQL("fresh_") };

/** What is not there or may not be found becomes a tombstone. An older version changes nothing (rule 21). */
export async function putDocuments(
  db: D1Database,
  seen: readonly SeenEvent[],
  nowMs: number,
  sets: readonly IndexSet[] = [""],
): Promise<void> {
  if (seen.length === 0) return;
  const contents = seen.map(({ event }) => (event && isFindable(event) ? contentOf(event, nowMs) : null));
  const vocabulary = boundedLists([...new Set(contents.flatMap((content) => content?.vocabulary ?? []))].flatMap(rowsOf));
  await db.batch(
    sets.flatMap((set) => {
      const sql = STATEMENTS[set];
      const prepared = sql.remove.map((statement) => db.prepare(statement));
      const [bury, see, document, words, body] = [sql.bury, sql.see, sql.document, sql.words, sql.body].map((statement) =>
        db.prepare(statement),
      ) as [D1PreparedStatement, D1PreparedStatement, D1PreparedStatement, D1PreparedStatement, D1PreparedStatement];
      return [
        ...seen.flatMap(({ eventId, version }, index) => {
          const content = contents[index];
          const removed = prepared.map((statement) => statement.bind(eventId, version));
          if (!content) return [...removed, bury.bind(eventId, version)];
          return [
            ...removed,
            see.bind(eventId, version, content.firstId, content.lastId),
            document.bind(eventId, version, ...content.document),
            words.bind(eventId, version, ...content.words),
            body.bind(eventId, version, content.body),
          ];
        }),
        ...vocabulary.map((rows) => db.prepare(sql.vocabulary).bind(rows)),
      ];
    }),
  );
}

const rowsOf = (word: string): [string, string][] => trigramsOf(word).map((trigram) => [trigram, word]);

/** Bytes of one bound list, of 2 MB that D1 takes: a hundred events may have that many trigrams. */
const MAX_LIST_BYTES = 500_000;

/** As few JSON arrays as keep the bound. */
function boundedLists(rows: readonly (readonly string[])[]): string[] {
  const encoder = new TextEncoder();
  const lists: string[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const row of rows.map((row) => JSON.stringify(row))) {
    const size = encoder.encode(row).byteLength + 1;
    bytes += size;
    if (bytes > MAX_LIST_BYTES) {
      lists.push([]);
      bytes = size;
    }
    lists.at(-1)?.push(row);
  }
  return lists.map((list) => `[${list.join(",")}]`);
}

function contentOf(event: PublishedEvent, nowMs: number) {
  const { venue, city, coordinates } = event.location;
  const [startsAtMs, endsAtMs] = [Date.parse(event.startDate), Date.parse(event.endDate)];
  const isOver = endsAtMs <= nowMs;
  const [title, place] = [wordsOf(event.title), wordsOf(`${venue} ${city}`)];
  return {
    firstId: firstIdOf(startsAtMs),
    lastId: lastIdOf(startsAtMs),
    document: [
      startsAtMs,
      endsAtMs,
      localDay(startsAtMs, event.timezone),
      coordinates.lat,
      coordinates.lng,
      cheapestOf(event)?.amount ?? null,
      isOver ? 1 : 0,
    ],
    words: [title, place, wordsOf(event.description), filterWordsOf(event, isOver)].map((found) => found.join(" ")),
    body: JSON.stringify(event),
    vocabulary: [...title, ...place].filter(isCorrectable),
  };
}

/** Documents of one sweep. */
const MAX_RETIRED = 100;

/**
 * Takes what has ended out of the words that are on, so that a question of today does not walk through yesterday. Questions look at the
 * end themselves too: this decides how much they read, not what they find.
 */
export async function retireEnded(db: D1Database, nowMs: number): Promise<number> {
  const { results } = await db
    .prepare(
      `SELECT doc_id, body FROM documents JOIN bodies USING (doc_id)
       WHERE over = 0 AND ends_at_ms <= ?1 ORDER BY ends_at_ms LIMIT ${MAX_RETIRED}`,
    )
    .bind(nowMs)
    .all<{ doc_id: number; body: string }>();
  if (results.length === 0) return 0;
  const same = "FROM documents JOIN bodies USING (doc_id) WHERE doc_id = CAST(?1 AS INTEGER) AND body = ?2 AND over = 0";
  await db.batch(
    results.flatMap(({ doc_id, body }) => [
      db.prepare(`DELETE FROM words WHERE rowid = (SELECT doc_id ${same})`).bind(doc_id, body),
      db
        .prepare(`INSERT INTO words (rowid, title, place, description, filters) SELECT doc_id, ?3, ?4, ?5, ?6 ${same}`)
        .bind(doc_id, body, ...contentOf(JSON.parse(body), nowMs).words),
      db.prepare(`UPDATE documents SET over = 1 WHERE doc_id = (SELECT doc_id ${same})`).bind(doc_id, body),
    ]),
  );
  return results.length;
}
