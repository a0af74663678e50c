/** The object's news: what is left, and how many were let in. */
import { forgetSent, nextSendMs, type Taken, takeDue } from "../../shared/durable/outbox";
import { announceAdmissions, areAdmissionsUntold } from "./announced-admissions";
import { announceStock, isStockUntold } from "./announced-stock";
import { ANNOUNCE_EVERY_MS } from "./announcements";
import type { Terms } from "./event";

const earliest = (times: readonly (number | null)[]): number | null => {
  const known = times.filter((timeMs) => timeMs !== null);
  return known.length > 0 ? Math.min(...known) : null;
};

/**
 * When what the object tells is looked at. A plain hold pays nothing for it: the first change since the last look sets the time, further ones wait
 * with it. What is forgotten here is found again by what differs.
 */
export class InventoryNews {
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
    if (isStockUntold(this.#sql, terms, nowMs) || areAdmissionsUntold(this.#sql, nowMs)) this.#lookAtMs = nowMs;
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
    const waiting = [announceStock(this.#sql, terms, nowMs), announceAdmissions(this.#sql, terms, nowMs)];
    const taken = takeDue(this.#sql, nowMs);
    this.#lookAtMs = earliest(waiting);
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
