/** What a line of hand-written code may not contain, and what it must say when it does. */
import type { Source } from "../support/sources";

export const MAX_LINES = 300;

/** Strings and regular expressions emptied, comments cut off: what is left on a line is code. Template literals keep their code. */
export const codeOf = (line: string): string =>
  line
    .replace(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/g, '""')
    .replace(/`[^`$]*`/g, '""')
    .replace(/([(,=:[!&|?{}\s]|^)\/(?![/*])(?:[^/\\[\n]|\\.|\[(?:[^\]\\]|\\.)*\])+\/[dgimsuvy]*/g, '$1""')
    .replace(/\/\*.*?\*\//g, "")
    .replace(/\/\/.*$/, "")
    .replace(/^\s*\*.*$/, "");

const commentOf = (line: string): string => /\/\/(?!\/)\s*(.*)$/.exec(line.replace(/"(?:[^"\\]|\\.)*"/g, '""'))?.[1] ?? "";

const NON_NULL = /[\w)\]]!(?![=\w(])/;
const ANY = /(?::|\bas|[<|&])\s*any\b|,\s*any\s*[>\]]/;
const REASON_LENGTH = 8;

// Written apart, so that this file passes its own rules.
const UNFINISHED = new RegExp(`\\b(?:${["TO", "DO"].join("")}|${["FIX", "ME"].join("")})\\b`);
const IGNORED = new RegExp(`@ts-${"ignore"}|@ts-${"nocheck"}`);
const EXPECTED = new RegExp(`@ts-expect-${"error"}(.*)$`);

function objections(line: string): string[] {
  const code = codeOf(line);
  const expected = EXPECTED.exec(line);
  return [
    UNFINISHED.test(line) ? "something is left for later" : "",
    IGNORED.test(line) ? "the compiler is silenced" : "",
    ANY.test(code) ? "any" : "",
    NON_NULL.test(code) && commentOf(line).length < REASON_LENGTH ? "a ! without its reason on the line" : "",
    expected && !/^[\s:*/-]*\w.{7}/.test(expected[1] ?? "") ? "an expected error without its reason on the line" : "",
    /\.json\(\)\)?\s+as\b/.test(code) ? "a response is cast, not parsed" : "",
  ].filter(Boolean);
}

export const findSourceProblems = (sources: Source[]): string[] =>
  sources.flatMap(({ path, text }) => {
    const lines = text.replace(/\n$/, "").split("\n");
    const long = lines.length > MAX_LINES ? [`${path} has ${lines.length} lines`] : [];
    return [...long, ...lines.flatMap((line, index) => objections(line).map((problem) => `${path}:${index + 1}: ${problem}`))];
  });
