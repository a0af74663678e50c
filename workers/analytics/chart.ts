/** An event's figures as a picture, in its organizer's colours. */
import { contrast, readableOn } from "../../shared/color/contrast";
import type { BrandSettings } from "../../shared/contracts/branding";
import type { PublishedEvent } from "../../shared/contracts/events";
import { exponentOf } from "../../shared/contracts/money";
import { type Language, LOCALES } from "../../shared/locale/languages";
import { readableMoney, readableRoundMoney } from "../../shared/locale/money";
import type { Metric } from "./answers";
import { CHART_WORDS } from "./chart-words";
import type { Env } from "./environment";
import { currencyOf, figuresByPeriod, type Point, type Wish } from "./figures";
import { type Interval, LocalPeriods } from "./local-periods";

/** Bars that can be told apart; the latest of more. */
const MAX_BARS: Record<Interval, number> = { day: 92, hour: 7 * 24 };
/** Enough to see where a bar ends (WCAG 2.2, 1.4.11). */
const SHAPE_CONTRAST = 3;
const PAPER = "#ffffff";
const COLOR = /^#[0-9a-f]{6}$/;
/** Steps between lines are whole units of the currency from this many on. */
const WHOLE_UNITS_FROM = 4;

interface Bar {
  startsAtMs: number;
  value: number;
}

export async function chartOf(
  env: Env,
  event: PublishedEvent,
  wish: Wish & { metric: Metric },
  language: Language,
  nowMs: number,
) {
  const [points, [brand], { drawChart }] = await Promise.all([
    figuresByPeriod(env.DB, event, wish, nowMs),
    env.BRANDING.settingsOf([event.organizerId]),
    import("./chart-drawing"),
  ]);
  const { metric, interval } = wish;
  const bars = barsOf(points, event.timezone, metric, interval);
  const words = CHART_WORDS[language];
  const title = words.title[metric][interval];
  const locale = LOCALES[language];
  const currency = metric === "revenue" ? currencyOf(event) : null;
  const read = (value: number): string =>
    currency === null ? value.toLocaleString(locale) : readableMoney({ amount: value, currency }, locale);
  const total = read(bars.reduce((sum, { value }) => sum + value, 0));
  const unit = currency === null ? 1 : 10 ** exponentOf(currency);
  const highest = Math.max(...bars.map(({ value }) => Math.abs(value)));
  const label = labels(locale, event.timezone)[interval];
  return drawChart({
    title,
    subtitle: event.title,
    sum: total,
    sumOf: words.sum[metric],
    nothing: words.nothing,
    description: describe(),
    bars: bars.map(({ startsAtMs, value }) => ({ label: label.format(startsAtMs), value })),
    step: highest >= WHOLE_UNITS_FROM * unit ? unit : 1,
    readValue: (value) =>
      currency === null ? value.toLocaleString(locale) : readableRoundMoney({ amount: value, currency }, locale),
    ...coloursOf(brand),
  });

  function describe(): string {
    const [first, last] = [bars[0], bars.at(-1)];
    if (!first || !last) return `${title}, ${event.title}: ${words.nothing}.`;
    const peak = bars.reduce((most, bar) => (bar.value > most.value ? bar : most));
    const moment = longLabels(locale, event.timezone)[interval];
    return words.described({
      title,
      event: event.title,
      from: moment.format(first.startsAtMs),
      to: moment.format(last.startsAtMs),
      sum: total,
      peak: read(peak.value),
      peakAt: moment.format(peak.startsAtMs),
    });
  }
}

/** Every period from the first in which something happened to the last, those without anything too. */
function barsOf(points: readonly Point[], zone: string, metric: Metric, interval: Interval): Bar[] {
  const values = new Map(
    points.map((point) => [point.startsAtMs, metric === "revenue" ? (point.revenue?.amount ?? 0) : point[metric]]),
  );
  const happened = [...values].filter(([, value]) => value !== 0).map(([startsAtMs]) => startsAtMs);
  const [first, last] = [happened[0], happened.at(-1)];
  if (first === undefined || last === undefined) return [];
  return new LocalPeriods(zone)
    .between(first, last, interval)
    .slice(-MAX_BARS[interval])
    .map(({ startsAtMs }) => ({ startsAtMs, value: values.get(startsAtMs) ?? 0 }));
}

const labels = (locale: string, timeZone: string): Record<Interval, Intl.DateTimeFormat> => ({
  day: new Intl.DateTimeFormat(locale, { timeZone, day: "numeric", month: "short" }),
  hour: new Intl.DateTimeFormat(locale, { timeZone, weekday: "short", hour: "2-digit", minute: "2-digit" }),
});

const longLabels = (locale: string, timeZone: string): Record<Interval, Intl.DateTimeFormat> => ({
  day: new Intl.DateTimeFormat(locale, { timeZone, dateStyle: "long" }),
  hour: new Intl.DateTimeFormat(locale, { timeZone, dateStyle: "long", timeStyle: "short" }),
});

/** The organizer's first colour that stands out from the paper; of none, a grey. */
function coloursOf(brand: BrandSettings | undefined) {
  const own = brand ? [brand.primaryColor, brand.secondaryColor] : [];
  const bar = own.find((color) => COLOR.test(color) && contrast(color, PAPER) >= SHAPE_CONTRAST) ?? "#52525b";
  return {
    barColor: bar,
    headingColor: readableOn(PAPER, bar),
    fontFamily: [...fontNames(brand?.fontFamily ?? ""), "system-ui", "sans-serif"].join(", "),
  };
}

/** What is drawn with puts the list into an attribute as it stands: names alone, without quotes or anything else. */
const fontNames = (list: string): string[] =>
  list
    .split(",")
    .map((name) => name.trim())
    .filter((name) => /^[A-Za-z][A-Za-z -]*$/.test(name));
