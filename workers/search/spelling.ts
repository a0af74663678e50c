/** What was probably meant by a word that no title, venue or city has. */
import { isCorrectable, type Term, trigramsOf } from "./words";

/** Words of the vocabulary that are looked at for one of the question. */
const MAX_CANDIDATES = 100;
/** Of them, those that the question is widened by. */
const MAX_MEANT = 5;
/** Letters from which on two errors are forgiven instead of one: as other search engines do it. */
const LONG_WORD = 6;

const errorsAllowed = (word: string): number => (word.length >= LONG_WORD ? 2 : 1);

/** Words that share most trigrams with it. One that begins with it comes instead of all others: then nothing is misspelled. */
const CANDIDATES = `
  SELECT word, count(*) AS shared FROM word_trigrams
  WHERE trigram IN (SELECT value FROM json_each(?1))
    AND NOT EXISTS (SELECT 1 FROM word_trigrams WHERE trigram = ?2 AND word >= ?3 AND word < ?3 || char(1114111))
  GROUP BY word ORDER BY shared DESC, word LIMIT ${MAX_CANDIDATES}`;

export type MeantTerm = Term & { meant: string[] };

/** Null where nothing can be corrected. */
export async function correct(db: D1DatabaseSession, terms: readonly Term[]): Promise<MeantTerm[] | null> {
  const doubtful = terms.filter(({ word }) => isCorrectable(word));
  if (doubtful.length === 0) return null;
  const answers = await db.batch<{ word: string }>(
    doubtful.map(({ word }) => {
      const trigrams = trigramsOf(word);
      return db.prepare(CANDIDATES).bind(JSON.stringify(trigrams), trigrams[0], word);
    }),
  );
  const meant = new Map(doubtful.map(({ word }, index) => [word, closest(word, answers[index]?.results ?? [])]));
  if ([...meant.values()].every((words) => words.length === 0)) return null;
  return terms.map((term) => ({ ...term, meant: meant.get(term.word) ?? [] }));
}

function closest(word: string, candidates: readonly { word: string }[]): string[] {
  const allowed = errorsAllowed(word);
  const near = candidates
    .map((candidate) => ({ word: candidate.word, errors: errorsBetween(word, candidate.word) }))
    .filter(({ errors }) => errors <= allowed);
  const least = Math.min(...near.map(({ errors }) => errors));
  return near
    .filter(({ errors }) => errors === least)
    .slice(0, MAX_MEANT)
    .map((candidate) => candidate.word);
}

/**
 * Letters to insert, leave out, replace or swap with their neighbour (optimal string alignment) to make the typed word from the meant
 * one, or from its beginning, since a word may be typed half.
 */
export function errorsBetween(typed: string, meant: string): number {
  const [from, to] = [[...typed], [...meant]];
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i++) {
    const current = [i];
    for (let j = 1; j <= to.length; j++) {
      const replaced = (last[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1);
      const swapped =
        i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1]
          ? (beforeLast[j - 2] ?? 0) + 1
          : Number.POSITIVE_INFINITY;
      current.push(Math.min((last[j] ?? 0) + 1, (current[j - 1] ?? 0) + 1, replaced, swapped));
    }
    [beforeLast, last] = [last, current];
  }
  return Math.min(...last);
}
