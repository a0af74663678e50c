import type { Envelope } from "../contracts/messages";
import { MAX_CALL_MESSAGES, type Mailboxes, readEnvelope, sendToMailboxes } from "../queue/send";

export type { Mailboxes };

/** Messages of one flush. */
const FLUSH_LIMIT = MAX_CALL_MESSAGES;
/** One sweep takes no more than this; what is left is the next one's. */
const MAX_PAGES = 20;
const MAX_SWEEP_MS = 10_000;
/** Announcements of one isolate that wait this long share a send and a delete. */
const GATHER_MS = 25;
/** A flusher whose request was cut off is given up after this. */
const FLUSHER_LIFE_MS = 10_000;

/** Written in the same batch as the change that it announces, so that neither is there without the other. */
export const announce = (db: D1Database, envelope: Envelope): D1PreparedStatement =>
  db
    .prepare("INSERT INTO outbox (id, type, envelope, created_at_ms) VALUES (?, ?, ?, ?)")
    .bind(envelope.id, envelope.type, JSON.stringify(envelope), Date.parse(envelope.time));

/** Sends, then deletes: a message may go out twice, never not at all (rule 21). */
async function send(db: D1Database, mailboxes: Mailboxes, envelopes: readonly Envelope[]): Promise<void> {
  const sent = await sendToMailboxes(mailboxes, envelopes);
  if (sent.length === 0) return;
  await db.prepare("DELETE FROM outbox WHERE id IN (SELECT value FROM json_each(?))").bind(JSON.stringify(sent)).run();
}

interface Gathered {
  waiting: Envelope[];
  flusherUntilMs: number;
}
/** What this isolate has committed and not sent yet. Losing it loses nothing: the rows stand in the outbox, and the sweep sends them. */
const gathered = new WeakMap<D1Database, Gathered>();

/**
 * Delivers what was just committed; for `ctx.waitUntil`. Requests of one isolate share a flush, because a send and a delete for each
 * sale would cost as much as the sale.
 */
export async function deliver(db: D1Database, mailboxes: Mailboxes, envelopes: readonly Envelope[]): Promise<void> {
  const mine = gathered.get(db) ?? { waiting: [], flusherUntilMs: 0 };
  gathered.set(db, mine);
  mine.waiting.push(...envelopes);
  if (mine.flusherUntilMs > Date.now()) return;
  mine.flusherUntilMs = Date.now() + FLUSHER_LIFE_MS;
  try {
    while (mine.waiting.length > 0) {
      await scheduler.wait(GATHER_MS);
      await send(db, mailboxes, mine.waiting.splice(0, FLUSH_LIMIT));
    }
  } finally {
    mine.flusherUntilMs = 0;
  }
}

interface OutboxRow {
  id: string;
  type: string;
  envelope: string;
  created_at_ms: number;
}

export interface SweepingOutbox {
  olderThanMs?: number;
  /** Told once of all rows that had to stay; without it the log is. */
  report?: (error: Error) => void;
}

/**
 * Sends what an earlier delivery left behind, oldest first; part of a domain's sweep. Returns how many went out. A row that this
 * version cannot read, or whose type it does not know, stays where it is, is reported, and holds up nobody behind it.
 */
export async function sweepOutbox(
  db: D1Database,
  mailboxes: Mailboxes,
  nowMs: number,
  { olderThanMs = 2_000, report = log }: SweepingOutbox = {},
): Promise<number> {
  const startedAtMs = Date.now();
  const left: string[] = [];
  let sent = 0;
  let last = { created_at_ms: -1, id: "" };
  for (let pages = 0; pages < MAX_PAGES && Date.now() - startedAtMs < MAX_SWEEP_MS; pages++) {
    const { results } = await db
      .prepare(
        `SELECT id, type, envelope, created_at_ms FROM outbox WHERE created_at_ms <= ?1 AND (created_at_ms, id) > (?2, ?3)
         ORDER BY created_at_ms, id LIMIT ?4`,
      )
      .bind(nowMs - olderThanMs, last.created_at_ms, last.id, FLUSH_LIMIT)
      .all<OutboxRow>();
    const envelopes = results.flatMap((row) => {
      const envelope = readEnvelope(row);
      if (!envelope) left.push(row.type);
      return envelope ? [envelope] : [];
    });
    if (envelopes.length > 0) await send(db, mailboxes, envelopes);
    sent += envelopes.length;
    if (results.length < FLUSH_LIMIT) break;
    last = results.at(-1) ?? last;
  }
  if (left.length > 0)
    report(new Error(`${left.length} rows of the outbox cannot be sent: ${[...new Set(left)].slice(0, 10).join(", ")}`));
  return sent;
}

const log = ({ message }: Error): void => console.error(JSON.stringify({ level: "error", message, task: "sweep the outbox" }));

export interface OutboxLag {
  waiting: number;
  /** Age of the oldest row; 0 where none waits. */
  oldestMs: number;
}

/** For a sweep's report: what has not reached every mailbox yet, rows that must stay included. */
export async function outboxLag(db: D1Database, nowMs: number): Promise<OutboxLag> {
  const row = await db
    .prepare("SELECT count(*) AS waiting, min(created_at_ms) AS oldest FROM outbox")
    .first<{ waiting: number; oldest: number | null }>();
  return { waiting: row?.waiting ?? 0, oldestMs: Math.max(0, nowMs - (row?.oldest ?? nowMs)) };
}
