/** Items of one isolate that wait this long share a flush. */
const GATHER_MS = 25;
/** A flusher whose request was cut off is given up after this. */
const FLUSHER_LIFE_MS = 10_000;

/**
 * What many requests of one isolate leave to be written, written by one of them for all: a round trip for each would cost as much as
 * the requests do. For `ctx.waitUntil`. Losing it must lose nothing: what it would have written, a sweep writes.
 */
export class Gathering<Item> {
  readonly #limit: number;
  #waiting: Item[] = [];
  #flusherUntilMs = 0;

  /** `limit`: items of one flush. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Returns at once while another request is flushing, which then takes these along. What a flush throws ends it: the rest waits for the next. */
  async add(items: readonly Item[], flush: (items: Item[]) => Promise<void>): Promise<void> {
    this.#waiting.push(...items);
    if (this.#flusherUntilMs > Date.now()) return;
    this.#flusherUntilMs = Date.now() + FLUSHER_LIFE_MS;
    try {
      while (this.#waiting.length > 0) {
        await scheduler.wait(GATHER_MS);
        await flush(this.#waiting.splice(0, this.#limit));
      }
    } finally {
      this.#flusherUntilMs = 0;
    }
  }
}

/** One a database, for as long as the isolate has it. */
export function gatheringOf<Item>(
  gatherings: WeakMap<D1Database, Gathering<Item>>,
  db: D1Database,
  limit: number,
): Gathering<Item> {
  const standing = gatherings.get(db) ?? new Gathering<Item>(limit);
  gatherings.set(db, standing);
  return standing;
}
