/** How texts and questions are brought to the same words. The index decides nothing by itself: it gets what is written here. */
import { fold } from "../../shared/text/folding";

/**
 * The same but for case (API.md says no more of a category). Upper case first, so that ß and SS, σ and ς, ı and I meet; the dot that
 * the lower case of İ keeps is no letter's difference.
 */
export const caseless = (text: string): string =>
  text.toWellFormed().normalize("NFC").toUpperCase().toLowerCase().replaceAll("i\u0307", "i").trim();

/** Letters and digits of scripts that put no space between words. */
const UNSPACED =
  "[[\\p{L}\\p{N}]&&[\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Script=Thai}\\p{Script=Lao}\\p{Script=Khmer}\\p{Script=Myanmar}ー]]";
const SPACED = `[[\\p{L}\\p{N}]--${UNSPACED}]`;
const RUNS = new RegExp(`${UNSPACED}[${UNSPACED}\\p{M}]*|${SPACED}[${SPACED}\\p{M}]*`, "gv");
const STARTS_UNSPACED = new RegExp(`^${UNSPACED}`, "v");

export const MAX_WORD_CHARACTERS = 64;

interface Run {
  characters: string[];
  unspaced: boolean;
}
const runsOf = (text: string): Run[] =>
  (fold(text).match(RUNS) ?? []).map((run) => ({ characters: [...run], unspaced: STARTS_UNSPACED.test(run) }));

const cut = (characters: string[]): string => characters.slice(0, MAX_WORD_CHARACTERS).join("");
const pairsOf = (characters: string[]): string[] => characters.slice(1).map((second, index) => `${characters[index]}${second}`);

/** The words of a text. Where words have no spaces between them, each character and each pair of neighbours is one. */
export const wordsOf = (text: string): string[] =>
  runsOf(text).flatMap(({ characters, unspaced }) => (unspaced ? [...characters, ...pairsOf(characters)] : [cut(characters)]));

export interface Term {
  word: string;
  /** A longer word of the text will do. */
  open: boolean;
}

const MAX_TERMS = 16;
/** A question may be as long as a URL; nobody means more than this. */
const MAX_QUESTION_CHARACTERS = 1000;

/** What a question asks for: all of its words. Nothing in it is anything but a word; none where it has no letter and no digit. */
export function termsOf(question: string): Term[] {
  const terms = runsOf(question.slice(0, MAX_QUESTION_CHARACTERS)).flatMap(({ characters, unspaced }): Term[] => {
    if (!unspaced) return [{ word: cut(characters), open: true }];
    return (characters.length > 1 ? pairsOf(characters) : characters).map((word) => ({ word, open: false }));
  });
  const distinct = new Map(terms.map((term) => [term.word, term]));
  return [...distinct.values()].slice(0, MAX_TERMS);
}

const MIN_CORRECTED = 4;
const MAX_CORRECTED = 32;

/** Words in which typing errors are looked for. A number more or less is another thing, not the same misspelled. */
export const isCorrectable = (word: string): boolean =>
  word.length >= MIN_CORRECTED && word.length <= MAX_CORRECTED && !STARTS_UNSPACED.test(word) && !/\p{N}/u.test(word);

/** With the edges of the word marked, so that a short word with an error in its middle still shares some. */
export function trigramsOf(word: string): string[] {
  const characters = [" ", ...word, " "];
  return [...new Set(characters.slice(2).map((third, index) => `${characters[index]}${characters[index + 1]}${third}`))];
}
