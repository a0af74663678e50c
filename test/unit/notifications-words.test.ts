/** Every language says everything, in its own words, with all that it is told. */
import { describe, expect, test } from "vitest";
import { LANGUAGES } from "../../shared/locale/languages";
import { WORDS } from "../../workers/notifications/words";

type Said = string | string[];

/** Every text of a catalogue by its path, with marks for what is put into it. */
function textsOf(part: unknown, path = ""): Map<string, Said> {
  if (typeof part === "string" || Array.isArray(part)) return new Map([[path, part]]);
  // Marks as numbers, which every argument may be.
  if (typeof part === "function") return new Map([[path, String(part(...[71, 72, 73].slice(0, part.length)))]]);
  return new Map(Object.entries(part ?? {}).flatMap(([name, inner]) => [...textsOf(inner, `${path}/${name}`)]));
}

const marksIn = (said: Said | undefined): string[] => [...String(said).matchAll(/7[123]/g)].map(([mark]) => mark).sort();
/** What two languages may well spell the same. */
const ALIKE = new Set([
  "/confirmation/code",
  "/paper/holder",
  "/paper/ticket",
  // Mails that only tell something lead nowhere.
  ...Object.entries(WORDS.en.account).flatMap(([kind, { link }]) => (link === "" ? [`/account/${kind}/link`] : [])),
]);

describe.each(LANGUAGES.filter((language) => language !== "en"))("the words in %s", (language) => {
  const english = textsOf(WORDS.en);
  const own = textsOf(WORDS[language]);

  test("are all there", () => {
    expect([...own.keys()].sort()).toEqual([...english.keys()].sort());
    for (const [path, said] of own) expect(said.length > 0, path).toBe(String(english.get(path)).length > 0);
  });

  test("say all that they are told, and are not English", () => {
    for (const [path, said] of own) {
      expect(marksIn(said), path).toEqual(marksIn(english.get(path)));
      if (!ALIKE.has(path)) expect(said, path).not.toEqual(english.get(path));
    }
  });
});

test("one that nobody said is found", () => {
  const { hello: _, ...rest } = WORDS.de;
  expect(textsOf(rest).size).toBe(textsOf(WORDS.en).size - 1);
});
