/** Hours and days as they are at the event. Whatever an offset is, it is a multiple of a quarter of an hour. */
import { zonedTimestamp } from "../../shared/locale/moment";
import { QUARTER_MS } from "./sales";

export const INTERVALS = ["hour", "day"] as const;
export type Interval = (typeof INTERVALS)[number];

const DAY_MS = 86_400_000;

export interface Period {
  /** A day is an RFC 3339 full-date; an hour its first moment with the zone's offset, so that one that comes twice has two names. */
  name: string;
  startsAtMs: number;
}

/** Knows a zone's offsets: a format is asked once a day, or once a quarter of an hour on the days on which the clocks change. */
export class LocalPeriods {
  readonly #format: Intl.DateTimeFormat;
  readonly #zone: string;
  readonly #ofDay = new Map<number, number | null>();
  readonly #ofQuarter = new Map<number, number>();
  readonly #byKey = new Map<string, Period>();

  constructor(zone: string) {
    this.#zone = zone;
    this.#format = new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short", timeStyle: "medium" });
  }

  /** The period in which a quarter of an hour lies; its start is looked for once. */
  of(quarterMs: number, interval: Interval): Period {
    const key = this.#keyOf(quarterMs, interval);
    const known = this.#byKey.get(key);
    if (known) return known;
    let startsAtMs = quarterMs;
    while (this.#keyOf(startsAtMs - QUARTER_MS, interval) === key) startsAtMs -= QUARTER_MS;
    const period = { name: this.#nameOf(startsAtMs, interval), startsAtMs };
    this.#byKey.set(key, period);
    return period;
  }

  /** All periods from that of the one quarter to that of the other, oldest first. */
  between(firstMs: number, lastMs: number, interval: Interval): Period[] {
    const periods = [this.of(firstMs, interval)];
    let key = this.#keyOf(firstMs, interval);
    for (let quarterMs = firstMs + QUARTER_MS; quarterMs <= lastMs; quarterMs += QUARTER_MS) {
      const next = this.#keyOf(quarterMs, interval);
      if (next === key) continue;
      key = next;
      periods.push({ name: this.#nameOf(quarterMs, interval), startsAtMs: quarterMs });
    }
    return periods;
  }

  day = (quarterMs: number): string => this.#local(quarterMs).slice(0, 10);

  /** The local hour of before the clocks changed is another one than that of after. */
  #keyOf(quarterMs: number, interval: Interval): string {
    return interval === "day" ? this.day(quarterMs) : `${this.#local(quarterMs).slice(0, 13)} ${this.#offsetMs(quarterMs)}`;
  }

  #nameOf(startsAtMs: number, interval: Interval): string {
    return interval === "day" ? this.day(startsAtMs) : zonedTimestamp(new Date(startsAtMs).toISOString(), this.#zone);
  }

  #local = (quarterMs: number): string => new Date(quarterMs + this.#offsetMs(quarterMs)).toISOString();

  #offsetMs(quarterMs: number): number {
    const day = Math.floor(quarterMs / DAY_MS);
    let ofDay = this.#ofDay.get(day);
    if (ofDay === undefined) {
      const first = this.#readOffsetMs(day * DAY_MS);
      ofDay = first === this.#readOffsetMs((day + 1) * DAY_MS) ? first : null;
      this.#ofDay.set(day, ofDay);
    }
    if (ofDay !== null) return ofDay;
    const known = this.#ofQuarter.get(quarterMs) ?? this.#readOffsetMs(quarterMs);
    this.#ofQuarter.set(quarterMs, known);
    return known;
  }

  #readOffsetMs = (ms: number): number => Date.parse(`${this.#format.format(ms).replace(" ", "T")}Z`) - ms;
}
