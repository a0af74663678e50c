/**
 * The letters that a ticket can show: Latin with its extensions, Greek and Cyrillic (fonts/README.md). Parsed once an isolate, which
 * costs as much as drawing a ticket does.
 */
import { create, type Font, type GlyphRun } from "fontkit";
import bold from "./fonts/noto-sans-bold.bin";
import regular from "./fonts/noto-sans-regular.bin";

export interface TicketFonts {
  regular: Font;
  bold: Font;
}

let parsed: TicketFonts | null = null;
export function ticketFonts(): TicketFonts {
  parsed ??= { regular: parse(regular), bold: parse(bold) };
  return parsed;
}

function parse(bytes: ArrayBuffer): Font {
  const font = create(new Uint8Array(bytes) as Buffer);
  if (!("layout" in font)) throw new Error("a ticket's font is one font, not a collection");
  return Object.assign(font, { layout: (text: string) => layout(font, text) });
}

/**
 * One glyph a letter, from left to right, as wide as it is. fontkit would look for scripts, ligatures and kerning, which these fonts have
 * not, in tables of Unicode that it unpacks first: an eighth of an isolate's first ticket.
 */
function layout(font: Font, text: string): Pick<GlyphRun, "glyphs" | "positions" | "advanceWidth"> {
  const glyphs = [...text].map((letter) => font.glyphForCodePoint(letter.codePointAt(0) ?? 0));
  const positions = glyphs.map(({ advanceWidth }) => ({ xAdvance: advanceWidth, yAdvance: 0, xOffset: 0, yOffset: 0 }));
  return { glyphs, positions, advanceWidth: positions.reduce((sum, { xAdvance }) => sum + xAdvance, 0) };
}

/** Pictures, their colours and joints, and what only steers the direction: where the font has none of them, nobody misses a letter. */
const NO_LETTER = /^(?:\p{Extended_Pictographic}|\p{Emoji_Component}|\p{Cf}|\p{Variation_Selector})$/u;

const has = (font: Font, letter: string): boolean => font.hasGlyphForCodePoint(letter.codePointAt(0) ?? 0);
const lettersOf = (text: string): string[] => [...text.normalize("NFC").replaceAll(/\s+/gu, " ")];

/** Without pictures; null where nothing is left, or a reader would miss a letter. */
export function drawable(font: Font, text: string): string | null {
  const letters = lettersOf(text).filter((letter) => has(font, letter) || !NO_LETTER.test(letter));
  const plain = letters.join("").trim();
  return plain !== "" && letters.every((letter) => has(font, letter)) ? plain : null;
}

/** For texts that stand elsewhere in full: letters that the font has not are left out, and seen to be. */
export const asFarAsDrawable = (font: Font, text: string): string =>
  lettersOf(text)
    .map((letter) => (has(font, letter) ? letter : NO_LETTER.test(letter) ? "" : "\ufffd"))
    .join("")
    .replaceAll(/(?:\ufffd\s*)+/gu, "… ")
    .trim();
