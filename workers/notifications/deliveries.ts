/** What is owed to somebody: claimed once a business key, composed and sent until it is settled (rules 21, 22). */
import { and, asc, eq, inArray, lte, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import { uuidV7 } from "../../shared/crypto/uuid";
import { reportError } from "../../shared/observability/report";
import { accountMails } from "./account-mails";
import { cancellationMails } from "./cancellation-mails";
import type { Env } from "./environment";
import { expiryMails } from "./expiry-mails";
import type { Composed } from "./mail";
import { type MailSender, mailSenderOf } from "./mail-sender";
import { OCCASION_QUESTIONS } from "./occasions";
import { orderConfirmations } from "./order-confirmations";
import { refundMails } from "./refund-mails";
import { type DeliveryType, deliveries } from "./schema";

type Delivery = typeof deliveries.$inferSelect;

/** A dispatcher that was cut off is given up after this; each further try waits twice as long. */
const FIRST_LEASE_MS = 15_000;
const MAX_DOUBLINGS = 8;
/** About a day of tries; what fails longer than that does not get better by itself. */
const MAX_ATTEMPTS = 30;
/** An owner is asked about them in one question, and with a breath after each they leave well within their lease. */
const CLAIM_LIMIT = 20;
/** What a dispatch may ask of siblings, also beside the sweep that it may be part of. */
const MAX_QUESTIONS = 20;
/** After this it takes up no more. */
const DISPATCH_MS = 20_000;
/** The pieces in which it sends: each is settled before the next leaves. */
const PIECE = 6;
/** Nothing is sent so shortly before somebody else may take it up. */
const LEASE_MARGIN_MS = 3_000;

interface Kind {
  compose: (env: Env, sourceIds: string[]) => Promise<Composed>;
  /** What it asks of siblings, however many are due. */
  questions: number;
}

const KINDS: Record<DeliveryType, Kind> = {
  account_mail: { compose: accountMails, questions: 1 },
  order_confirmation: { compose: orderConfirmations, questions: 2 + OCCASION_QUESTIONS },
  refund_mail: { compose: refundMails, questions: 1 + OCCASION_QUESTIONS },
  order_expiry: { compose: expiryMails, questions: 1 + OCCASION_QUESTIONS },
  event_cancellation: { compose: cancellationMails, questions: 1 + OCCASION_QUESTIONS },
};

/** Whatever says so again, it is owed once; what was given up is tried again then. */
export async function owe(db: D1Database, type: DeliveryType, sourceIds: readonly string[], nowMs: number): Promise<void> {
  const rows = sourceIds.map((sourceId) => ({ id: uuidV7(nowMs), key: `${type}:${sourceId}`, sourceId }));
  await db
    .prepare(
      `INSERT INTO deliveries (id, business_key, type, source_id, status, attempts, due_at_ms, created_at_ms)
       SELECT value ->> 'id', value ->> 'key', ?1, value ->> 'sourceId', 'queued', 0, ?2, ?2 FROM json_each(?3) WHERE true
       ON CONFLICT (business_key) DO UPDATE SET status = 'queued', attempts = 0, due_at_ms = excluded.due_at_ms, settled_at_ms = NULL
         WHERE deliveries.status = 'parked'`,
    )
    .bind(type, nowMs, JSON.stringify(rows))
    .run();
}

/** Takes what is due; until the lease ends nobody else does. */
async function claimDue(db: D1Database, type: DeliveryType, nowMs: number, waitedMs: number): Promise<Delivery[]> {
  const database = drizzle(db);
  const due = database
    .select({ id: deliveries.id })
    .from(deliveries)
    .where(and(eq(deliveries.status, "queued"), eq(deliveries.type, type), lte(deliveries.dueAtMs, nowMs - waitedMs)))
    .orderBy(asc(deliveries.dueAtMs))
    .limit(CLAIM_LIMIT);
  return database
    .update(deliveries)
    .set({
      attempts: sql`${deliveries.attempts} + 1`,
      dueAtMs: sql`${nowMs} + (${FIRST_LEASE_MS} << min(${deliveries.attempts}, ${MAX_DOUBLINGS}))`,
    })
    .where(inArray(deliveries.id, due))
    .returning();
}

async function settle(db: D1Database, ids: string[], status: "sent" | "dropped" | "parked"): Promise<number> {
  if (ids.length === 0) return 0;
  await drizzle(db)
    .update(deliveries)
    .set({ status, settledAtMs: Date.now() })
    .where(and(inArray(deliveries.id, ids), eq(deliveries.status, "queued")));
  return ids.length;
}

const PARK_LIMIT = 500;
/** Gives up what was tried too often, so that it neither stands before the others nor is lost. Returns how many. */
export async function parkHopeless(db: D1Database, nowMs: number): Promise<number> {
  const { meta } = await db
    .prepare(
      `UPDATE deliveries SET status = 'parked', settled_at_ms = ?1 WHERE id IN
         (SELECT id FROM deliveries WHERE status = 'queued' AND due_at_ms <= ?1 AND attempts >= ?2 ORDER BY due_at_ms LIMIT ?3)`,
    )
    .bind(nowMs, MAX_ATTEMPTS, PARK_LIMIT)
    .run();
  return meta.changes;
}

interface Dispatch {
  env: Env;
  sender: MailSender;
  report: (error: unknown) => void;
}

/** Composes what is due of one kind. What could not be written comes due again by itself. */
async function compose({ env, report }: Dispatch, type: DeliveryType, due: Delivery[]) {
  const sourceIds = due.map((delivery) => delivery.sourceId);
  const { mails, unneeded, failures } = await KINDS[type].compose(env, sourceIds);
  failures.forEach(report);
  const outgoing = due.flatMap(({ id, sourceId, dueAtMs }) => {
    const mail = mails.get(sourceId);
    return mail ? [{ key: id, mail, leasedUntilMs: dueAtMs }] : [];
  });
  return { outgoing, dropped: due.filter(({ sourceId }) => unneeded.includes(sourceId)).map(({ id }) => id) };
}

/** Settles what it can. Whoever is cut off has sent at most one piece that will be sent again. */
async function deliver(dispatch: Dispatch, type: DeliveryType, due: Delivery[]): Promise<number> {
  const { env, sender, report } = dispatch;
  const { outgoing, dropped } = await compose(dispatch, type, due);
  let settled = await settle(env.DB, dropped, "dropped");
  for (let first = 0; first < outgoing.length; first += PIECE) {
    const piece = outgoing
      .slice(first, first + PIECE)
      .filter(({ leasedUntilMs }) => leasedUntilMs - LEASE_MARGIN_MS > Date.now());
    const { sent, refused, failures } = await sender.send(piece);
    failures.forEach(report);
    settled += (await settle(env.DB, sent, "sent")) + (await settle(env.DB, refused, "parked"));
  }
  return settled;
}

export interface Dispatched {
  settled: number;
  /** Its bounds left over what may be due. */
  isCutShort: boolean;
}

/**
 * Composes and sends what is due, oldest first, as much as one invocation may. `waitedMs`: nothing that is due for a shorter time.
 * Without a carrier nothing is settled.
 */
export async function dispatch(env: Env, ctx: Pick<ExecutionContext, "waitUntil">, waitedMs = 0): Promise<Dispatched> {
  const sender = mailSenderOf(env);
  const done = { settled: 0, isCutShort: false };
  if (!sender) return done;
  const untilMs = Date.now() + DISPATCH_MS;
  let questions = 0;
  const settleSome = async (type: DeliveryType): Promise<number> => {
    if (questions + KINDS[type].questions > MAX_QUESTIONS || Date.now() > untilMs) {
      done.isCutShort = true;
      return 0;
    }
    const due = await claimDue(env.DB, type, Date.now(), waitedMs);
    if (due.length === 0) return 0;
    questions += KINDS[type].questions;
    const report = (error: unknown) => reportError(error, env, ctx, { task: `deliver ${type}` });
    done.settled += await deliver({ env, sender, report }, type, due).catch((error: unknown) => {
      report(error);
      return 0;
    });
    return due.length;
  };
  let open = Object.keys(KINDS) as DeliveryType[];
  // Each kind in turn, so that a rush of one holds up none of the others, and who waits to sign in waits for no rush at all.
  while (open.length > 0) {
    const full: DeliveryType[] = [];
    for (const type of open) {
      const taken = await settleSome(type);
      if (taken === CLAIM_LIMIT) full.push(type);
      if (taken > 0 && type !== "account_mail") await settleSome("account_mail");
    }
    open = full;
  }
  return done;
}

/** Returns how many were settled. */
export const dispatchDue = async (...asked: Parameters<typeof dispatch>): Promise<number> => (await dispatch(...asked)).settled;

export async function isAnythingDue(db: D1Database, nowMs: number): Promise<boolean> {
  const query = "SELECT 1 AS due FROM deliveries WHERE status = 'queued' AND due_at_ms <= ? LIMIT 1";
  return (await db.prepare(query).bind(nowMs).first()) !== null;
}

/** How many wait to be sent, whenever they are due, and how many were given up. */
export async function countOwed(db: D1Database): Promise<{ queued: number; parked: number }> {
  const count = "SELECT count(*) FROM deliveries WHERE status =";
  const row = await db
    .prepare(`SELECT (${count} 'queued') AS queued, (${count} 'parked') AS parked`)
    .first<{ queued: number; parked: number }>();
  return row ?? { queued: 0, parked: 0 };
}
