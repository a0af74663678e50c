/** Work that takes an isolate's thread for long, one after the other; the least suspicious first. */
import type { Refusal } from "../contracts/problems";
import { ok, type Result, refuse } from "../contracts/result";

export interface TurnLimits {
  /** Who may wait at the same time: as many as have their turn in time. One more pushes out the most suspicious. */
  waiting: number;
  /** After so long nobody waits any more. */
  patienceMs: number;
  /** One whose isolate's request was cut off has its turn for this long at most. Shorter than the patience. */
  turnMs: number;
  /** Whoever is refused is asked to come back then. */
  retryAfterSeconds: number;
}

interface Turn {
  untilMs: number;
}
interface Waiting {
  /** Below zero: proved. */
  suspicion: number;
  /** With null when it was pushed out. */
  call(turn: Turn | null): void;
}

/** So often whoever came first has his turn, however suspicious: nobody waits in vain because others always look better. */
const ELDEST_EVERY = 4;

const isProved = ({ suspicion }: Waiting): boolean => suspicion < 0;

export class Turns {
  readonly #limits: TurnLimits;
  /** In the order in which they came. */
  #waiting: Waiting[] = [];
  #turn: Turn | null = null;
  /** Of those who have proved who they are, and of the others. */
  readonly #lastIsNext = { proved: true, others: true };
  #calledProved = false;
  #called = 0;

  constructor(limits: TurnLimits) {
    this.#limits = limits;
  }

  /**
   * Below zero is the suspicion of who has proved who he is: he stands before the others, but has every second turn and half of the
   * places at most while others wait, or a few who prove it again and again would keep everybody out. Of equals the last and the first
   * who came are called in turn: a flood's first wave, of which nothing is known yet, keeps neither whoever stood there before it nor
   * whoever comes after it. Every fourth turn is the eldest's. `work` is told whether it had to wait. Whoever takes a turn hands the
   * promise to his request's `waitUntil`: one whose client is gone would otherwise be called, and never answer. `waiting` is given
   * while turns take longer than they mostly do, so that fewer of those who wait would have theirs in time.
   */
  async take<T>(
    suspicion: number,
    work: (waited: boolean) => Promise<T>,
    waiting: number = this.#limits.waiting,
  ): Promise<Result<T, Refusal<"overloaded">>> {
    const free = this.#waiting.length === 0 && this.#isFree();
    const turn = free ? this.#begin() : await this.#wait(suspicion, waiting);
    if (!turn) return refuse({ code: "overloaded", retryAfterSeconds: this.#limits.retryAfterSeconds });
    try {
      return ok(await work(!free));
    } finally {
      if (this.#turn === turn) {
        this.#turn = null;
        this.#callNext();
      }
    }
  }

  #isFree(): boolean {
    return this.#turn === null || this.#turn.untilMs <= performance.now();
  }

  #begin(): Turn {
    this.#turn = { untilMs: performance.now() + this.#limits.turnMs };
    return this.#turn;
  }

  async #wait(suspicion: number, waiting: number): Promise<Turn | null> {
    const { promise, resolve } = Promise.withResolvers<Turn | null>();
    const me: Waiting = { suspicion, call: resolve };
    this.#waiting.push(me);
    while (this.#waiting.length > waiting) this.#pushOut();
    const untilMs = performance.now() + this.#limits.patienceMs;
    while (performance.now() < untilMs) {
      // A request that waits for another one alone counts as hung: a timer of its own keeps it, and finds a turn that nobody ends.
      const lookMs = Math.min(this.#limits.turnMs, Math.max(1, untilMs - performance.now()));
      const called = await Promise.race([promise, scheduler.wait(lookMs).then(() => undefined)]);
      if (called !== undefined) return called;
      if (this.#isFree()) this.#callNext();
    }
    const at = this.#waiting.indexOf(me);
    if (at < 0) return promise;
    this.#waiting.splice(at, 1);
    return null;
  }

  #callNext(): void {
    const others = this.#waiting.filter((one) => !isProved(one));
    const among = this.#calledProved && others.length > 0 ? others : this.#waiting;
    const eldest = among[0];
    if (eldest && ++this.#called % ELDEST_EVERY === 0) {
      this.#calledProved = isProved(eldest);
      this.#waiting.splice(this.#waiting.indexOf(eldest), 1);
      eldest.call(this.#begin());
      return;
    }
    const least = Math.min(...among.map(({ suspicion }) => suspicion));
    const isLeast = ({ suspicion }: Waiting) => suspicion === least;
    this.#calledProved = least < 0;
    const kind = this.#calledProved ? "proved" : "others";
    const next = this.#lastIsNext[kind] ? this.#waiting.findLastIndex(isLeast) : this.#waiting.findIndex(isLeast);
    if (next < 0) return;
    this.#lastIsNext[kind] = !this.#lastIsNext[kind];
    this.#waiting.splice(next, 1)[0]?.call(this.#begin());
  }

  #pushOut(): void {
    const proved = this.#waiting.filter(isProved);
    const among = proved.length > this.#waiting.length / 2 ? proved : this.#waiting;
    const most = Math.max(...among.map(({ suspicion }) => suspicion));
    const worst = this.#waiting.findIndex(({ suspicion }) => suspicion === most);
    this.#waiting.splice(worst, 1)[0]?.call(null);
  }
}
