/** The languages of the pages. A new one is a file like `words-en.ts` and a line here; the compiler asks for what is missing. */
import { acceptedLanguage } from "../../shared/locale/accepted-language";
import type { Language as Tag } from "../../shared/locale/languages";
import { de } from "./words-de";
import { en } from "./words-en";

export type Words = typeof en;

const WORDS: Record<Tag, Words> = { en, de };

export interface Language {
  tag: Tag;
  words: Words;
}

export function languageFor(acceptLanguage: string | undefined): Language {
  const tag = acceptedLanguage(acceptLanguage);
  return { tag, words: WORDS[tag] };
}
