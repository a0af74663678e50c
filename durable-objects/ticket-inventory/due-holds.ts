/** Due holds that still stand in the pools make room for commands that find none, a few at a time (rule 10). */
import type { Refusal } from "../../shared/contracts/problems";
import { AGAIN, LATER } from "../../shared/durable/group-commit";
import type { Terms } from "./event";
import { expireEachDue, nextDueMs, type Report } from "./expiry";
import { countSoldOut } from "./public-stock";
import type { WaitingList } from "./waiting-list";

/** Due holds ended at a time: they must not keep those who buy waiting. */
const EXPIRED_AT_A_TIME = 200;
/** How often one batch ends further due holds for commands that found no room; with more due than that they wait for the next. */
const ROOMS_PER_BATCH = 4;
/** Refusals that a hold which is due, and not ended yet, may have caused. */
const WANTS_ROOM: readonly string[] = [
  "sold_out",
  "capacity_below_sold",
  "holder_limit",
  "seat_taken",
  "seat_orphaned",
  "seat_map_in_use",
];

export class DueHolds {
  readonly #storage: DurableObjectStorage;
  readonly #known: () => Terms | null;
  readonly #waiting: WaitingList;
  readonly #report: Report;
  #roomsLeft = ROOMS_PER_BATCH;

  /** `known`: the event's terms as they stand, null while nobody has opened it. */
  constructor(storage: DurableObjectStorage, known: () => Terms | null, waiting: WaitingList, report: Report) {
    this.#storage = storage;
    this.#known = known;
    this.#waiting = waiting;
    this.#report = report;
  }

  /** Before a batch: ends some, where any can be due. */
  startBatch(isDue: boolean, nowMs: number): void {
    this.#roomsLeft = ROOMS_PER_BATCH;
    if (isDue) this.expire(nowMs, EXPIRED_AT_A_TIME);
  }

  /** What comes back is first for those who wait. */
  expire(nowMs: number, limit: number): number {
    const terms = this.#known();
    const ended = terms === null ? 0 : expireEachDue(this.#storage, terms, nowMs, limit, this.#report);
    if (ended > 0) this.#waiting.settle(nowMs);
    return ended;
  }

  /** Ends further ones for a command that found no room, in this batch or in the next; with none left, tells it what is there. */
  makeRoom<E extends Refusal>(refusal: E, nowMs: number): E | typeof AGAIN | typeof LATER {
    if (!WANTS_ROOM.includes(refusal.code)) return refusal;
    if (this.#roomsLeft === 0) {
      const dueMs = nextDueMs(this.#storage.sql);
      if (dueMs !== null && dueMs <= nowMs) return LATER;
    } else if (this.expire(nowMs, EXPIRED_AT_A_TIME) > 0) {
      this.#roomsLeft -= 1;
      return AGAIN;
    } else if (this.#waiting.makesWay(nowMs)) {
      this.#roomsLeft -= 1;
      return AGAIN;
    }
    const terms = this.#known();
    return refusal.code === "sold_out" && terms !== null ? countSoldOut(this.#storage.sql, terms, refusal, nowMs) : refusal;
  }
}
