/** `TicketInventory`, one object an event: the only place where order matters (rules 6 to 15). */
import { DurableObject } from "cloudflare:workers";
import type {
  CheckInRequest,
  ConfirmRequest,
  HoldRequest,
  InventoryConfig,
  Line,
  TicketInventoryRpc,
} from "../../shared/contracts/inventory";
import type { Refusal } from "../../shared/contracts/problems";
import { ok, type Result, refuse } from "../../shared/contracts/result";
import { AlarmClock } from "../../shared/durable/alarm-clock";
import { type CommitStatistics, GroupCommit } from "../../shared/durable/group-commit";
import { hasSchema, migrateSchema } from "../../shared/durable/migrations";
import { sendTaken, type Taken } from "../../shared/durable/outbox";
import { reportError } from "../../shared/observability/report";
import * as admissions from "./admissions";
import { tellAvailability } from "./availability";
import { tellPools } from "./available";
import { DueHolds } from "./due-holds";
import * as event from "./event";
import { nextDueMs } from "./expiry";
import * as changes from "./hold-changes";
import * as holds from "./holds";
import { keepRefusal, placeKeyedHold } from "./kept-refusals";
import { INVENTORY_SCHEMA } from "./migrations";
import { InventoryNews } from "./news";
import * as orders from "./orders";
import * as tickets from "./tickets";

/** Due holds ended by one alarm, which must not keep those who buy waiting. */
const EXPIRED_PER_ALARM = 500;
/** Before the next alarm, when one could not do its work. */
const ALARM_RETRY_MS = 5_000;

/** What the object reads of its Worker's environment. */
export interface TicketInventoryEnv {
  /** `off` is a commit a command: the bench's comparison, set nowhere else. */
  GROUP_COMMIT?: string;
  ANALYTICS_MAILBOX: Queue;
  ENVIRONMENT: string;
  SENTRY_DSN?: string;
}

const NOT_OPENED: Refusal<"event_not_found"> = { code: "event_not_found" };

export class TicketInventory extends DurableObject<TicketInventoryEnv> implements TicketInventoryRpc {
  readonly #sql: SqlStorage;
  readonly #commits: GroupCommit<Refusal>;
  readonly #clock: AlarmClock;
  readonly #news: InventoryNews;
  readonly #due: DueHolds;
  /** Read once and dropped by every write of the terms; null also while nobody has opened the event. */
  #terms: event.Terms | null = null;

  constructor(ctx: DurableObjectState, env: TicketInventoryEnv) {
    super(ctx, env);
    this.#sql = ctx.storage.sql;
    this.#news = new InventoryNews(this.#sql);
    this.#due = new DueHolds(this.#sql, () => this.#known());
    this.#clock = new AlarmClock(ctx.storage, () => this.#nextDueMs());
    const hooks = {
      // The alarm never stands later than the first end, so that before it there is nothing to look for.
      beforeBatch: (nowMs: number) => this.#due.startBatch(this.#clock.isDue(nowMs), nowMs),
      reconsider: <E extends Refusal>(refusal: E, nowMs: number) => this.#due.makeRoom(refusal, nowMs),
      afterBatch: (nowMs: number) => this.#setClock(nowMs),
    };
    this.#commits = env.GROUP_COMMIT === "off" ? new GroupCommit(ctx, hooks, 1) : new GroupCommit(ctx, hooks);
    if (!hasSchema(this.#sql)) return;
    migrateSchema(ctx.storage, INVENTORY_SCHEMA);
    ctx.blockConcurrencyWhile(async () => {
      const terms = this.#known();
      if (terms !== null) this.#news.restore(terms, Date.now());
      await this.#clock.restore();
    });
  }

  open(config: InventoryConfig) {
    return this.#rewrite((nowMs) => {
      migrateSchema(this.ctx.storage, INVENTORY_SCHEMA);
      return event.openEvent(this.#sql, config, nowMs);
    });
  }

  async reconfigure(config: InventoryConfig) {
    if (this.#known() === null) return refuse(NOT_OPENED);
    return this.#rewrite((nowMs) => event.reconfigureEvent(this.#sql, config, nowMs));
  }

  async close(reason: "cancelled" | "completed") {
    if (this.#known() === null) return refuse(NOT_OPENED);
    return this.#rewrite(() => event.closeEvent(this.#sql, reason));
  }

  placeHold(request: HoldRequest) {
    if (request.keyed) return this.#placeKeyedHold(request);
    return this.#write((terms, nowMs) => {
      this.#clock.dueBy(nowMs + terms.holdMs);
      return holds.placeHold(this.#sql, terms, request, nowMs);
    });
  }

  hold(holdId: string) {
    return this.#read((terms, nowMs) => holds.readHold(this.#sql, terms, holdId, nowMs));
  }

  changeHold(holdId: string, items: Line[], partial = false) {
    return this.#write((terms, nowMs) => changes.changeHold(this.#sql, terms, { holdId, items, partial }, nowMs));
  }

  extendHold(holdId: string) {
    return this.#write((terms, nowMs) => changes.extendHold(this.#sql, terms, holdId, nowMs));
  }

  reacquireHold(holdId: string) {
    return this.#write((terms, nowMs) => {
      this.#clock.dueBy(nowMs + terms.holdMs);
      return changes.reacquireHold(this.#sql, terms, holdId, nowMs);
    });
  }

  releaseHold(holdId: string) {
    return this.#write((terms) => changes.releaseHold(this.#sql, terms, holdId));
  }

  claim(claim: orders.HoldClaim) {
    return this.#write((terms, nowMs) => {
      this.#clock.dueBy(nowMs + terms.holdMs);
      return orders.claimHold(this.#sql, terms, claim, nowMs);
    });
  }

