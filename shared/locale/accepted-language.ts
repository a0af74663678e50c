/** Which of our languages a reader prefers (RFC 9110, 12.5.4). */
import { parseAccept } from "hono/utils/accept";
import { LANGUAGES, type Language } from "./languages";

const primary = (tag: string): string => tag.toLowerCase().split("-")[0] ?? "";

/** A region is of no matter: `de-AT` reads `de`. Whoever names none that we know gets the first. */
export function acceptedLanguage(header: string | undefined): Language {
  const wanted = parseAccept(header ?? "")
    .filter(({ q }) => q > 0)
    .toSorted((a, b) => b.q - a.q);
  for (const { type } of wanted) {
    const language = LANGUAGES.find((known) => known === primary(type));
    if (language) return language;
  }
  return LANGUAGES[0];
}
