/** Items of one isolate that wait this long share a flush. */
const GATHER_MS = 25;
/** After this the next request that comes takes over: one that was cut off flushes nothing, and none may flush for others for ever. */
const FLUSHER_LIFE_MS = 10_000;

/**
 * What many requests of one isolate leave to be written, written by one of them for all: a round trip for each would cost as much as
 * the requests do. For `ctx.waitUntil`. Losing it must lose nothing: what it would have written, a sweep writes.
 */
export class Gathering<Item> {
  readonly #limit: number;
  #waiting: Item[] = [];
  #flusher: { untilMs: number } | null = null;

  /** `limit`: items of one flush. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Returns at once while another request is flushing, which then takes these along. What a flush throws ends it: the rest waits for the next. */
  async add(items: readonly Item[], flush: (items: Item[]) => Promise<void>): Promise<void> {
    this.#waiting.push(...items);
    if (this.#flusher !== null && this.#flusher.untilMs > Date.now()) return;
    const me = { untilMs: Date.now() + FLUSHER_LIFE_MS };
    this.#flusher = me;
    try {
      while (this.#waiting.length > 0 && this.#flusher === me) {
        await scheduler.wait(GATHER_MS);
        const items = this.#waiting.splice(0, this.#limit);
        if (items.length > 0) await flush(items);
      }
    } finally {
      if (this.#flusher === me) this.#flusher = null;
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