  extend(orderId: string, untilMs: number) {
    return this.#write((terms, nowMs) => {
      this.#clock.dueBy(Math.min(untilMs, terms.endMs));
      return orders.extendOrder(this.#sql, terms, orderId, untilMs, nowMs);
    });
  }

  confirm(request: ConfirmRequest) {
    return this.#write((terms, nowMs) => orders.confirmOrder(this.#sql, terms, request, nowMs));
  }

  async confirmMany(requests: ConfirmRequest[]) {
    return orders.each(requests, async (request) => orders.withoutTickets(await this.confirm(request)));
  }

  release(orderId: string, reason: string) {
    return this.#write((terms, nowMs) => orders.releaseOrder(this.#sql, terms, orderId, reason, nowMs));
  }

  async releaseMany(orderIds: string[], reason: string) {
    return orders.each(orderIds, (orderId) => this.release(orderId, reason));
  }

  async voidMany(orderIds: string[]) {
    return orders.each(orderIds, (orderId) => this.#write((terms) => tickets.voidOrder(this.#sql, terms, orderId)));
  }

  hasPaidTickets() {
    return this.#read(() => ok(tickets.hasPaidTickets(this.#sql)));
  }

  voidTickets(orderId: string, ticketIds: string[] | null) {
    return this.#write((terms) => tickets.voidTickets(this.#sql, terms, orderId, ticketIds));
  }

  ticketsOf(orderId: string) {
    return this.#read((terms) => ok(tickets.ticketsOfOrder(this.#sql, terms, orderId)));
  }

  async checkIn(request: CheckInRequest) {
    const answer = await this.#write((terms, nowMs) => admissions.checkIn(this.#sql, terms, request, nowMs));
    return answer.ok ? answer.value : answer;
  }

  availability() {
    return this.#read((terms, nowMs) => ok(tellAvailability(this.#sql, terms, nowMs)));
  }

  pools() {
    return this.#read((terms, nowMs) => ok(tellPools(this.#sql, terms, nowMs)));
  }

  /** For the bench: how many commands shared a commit since the object was started. */
  async commitStatistics(): Promise<CommitStatistics> {
    return this.#commits.statistics();
  }

  /** Ends what is due, tells the news and sets the next one. It catches: the platform gives a throwing alarm up after six tries. */
  override async alarm(): Promise<void> {
    if (this.#known() === null) return;
    this.#clock.ring();
    const done = await Promise.all([
      this.#try("end what is due", () => this.#commits.run((nowMs) => ok(this.#due.expire(nowMs, EXPIRED_PER_ALARM)))),
      this.#try("tell the news", () => this.#tellNews()),
    ]);
    this.#clock.hasRung();
    if (done.includes(false)) await this.#clock.putOff(Date.now() + ALARM_RETRY_MS);
  }

  /** False when it failed: neither of the alarm's tasks keeps the other from its work. */
  async #try(task: string, work: () => Promise<unknown>): Promise<boolean> {
    try {
      await work();
      return true;
    } catch (error) {
      reportError(error, this.env, this.ctx, { task: `alarm: ${task}` });
      return false;
    }
  }

  /** Written in one transaction, sent when that is durable, deleted when it was sent. What did not leave comes due by itself. */
  async #tellNews(): Promise<void> {
    const taken = await this.#commits.run((nowMs) => {
      const terms = this.#known();
      const news = terms === null ? null : this.#news.take(terms, nowMs);
      this.#clock.hasRung();
      return ok(news);
    });
    if (taken.ok) await this.#try("send the news", () => this.#send(taken.value));
  }

  async #send(taken: Taken | null): Promise<void> {
    if (taken === null) return;
    const { envelopes, unreadable, again } = taken;
    if (envelopes.length > 0) {
      const sent = await sendTaken({ analytics: this.env.ANALYTICS_MAILBOX }, envelopes);
      await this.#commits.run(() => ok(this.#news.forget(sent, again)));
    }
    if (unreadable.length > 0) throw new Error(`rows of the outbox cannot be read: ${unreadable.slice(0, 10).join(", ")}`);
  }

  async #placeKeyedHold(request: HoldRequest) {
    const answer = await this.#write(
      (terms, nowMs) => {
        this.#clock.dueBy(nowMs + terms.holdMs);
        return placeKeyedHold(this.#sql, terms, request, nowMs);
      },
      (refusal, nowMs) => keepRefusal(this.#sql, request, refusal, nowMs),
    );
    return answer.ok ? answer.value : answer;
  }

  #known(): event.Terms | null {
    // An object without a schema must stay without a file (rule 7), so that nothing but this read may come before `open`.
    if (this.#terms === null ? hasSchema(this.#sql) : this.#terms.isStale) this.#terms = event.readTerms(this.#sql);
    return this.#terms;
  }

  async #read<T, E extends Refusal = never>(
    look: (terms: event.Terms, nowMs: number) => Result<T, E>,
  ): Promise<Result<T, E | Refusal<"event_not_found">>> {
    const terms = this.#known();
    return terms === null ? refuse(NOT_OPENED) : look(terms, Date.now());
  }

  /** Every command of an opened event. The terms are read again in the batch: a change may have come between. */
  async #write<T, E extends Refusal>(
    command: (terms: event.Terms, nowMs: number) => Result<T, E>,
    keep?: (refusal: Refusal, nowMs: number) => void,
  ): Promise<Result<T, E | Refusal<"event_not_found">>> {
    if (this.#known() === null) return refuse(NOT_OPENED);
    return this.#commits.run<T, E | Refusal<"event_not_found">>((nowMs) => {
      const terms = this.#known();
      const outcome = terms === null ? refuse(NOT_OPENED) : command(terms, nowMs);
      if (outcome.ok) this.#news.stir();
      return outcome;
    }, keep);
  }

  /** A command that changes the terms, after which nobody decides by remembered ones, whether it was kept or rolled back. */
  #rewrite<T, E extends Refusal>(command: (nowMs: number) => Result<T, E>): Promise<Result<T, E>> {
    return this.#commits.run((nowMs) => {
      this.#terms = null;
      this.#news.stir();
      return command(nowMs);
    });
  }

  #setClock(nowMs: number): Promise<void> | undefined {
    const lookAtMs = this.#news.noteBatch(nowMs);
    if (lookAtMs !== null) this.#clock.dueBy(lookAtMs);
    return this.#clock.set();
  }

  #nextDueMs(): number | null {
    if (this.#known() === null) return null;
    const dues = [nextDueMs(this.#sql), ...this.#news.dues()].filter((dueMs) => dueMs !== null);
    return dues.length > 0 ? Math.min(...dues) : null;
  }
}
