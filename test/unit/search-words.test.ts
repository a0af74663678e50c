import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fold } from "../../shared/text/folding";
import { categoryWord, cityWord } from "../../workers/search/filter-words";
import { errorsBetween } from "../../workers/search/spelling";
import { caseless, termsOf, trigramsOf, wordsOf } from "../../workers/search/words";

describe("folding", () => {
  it.each([
    ["İSTANBUL", "istanbul"],
    ["ISPARTA ılıca", "isparta ilica"],
    ["Müller", "muller"],
    ["Straße", "strasse"],
    ["STRASSE", "strasse"],
    ["Łódź", "lodz"],
    ["Ærø", "aero"],
    ["ﬁnale", "finale"],
    ["Ｆｕｌｌ ｗｉｄｔｈ", "full width"],
  ])("%s is looked for as %s", (text, folded) => {
    expect(fold(text)).toBe(folded);
  });

  it("folding twice is folding once, so that an index and a question meet", () => {
    for (const text of ["İSTANBUL", "Straße", "ΣΊΣΥΦΟΣ", "Ǆungla", "e\u0301", "ŉ"]) expect(fold(fold(text))).toBe(fold(text));
  });

  it("a category is compared without case, and only without case", () => {
    expect(caseless("JAZZ ")).toBe(caseless("jazz"));
    expect(caseless("Straße")).toBe(caseless("STRASSE"));
    expect(caseless("MÜZİK")).toBe(caseless("müzik"));
    expect(caseless("Café")).not.toBe(caseless("Cafe"));
  });
});

describe("words", () => {
  it.each([
    ["Rock'n'Roll 2027!", ["rock", "n", "roll", "2027"]],
    ["東京ドーム Live", ["東", "京", "ト\u3099".normalize("NFC"), "ー", "ム", "東京", "京ド", "ドー", "ーム", "live"]],
    ["हिन्दी", ["हिन्दी"]],
    ["مَرْحَبًا", ["مرحبا"]],
    ["x".repeat(100), ["x".repeat(64)]],
  ])("of %s", (text, words) => {
    expect(wordsOf(text)).toEqual(words.map((word) => word.normalize("NFKC")));
  });

  it("a text and a question of any kind come to the same words, and only to letters, digits and marks", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 200 }), (text) => {
        const words = wordsOf(text);
        expect(words).toEqual(wordsOf(fold(text)));
        for (const word of words) expect(word).toMatch(/^[\p{L}\p{N}\p{M}]+$/u);
        const terms = termsOf(text);
        expect(terms.length).toBeLessThanOrEqual(16);
        for (const { word } of terms) expect(words).toContain(word);
      }),
      { numRuns: 2000 },
    );
  });
});

describe("a question", () => {
  const asked = (question: string) => termsOf(question).map(({ word, open }) => (open ? `${word}*` : word));

  it("asks for words that may be longer", () => {
    expect(asked("Coffee Festival X")).toEqual(["coffee*", "festival*", "x*"]);
  });

  it("has operators, quotes and columns for nothing but words", () => {
    expect(asked('title:jazz AND NOT (x NEAR/3 "y") * ^z')).toEqual([
      "title*",
      "jazz*",
      "and*",
      "not*",
      "x*",
      "near*",
      "3*",
      "y*",
      "z*",
    ]);
  });

  it("of Chinese asks for neighbours", () => {
    expect(asked("東京都")).toEqual(["東京", "京都"]);
    expect(asked("東")).toEqual(["東"]);
  });

  it("without a letter or a digit asks for nothing", () => {
    for (const question of ["***", '"" \' --', "🎺🎷", "\u0000", "()", "\ud800"]) expect(asked(question)).toEqual([]);
  });

  it("that is long is cut to a number of short words", () => {
    const terms = asked(`${"x".repeat(500)} ${Array.from({ length: 100 }, (_, i) => `w${i}`).join(" ")}`);
    expect(terms).toHaveLength(16);
    expect(terms[0]).toBe(`${"x".repeat(64)}*`);
  });
});

describe("typing errors", () => {
  it.each([
    ["cofee", "coffee", 1],
    ["festval", "festival", 1],
    ["fesitval", "festival", 1],
    ["jezz", "jazz", 1],
    ["festi", "festival", 0],
    ["fetsi", "festival", 1],
    ["jazz", "rock", 4],
  ])("%s is %s but for %i", (typed, meant, errors) => {
    expect(errorsBetween(typed, meant)).toBe(errors);
  });

  it("one error in a word leaves it at least one trigram of the word that was meant", () => {
    const letter = fc.constantFrom(..."abcde");
    fc.assert(
      fc.property(fc.array(letter, { minLength: 4, maxLength: 12 }), fc.nat(), letter, (letters, seed, other) => {
        const at = seed % letters.length;
        const meant = letters.join("");
        const shares = (typed: string) => trigramsOf(typed).some((trigram) => trigramsOf(meant).includes(trigram));
        expect(shares(letters.with(at, other).join(""))).toBe(true);
        expect(shares(letters.toSpliced(at, 0, other).join(""))).toBe(true);
      }),
    );
  });
});

it("a filter is one word of the index, the same for what counts as the same, and never the same for two", () => {
  expect(cityWord("New York")).toBe(cityWord("NEW  YORK".replace("  ", " ")));
  expect(cityWord("İstanbul")).toBe(cityWord("ISTANBUL"));
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (one, other) => {
      expect(categoryWord(one)).toMatch(/^[a-z0-9_\u0080-\u{10ffff}]+$/u);
      return caseless(one) === caseless(other) || categoryWord(one) !== categoryWord(other);
    }),
  );
});
