/** What a chart says, in each language. A further language is one more entry. */
import type { Language } from "../../shared/locale/languages";
import type { Metric } from "./answers";
import type { Interval } from "./local-periods";

export interface ChartWords {
  title: Record<Metric, Record<Interval, string>>;
  /** Under the sum. */
  sum: Record<Metric, string>;
  nothing: string;
  described(said: { title: string; event: string; from: string; to: string; sum: string; peak: string; peakAt: string }): string;
}

export const CHART_WORDS: Record<Language, ChartWords> = {
  en: {
    title: {
      revenue: { day: "Revenue by day", hour: "Revenue by hour" },
      tickets: { day: "Tickets sold by day", hour: "Tickets sold by hour" },
      checkIns: { day: "Check-ins by day", hour: "Check-ins by hour" },
    },
    sum: { revenue: "net of refunds", tickets: "sold", checkIns: "admitted" },
    nothing: "Nothing to show yet",
    described: ({ title, event, from, to, sum, peak, peakAt }) =>
      `${title}, ${event}, ${from} to ${to}: ${sum} in all, most at ${peakAt} with ${peak}.`,
  },
  de: {
    title: {
      revenue: { day: "Umsatz nach Tagen", hour: "Umsatz nach Stunden" },
      tickets: { day: "Verkaufte Tickets nach Tagen", hour: "Verkaufte Tickets nach Stunden" },
      checkIns: { day: "Einlass nach Tagen", hour: "Einlass nach Stunden" },
    },
    sum: { revenue: "nach Erstattungen", tickets: "verkauft", checkIns: "eingelassen" },
    nothing: "Noch nichts zu zeigen",
    described: ({ title, event, from, to, sum, peak, peakAt }) =>
      `${title}, ${event}, ${from} bis ${to}: zusammen ${sum}, am meisten ${peakAt} mit ${peak}.`,
  },
};
