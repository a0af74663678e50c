/** `POST /orders/:id/cancel`: the object gives the stock back or says that the money came first; D1 records it (rule 12). */
import type { Order } from "../../shared/contracts/orders";
import type { Refusal } from "../../shared/contracts/problems";
import { ok, type Result, refuse } from "../../shared/contracts/result";
import { isKept } from "../../shared/d1/kept-answers";
import { requestHashOf } from "../../shared/http/idempotency-key";
import { claimAnswer, type KeptAnswer, keepAnswer, keptRefusal, keyedRequest, standingAnswer, whileLeased } from "./answers";
import { buyerCondition, type Caller, claimOf, refuseStranger } from "./claims";
import type { Env, Later } from "./environment";
import { moveOrder } from "./order-moves";
import { type OrderWithLines, rowsOf, selectLines } from "./order-rows";
import { orderStatus } from "./order-states";
import { toOrder } from "./order-views";
import type { AnswerRow, LineRow, OrderRow } from "./schema";
import { dbOf, shardOf } from "./shards";
import { stopPaymentsOf } from "./stopped-payments";

export interface Cancelling {
  caller: Caller;
  orderId: string;
  key: string | null;
}

/** Cancelling what is cancelled already is the same answer again. */
export async function cancelOrder(
  env: Env,
  later: Later,
  { caller, orderId, key }: Cancelling,
): Promise<Result<KeptAnswer, Refusal>> {
  const db = dbOf(env, orderId);
  if (!db) return refuse({ code: "order_not_found" });
  const claim = await claimOf(env, caller, orderId);
  if (!claim.ok) return claim;
  const access = buyerCondition(claim.value);
  const nowMs = Date.now();
  const parts =
    key === null
      ? null
      : { principal: caller.principal, route: `/orders/${orderId}/cancel`, key, requestHash: await requestHashOf(null) };
  const keyed = await keyedRequest(env, parts, shardOf(orderId));
  const keyStatements = keyed ? claimAnswer(db, keyed, orderId, access, nowMs) : [];
  const results = await db.batch([
    ...keyStatements,
    db.prepare(`SELECT * FROM orders WHERE id = ? AND ${access.sql}`).bind(orderId, ...access.values),
    selectLines(db, orderId),
  ]);
  const [orders, lines] = results.slice(keyStatements.length);
  const [order] = rowsOf<OrderRow>(orders);
  if (!order) return refuse((await refuseStranger(env, caller, orderId)) ?? { code: "order_not_found" });
  const [row] = keyed ? rowsOf<AnswerRow>(results[1]) : [];
  const standing = keyed && row ? standingAnswer(keyed, row) : null;
  if (standing) return standing;

  return whileLeased(db, keyed, async () => {
    const cancelled = await release(env, later, db, { order, lines: rowsOf<LineRow>(lines) }, nowMs);
    if (keyed && (cancelled.ok || isKept(cancelled.error.code))) {
      const kept: KeptAnswer = cancelled.ok ? { status: 200, body: cancelled.value } : keptRefusal(cancelled.error);
      await keepAnswer(db, keyed, kept).run();
    }
    return cancelled.ok ? ok({ status: 200, body: cancelled.value }) : cancelled;
  });
}

/** Who has won by then: money that came after the object's word is given back, and the order stays cancelled for its buyer. */
const isCancelled = (status: ReturnType<typeof orderStatus>): boolean => status === "cancelled" || status === "refunded";

async function release(
  env: Env,
  later: Later,
  db: D1Database,
  sale: OrderWithLines,
  nowMs: number,
): Promise<Result<Order, Refusal>> {
  const { order, lines } = sale;
  const status = orderStatus(order.state, order.expires_at_ms, nowMs);
  if (status === "cancelled") return ok(toOrder(order, lines, nowMs));
  if (status !== "pending") return refuse({ code: "order_not_cancellable" });
  const released = await env.EVENTS.releaseOrder(order.event_id, order.id, "cancelled");
  if (!released.ok) throw new Error(`the object does not know an order of its own: ${released.error.code}`);
  if (released.value.outcome !== "released") return refuse({ code: "order_not_cancellable" });
  const moved = await moveOrder(db, sale, "released");
  if (!moved || !isCancelled(orderStatus(moved.state, moved.expires_at_ms, nowMs)))
    return refuse({ code: "order_not_cancellable" });
  later.waitUntil(stopPaymentsOf(env, later, db, order.id));
  return ok(toOrder(moved, lines, nowMs));
}
