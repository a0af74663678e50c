/** What is owed to somebody: claimed once a business key, composed and sent until it is settled (rules 21, 22). */
import { and, asc, count, eq, inArray, lte, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import { uuidV7 } from "../../shared/crypto/uuid";
import { reportError } from "../../shared/observability/report";
import { accountMails } from "./account-mails";
import type { Env } from "./environment";
import type { Mail } from "./mail";
import { type MailSender, mailSenderOf } from "./mail-sender";
import { orderConfirmations } from "./order-confirmations";
import { type DeliveryType, deliveries } from "./schema";

type Delivery = typeof deliveries.$inferSelect;

/** A dispatcher that was cut off is given up after this; each further try waits twice as long. */
const FIRST_LEASE_MS = 15_000;
const MAX_DOUBLINGS = 8;
/** One question to an owner takes at most 100 ids. */
const CLAIM_LIMIT = 50;
const MAX_ROUNDS = 4;

const COMPOSE: Record<DeliveryType, (env: Env, sourceIds: string[]) => Promise<Map<string, Mail>>> = {
  account_mail: accountMails,
  order_confirmation: orderConfirmations,
};

/** Whatever says so again, it is owed once. */
export async function owe(db: D1Database, type: DeliveryType, sourceId: string, nowMs: number): Promise<void> {
  await drizzle(db)
    .insert(deliveries)
    .values({
      id: uuidV7(nowMs),
      businessKey: `${type}:${sourceId}`,
      type,
      sourceId,
      status: "queued",
      attempts: 0,
      dueAtMs: nowMs,
      createdAtMs: nowMs,
    })
    .onConflictDoNothing();
}

/** Takes what is due; until the lease ends nobody else does. */
async function claimDue(db: D1Database, nowMs: number): Promise<Delivery[]> {
  const database = drizzle(db);
  const due = database
    .select({ id: deliveries.id })
    .from(deliveries)
    .where(and(eq(deliveries.status, "queued"), lte(deliveries.dueAtMs, nowMs)))
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

const settle = (db: D1Database, id: string, status: "sent" | "dropped") =>
  drizzle(db)
    .update(deliveries)
    .set({ status, settledAtMs: Date.now() })
    .where(and(eq(deliveries.id, id), eq(deliveries.status, "queued")));

/** `undefined` where the owner has nothing to say any more: a token that was used meanwhile needs no mail. */
async function finish(db: D1Database, sender: MailSender, delivery: Delivery, mail: Mail | undefined): Promise<void> {
  if (mail) await sender.send(mail, delivery.id);
  await settle(db, delivery.id, mail ? "sent" : "dropped");
}

/**
 * Composes and sends what is due, oldest first. What fails is reported and comes due again by itself. Returns how many were settled;
 * without a carrier nothing is.
 */
export async function dispatchDue(env: Env, ctx: Pick<ExecutionContext, "waitUntil">): Promise<number> {
  const sender = mailSenderOf(env);
  if (!sender) return 0;
  let settled = 0;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const claimed = await claimDue(env.DB, Date.now());
    for (const [type, ofType] of Map.groupBy(claimed, (delivery) => delivery.type)) {
      const report = (error: unknown) => reportError(error, env, ctx, { task: `deliver ${type}` });
      try {
        const mails = await COMPOSE[type](
          env,
          ofType.map((delivery) => delivery.sourceId),
        );
        const outcomes = await Promise.allSettled(
          ofType.map((delivery) => finish(env.DB, sender, delivery, mails.get(delivery.sourceId))),
        );
        for (const outcome of outcomes) {
          if (outcome.status === "fulfilled") settled++;
          else report(outcome.reason);
        }
      } catch (error) {
        report(error);
      }
    }
    if (claimed.length < CLAIM_LIMIT) break;
  }
  return settled;
}

/** How many wait to be sent, whenever they are due. */
export async function countQueued(db: D1Database): Promise<number> {
  const row = await drizzle(db).select({ queued: count() }).from(deliveries).where(eq(deliveries.status, "queued")).get();
  return row?.queued ?? 0;
}
