import { DurableObject } from "cloudflare:workers";
import type { Entered, Guarded, GuardLimits } from "../../shared/contracts/login-guard";
import { hasSchema, migrateSchema } from "../../shared/durable/migrations";
import { LOGIN_GUARD_SCHEMA } from "./migrations";
import { countWrong, DAY_MS, forgetWrong, standingOf } from "./tries";

/** A try whose end nobody told, because its isolate is gone, is over after this. */
const MAX_TRY_MS = 30_000;
const RETRY_SOON_MS = 1_000;
const FREE: Guarded = { waitMs: 0, locked: false };

/**
 * One object a person's address, whether it has an account or not, and one a network's. It writes only what was wrong, and forgets
 * itself after a day, so that names that somebody makes up leave nothing behind.
 */
export class LoginGuard extends DurableObject<object> {
  readonly #storage: DurableObjectStorage;
  /** When each try that is being looked at began. In memory alone: it bounds work, the count bounds guesses. */
  #running: number[] = [];

  constructor(ctx: DurableObjectState, env: object) {
    super(ctx, env);
    this.#storage = ctx.storage;
    if (hasSchema(ctx.storage.sql)) migrateSchema(ctx.storage, LOGIN_GUARD_SCHEMA);
  }

  /** Before a password is looked at. One that may go on tells its end by `wrong`, `right` or `leave`. */
  enter(limits: GuardLimits): Entered {
    const nowMs = Date.now();
    const { waitMs, wrong } = this.#standing(nowMs);
    this.#running = this.#running.filter((startedMs) => startedMs > nowMs - MAX_TRY_MS);
    const suspicion = wrong + this.#running.length;
    if (waitMs > 0) return { waitMs, suspicion };
    if (this.#running.length >= limits.atOnce) return { waitMs: RETRY_SOON_MS, suspicion };
    this.#running.push(nowMs);
    return { waitMs: 0, suspicion };
  }

  /** Answers with a wait when others, at the same time, had used up the tries before this one. */
  async wrong(limits: GuardLimits): Promise<Guarded> {
    const nowMs = Date.now();
    this.#running.shift();
    if (!hasSchema(this.#storage.sql)) {
      migrateSchema(this.#storage, LOGIN_GUARD_SCHEMA);
      await this.#storage.setAlarm(nowMs + DAY_MS);
    }
    return this.#storage.transactionSync(() => countWrong(this.#storage.sql, limits, nowMs));
  }

  /** A right password lets nobody in whom others' wrong ones have locked out meanwhile: many guesses at once are no way past a lock. */
  right(): Guarded {
    this.#running.shift();
    const { waitMs } = this.#standing(Date.now());
    if (waitMs > 0) return { waitMs, locked: false };
    if (hasSchema(this.#storage.sql)) forgetWrong(this.#storage.sql);
    return FREE;
  }

  /** A try that ended otherwise. */
  leave(): void {
    this.#running.shift();
  }

  /** Its owner has shown who he is by other means. */
  unlock(): void {
    if (hasSchema(this.#storage.sql)) forgetWrong(this.#storage.sql);
  }

  override async alarm(): Promise<void> {
    const nowMs = Date.now();
    if (this.#standing(nowMs).waitMs > 0) await this.#storage.setAlarm(nowMs + DAY_MS);
    else await this.#storage.deleteAll();
  }

  #standing(nowMs: number): { waitMs: number; wrong: number } {
    return hasSchema(this.#storage.sql) ? standingOf(this.#storage.sql, nowMs) : { waitMs: 0, wrong: 0 };
  }
}
