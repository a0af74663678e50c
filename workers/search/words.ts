/** How texts and questions are brought to one spelling. FTS5 folds most diacritics itself; these letters it keeps apart. */
const LETTERS: Record<string, string> = { ß: "ss", ı: "i", æ: "ae", œ: "oe", ø: "o", ł: "l", đ: "d", ð: "d", þ: "th" };
const KEPT_APART = new RegExp(`[${Object.keys(LETTERS).join("")}]`, "g");

/** Small letters without marks, in the compatibility form: `İSTANBUL` → `istanbul`, `Straße` → `strasse`, `ﬁ` → `fi`. */
export const fold = (text: string): string =>
  text
    .normalize("NFKD")
    .toLowerCase()
    .replaceAll(/\p{M}/gu, "")
    .replace(KEPT_APART, (letter) => LETTERS[letter] ?? letter);

/**
 * The same but for case (API.md says no more of a category). Upper case first, so that ß and SS, σ and ς, ı and I meet; the dot that
 * the lower case of İ keeps is no letter's difference.
 */
export const caseless = (text: string): string =>
  text.normalize("NFC").toUpperCase().toLowerCase().replaceAll("i\u0307", "i").trim();

const MAX_TERMS = 16;
const MAX_TERM_CHARACTERS = 64;

/**
 * An FTS5 query in which every word of the question must begin a word of the text. Each is quoted, so that AND, NEAR, `*` or `title:`
 * are nothing but words. Null where the question has no letter and no digit: that finds nothing.
 */
export function matchOf(question: string): string | null {
  const terms = fold(question).match(/[\p{L}\p{N}]+/gu) ?? [];
  const distinct = [...new Set(terms.map((term) => [...term].slice(0, MAX_TERM_CHARACTERS).join("")))].slice(0, MAX_TERMS);
  return distinct.length === 0 ? null : distinct.map((term) => `"${term}"*`).join(" ");
}
