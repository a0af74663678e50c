import { DurableObject } from "cloudflare:workers";
import type { Entered, Guarded, GuardLimits } from "../../shared/contracts/login-guard";
import { hasSchema, migrateSchema } from "../../shared/durable/migrations";
import { type ReportingEnv, reportError } from "../../shared/observability/report";
import { LOGIN_GUARD_SCHEMA } from "./migrations";
import { countWrong, forgetWrong, standingOf } from "./tries";

/** A try whose end nobody told, because its isolate is gone, is over after this: twice what one waits for its comparison at most. */
const MAX_TRY_MS = 90_000;
const RETRY_SOON_MS = 1_000;
/** The platform gives up on an alarm that throws. */
const ALARM_RETRY_MS = 60_000;
const FREE: Guarded = { waitMs: 0, locked: false };

/**
 * One object a person's address, whether it has an account or not, and one a network's. It writes only what was wrong, and forgets
 * itself, so that names that somebody makes up leave nothing behind.
 */
export class LoginGuard extends DurableObject<ReportingEnv> {
  readonly #storage: DurableObjectStorage;
  /** When each try that is being looked at began. In memory alone: it bounds work, the count bounds guesses. */
  #running: number[] = [];
  /** Right ones of a network, since the object is in memory: of an office with many, some wrong ones say nothing. */
  #right = 0;

  constructor(ctx: DurableObjectState, env: ReportingEnv) {
    super(ctx, env);
    this.#storage = ctx.storage;
    if (!hasSchema(ctx.storage.sql)) return;
    migrateSchema(ctx.storage, LOGIN_GUARD_SCHEMA);
    ctx.waitUntil(this.#armAlarm(Date.now()).catch((error: unknown) => this.#report(error)));
  }

  /** Before a password is looked at. One that may go on tells its end by `wrong`, `right` or `leave`. */
  enter(limits: GuardLimits): Entered {
    const nowMs = Date.now();
    const { waitMs, wrong } = this.#standing(nowMs, limits.windowMs);
    this.#running = this.#running.filter((startedMs) => startedMs > nowMs - MAX_TRY_MS);
    // What was locked for is paid: its owner must not queue behind a flood for it.
    const suspicion =
      (limits.lockAt === null ? Math.floor(wrong / (1 + this.#right)) : wrong % limits.lockAt) + this.#running.length;
    if (waitMs > 0) return { waitMs, suspicion };
    if (this.#running.length >= limits.atOnce) return { waitMs: RETRY_SOON_MS, suspicion };
    this.#running.push(nowMs);
    return { waitMs: 0, suspicion };
  }

  /** Answers with a wait when others, at the same time, had used up the tries before this one. */
  async wrong(limits: GuardLimits): Promise<Guarded> {
    const nowMs = Date.now();
    this.#running.shift();
    const isNew = !hasSchema(this.#storage.sql);
    if (isNew) migrateSchema(this.#storage, LOGIN_GUARD_SCHEMA);
    const counted = this.#storage.transactionSync(() => countWrong(this.#storage.sql, limits, nowMs));
    if (isNew) await this.#armAlarm(nowMs);
    return counted;
  }

  /** A right password lets nobody in whom others' wrong ones have locked out meanwhile: many guesses at once are no way past a lock. */
  right(): Guarded {
    this.#running.shift();
    const { waitMs } = this.#standing(Date.now());
    if (waitMs > 0) return { waitMs, locked: false };
    if (hasSchema(this.#storage.sql)) forgetWrong(this.#storage.sql);
    return FREE;
  }

  /** A try that ended otherwise, or where a right one clears no count. */
  leave({ right = false }: { right?: boolean } = {}): void {
    this.#running.shift();
    if (right) this.#right++;
  }

  /** Its owner has shown who he is by other means. */
  unlock(): void {
    if (hasSchema(this.#storage.sql)) forgetWrong(this.#storage.sql);
  }

  override async alarm(): Promise<void> {
    const nowMs = Date.now();
    try {
      if (this.#standing(nowMs).forgetAtMs <= nowMs) await this.#storage.deleteAll();
      else await this.#armAlarm(nowMs);
    } catch (error) {
      this.#report(error);
      await this.#storage.setAlarm(nowMs + ALARM_RETRY_MS);
    }
  }

  #report(error: unknown): void {
    reportError(error, this.env, this.ctx, { task: "alarm: forget wrong passwords" });
  }

  /** At the end of what is remembered; one that stands already looks then, and is set anew. */
  async #armAlarm(nowMs: number): Promise<void> {
    if ((await this.#storage.getAlarm()) !== null) return;
    await this.#storage.setAlarm(Math.max(this.#standing(nowMs).forgetAtMs, nowMs + 1));
  }

  #standing(nowMs: number, windowMs?: number): ReturnType<typeof standingOf> {
    if (!hasSchema(this.#storage.sql)) return { waitMs: 0, wrong: 0, forgetAtMs: 0 };
    return standingOf(this.#storage.sql, nowMs, windowMs);
  }
}
