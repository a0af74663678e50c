import type { Envelope, MessageType } from "../contracts/messages";
import { Envelope as EnvelopeSchema } from "../contracts/messages";
import { utf8 } from "../crypto/bytes";
import { type Mailbox, SUBSCRIPTIONS } from "../queue/subscriptions";

/** The producer bindings of a Worker, by mailbox; the generated environment has one for each mailbox that its messages reach. */
export type Mailboxes = Partial<Record<Mailbox, Queue>>;

/** Messages of one flush; a queue takes 100 a call … */
const FLUSH_LIMIT = 100;
/** … and 256 kB of them, of which each takes about 100 bytes more than its body. */
const CALL_BYTES = 240_000;
const MESSAGE_OVERHEAD_BYTES = 100;
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

/** Null for a type that this version of the Worker does not know: a newer one may have written it during a deploy (rule 28). */
const readersOf = (type: string): readonly Mailbox[] | null =>
  Object.hasOwn(SUBSCRIPTIONS, type) ? SUBSCRIPTIONS[type as MessageType] : null;

/** Sends to every mailbox that listens, then deletes: a message may go out twice, never not at all (rule 21). */
async function send(db: D1Database, mailboxes: Mailboxes, envelopes: readonly Envelope[]): Promise<void> {
  const byMailbox = new Map<Mailbox, Envelope[]>();
  const sent: string[] = [];
  for (const envelope of envelopes) {
    const readers = readersOf(envelope.type);
    if (!readers) continue;
    sent.push(envelope.id);
    for (const mailbox of readers) byMailbox.set(mailbox, [...(byMailbox.get(mailbox) ?? []), envelope]);
  }
  await Promise.all(
    [...byMailbox].map(async ([mailbox, messages]) => {
      const queue = mailboxes[mailbox];
      if (!queue) throw new Error(`no producer binding for the mailbox of ${mailbox}`);
      for (const call of callsOf(messages)) await queue.sendBatch(call.map((body) => ({ body })));
    }),
  );
  if (sent.length === 0) return;
  await db.prepare("DELETE FROM outbox WHERE id IN (SELECT value FROM json_each(?))").bind(JSON.stringify(sent)).run();
}

/** No call larger than a queue takes. */
function callsOf(messages: readonly Envelope[]): Envelope[][] {
  const calls: Envelope[][] = [];
  let bytes = CALL_BYTES;
  for (const message of messages) {
    const size = utf8(JSON.stringify(message)).byteLength + MESSAGE_OVERHEAD_BYTES;
    const call = calls.at(-1);
    if (!call || call.length === FLUSH_LIMIT || bytes + size > CALL_BYTES) {
      calls.push([message]);
      bytes = size;
    } else {
      call.push(message);
      bytes += size;
    }
  }
  return calls;
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
      const envelope = readersOf(row.type) ? readEnvelope(row) : null;
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

function readEnvelope({ id, type, envelope }: OutboxRow): Envelope | null {
  try {
    const read = EnvelopeSchema.parse(JSON.parse(envelope));
    // What is sent is what is deleted.
    return read.id === id && read.type === type ? read : null;
  } catch {
    return null;
  }
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
