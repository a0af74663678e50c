/** The languages of mails and tickets. A new one is a file like `words-en.ts` and a line here; the compiler asks for what is missing. */
import { type Language, LOCALES, languageKept } from "../../shared/locale/languages";
import { de } from "./words-de";
import { en } from "./words-en";

export type Words = typeof en;

export const WORDS: Record<Language, Words> = { en, de };

/** What a mail is written in. */
export interface Tongue {
  language: Language;
  /** For dates and sums. */
  locale: string;
  words: Words;
}

/** `kept`: what an order remembers of its buyer. */
export function tongueOf(kept: string | null): Tongue {
  const language = languageKept(kept);
  return { language, locale: LOCALES[language], words: WORDS[language] };
}
