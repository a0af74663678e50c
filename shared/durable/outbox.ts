/**
 * The outbox of a Durable Object (rule 21): news is written in the transaction of the change, sent by the object's alarm, and deleted
 * after sending. A message may go out twice, never not at all.
 *
 * The object's schema has: `outbox(id TEXT PRIMARY KEY, type TEXT NOT NULL, envelope TEXT NOT NULL, attempts INTEGER NOT NULL,
 * due_at_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID` with an index on `due_at_ms`.
 */
import type { Envelope } from "../contracts/messages";
import { MAX_CALL_MESSAGES, type Mailboxes, readEnvelope, sendToMailboxes } from "../queue/send";

/** Who takes a row has this long to send it; each further try waits twice as long, up to the last. */
const FIRST_PAUSE_MS = 5_000;
const MAX_DOUBLINGS = 6;
/** A queue that does not answer is a queue that failed: the alarm has other things to do. */
const SEND_WITHIN_MS = 3_000;

type OutboxRow = { id: string; type: string; envelope: string; attempts: number };

export interface Taken {
  envelopes: Envelope[];
  /** Types of rows that this version of the Worker cannot send; they stay. */
  unreadable: string[];
  /** True when one of them was tried before. */
  again: boolean;
}

/** In the transaction of the change. */
export function announce(sql: SqlStorage, envelope: Envelope): void {
  sql.exec(
    "INSERT INTO outbox (id, type, envelope, attempts, due_at_ms) VALUES (?, ?, ?, 0, ?)",
    envelope.id,
    envelope.type,
    JSON.stringify(envelope),
    Date.parse(envelope.time),
  );
}

/** Whether news of the type still waits. */
export const isWaiting = (sql: SqlStorage, type: Envelope["type"]): boolean =>
  sql.exec("SELECT 1 FROM outbox WHERE type = ? LIMIT 1", type).toArray().length > 0;

/** When the first row comes due, null without one. */
export const nextSendMs = (sql: SqlStorage): number | null =>
  sql.exec<{ due: number | null }>("SELECT MIN(due_at_ms) AS due FROM outbox").one().due;

/**
 * Takes what is due and puts it off, so that a failure has nothing to write: whatever happens after this transaction, a row that was
 * not deleted comes due again.
 */
export function takeDue(sql: SqlStorage, nowMs: number): Taken {
  const rows = sql
    .exec<OutboxRow>(
      `UPDATE outbox SET attempts = attempts + 1, due_at_ms = ?1 + (?2 << min(attempts, ?3))
       WHERE id IN (SELECT id FROM outbox WHERE due_at_ms <= ?1 ORDER BY due_at_ms LIMIT ?4) RETURNING id, type, envelope, attempts`,
      nowMs,
      FIRST_PAUSE_MS,
      MAX_DOUBLINGS,
      MAX_CALL_MESSAGES,
    )
    .toArray();
  const read = rows.map((row) => ({ row, envelope: readEnvelope(row) }));
  return {
    envelopes: read.flatMap(({ envelope }) => (envelope === null ? [] : [envelope])),
    unreadable: read.flatMap(({ row, envelope }) => (envelope === null ? [row.type] : [])),
    again: rows.some(({ attempts }) => attempts > 1),
  };
}

/** Returns the ids that may be deleted; throws when a queue did not take its part in time. */
export async function sendTaken(mailboxes: Mailboxes, envelopes: readonly Envelope[]): Promise<string[]> {
  const tooLate = new AbortController();
  const late = scheduler.wait(SEND_WITHIN_MS, { signal: tooLate.signal }).then(() => {
    throw new Error(`a queue did not answer within ${SEND_WITHIN_MS} ms`);
  });
  const sending = sendToMailboxes(mailboxes, envelopes);
  try {
    return await Promise.race([sending, late]);
  } finally {
    tooLate.abort();
    late.catch(() => undefined);
    sending.catch(() => undefined);
  }
}

/** After sending, never before. */
export function forgetSent(sql: SqlStorage, ids: readonly string[]): void {
  sql.exec("DELETE FROM outbox WHERE id IN (SELECT value FROM json_each(?))", JSON.stringify(ids));
}
