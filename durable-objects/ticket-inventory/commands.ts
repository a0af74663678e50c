/** How the object's commands and questions are run: over the terms as they stand, and changes in the one write path (rule 9). */
import type { Refusal } from "../../shared/contracts/problems";
import { type Result, refuse } from "../../shared/contracts/result";
import { AlarmClock } from "../../shared/durable/alarm-clock";
import { type CommitStatistics, GroupCommit } from "../../shared/durable/group-commit";
import { hasSchema } from "../../shared/durable/migrations";
import { DueHolds } from "./due-holds";
import { readTerms, type Terms } from "./event";
import { nextDueMs, type Report } from "./expiry";
import { type Feeds, InventoryFeed } from "./feed";
import { InventoryNews } from "./news";
import { WaitingList } from "./waiting-list";

export const NOT_OPENED: Refusal<"event_not_found"> = { code: "event_not_found" };

export class Commands {
  readonly clock: AlarmClock;
  readonly news: InventoryNews;
  readonly feed: InventoryFeed;
  readonly due: DueHolds;
  readonly waiting: WaitingList;
  readonly #sql: SqlStorage;
  readonly #commits: GroupCommit<Refusal>;
  /** Read once and dropped by every write of the terms; null also while nobody has opened the event. */
  #terms: Terms | null = null;

  /** `isGrouped` false: a commit a command, which is the bench's comparison. */
  constructor(ctx: DurableObjectState, feeds: Feeds, isGrouped: boolean, report: Report) {
    this.#sql = ctx.storage.sql;
    this.news = new InventoryNews(this.#sql);
    this.feed = new InventoryFeed(this.#sql, feeds, () => this.known());
    this.waiting = new WaitingList(
      ctx.storage,
      () => this.known(),
      () => this.#stir(),
      report,
    );
    this.due = new DueHolds(ctx.storage, () => this.known(), this.waiting, report);
    this.clock = new AlarmClock(ctx.storage, () => this.#nextDueMs());
    const hooks = {
      // The alarm never stands later than the first end, so that before it there is nothing to look for.
      beforeBatch: (nowMs: number) => this.due.startBatch(this.clock.isDue(nowMs), nowMs),
      reconsider: <E extends Refusal>(refusal: E, nowMs: number) => this.due.makeRoom(refusal, nowMs),
      afterBatch: (nowMs: number) => this.#setClock(nowMs),
    };
    this.#commits = isGrouped ? new GroupCommit(ctx, hooks) : new GroupCommit(ctx, hooks, 1);
  }

  /** The event's terms, null while nobody has opened it. */
  known(): Terms | null {
    // An object without a schema must stay without a file (rule 7), so that nothing but this read may come before `open`.
    if (this.#terms === null ? hasSchema(this.#sql) : this.#terms.isStale) this.#terms = readTerms(this.#sql);
    return this.#terms;
  }

  async read<T, E extends Refusal = never>(
    look: (terms: Terms, nowMs: number) => Result<T, E>,
  ): Promise<Result<T, E | Refusal<"event_not_found">>> {
    const terms = this.known();
    return terms === null ? refuse(NOT_OPENED) : look(terms, Date.now());
  }

  /** Every command of an opened event. The terms are read again in the batch: a change may have come between. */
  async write<T, E extends Refusal = never>(
    command: (terms: Terms, nowMs: number) => Result<T, E>,
    keep?: (refusal: Refusal, nowMs: number) => void,
  ): Promise<Result<T, E | Refusal<"event_not_found">>> {
    if (this.known() === null) return refuse(NOT_OPENED);
    return this.#commits.run<T, E | Refusal<"event_not_found">>((nowMs) => {
      try {
        const terms = this.known();
        const outcome = terms === null ? refuse(NOT_OPENED) : command(terms, nowMs);
        if (outcome.ok) this.#settle(nowMs);
        return outcome;
      } catch (error) {
        // They may have been read again from what is undone now.
        this.#terms = null;
        throw error;
      }
    }, keep);
  }

  /** A command that changes the terms, after which nobody decides by remembered ones, whether it was kept or rolled back. */
  rewrite<T, E extends Refusal>(command: (nowMs: number) => Result<T, E>): Promise<Result<T, E>> {
    return this.#commits.run((nowMs) => {
      this.#terms = null;
      const outcome = command(nowMs);
      this.waiting.stir();
      if (outcome.ok) this.#settle(nowMs);
      return outcome;
    });
  }

  /** The object's own work, which is no change of the event and no news. */
  run<T>(work: (nowMs: number) => Result<T, never>): Promise<Result<T, never>> {
    return this.#commits.run(work);
  }

  /** For a start of the object, when nobody knows what was told. */
  restore(terms: Terms, nowMs: number): void {
    this.news.restore(terms, nowMs);
    this.feed.restore(terms, nowMs);
  }

  statistics(): CommitStatistics {
    return this.#commits.statistics();
  }

  /** What follows a command that has succeeded, in its transaction. */
  #settle(nowMs: number): void {
    this.#stir();
    this.waiting.settle(nowMs);
  }

  #stir(): void {
    this.news.stir();
    this.feed.stir();
  }

  #setClock(nowMs: number): Promise<void> | undefined {
    for (const lookAtMs of [this.news.noteBatch(nowMs), this.feed.noteBatch(nowMs), this.waiting.noteBatch(nowMs)])
      if (lookAtMs !== null) this.clock.dueBy(lookAtMs);
    return this.clock.set();
  }

  #nextDueMs(): number | null {
    if (this.known() === null) return null;
    const dues = [nextDueMs(this.#sql), ...this.news.dues(), this.feed.dueMs(), this.waiting.dueMs()].filter(
      (dueMs) => dueMs !== null,
    );
    return dues.length > 0 ? Math.min(...dues) : null;
  }
}
