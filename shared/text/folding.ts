/** One spelling for what people type with and without accents. */

/** Letters that no decomposition brings to their plain form. */
const LETTERS: Record<string, string> = {
  ß: "ss",
  ı: "i",
  ς: "σ",
  æ: "ae",
  œ: "oe",
  ø: "o",
  ł: "l",
  đ: "d",
  ð: "d",
  þ: "th",
  ħ: "h",
};
const KEPT_APART = new RegExp(`[${Object.keys(LETTERS).join("")}]`, "g");
/**
 * Accents, the points of Hebrew and Arabic and what else may be left out when typing. The marks of Indic and South-East Asian scripts and
 * of Japanese are vowels and consonants: they stay.
 */
const ACCENTS = new RegExp(
  `[${[
    "\\u0300-\\u036f\\u1ab0-\\u1aff\\u1dc0-\\u1dff\\u20d0-\\u20ff\\ufe20-\\ufe2f",
    // Cyrillic, Hebrew, Arabic.
    "\\u0483-\\u0487",
    "\\u0591-\\u05bd\\u05bf-\\u05c7",
    "\\u0610-\\u061a\\u0640\\u064b-\\u065f\\u0670\\u06d6-\\u06dc\\u06df-\\u06e8\\u06ea-\\u06ed",
  ].join("")}]`,
  "g",
);

/** Small letters without accents, in the compatibility form: `İSTANBUL` → `istanbul`, `Straße` → `strasse`, `ﬁ` → `fi`. */
export const fold = (text: string): string =>
  text
    .toWellFormed()
    .normalize("NFKD")
    .replace(ACCENTS, "")
    .toLowerCase()
    // Once more: the small form of a letter may come with an accent of its own.
    .normalize("NFKD")
    .replace(ACCENTS, "")
    .replace(KEPT_APART, (letter) => LETTERS[letter] ?? letter)
    .normalize("NFKC");
