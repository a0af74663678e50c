/**
 * The one write path of a Durable Object (rule 9). Commands that arrive while a commit is in flight wait and share the next one:
 * `storage.sync()` does not close the input gate, so that the calls which came in the meantime stand in line when it resolves.
 */
import type { Result } from "../contracts/result";

/** Keeps one batch's hold on the thread short: about 25 µs for each savepoint. */
export const MAX_BATCH_COMMANDS = 256;

/** The answer of `reconsider` that runs a refused command once more. */
export const AGAIN = Symbol("again");
/** The answer of `reconsider` that leaves a refused command, first in line, to the next batch. */
export const LATER = Symbol("later");

export interface CommitStatistics {
  commits: number;
  commands: number;
  /** Batch size → how many commits had it. */
  histogram: Record<number, number>;
}

export interface GroupCommitHooks<R extends { code: string }> {
  /** Housekeeping before a batch's commands, in a savepoint of its own: if it throws, it alone is undone and the batch goes on. */
  beforeBatch(nowMs: number): void;
  /**
   * Sees a refusal after its writes were rolled back, in a savepoint of its own. It may complete it, or make room and answer `AGAIN`,
   * which must come to an end, or `LATER`.
   */
  reconsider<E extends R>(refusal: E, nowMs: number): E | typeof AGAIN | typeof LATER;
  /** Runs after the batch's transaction and commits together with it: the place for `setAlarm`. */
  afterBatch(nowMs: number): Promise<void> | undefined;
}

interface Waiting {
  /** Runs the command inside the batch's transaction and answers how to tell its caller once that is durable, null to run it again. */
  decide(nowMs: number): (() => void) | null;
  reject(error: unknown): void;
}

/** Carries a refusal out of `transactionSync`, which rolls back only for an exception. */
class Refused<E> {
  constructor(readonly error: E) {}
}

export class GroupCommit<R extends { code: string }> {
  readonly #ctx: DurableObjectState;
  readonly #hooks: GroupCommitHooks<R>;
  readonly #maxBatch: number;
  #waiting: Waiting[] = [];
  #committing = false;
  #statistics: CommitStatistics = { commits: 0, commands: 0, histogram: {} };

  /** `maxBatch` 1 is a commit for each command, which then waits for no other's: what the bench compares with. */
  constructor(ctx: DurableObjectState, hooks: GroupCommitHooks<R>, maxBatch = MAX_BATCH_COMMANDS) {
    this.#ctx = ctx;
    this.#hooks = hooks;
    this.#maxBatch = maxBatch;
  }

  /**
   * Answers once the command's writes are durable. `ok: false` leaves no write; a throw rejects this caller alone. `apply` may run more
   * than once (`AGAIN`, `LATER`), must be synchronous, and must keep nothing in memory that a rollback would not undo. `keep` writes a
   * refusal down, in a savepoint of its own, where it must be the same the next time.
   */
  run<T, E extends R>(apply: (nowMs: number) => Result<T, E>, keep?: (refusal: E, nowMs: number) => void): Promise<Result<T, E>> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({
        reject,
        decide: (nowMs) => {
          try {
            const outcome = this.#decide(apply, nowMs);
            if (outcome === LATER) return null;
            if (!outcome.ok && keep) this.#ctx.storage.transactionSync(() => keep(outcome.error, nowMs));
            return () => resolve(outcome);
          } catch (error) {
            return () => reject(error);
          }
        },
      });
      if (!this.#committing || this.#maxBatch === 1) void this.#drain();
    });
  }

  statistics(): CommitStatistics {
    return structuredClone(this.#statistics);
  }

  #decide<T, E extends R>(apply: (nowMs: number) => Result<T, E>, nowMs: number): Result<T, E> | typeof LATER {
    for (;;) {
      const outcome = this.#inSavepoint(() => apply(nowMs));
      if (outcome.ok) return outcome;
      const verdict = this.#ctx.storage.transactionSync(() => this.#hooks.reconsider(outcome.error, nowMs));
      if (verdict === LATER) return LATER;
      if (verdict !== AGAIN) return { ok: false, error: verdict };
    }
  }

  #inSavepoint<T, E extends R>(command: () => Result<T, E>): Result<T, E> {
    try {
      return this.#ctx.storage.transactionSync(() => {
        const outcome = command();
        if (!outcome.ok) throw new Refused(outcome.error);
        return outcome;
      });
    } catch (thrown) {
      if (thrown instanceof Refused) return { ok: false, error: thrown.error };
      throw thrown;
    }
  }

  async #drain(): Promise<void> {
    const { storage } = this.#ctx;
    let batch: Waiting[] = [];
    this.#committing = true;
    try {
      while (this.#waiting.length > 0) {
        batch = this.#waiting.splice(0, this.#maxBatch);
        const nowMs = Date.now();
        const settlements = storage.transactionSync(() => {
          this.#keepHouse(nowMs);
          return batch.map((command) => command.decide(nowMs));
        });
        // Started in the same turn as the transaction, so that the platform commits both or neither.
        const after = this.#hooks.afterBatch(nowMs);
        await Promise.all([after, storage.sync()]);
        const postponed = batch.filter((_, index) => settlements[index] === null);
        this.#count(batch.length - postponed.length);
        for (const settle of settlements) settle?.();
        this.#waiting.unshift(...postponed);
        batch = [];
      }
    } catch (error) {
      // What is durable is unknown now: nobody may hear "done", and memory must not outlive the storage that it was read from.
      for (const command of [...batch, ...this.#waiting.splice(0)]) command.reject(error);
      // Not in the turn of the call that failed: workerd never lets go of a call that aborts its own object (seen).
      await scheduler.wait(0);
      this.#ctx.abort("a group commit failed");
    } finally {
      this.#committing = false;
    }
  }

  #keepHouse(nowMs: number): void {
    try {
      this.#ctx.storage.transactionSync(() => this.#hooks.beforeBatch(nowMs));
    } catch (error) {
      console.error("housekeeping before a batch failed", error);
    }
  }

  #count(size: number): void {
    const { histogram } = this.#statistics;
    this.#statistics.commits += 1;
    this.#statistics.commands += size;
    histogram[size] = (histogram[size] ?? 0) + 1;
  }
}
