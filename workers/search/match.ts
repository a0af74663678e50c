/** Questions as FTS5 expressions. Every word in them is quoted and has only letters, digits and marks in it: none can be an operator. */
import type { Term } from "./words";

const closed = ({ word }: Term): string => `"${word}"`;
const opened = ({ word, open }: Term): string => (open ? `"${word}"*` : `"${word}"`);

const every = (words: readonly string[]): string => `(${words.join(" AND ")})`;
const some = (words: readonly string[]): string => `(${words.join(" OR ")})`;

const TITLE = "{title}";
const HEAD = "{title place}";
const ANYWHERE = "{title place description}";

/**
 * From the best to the least, each without what a better one has: whole words before beginnings, the title before what is below it.
 * Beginnings come last also because they cost most: the index brings together every word that begins so before it gives the first.
 */
export function tiersOf(terms: readonly Term[]): string[] {
  const [whole, begun] = [every(terms.map(closed)), every(terms.map(opened))];
  const [inTitle, inHead, anywhere] = [`${TITLE} : ${whole}`, `${HEAD} : ${whole}`, `${ANYWHERE} : ${whole}`];
  const [begunInHead, begunAnywhere] = [`${HEAD} : ${begun}`, `${ANYWHERE} : ${begun}`];
  return [
    inTitle,
    `(${inHead}) NOT (${inTitle})`,
    `(${anywhere}) NOT (${inHead})`,
    `(${begunInHead}) NOT (${anywhere})`,
    `((${begunAnywhere}) NOT (${anywhere})) NOT (${begunInHead})`,
  ];
}

/** Where a word may also have been meant as one of others; without what is found as it was typed. */
export const correctedTier = (terms: readonly (Term & { meant: readonly string[] })[]): string =>
  `(${ANYWHERE} : ${every(
    terms.map((term) => some([opened(term), ...term.meant.map((word) => `"${word}"`)])),
  )}) NOT (${ANYWHERE} : ${every(terms.map(opened))})`;

/** Narrowed to documents that have a word of each group in `filters`. */
export function matchOf(tier: string | null, groups: readonly (readonly string[])[]): string | null {
  const filters = groups.filter((group) => group.length > 0).map((group) => some(group.map((word) => `"${word}"`)));
  const narrowed = filters.length > 0 ? `{filters} : ${every(filters)}` : null;
  if (tier === null) return narrowed;
  return narrowed === null ? tier : `(${tier}) AND (${narrowed})`;
}
