/** Orders whose end has passed. The object first (rule 12): what it has confirmed or keeps alive is no expired order, whatever the clock says. */
import { reportError } from "../../shared/observability/report";
import type { Env } from "./environment";
import type { Work } from "./half-way";
import { lookUpSoon } from "./look-ups";
import { deliverLater, orderExpired } from "./news";
import { moveEnd } from "./order-moves";
import { ORDER_NEXT } from "./order-states";
import { takeChosen } from "./retries";
import type { OrderRow } from "./schema";

/** Orders that one sweep of a shard looks at, and that one call of an object may name. */
const MAX_DUE = 500;
const MAX_A_CALL = 100;

type Due = Pick<OrderRow, "id" | "event_id">;
type Told = Pick<OrderRow, "id" | "event_id" | "organizer_id" | "version">;

/** One call of an event's object for a hundred of its orders. Part of the sweep. */
export async function expireOrders(work: Work): Promise<number> {
  const { env, later, db, calls, untilMs } = work;
  const { results } = await db
    .prepare(
      `SELECT id, event_id FROM orders
       WHERE state = 'pending' AND total_minor > 0 AND max(expires_at_ms, next_try_at_ms) <= ?
       ORDER BY max(expires_at_ms, next_try_at_ms) LIMIT ?`,
    )
    .bind(Date.now(), MAX_DUE)
    .all<Due>();
  let count = 0;
  for (const [eventId, orders] of Map.groupBy(results, ({ event_id }) => event_id)) {
    for (let first = 0; first < orders.length && calls.left > 0 && Date.now() < untilMs; first += MAX_A_CALL) {
      // What the object does not end now, because it cannot answer or will not, comes back behind the others.
      const some = await takeChosen(db, "orders", orders.slice(first, first + MAX_A_CALL), Date.now());
      if (some.length === 0) continue;
      try {
        const { ended, alive } = await endOrders(work, eventId, some);
        count += ended.length;
        for (const order of alive.slice(0, Math.max(0, calls.left))) await readEnd(env, db, order);
      } catch (error) {
        reportError(error, env, later, { task: "expire orders" });
      }
    }
  }
  return count;
}

/** Those whose stock the object gave back by that, and those that it keeps alive. */
export async function endOrders(work: Work, eventId: string, orders: readonly Due[]): Promise<{ ended: Due[]; alive: Due[] }> {
  const ids = orders.map(({ id }) => id);
  const answers = await work.env.EVENTS.releaseOrders(eventId, ids, "expired");
  const by = (is: (answer: (typeof answers)[number]) => boolean) =>
    orders.filter((_, index) => {
      const answer = answers[index];
      return answer !== undefined && is(answer);
    });
  // An order that the object has never heard of holds nothing there, and must not come back at every sweep.
  const ended = by((answer) => !answer.ok || answer.value.outcome === "released");
  await writeEnded(work, ended);
  return { ended, alive: by((answer) => answer.ok && answer.value.outcome === "open") };
}

/**
 * Whose buyers had tried to pay, as they will stand when they have ended. Where a payment is still under way its money may come late, and
 * what becomes of that is the one thing to tell.
 */
async function begunOf(db: D1Database, ids: string): Promise<Told[]> {
  const { results } = await db
    .prepare(
      `SELECT id, event_id, organizer_id, version + 1 AS version FROM orders
       WHERE state = 'pending' AND id IN (SELECT value FROM json_each(?)) AND EXISTS (SELECT 1 FROM payments WHERE order_id = orders.id)
         AND NOT EXISTS (SELECT 1 FROM payments WHERE order_id = orders.id AND state IN ('initiated', 'requires_action', 'processing'))`,
    )
    .bind(ids)
    .all<Told>();
  return results;
}

/** Each is moved or not by itself, and told of where it was moved: no batch to guard (rule 16). */
async function writeEnded({ env, later, db }: Work, orders: readonly Due[]): Promise<void> {
  const ids = JSON.stringify(orders.map(({ id }) => id));
  const nowMs = Date.now();
  const news = (await begunOf(db, ids)).map((order) => orderExpired(order, nowMs));
  const end = db
    .prepare(
      `UPDATE orders SET state = ?, version = version + 1, updated_at_ms = ?
       WHERE state = 'pending' AND id IN (SELECT value FROM json_each(?))`,
    )
    .bind(ORDER_NEXT.pending.ended, nowMs, ids);
  const tell = db.prepare(
    `INSERT INTO outbox (id, type, envelope, created_at_ms) SELECT ?, ?, ?, ?
     WHERE EXISTS (SELECT 1 FROM orders WHERE id = ? AND state = ? AND version = ?)`,
  );
  await db.batch([
    end,
    lookUpSoon(
      db,
      orders.map(({ id }) => id),
      nowMs,
    ),
    ...news.map((message) =>
      tell.bind(
        message.id,
        message.type,
        JSON.stringify(message),
        nowMs,
        message.subject,
        ORDER_NEXT.pending.ended,
        message.version,
      ),
    ),
  ]);
  // What another hand has ended meanwhile stands in no row; the mail about it is owed once all the same.
  deliverLater(env, later, db, news);
}

/** The object moved the order's end out and nobody wrote that down: asked for no later end, it tells the one that stands. */
async function readEnd(env: Env, db: D1Database, order: Due): Promise<void> {
  const standing = await env.EVENTS.extendOrder(order.event_id, order.id, Date.now());
  if (standing.ok) await moveEnd(db, order, standing.value.expiresAtMs).run();
}
