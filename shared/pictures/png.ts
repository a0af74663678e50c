import { crc32 } from "node:zlib";
import { ascii, must, mustBeFew, viewOf, type Walked } from "./containers";

/** Pixels, and how their colours are meant (PNG 3rd edition, 11). Without its animation chunks an animated PNG is its first picture. */
const PNG_KEPT = ["IHDR", "PLTE", "IDAT", "IEND", "tRNS", "cHRM", "gAMA", "iCCP", "sBIT", "sRGB", "cICP", "bKGD", "pHYs"];
const PNG_SIGNATURE_BYTES = 8;

export function walkPng(bytes: Uint8Array): Walked {
  const view = viewOf(bytes);
  const pieces = [bytes.subarray(0, PNG_SIGNATURE_BYTES)];
  const seen: string[] = [];
  let parts = 0;
  for (let at = PNG_SIGNATURE_BYTES; seen.at(-1) !== "IEND"; ) {
    mustBeFew(++parts);
    must(at + 12 <= bytes.byteLength);
    const end = at + 12 + view.getUint32(at);
    must(end <= bytes.byteLength);
    const type = ascii(bytes, at + 4, 4);
    must(crc32(bytes.subarray(at + 4, end - 4)) === view.getUint32(end - 4));
    must((seen.length === 0) === (type === "IHDR"));
    if (PNG_KEPT.includes(type)) pieces.push(bytes.subarray(at, end));
    // Thousands of the same are one kind.
    if (seen.at(-1) !== type) seen.push(type);
    at = end;
  }
  must(seen.includes("IDAT"));
  return { pieces, animated: false };
}
