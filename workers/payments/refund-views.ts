/** Refunds as the wire and the siblings have them. */
import { toTimestamp } from "../../shared/contracts/ids";
import { money } from "../../shared/contracts/money";
import { type Refund, type RefundFacts, SURPLUS_CAUSES } from "../../shared/contracts/orders";
import type { Env } from "./environment";
import { orderToken } from "./order-token";
import type { OrderRow, RefundRow } from "./schema";
import { dbOf } from "./shards";

/** Of one RPC call. */
const MAX_IDS = 100;

export const toRefund = (refund: RefundRow): Refund => ({
  id: refund.id,
  paymentId: refund.payment_id,
  amount: money(refund.amount_minor, refund.currency),
  status: refund.state,
  createdAt: toTimestamp(refund.created_at_ms),
});

type Told = RefundRow &
  Pick<OrderRow, "event_id" | "organizer_id" | "buyer_email" | "buyer_name" | "user_id" | "token_version" | "language"> & {
    /** JSON. */
    paid_back_ids: string;
  };

/** For siblings; those that exist, in no order. */
export async function refundsById(env: Env, ids: readonly string[]): Promise<RefundFacts[]> {
  if (ids.length > MAX_IDS) throw new RangeError(`at most ${MAX_IDS} refunds a call`);
  const found = await Promise.all(
    [...Map.groupBy(ids, (id) => dbOf(env, id))].map(async ([db, own]) => {
      if (!db) return [];
      const { results } = await db
        .prepare(
          `SELECT r.*, o.event_id, o.organizer_id, o.buyer_email, o.buyer_name, o.user_id, o.token_version, o.language,
             (SELECT json_group_array(ticket_id) FROM refunded_tickets WHERE order_id = r.order_id AND refund_id = r.id) AS paid_back_ids
           FROM refunds r JOIN orders o ON o.id = r.order_id WHERE r.id IN (SELECT value FROM json_each(?))`,
        )
        .bind(JSON.stringify(own))
        .all<Told>();
      return Promise.all(results.map((told) => toFacts(env, told)));
    }),
  );
  return found.flat();
}

const toFacts = async (env: Env, told: Told): Promise<RefundFacts> => ({
  ...toRefund(told),
  orderId: told.order_id,
  eventId: told.event_id,
  organizerId: told.organizer_id,
  reason: told.reason,
  cause: SURPLUS_CAUSES.find((cause) => told.reason === "surplus" && cause === told.note) ?? null,
  ticketIds: JSON.parse(told.paid_back_ids) as string[],
  buyer: { email: told.buyer_email, name: told.buyer_name },
  userId: told.user_id,
  guestAccessToken: await orderToken(env.ORDER_KEY, told.order_id, told.token_version),
  language: told.language,
});
