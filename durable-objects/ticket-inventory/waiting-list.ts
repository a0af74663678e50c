/** When those who wait are looked at: after whatever has brought stock back, and when the clock alone makes it somebody's turn. */
import type { Terms } from "./event";
import type { Report } from "./expiry";
import { nextErasureMs } from "./waiting-erasure";
import { endList, type Looked, offerStock } from "./waiting-offers";

/** Entries that one look moves: the alarm does the rest, as much at a time. */
const MOVED_AT_A_TIME = 50;
/** Before the next look, when one could not do its work. */
const RETRY_MS = 5_000;

export class WaitingList {
  readonly #storage: DurableObjectStorage;
  readonly #known: () => Terms | null;
  readonly #moved: () => void;
  readonly #report: Report;
  /** Something that is due may have been written since the clock was set. */
  #isMoved = false;
  /** What the clock alone opens or ends was seen until then. Forgotten with the object: one look too many. */
  #lookedAtMs = Number.NEGATIVE_INFINITY;
  #retryAtMs: number | null = null;
  /** Of a cancelled event: nobody waits, and no offer is open. It stays so. */
  #hasEnded = false;

  /** `known`: the event's terms as they stand, null while nobody has opened it. `moved`: others see another stock now. */
  constructor(storage: DurableObjectStorage, known: () => Terms | null, moved: () => void, report: Report) {
    this.#storage = storage;
    this.#report = report;
    this.#known = known;
    this.#moved = moved;
  }

  /** In a command's transaction, once it has succeeded. While nobody waits it costs a comparison. */
  settle(nowMs: number): void {
    const terms = this.#known();
    if (terms?.mayOffer && this.#isConcerned(terms)) this.look(nowMs);
  }

  /** Offers what there is, or ends the list; how many entries moved. A failure is its own: what came before it in the
   * transaction stays. `newcomer`: the entry that has come in by this very command. */
  look(nowMs: number, newcomer: string | null = null): number {
    const terms = this.#known();
    if (terms === null || !this.#isConcerned(terms)) return 0;
    try {
      const { moved, isBehind } = this.#storage.transactionSync(() => this.#lookAt(terms, nowMs, newcomer));
      this.#lookedAtMs = nowMs;
      this.#retryAtMs = null;
      this.#isMoved ||= moved > 0;
      if (moved > 0) this.#moved();
      this.#hasEnded = terms.state === "cancelled" && !isBehind;
      const after = this.#known();
      // A tier that the offers have sold out may have opened another one.
      if (after !== null) after.mayOffer = isBehind || after.openedTiers.size > terms.openedTiers.size;
      return moved;
    } catch (error) {
      terms.isStale = true;
      this.#retryAtMs = nowMs + RETRY_MS;
      this.#isMoved = true;
      this.#report(error, "look at the waiting list");
      return 0;
    }
  }

  /** For a command that found no room: whether those who wait have got what was theirs, and what remains may be asked for. */
  makesWay(nowMs: number): boolean {
    const terms = this.#known();
    if (terms === null || !this.#isConcerned(terms)) return false;
    const isDue = terms.mayOffer || (this.#nextTurnMs(terms) ?? Number.POSITIVE_INFINITY) <= nowMs;
    return isDue && this.look(nowMs) > 0;
  }

  /** After a command that wrote of the list. */
  stir(): void {
    this.#isMoved = true;
  }

  /** After a batch: when to look at what it wrote, null where it wrote nothing. */
  noteBatch(nowMs: number): number | null {
    if (!this.#isMoved) return null;
    this.#isMoved = false;
    return nowMs;
  }

  /** When there is something to do by the clock alone: somebody's turn, or an address that is to go. */
  dueMs(): number | null {
    const dues = [this.#lookDueMs(), nextErasureMs(this.#storage.sql)].filter((dueMs) => dueMs !== null);
    return dues.length === 0 ? null : Math.min(...dues);
  }

  #lookDueMs(): number | null {
    if (this.#retryAtMs !== null) return this.#retryAtMs;
    const terms = this.#known();
    if (terms === null || !this.#isConcerned(terms)) return null;
    return terms.mayOffer ? Date.now() : this.#nextTurnMs(terms);
  }

  /** Somebody waits, or may have an offer that nothing will come of. */
  #isConcerned(terms: Terms): boolean {
    return terms.wishes.length > 0 || (terms.state === "cancelled" && terms.mayOffer && !this.#hasEnded);
  }

  /** When a sale begins or ends by the clock alone, of which nobody has taken notice yet. */
  #nextTurnMs(terms: Terms): number | null {
    const times = [...terms.types.values()].flatMap(({ saleStartMs, saleEndMs }) => [saleStartMs, saleEndMs]);
    const ahead = [terms.endMs, ...times].filter((timeMs) => timeMs !== null).filter((timeMs) => timeMs > this.#lookedAtMs);
    return ahead.length === 0 ? null : Math.min(...ahead);
  }

  #lookAt(terms: Terms, nowMs: number, newcomer: string | null): Looked {
    const { sql } = this.#storage;
    if (terms.state !== "open" || nowMs >= terms.endMs || !terms.allowWaitlist)
      return endList(sql, terms, nowMs, MOVED_AT_A_TIME);
    return offerStock(sql, terms, nowMs, MOVED_AT_A_TIME, { newcomer, attempt: (work) => this.#attempt(work) });
  }

  /** False when it failed, and nothing of it stands: one entry that cannot be served keeps nobody else waiting. */
  #attempt(work: () => void): boolean {
    try {
      this.#storage.transactionSync(work);
      return true;
    } catch (error) {
      this.#report(error, "offer what came back to somebody who waits");
      return false;
    }
  }
}
