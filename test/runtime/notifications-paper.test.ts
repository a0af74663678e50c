/** A ticket's PDF as a reader's program takes it. */
import { inflateSync } from "node:zlib";
import { expect, it } from "vitest";
import { composeConfirmation } from "../../workers/notifications/order-confirmations";
import { event, occasionOf, order, ticketOf } from "../support/notifications-room";

async function printed(name: string): Promise<Uint8Array> {
  const { attachments } = await composeConfirmation({
    order: order("0197f3c2-9a10-7f4e-b7a9-2f1d6a1c5e01"),
    tickets: [ticketOf("order", 1, { holder: { name, email: "ada@bilten.example" } })],
    occasion: occasionOf(event),
    sender: "tickets@bilten.example",
  });
  const file = attachments.find(({ contentType }) => contentType === "application/pdf");
  if (!file) throw new Error("no PDF");
  return file.content;
}

/** The streams of a PDF (ISO 32000-1, 7.3.8), each with what its dictionary says of it. */
function streamsOf(pdf: Uint8Array): { dictionary: string; bytes: Uint8Array }[] {
  const text = new TextDecoder("latin1").decode(pdf);
  return [...text.matchAll(/<<((?:(?!<<|>>\nstream).)*?)>>\nstream\n/gs)].map(({ 0: head, 1: dictionary = "", index }) => {
    const from = index + head.length;
    const length = Number(/\/Length (\d+)/.exec(dictionary)?.[1]);
    return { dictionary, bytes: pdf.subarray(from, from + length) };
  });
}

it("each stream is deflated, and says how", async () => {
  const streams = streamsOf(await printed("Ada Lovelace"));
  expect(streams.length).toBeGreaterThanOrEqual(4);
  for (const { dictionary, bytes } of streams) {
    expect(dictionary).toContain("/Filter /FlateDecode");
    expect(inflateSync(bytes).byteLength).toBeGreaterThan(0);
  }
});

it("each letter of a name is a glyph as wide as the font says, marks too", async () => {
  const { regular } = (await import("../../workers/notifications/ticket-fonts")).ticketFonts();
  const { glyphs, positions, advanceWidth } = regular.layout("Žuŕ ê\u0323");
  expect(glyphs.map(({ codePoints }) => String.fromCodePoint(...codePoints)).join("")).toBe("Žuŕ ê\u0323");
  expect(positions.map(({ xAdvance }) => xAdvance)).toEqual(glyphs.map((glyph) => glyph.advanceWidth));
  expect(advanceWidth).toBe(glyphs.reduce((sum, glyph) => sum + glyph.advanceWidth, 0));
  // A mark stands over the letter before it.
  expect(positions.at(-1)?.xAdvance).toBe(0);
});
