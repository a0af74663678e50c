/** `TicketInventory`, one object an event: the only place where order matters (rules 6 to 15). */
import { DurableObject } from "cloudflare:workers";
import type { CheckInRequest } from "../../shared/contracts/admissions";
import type { FedInventoryRpc } from "../../shared/contracts/feed";
import type { ConfirmRequest, HoldRequest, InventoryConfig, Line } from "../../shared/contracts/inventory";
import type { HoldClaim, TicketInventoryRpc } from "../../shared/contracts/inventory-rpc";
import { ok, refuse } from "../../shared/contracts/result";
import type { SeatMapPart, SeatMove } from "../../shared/contracts/seats";
import type { WaitingQuestion, WaitingRequest } from "../../shared/contracts/waiting";
import type { CommitStatistics } from "../../shared/durable/group-commit";
import { hasSchema, migrateSchema } from "../../shared/durable/migrations";
import { reportError } from "../../shared/observability/report";
import * as admissions from "./admissions";
import { tellAvailabilityAndHeld } from "./availability";
import { tellPools } from "./available";
import { Commands, NOT_OPENED } from "./commands";
import * as event from "./event";
import type { Feeds } from "./feed";
import * as changes from "./hold-changes";
import * as holds from "./holds";
import { keepRefusal, placeKeyedHold } from "./kept-refusals";
import { INVENTORY_SCHEMA } from "./migrations";
import { tellNews } from "./news-round";
import * as orders from "./orders";
import { installSeats } from "./seat-map";
import { swapSeats } from "./seat-swaps";
import * as seats from "./seats";
import * as tickets from "./tickets";
import { openTiers } from "./tiers";
import { WaitingDoors } from "./waiting-doors";

/** Due holds ended by one alarm, which must not keep those who buy waiting. */
const EXPIRED_PER_ALARM = 500;
/** Before the next alarm, when one could not do its work. */
const ALARM_RETRY_MS = 5_000;

/** What the object reads of its Worker's environment. */
export interface TicketInventoryEnv {
  /** `off` is a commit a command: the bench's comparison, set nowhere else. */
  GROUP_COMMIT?: string;
  ANALYTICS_MAILBOX: Queue;
  NOTIFICATIONS_MAILBOX: Queue;
  AVAILABILITY_FEED: Feeds;
  ENVIRONMENT: string;
  SENTRY_DSN?: string;
}

export class TicketInventory extends DurableObject<TicketInventoryEnv> implements TicketInventoryRpc, FedInventoryRpc {
  readonly #sql: SqlStorage;
  readonly #commands: Commands;
  readonly #waiting: WaitingDoors;

  constructor(ctx: DurableObjectState, env: TicketInventoryEnv) {
    super(ctx, env);
    this.#sql = ctx.storage.sql;
    this.#commands = new Commands(ctx, env.AVAILABILITY_FEED, env.GROUP_COMMIT !== "off", (error, task) =>
      reportError(error, env, ctx, { task }),
    );
    this.#waiting = new WaitingDoors(this.#sql, this.#commands);
    if (!hasSchema(this.#sql)) return;
    migrateSchema(ctx.storage, INVENTORY_SCHEMA);
    ctx.blockConcurrencyWhile(async () => {
      const terms = this.#commands.known();
      if (terms !== null) this.#commands.restore(terms, Date.now());
      await this.#commands.clock.restore();
    });
  }

  open(config: InventoryConfig) {
    return this.#commands.rewrite((nowMs) => {
      migrateSchema(this.ctx.storage, INVENTORY_SCHEMA);
      return event.openEvent(this.#sql, config, nowMs);
    });
  }

