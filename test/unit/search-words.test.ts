import { describe, expect, it } from "vitest";
import { caseless, fold, matchOf } from "../../workers/search/words";

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

describe("a question as a query", () => {
  it("every word is quoted and may begin a word of the text", () => {
    expect(matchOf("Coffee Festival")).toBe('"coffee"* "festival"*');
  });

  it("operators, quotes and columns are nothing but words", () => {
    expect(matchOf('title:jazz AND NOT (x NEAR/3 "y") * ^z')).toBe('"title"* "jazz"* "and"* "not"* "x"* "near"* "3"* "y"* "z"*');
  });

  it("a question without a letter or a digit has no query", () => {
    for (const question of ["***", '"" \' --', "🎺🎷", "\u0000", "()"]) expect(matchOf(question)).toBeNull();
  });

  it("a long question is cut to a number of short words", () => {
    const terms = matchOf(`${"x".repeat(500)} ${Array.from({ length: 100 }, (_, i) => `w${i}`).join(" ")}`)?.split(" ") ?? [];
    expect(terms).toHaveLength(16);
    expect(terms[0]).toBe(`"${"x".repeat(64)}"*`);
  });
});
