/** Whose tickets an event's change touches, for those who have to tell them: of one that was called off, or of one that was moved. */
import { z } from "zod";
import { REFUND_REASONS } from "../../shared/contracts/orders";
import { decodeCursor, page } from "../../shared/http/list";
import type { Env } from "./environment";
import type { OrderRow } from "./schema";
import { allDatabases } from "./shards";

const PAGE = 100;
const Keyset = z.tuple([z.int(), z.string()]);
const CALLED_OFF = REFUND_REASONS[2];

const STANDING = "state IN ('paid', 'partially_refunded')";
const TAKEN = `EXISTS (SELECT 1 FROM refunds WHERE order_id = o.id AND reason = '${CALLED_OFF}')`;

interface OrderIds {
  orderIds: string[];
  nextCursor: string | null;
}

/** Orders that were paid and had tickets until the cancellation: free ones too, and not those that went back before. */
export const calledOffOrders = (env: Env, eventId: string, cursor: string | null): Promise<OrderIds> =>
  listPaid(env, `(${STANDING} OR ${TAKEN})`, { eventId, cursor, beforeMs: Number.MAX_SAFE_INTEGER });

/** Orders that were placed before then, and are paid and not refunded as a whole. */
export const standingOrders = (env: Env, eventId: string, beforeMs: number, cursor: string | null): Promise<OrderIds> =>
  listPaid(env, STANDING, { eventId, cursor, beforeMs });

/** Oldest first. */
async function listPaid(
  env: Env,
  which: string,
  { eventId, cursor, beforeMs }: { eventId: string; cursor: string | null; beforeMs: number },
): Promise<OrderIds> {
  const [afterMs, afterId] = decodeCursor(cursor ?? undefined, Keyset) ?? [-1, ""];
  const shards = await Promise.all(
    allDatabases(env).map((db) =>
      db
        .prepare(
          `SELECT id, created_at_ms FROM orders o WHERE event_id = ? AND (created_at_ms, id) > (?, ?) AND created_at_ms < ?
             AND paid_at_ms IS NOT NULL AND ${which}
           ORDER BY created_at_ms, id LIMIT ${PAGE + 1}`,
        )
        .bind(eventId, afterMs, afterId, beforeMs)
        .all<Pick<OrderRow, "id" | "created_at_ms">>(),
    ),
  );
  const rows = shards
    .flatMap(({ results }) => results)
    .sort((a, b) => a.created_at_ms - b.created_at_ms || (a.id < b.id ? -1 : 1));
  const { data, nextCursor } = page(
    rows.slice(0, PAGE + 1),
    PAGE,
    ({ id }) => id,
    ({ created_at_ms, id }) => [created_at_ms, id],
  );
  return { orderIds: data, nextCursor };
}