  async reconfigure(config: InventoryConfig) {
    if (this.#commands.known() === null) return refuse(NOT_OPENED);
    return this.#commands.rewrite((nowMs) => event.reconfigureEvent(this.#sql, config, nowMs));
  }

  async close(reason: "cancelled" | "completed") {
    if (this.#commands.known() === null) return refuse(NOT_OPENED);
    return this.#commands.rewrite(() => event.closeEvent(this.#sql, reason));
  }

  placeHold(request: HoldRequest) {
    if (request.keyed) return this.#placeKeyedHold(request);
    return this.#commands.write((terms, nowMs) => {
      this.#commands.clock.dueBy(nowMs + terms.holdMs);
      return holds.placeHold(this.#sql, terms, request, nowMs);
    });
  }

  hold(holdId: string) {
    return this.#commands.read((terms, nowMs) => holds.readHold(this.#sql, terms, holdId, nowMs));
  }

  changeHold(holdId: string, items: Line[], partial = false) {
    return this.#commands.write((terms, nowMs) => changes.changeHold(this.#sql, terms, { holdId, items, partial }, nowMs));
  }

  extendHold(holdId: string) {
    return this.#commands.write((terms, nowMs) => changes.extendHold(this.#sql, terms, holdId, nowMs));
  }

  reacquireHold(holdId: string) {
    return this.#commands.write((terms, nowMs) => {
      this.#commands.clock.dueBy(nowMs + terms.holdMs);
      return changes.reacquireHold(this.#sql, terms, holdId, nowMs);
    });
  }

  releaseHold(holdId: string) {
    return this.#commands.write((terms, nowMs) => changes.releaseHold(this.#sql, terms, holdId, nowMs));
  }

