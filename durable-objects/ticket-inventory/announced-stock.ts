/** What is left, as the object tells it: all types of the event, so that the newest says everything (rule 21). */
import type { MessageData } from "../../shared/contracts/messages";
import { announce } from "../../shared/durable/outbox";
import { envelope } from "../../shared/queue/envelope";
import { type Announced, SOURCE, turnOf } from "./announcements";
import type { Terms } from "./event";
import { poolsNow } from "./pools";
import { publicAvailableNow } from "./public-stock";

const TYPE = "inventory.availability_changed";

type StockLevels = MessageData<typeof TYPE>["ticketTypes"];

const readAnnounced = (sql: SqlStorage): Announced =>
  sql.exec<Announced>("SELECT version, ticket_types AS told, announced_at_ms FROM announced_stock WHERE id = 1").one();

function tellLevels(sql: SqlStorage, terms: Terms, nowMs: number): StockLevels {
  const pools = new Map(poolsNow(sql).map((pool) => [pool.id, pool]));
  if (terms.state === "cancelled") return tellCancelled(sql, terms, pools);
  const left = publicAvailableNow(sql, terms, nowMs);
  // The pool of a type's own id counts that type alone.
  return [...terms.types.keys()].map((id) => ({
    ticketTypeId: id,
    available: left.get(id) ?? 0,
    sold: pools.get(id)?.sold ?? null,
  }));
}

/** Nothing can be had any more, and the pools stand still: what was made void since is counted beside them. */
function tellCancelled(sql: SqlStorage, terms: Terms, pools: ReadonlyMap<string, { sold: number }>): StockLevels {
  const rows = sql.exec<{ id: string; tickets: number }>("SELECT ticket_type_id AS id, tickets FROM void_places");
  const voided = new Map([...rows].map(({ id, tickets }) => [id, tickets]));
  return [...terms.types.keys()].map((id) => {
    const pool = pools.get(id);
    return { ticketTypeId: id, available: 0, sold: pool === undefined ? null : pool.sold - (voided.get(id) ?? 0) };
  });
}

export const isStockUntold = (sql: SqlStorage, terms: Terms, nowMs: number): boolean =>
  JSON.stringify(tellLevels(sql, terms, nowMs)) !== readAnnounced(sql).told;

/** Writes the news, and with it what was told, when it is its turn; answers when that will be, null with nothing to tell. */
export function announceStock(sql: SqlStorage, terms: Terms, nowMs: number): number | null {
  const ticketTypes = tellLevels(sql, terms, nowMs);
  const told = JSON.stringify(ticketTypes);
  const before = readAnnounced(sql);
  const turn = turnOf(sql, TYPE, before, told, nowMs);
  if (turn !== "now") return turn;

  const { eventId, organizerId } = terms;
  const version = before.version + 1;
  sql.exec("UPDATE announced_stock SET version = ?, ticket_types = ?, announced_at_ms = ? WHERE id = 1", version, told, nowMs);
  const subject = `${eventId}/availability`;
  announce(
    sql,
    envelope(SOURCE, { type: TYPE, subject, version, data: { eventId, organizerId, ticketTypes, asOfMs: nowMs }, nowMs }),
  );
  return null;
}
