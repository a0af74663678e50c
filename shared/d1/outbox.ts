import type { Envelope, MessageType } from "../contracts/messages";
import { Envelope as EnvelopeSchema } from "../contracts/messages";
import { type Mailbox, SUBSCRIPTIONS } from "../queue/subscriptions";

/** The producer bindings of a Worker, by mailbox; the generated environment has one for each mailbox that its messages reach. */
export type Mailboxes = Partial<Record<Mailbox, Queue>>;

/** Messages of one flush; a queue takes 100 a call. */
const FLUSH_LIMIT = 100;
/** Announcements of one isolate that wait this long share a send and a delete. */
const GATHER_MS = 25;
/** A flusher whose request was cut off is given up after this. */
const FLUSHER_LIFE_MS = 10_000;

/** Written in the same batch as the change that it announces, so that neither is there without the other. */
export const announce = (db: D1Database, envelope: Envelope): D1PreparedStatement =>
  db
    .prepare("INSERT INTO outbox (id, type, envelope, created_at_ms) VALUES (?, ?, ?, ?)")
    .bind(envelope.id, envelope.type, JSON.stringify(envelope), Date.parse(envelope.time));

/** Sends to every mailbox that listens, then deletes: a message may go out twice, never not at all (rule 21). */
async function send(db: D1Database, mailboxes: Mailboxes, envelopes: readonly Envelope[]): Promise<void> {
  const byMailbox = new Map<Mailbox, Envelope[]>();
  for (const envelope of envelopes) {
    for (const mailbox of SUBSCRIPTIONS[envelope.type as MessageType] ?? []) {
      byMailbox.set(mailbox, [...(byMailbox.get(mailbox) ?? []), envelope]);
    }
  }
  await Promise.all(
    [...byMailbox].map(([mailbox, messages]) => {
      const queue = mailboxes[mailbox];
      if (!queue) throw new Error(`no producer binding for the mailbox of ${mailbox}`);
      return queue.sendBatch(messages.map((body) => ({ body })));
    }),
  );
  await db
    .prepare("DELETE FROM outbox WHERE id IN (SELECT value FROM json_each(?))")
    .bind(JSON.stringify(envelopes.map(({ id }) => id)))
    .run();
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

/** Sends what an earlier delivery left behind, oldest first; part of a domain's sweep. Returns how many went out. */
export async function sweepOutbox(db: D1Database, mailboxes: Mailboxes, nowMs: number, olderThanMs = 2_000): Promise<number> {
  const { results } = await db
    .prepare("SELECT envelope FROM outbox WHERE created_at_ms <= ? ORDER BY created_at_ms LIMIT ?")
    .bind(nowMs - olderThanMs, FLUSH_LIMIT)
    .all<{ envelope: string }>();
  if (results.length === 0) return 0;
  await send(
    db,
    mailboxes,
    results.map(({ envelope }) => EnvelopeSchema.parse(JSON.parse(envelope))),
  );
  return results.length;
}