  claim(claim: HoldClaim) {
    return this.#commands.write((terms, nowMs) => {
      this.#commands.clock.dueBy(nowMs + terms.holdMs);
      return orders.claimHold(this.#sql, terms, claim, nowMs);
    });
  }

  extend(orderId: string, untilMs: number) {
    return this.#commands.write((terms, nowMs) => {
      this.#commands.clock.dueBy(Math.min(untilMs, terms.endMs));
      return orders.extendOrder(this.#sql, terms, orderId, untilMs, nowMs);
    });
  }

  confirm(request: ConfirmRequest) {
    return this.#commands.write((terms, nowMs) => orders.confirmOrder(this.#sql, terms, request, nowMs));
  }

  async confirmMany(requests: ConfirmRequest[]) {
    return orders.each(requests, async (request) => orders.withoutTickets(await this.confirm(request)));
  }

  release(orderId: string, reason: string) {
    return this.#commands.write((terms, nowMs) => orders.releaseOrder(this.#sql, terms, orderId, reason, nowMs));
  }

  async releaseMany(orderIds: string[], reason: string) {
    return orders.each(orderIds, (orderId) => this.release(orderId, reason));
  }

  async voidMany(orderIds: string[]) {
    return orders.each(orderIds, (orderId) => this.#commands.write((terms) => tickets.voidOrder(this.#sql, terms, orderId)));
  }

  hasPaidTickets() {
    return this.#commands.read(() => ok(tickets.hasPaidTickets(this.#sql)));
  }

  voidTickets(orderId: string, ticketIds: string[] | null) {
    return this.#commands.write((terms) => tickets.voidTickets(this.#sql, terms, orderId, ticketIds));
  }

  ticketsOf(orderId: string) {
    return this.#commands.read((terms) => ok(tickets.ticketsOfOrder(this.#sql, terms, orderId)));
  }

  async checkIn(request: CheckInRequest) {
    const answer = await this.#commands.write((terms, nowMs) => admissions.checkIn(this.#sql, terms, request, nowMs));
    return answer.ok ? answer.value : answer;
  }

  availability() {
    return this.#commands.read((terms, nowMs) => ok(tellAvailabilityAndHeld(this.#sql, terms, nowMs)));
  }

  pools() {
    return this.#commands.read((terms, nowMs) => ok(tellPools(this.#sql, terms, nowMs)));
  }

  installSeats(part: SeatMapPart) {
    return this.#commands.rewrite(() => {
      migrateSchema(this.ctx.storage, INVENTORY_SCHEMA);
      return installSeats(this.#sql, part);
    });
  }

  seatStates() {
    return this.#commands.read((terms, nowMs) => ok(seats.tellStates(this.#sql, terms, nowMs)));
  }

  blockSeats(seatIds: string[], reason: string | null) {
    return this.#commands.write((terms, nowMs) => {
      const blocked = seats.blockSeats(this.#sql, seatIds, reason);
      openTiers(this.#sql, terms, nowMs);
      return blocked;
    });
  }

  releaseSeats(seatIds: string[], companions = false) {
    return this.#commands.write((terms) => {
      terms.mayOffer = true;
      return seats.releaseSeats(this.#sql, seatIds, companions);
    });
  }

  swapSeats(moves: SeatMove[]) {
    return this.#commands.write((terms, nowMs) => swapSeats(this.#sql, terms, moves, nowMs));
  }

  joinWaitlist(request: WaitingRequest) {
    return this.#waiting.joinWaitlist(request);
  }

  confirmWaiting(entryId: string) {
    return this.#waiting.confirmWaiting(entryId);
  }

  waitingEntry(entryId: string) {
    return this.#waiting.waitingEntry(entryId);
  }

  waitingEntries(question: WaitingQuestion) {
    return this.#waiting.waitingEntries(question);
  }

  leaveWaitlist(entryId: string) {
    return this.#waiting.leaveWaitlist(entryId);
  }

  acceptOffer(entryId: string) {
    return this.#waiting.acceptOffer(entryId);
  }

  declineOffer(entryId: string) {
    return this.#waiting.declineOffer(entryId);
  }

  listen(shard: number) {
    return this.#commands.write((terms, nowMs) => ok(this.#commands.feed.listen(terms, shard, nowMs)));
  }

  unlisten(shard: number, registration: number) {
    return this.#commands.write(() => ok(this.#commands.feed.unlisten({ shard, registration })));
  }

  /** For the bench: how many commands shared a commit since the object was started. */
  async commitStatistics(): Promise<CommitStatistics> {
    return this.#commands.statistics();
  }

  /** Ends what is due, forgets whom it may, tells the news. It catches: the platform gives a throwing alarm up after six tries. */
  override async alarm(): Promise<void> {
    if (this.#commands.known() === null) return;
    this.#commands.clock.ring();
    const done = await Promise.all([
      this.#try("end what is due", () => this.#endDue()),
      this.#try("forget those who waited", () => this.#waiting.forgetAddresses()),
      this.#try("tell the news", () => this.#tellNews()),
    ]);
    this.#commands.clock.hasRung();
    if (done.includes(false)) await this.#commands.clock.putOff(Date.now() + ALARM_RETRY_MS);
  }

  /** False when it failed: none of the alarm's tasks keeps another from its work. */
  async #try(task: string, work: () => Promise<unknown>): Promise<boolean> {
    try {
      await work();
      return true;
    } catch (error) {
      reportError(error, this.env, this.ctx, { task: `alarm: ${task}` });
      return false;
    }
  }

  #endDue() {
    return this.#commands.run((nowMs) => {
      this.#commands.due.expire(nowMs, EXPIRED_PER_ALARM);
      // Those who were left over by the last look, and those whose sale the clock has opened.
      return ok(this.#commands.waiting.look(nowMs));
    });
  }

  #tellNews() {
    const mailboxes = { analytics: this.env.ANALYTICS_MAILBOX, notifications: this.env.NOTIFICATIONS_MAILBOX };
    return tellNews(this.#commands, mailboxes, (task, work) => this.#try(task, work));
  }

  async #placeKeyedHold(request: HoldRequest) {
    const answer = await this.#commands.write(
      (terms, nowMs) => {
        this.#commands.clock.dueBy(nowMs + terms.holdMs);
        return placeKeyedHold(this.#sql, terms, request, nowMs);
      },
      (refusal, nowMs) => keepRefusal(this.#sql, request, refusal, nowMs),
    );
    return answer.ok ? answer.value : answer;
  }
}
