import type { SeatState } from "../../shared/contracts/seats";
import type { Language } from "../../shared/locale/languages";

export type LegendWords = Record<SeatState | "accessible" | "seats", string>;

/** What a seat map's picture says beside what its organizer called things. */
export const LEGEND_WORDS: Record<Language, LegendWords> = {
  en: { free: "Free", held: "Reserved", sold: "Sold", blocked: "Not for sale", accessible: "Accessible", seats: "Seats" },
  de: { free: "Frei", held: "Reserviert", sold: "Verkauft", blocked: "Gesperrt", accessible: "Barrierefrei", seats: "Plätze" },
};
