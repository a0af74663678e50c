/** What keys and cookies turned out to be, asked of a sibling and remembered a while. */
import { sha256 } from "../../shared/crypto/bytes";
import { answered } from "./siblings";

/** What ended is refused within this (rule 3). */
export const REMEMBER_MS = 5_000;
/** Remembered of one kind, good or not: what strangers make up must not fill the isolate. */
export const MAX_REMEMBERED = 5_000;

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

  constructor(isGood: (found: T) => boolean) {
    this.#isGood = isGood;
  }

  /**
   * What `ask` says to the SHA-256 of a secret. Texts of the right form are free to make up and each costs a database, so that one which
   * was not good the last time, or was never seen, is asked about only while its sender `mayAsk`. Throws `TooManyLookUps` beyond that,
   * and `SiblingDown` when nobody can say.
   */
  async find(secret: string, ask: (hash: string) => Promise<T>, mayAsk: () => Promise<boolean>): Promise<T> {
    const hash = await sha256(secret);
    // Before the question, so that no revocation after it is slept through.
    const nowMs = Date.now();
    const known = this.#answers.get(hash);
    if (known && known.untilMs > nowMs) return known.found;
    if (!(known && this.#isGood(known.found)) && !(await mayAsk())) throw new TooManyLookUps();
    const found = await answered(ask(hash));
    this.#remember(hash, { found, untilMs: nowMs + REMEMBER_MS });
    return found;
  }

  /** What was learnt first goes first: a flood of made-up ones costs a good one a look-up, not all of them. */
  #remember(hash: string, answer: Answer<T>): void {
    this.#answers.delete(hash);
    const oldest = this.#answers.keys().next();
    if (this.#answers.size >= MAX_REMEMBERED && !oldest.done) this.#answers.delete(oldest.value);
    this.#answers.set(hash, answer);
  }
}
