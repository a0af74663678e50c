/** The object's news: what is left, told at most once a second and only when it differs from what was told last (rule 21). */
import type { MessageData } from "../../shared/contracts/messages";
import { announce, forgetSent, isWaiting, nextSendMs, type Taken, takeDue } from "../../shared/durable/outbox";
import { envelope } from "../../shared/queue/envelope";
import type { Terms } from "./event";
import { availableNow, poolsNow } from "./pools";

const TYPE = "inventory.availability_changed";
const SOURCE = "/events/inventory";

/** From the first change to its announcement, and at least so long from one to the next. */
const ANNOUNCE_EVERY_MS = 1_000;

type StockLevels = MessageData<typeof TYPE>["ticketTypes"];
type Announced = { version: number; ticket_types: string; announced_at_ms: number };

const readAnnounced = (sql: SqlStorage): Announced =>
  sql.exec<Announced>("SELECT version, ticket_types, announced_at_ms FROM announced_stock WHERE id = 1").one();

function tellLevels(sql: SqlStorage, terms: Terms, nowMs: number): StockLevels {
  const left = availableNow(sql, nowMs);
  const pools = new Map(poolsNow(sql).map((pool) => [pool.id, pool]));
  // The pool of a type's own id counts that type alone.
  return [...terms.types.keys()].map((id) => ({
    ticketTypeId: id,
    available: left.get(id) ?? 0,
    sold: pools.get(id)?.sold ?? null,
  }));
}

const isUntold = (sql: SqlStorage, terms: Terms, nowMs: number): boolean =>
  JSON.stringify(tellLevels(sql, terms, nowMs)) !== readAnnounced(sql).ticket_types;

/**
 * Writes the news, and with it what was told, when there is some and its time has come. Answers when to come again for news that must
 * wait its second. While an earlier announcement has not left, none is added: the one after it will tell everything.
 */
function announceStock(sql: SqlStorage, terms: Terms, nowMs: number): number | null {
  const ticketTypes = tellLevels(sql, terms, nowMs);
  const told = JSON.stringify(ticketTypes);
  const { version: before, ticket_types: toldBefore, announced_at_ms: announcedAtMs } = readAnnounced(sql);
  if (told === toldBefore || isWaiting(sql, TYPE)) return null;
  const notBeforeMs = announcedAtMs + ANNOUNCE_EVERY_MS;
  // A clock that was set back does not silence the object.
  if (nowMs < notBeforeMs && nowMs >= announcedAtMs) return notBeforeMs;

  const { eventId, organizerId } = terms;
  const version = before + 1;
  sql.exec("UPDATE announced_stock SET version = ?, ticket_types = ?, announced_at_ms = ? WHERE id = 1", version, told, nowMs);
  const subject = `${eventId}/availability`;
  announce(
    sql,
    envelope(SOURCE, { type: TYPE, subject, version, data: { eventId, organizerId, ticketTypes, asOfMs: nowMs }, nowMs }),
  );
  return null;
}

/**
 * When the stock is looked at. A plain hold pays nothing for it: the first change since the last look sets the time, further ones wait
 * with it. What is forgotten here is found again by what differs.
 */
export class StockNews {
  readonly #sql: SqlStorage;
  /** A command has succeeded since the last look. Too much of this costs one look. */
  #mayDiffer = false;
  #lookAtMs: number | null = null;
  #lookedAtMs = Number.NEGATIVE_INFINITY;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** For a start of the object, when nobody knows what was told. */
  restore(terms: Terms, nowMs: number): void {
    if (isUntold(this.#sql, terms, nowMs)) this.#lookAtMs = nowMs;
  }

  stir(): void {
    this.#mayDiffer = true;
  }

  /** After a batch: when to look at the first change, null where that is known. */
  noteBatch(nowMs: number): number | null {
    if (!this.#mayDiffer || this.#lookAtMs !== null) return null;
    this.#lookAtMs = nowMs + ANNOUNCE_EVERY_MS;
    return this.#lookAtMs;
  }

  dues(): (number | null)[] {
    return [this.#lookAtMs, nextSendMs(this.#sql)];
  }

  /** Looks, and takes whatever is due to be sent. Alarms that end a crowd's holds come one after the other, and look once a second. */
  take(terms: Terms, nowMs: number): Taken {
    const nextLookMs = this.#lookedAtMs + ANNOUNCE_EVERY_MS;
    if (nowMs >= this.#lookedAtMs && nowMs < nextLookMs) {
      this.#lookAtMs = nextLookMs;
      return takeDue(this.#sql, nowMs);
    }
    const lookAtMs = announceStock(this.#sql, terms, nowMs);
    const taken = takeDue(this.#sql, nowMs);
    this.#lookAtMs = lookAtMs;
    this.#lookedAtMs = nowMs;
    this.#mayDiffer = false;
    return taken;
  }

  /** `again`: sent at a later try, and while it waited nothing newer was told. */
  forget(sent: readonly string[], again: boolean): void {
    forgetSent(this.#sql, sent);
    if (again) this.stir();
  }
}
