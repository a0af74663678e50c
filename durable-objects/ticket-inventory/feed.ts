/**
 * Tells the event's feeds how the stock stands (rule 14): after the batch, from the alarm, once for all listeners of a shard, and only
 * while a shard listens and something has changed. A hold pays a comparison for it.
 */
import type { AvailabilityFeedRpc, Listening, StockNews } from "../../shared/contracts/feed";
import { shardName } from "../../shared/contracts/feed";
import type { Terms } from "./event";
import type { Shard } from "./feed-registry";
import * as registry from "./feed-registry";

export interface Feeds {
  getByName(name: string): AvailabilityFeedRpc;
}

/** From the beginning of one round to the next, at least. */
const ROUND_EVERY_MS = 250;
/** After a round it pauses so many times what that took, so that feeds which are slow, or share a machine with the stock, get fewer. */
const PAUSES_A_ROUND = 5;
const MAX_PAUSE_MS = 1_000;
/** A shard that has not answered by then is asked again with the next round. */
const ANSWER_WITHIN_MS = 2_000;
const RETRY_AFTER_MS = 1_000;
/** A shard that has failed so often in a row is told no more, until it renews its registration. */
const MAX_FAILURES = 3;

export interface Round {
  eventId: string;
  news: StockNews;
  shards: Shard[];
}

/** What a round came to: how many listen there, by shard; one that is missing did not answer. */
export type Answers = Map<number, number>;

export class InventoryFeed {
  readonly #sql: SqlStorage;
  readonly #feeds: Feeds;
  readonly #known: () => Terms | null;
  /** Read once, and dropped by whatever writes them, so that nothing here outlives a rollback. */
  #shards: Shard[] | null = null;
  /** By shard, the version that it has heard. Forgotten with the object: one round too many. */
  readonly #heard = new Map<number, number>();
  readonly #failures = new Map<number, number>();
  /** A command has succeeded since the last look. Too much of this costs one look. */
  #mayDiffer = false;
  #lookAtMs: number | null = null;
  #quietUntilMs = Number.NEGATIVE_INFINITY;
  /** What changes meanwhile is scheduled when the round is over, and its pause known: an alarm before that would come for nothing. */
  #isTelling = false;

  /** `known`: the event's terms as they stand, null while nobody has opened it. */
  constructor(sql: SqlStorage, feeds: Feeds, known: () => Terms | null) {
    this.#sql = sql;
    this.#feeds = feeds;
    this.#known = known;
  }

