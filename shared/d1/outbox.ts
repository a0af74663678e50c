import type { Envelope } from "../contracts/messages";
import type { Lag } from "../observability/lag";
import {
  type Down,
  failureOf,
  isDelivered,
  type Letter,
  MAX_CALL_MESSAGES,
  type Mailboxes,
  readEnvelope,
  sendLetters,
} from "../queue/send";
import type { Mailbox } from "../queue/subscriptions";
import { type Gathering, gatheringOf } from "./gathering";

export type { Mailboxes };

/** Messages of one flush. */
const FLUSH_LIMIT = MAX_CALL_MESSAGES;
/** One sweep takes no more than this; what is left is the next one's. */
const MAX_PAGES = 20;
const MAX_SWEEP_MS = 10_000;
/** Before a row comes again; twice as long each time. */
const FIRST_PAUSE_MS = 5_000;
const LAST_PAUSE_MS = 300_000;

/** Written in the same batch as the change that it announces, so that neither is there without the other. */
export const announce = (db: D1Database, envelope: Envelope): D1PreparedStatement =>
  db
    .prepare("INSERT INTO outbox (id, type, envelope, created_at_ms) VALUES (?, ?, ?, ?)")
    .bind(envelope.id, envelope.type, JSON.stringify(envelope), Date.parse(envelope.time));

/** Sends, then deletes or puts off: a message may go out twice, never not at all (rule 21). Returns how many are delivered. */
async function send(db: D1Database, mailboxes: Mailboxes, letters: readonly Letter[], down: Down): Promise<number> {
  const sent = await sendLetters(mailboxes, letters, down);
  const delivered = sent.filter(isDelivered).map(({ envelope }) => envelope.id);
  if (delivered.length > 0)
    await db.prepare("DELETE FROM outbox WHERE id IN (SELECT value FROM json_each(?))").bind(JSON.stringify(delivered)).run();
  const left = sent.filter((letter) => !isDelivered(letter));
  await postpone(
    db,
    left.map(({ envelope, sentTo }) => ({ id: envelope.id, sentTo })),
  );
  return delivered.length;
}

/** Without `sentTo` it stays as it is. */
async function postpone(db: D1Database, rows: readonly { id: string; sentTo?: readonly Mailbox[] }[]): Promise<void> {
  if (rows.length === 0) return;
  await db
    .prepare(
      `UPDATE outbox SET sent_to = coalesce(left.value ->> 'sentTo', sent_to), attempts = attempts + 1,
         next_try_at_ms = ?1 + min(?2 << min(attempts, 16), ?3)
       FROM json_each(?4) AS left WHERE outbox.id = left.value ->> 'id'`,
    )
    .bind(Date.now(), FIRST_PAUSE_MS, LAST_PAUSE_MS, JSON.stringify(rows))
    .run();
}

/** What this isolate has committed and not sent yet: the rows stand in the outbox. */
const gatherings = new WeakMap<D1Database, Gathering<Envelope>>();

/** Delivers what was just committed; for `ctx.waitUntil`. Requests of one isolate share a send and a delete. */
export async function deliver(db: D1Database, mailboxes: Mailboxes, envelopes: readonly Envelope[]): Promise<void> {
  let failure: Error | null = null;
  await gatheringOf(gatherings, db, FLUSH_LIMIT).add(envelopes, async (gathered) => {
    const down: Down = new Map();
    const letters = gathered.map((envelope) => ({ envelope, sentTo: [] }));
    await send(db, mailboxes, letters, down);
    failure ??= failureOf(down);
  });
  if (failure) throw failure;
}

interface OutboxRow {
  id: string;
  type: string;
  envelope: string;
  sent_to: string;
}

export interface SweepingOutbox {
  olderThanMs?: number;
  /** Told once of all rows that had to stay, and of mailboxes that took nothing; without it the log is. */
  report?: (error: Error) => void;
}

/**
 * Sends what an earlier delivery left behind, oldest first; part of a domain's sweep. Returns how many went out. What a mailbox does
 * not take, and a row that this version cannot read or whose type it does not know, stays, is reported, comes again after a growing
 * pause, and holds up nobody behind it.
 */
export async function sweepOutbox(
  db: D1Database,
  mailboxes: Mailboxes,
  nowMs: number,
  { olderThanMs = 2_000, report = log }: SweepingOutbox = {},
): Promise<number> {
  const startedAtMs = Date.now();
  const down: Down = new Map();
  const stay: string[] = [];
  let sent = 0;
  for (let pages = 0; pages < MAX_PAGES && Date.now() - startedAtMs < MAX_SWEEP_MS; pages++) {
    const { results } = await db
      .prepare(
        `SELECT id, type, envelope, sent_to FROM outbox WHERE next_try_at_ms <= ?1 AND created_at_ms <= ?2
         ORDER BY next_try_at_ms, created_at_ms LIMIT ?3`,
      )
      .bind(nowMs, nowMs - olderThanMs, FLUSH_LIMIT)
      .all<OutboxRow>();
    const letters: Letter[] = [];
    const unsendable: OutboxRow[] = [];
    for (const row of results) {
      const envelope = readEnvelope(row);
      if (envelope) letters.push({ envelope, sentTo: JSON.parse(row.sent_to) });
      else unsendable.push(row);
    }
    stay.push(...unsendable.map(({ type }) => type));
    await postpone(
      db,
      unsendable.map(({ id }) => ({ id })),
    );
    sent += await send(db, mailboxes, letters, down);
    if (results.length < FLUSH_LIMIT) break;
  }
  const failure = failureOf(down);
  if (failure) report(failure);
  if (stay.length > 0)
    report(new Error(`${stay.length} rows of the outbox cannot be sent: ${[...new Set(stay)].slice(0, 10).join(", ")}`));
  return sent;
}

const log = ({ message }: Error): void => console.error(JSON.stringify({ level: "error", message, task: "sweep the outbox" }));

/** For a sweep's report: what has not reached every mailbox yet, rows that must stay included. */
export async function outboxLag(db: D1Database, nowMs: number): Promise<Lag> {
  const row = await db
    .prepare("SELECT count(*) AS waiting, min(created_at_ms) AS oldest FROM outbox")
    .first<{ waiting: number; oldest: number | null }>();
  return { waiting: row?.waiting ?? 0, oldestMs: Math.max(0, nowMs - (row?.oldest ?? nowMs)) };
}
