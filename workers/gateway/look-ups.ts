/** What keys and cookies turned out to be, asked of a sibling and remembered a while. */
import { sha256 } from "../../shared/crypto/bytes";
import { MinuteCounts } from "./minute-counts";
import { answered } from "./siblings";

/** What ended is refused within this (rule 3). */
export const REMEMBER_MS = 5_000;
/** Remembered of one kind, good or not: what strangers make up must not fill the isolate. */
export const MAX_REMEMBERED = 5_000;

/** Unknown ones of a network in a minute that an isolate asks about before they are counted; from there on each is counted first. */
export const UNKNOWN_ASKED_FIRST = 30;

/** Who shows secrets. Behind one network stand many, and the good ones of all of them must cost it nothing. */
export interface Sender {
  network: () => string;
  /** Counts one that nobody knows, or might; false where they are too many. */
  charge: () => Promise<boolean>;
}

/** Somebody has shown too many credentials that nobody knew: a 429. */
export class TooManyLookUps extends Error {}

/** An answer that outlived its time is kept: it still says that this was no stranger's text. */
interface Answer<T> {
  found: T;
  untilMs: number;
}

export class LookUps<T> {
  readonly #answers = new Map<string, Answer<T>>();
  readonly #isGood: (found: T) => boolean;
  readonly #unknown = new MinuteCounts();

  constructor(isGood: (found: T) => boolean) {
    this.#isGood = isGood;
  }

  /**
   * What `ask` says to the SHA-256 of a secret. Texts of the right form are free to make up and each costs a database, so that one which
   * was not good the last time, or was never seen, counts against its sender unless it proves good. Throws `TooManyLookUps` beyond what
   * he may, and `SiblingDown` when nobody can say.
   */
  async find(secret: string, ask: (hash: string) => Promise<T>, sender: Sender): Promise<T> {
    const hash = await sha256(secret);
    // Before the question, so that no revocation after it is slept through.
    const nowMs = Date.now();
    const known = this.#answers.get(hash);
    if (known && known.untilMs > nowMs) return known.found;
    const wasGood = known !== undefined && this.#isGood(known.found);
    const found = await (wasGood ? answered(ask(hash)) : this.#askOfUnknown(() => answered(ask(hash)), sender));
    this.#remember(hash, { found, untilMs: nowMs + REMEMBER_MS });
    return found;
  }

  /**
   * Whatever is being asked about counts as unknown here until its answer says otherwise, so that a burst is not asked about in whole
   * before its first answer; the house's limit hears of the unknown ones alone, while they are few.
   */
  async #askOfUnknown(ask: () => Promise<T>, { network, charge }: Sender): Promise<T> {
    const of = network();
    const isCharged = this.#unknown.add(of, 1) > UNKNOWN_ASKED_FIRST;
    if (isCharged && !(await charge())) throw new TooManyLookUps();
    let isUnknown = false;
    try {
      const found = await ask();
      isUnknown = !this.#isGood(found);
      if (isUnknown && !isCharged) await charge();
      return found;
    } finally {
      if (!isUnknown) this.#unknown.add(of, -1);
    }
  }

  /** What was learnt first goes first: a flood of made-up ones costs a good one a look-up, not all of them. */
  #remember(hash: string, answer: Answer<T>): void {
    this.#answers.delete(hash);
    const oldest = this.#answers.keys().next();
    if (this.#answers.size >= MAX_REMEMBERED && !oldest.done) this.#answers.delete(oldest.value);
    this.#answers.set(hash, answer);
  }
}
