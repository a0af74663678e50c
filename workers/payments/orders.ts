/** Reading orders: one, its tickets, a user's, an event's, and those that siblings ask for. */
import { and, desc, eq, inArray, lt, or, type SQL, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import { z } from "zod";
import type { Ticket } from "../../shared/contracts/events";
import type { Order, OrderFacts } from "../../shared/contracts/orders";
import type { Refusal } from "../../shared/contracts/problems";
import { ok, type Result, refuse } from "../../shared/contracts/result";
import { decodeCursor, page } from "../../shared/http/list";
import { type Caller, claimOf, mayRead } from "./claims";
import type { Env } from "./environment";
import { type OrderWithLines, readOrder } from "./order-rows";
import { toOrder, toOrderFacts } from "./order-views";
import { orderLines, orders } from "./schema";
import { allDatabases, dbOf } from "./shards";

/** Of one RPC call. */
const MAX_IDS = 100;

type Readable = OrderWithLines & { db: D1Database };

export async function readableOrder(env: Env, caller: Caller, orderId: string): Promise<Result<Readable, Refusal>> {
  const db = dbOf(env, orderId);
  if (!db) return refuse({ code: "order_not_found" });
  const claim = await claimOf(env, caller, orderId);
  if (!claim.ok) return claim;
  const found = await readOrder(db, orderId);
  if (!found || !(await mayRead(env, claim.value, found.order))) return refuse({ code: "order_not_found" });
  return ok({ ...found, db });
}

export async function showOrder(env: Env, caller: Caller, orderId: string): Promise<Result<Order, Refusal>> {
  const found = await readableOrder(env, caller, orderId);
  return found.ok ? ok(toOrder(found.value.order, found.value.lines, Date.now())) : found;
}

/** Strongly consistent: read from the event's object, which made them before the order read `paid`. */
export async function showTickets(env: Env, caller: Caller, orderId: string): Promise<Result<{ data: Ticket[] }, Refusal>> {
  const found = await readableOrder(env, caller, orderId);
  if (!found.ok) return found;
  if (found.value.order.paid_at_ms === null) return ok({ data: [] });
  const tickets = await env.EVENTS.ticketsOf(found.value.order.event_id, orderId);
  return tickets.ok ? ok({ data: tickets.value }) : tickets;
}

const Keyset = z.tuple([z.int(), z.string()]);

export interface ListAsk {
  limit: number;
  cursor?: string | undefined;
}

export interface OrderPage {
  data: Order[];
  nextCursor: string | null;
}

/** Newest first. Shards are asked at once and merged: each gives its own next page, of which the front is the whole's. */
async function listOrders(env: Env, which: SQL | undefined, { limit, cursor }: ListAsk): Promise<OrderPage> {
  const after = decodeCursor(cursor, Keyset);
  const where = and(
    which,
    after ? or(lt(orders.created_at_ms, after[0]), and(eq(orders.created_at_ms, after[0]), lt(orders.id, after[1]))) : undefined,
  );
  const shards = await Promise.all(
    allDatabases(env).map((db) => {
      const typed = drizzle(db);
      const ids = typed.select({ id: orders.id }).from(orders).where(where).orderBy(desc(orders.created_at_ms), desc(orders.id));
      return typed.batch([
        typed
          .select()
          .from(orders)
          .where(where)
          .orderBy(desc(orders.created_at_ms), desc(orders.id))
          .limit(limit + 1),
        typed
          .select()
          .from(orderLines)
          .where(inArray(orderLines.order_id, ids.limit(limit + 1)))
          .orderBy(orderLines.position),
      ]);
    }),
  );
  const rows = shards.flatMap(([rowsOfShard]) => rowsOfShard);
  rows.sort((a, b) => b.created_at_ms - a.created_at_ms || (a.id < b.id ? 1 : -1));
  const lines = Map.groupBy(
    shards.flatMap(([, linesOfShard]) => linesOfShard),
    (line) => line.order_id,
  );
  const nowMs = Date.now();
  return page(
    rows.slice(0, limit + 1),
    limit,
    (order) => toOrder(order, lines.get(order.id) ?? [], nowMs),
    (order) => [order.created_at_ms, order.id],
  );
}

/** `onlyOrganizerId`: a session of an organizer's host sees what was bought there, and no more (rule 5). */
export const listUserOrders = (env: Env, userId: string, onlyOrganizerId: string | null, ask: ListAsk): Promise<OrderPage> =>
  listOrders(
    env,
    and(eq(orders.user_id, userId), onlyOrganizerId === null ? undefined : eq(orders.organizer_id, onlyOrganizerId)),
    ask,
  );

/** The organizer stands in the condition although the event names it: no list without its tenant. */
export const listEventOrders = (env: Env, organizerId: string, eventId: string, ask: ListAsk): Promise<OrderPage> =>
  listOrders(env, and(eq(orders.event_id, eventId), eq(orders.organizer_id, organizerId)), ask);

/** For siblings; those that exist, in no order. */
export async function ordersById(env: Env, ids: readonly string[]): Promise<OrderFacts[]> {
  if (ids.length > MAX_IDS) throw new RangeError(`at most ${MAX_IDS} orders a call`);
  const byDatabase = Map.groupBy(ids, (id) => dbOf(env, id));
  const nowMs = Date.now();
  const found = await Promise.all(
    [...byDatabase].map(async ([db, own]) => {
      if (!db) return [];
      // One parameter however many ids: D1 binds at most 100.
      const listed = sql`(SELECT value FROM json_each(${JSON.stringify(own)}))`;
      const typed = drizzle(db);
      const [rows, lines] = await typed.batch([
        typed.select().from(orders).where(sql`${orders.id} IN ${listed}`),
        typed.select().from(orderLines).where(sql`${orderLines.order_id} IN ${listed}`).orderBy(orderLines.position),
      ]);
      const linesOf = Map.groupBy(lines, (line) => line.order_id);
      return Promise.all(rows.map((order) => toOrderFacts(env.ORDER_KEY, order, linesOf.get(order.id) ?? [], nowMs)));
    }),
  );
  return found.flat();
}