  /** For a start of the object. */
  restore(terms: Terms, nowMs: number): void {
    if (this.#listening().length === 0) return;
    this.#lookAtMs = registry.isUnsettled(this.#sql, terms, nowMs) ? nowMs : nextTurnMs(terms, nowMs);
    if (this.#lookAtMs === nowMs) return;
    const { version } = registry.countNews(this.#sql, terms, nowMs);
    for (const { shard } of this.#listening()) this.#heard.set(shard, version);
  }

  stir(): void {
    this.#mayDiffer = true;
  }

  /** After a batch: when to look, null where there is nothing to look for. */
  noteBatch(nowMs: number): number | null {
    if (!this.#mayDiffer || this.#isTelling || this.#known() === null || this.#listening().length === 0) return this.#lookAtMs;
    this.#lookAtMs = Math.min(this.#lookAtMs ?? Number.POSITIVE_INFINITY, this.#nextRoundMs(nowMs));
    return this.#lookAtMs;
  }

  dueMs(): number | null {
    return this.#lookAtMs;
  }

  /** In a command, as is `unlisten`. */
  listen(terms: Terms, shard: number, nowMs: number): Listening {
    const news = registry.countNews(this.#sql, terms, nowMs);
    if (news.state !== "open") return { news, registration: null, isNew: false };
    this.#shards = null;
    const registered = registry.register(this.#sql, shard, nowMs);
    this.#failures.delete(shard);
    // The last thing that the command does: whoever does not hear the answer asks again.
    this.#heard.set(shard, news.version);
    return { news, ...registered };
  }

  unlisten(shard: Shard): null {
    this.#shards = null;
    registry.unregister(this.#sql, shard);
    return null;
  }

  /** In a transaction of the alarm: what to tell and whom, null for nothing. Alarms that come for other things wait for its turn. */
  take(terms: Terms, nowMs: number): Round | null {
    if (this.#listening().length === 0) {
      this.#lookAtMs = null;
      return null;
    }
    const roundMs = this.#nextRoundMs(nowMs);
    if (roundMs > nowMs) {
      this.#lookAtMs = roundMs;
      return null;
    }
    this.#shards = null;
    registry.dropExpired(this.#sql, nowMs);
    const news = registry.countNews(this.#sql, terms, nowMs);
    this.#mayDiffer = false;
    this.#lookAtMs = nextTurnMs(terms, nowMs);
    this.#quietUntilMs = nowMs + ROUND_EVERY_MS;
    const shards = this.#listening().filter(({ shard }) => this.#heard.get(shard) !== news.version);
    if (shards.length > 0) return { eventId: terms.eventId, news, shards };
    registry.settle(this.#sql, news.version);
    return null;
  }

  /** Outside of every transaction. Never throws, and waits for nobody longer than a round may take. */
  async tell({ eventId, news, shards }: Round): Promise<Answers> {
    const startedMs = Date.now();
    this.#isTelling = true;
    const answers: Answers = new Map();
    const asked = shards.map(async ({ shard }) => {
      const { listeners } = await this.#feeds.getByName(shardName(eventId, shard)).tell(news);
      answers.set(shard, listeners);
      this.#heard.set(shard, news.version);
    });
    const inTime = new AbortController();
    const late = scheduler.wait(ANSWER_WITHIN_MS, { signal: inTime.signal }).catch(() => undefined);
    await Promise.race([Promise.allSettled(asked), late]);
    inTime.abort();
    const endedMs = Date.now();
    const pauseMs = Math.min(MAX_PAUSE_MS, PAUSES_A_ROUND * (endedMs - startedMs));
    this.#quietUntilMs = Math.max(this.#quietUntilMs, endedMs + pauseMs);
    this.#isTelling = false;
    return new Map(answers);
  }

  /** In a command, after a round: shards where nobody listens are told nothing more, nor those that do not answer. */
  settle({ news, shards }: Round, answers: Answers, nowMs: number): void {
    const failed = shards.filter(({ shard }) => !answers.has(shard));
    for (const { shard } of shards) this.#failures.set(shard, answers.has(shard) ? 0 : (this.#failures.get(shard) ?? 0) + 1);
    const isGone = ({ shard }: Shard) => answers.get(shard) === 0 || (this.#failures.get(shard) ?? 0) >= MAX_FAILURES;
    for (const shard of shards.filter(isGone)) this.unlisten(shard);
    if (failed.every(isGone)) registry.settle(this.#sql, news.version);
    else this.#lookAtMs = Math.min(this.#lookAtMs ?? Number.POSITIVE_INFINITY, nowMs + RETRY_AFTER_MS);
  }

  #listening(): Shard[] {
    this.#shards ??= registry.readShards(this.#sql);
    return this.#shards;
  }

  /** A clock that was set back does not silence the object. */
  #nextRoundMs(nowMs: number): number {
    return this.#quietUntilMs > nowMs + MAX_PAUSE_MS + ROUND_EVERY_MS ? nowMs : Math.max(nowMs, this.#quietUntilMs);
  }
}

/** When a sale begins or ends by the clock alone, null when none will. */
function nextTurnMs(terms: Terms, nowMs: number): number | null {
  const times = [...terms.types.values()].flatMap(({ saleStartMs, saleEndMs }) => [saleStartMs, saleEndMs]);
  const ahead = [terms.endMs, ...times].filter((timeMs) => timeMs !== null).filter((timeMs) => timeMs > nowMs);
  return ahead.length === 0 ? null : Math.min(...ahead);
}
