import { ascii, must, mustBeFew, viewOf, type Walked } from "./containers";

const WEBP_KEPT = ["VP8 ", "VP8L", "VP8X", "ALPH", "ICCP"];
/** In VP8X: EXIF and XMP data follow. */
const WEBP_METADATA = 0x0c;
const WEBP_ANIMATED = 0x02;

export function walkWebp(bytes: Uint8Array): Walked {
  const view = viewOf(bytes);
  must(bytes.byteLength >= 20);
  const end = 8 + view.getUint32(4, true);
  must(end <= bytes.byteLength);
  const pieces: Uint8Array[] = [];
  let animated = false;
  let canvas: string | null = null;
  let pictures = 0;
  let parts = 0;
  for (let at = 12; at < end; ) {
    mustBeFew(++parts);
    must(at + 8 <= end);
    const size = view.getUint32(at + 4, true);
    const next = at + 8 + size + (size % 2);
    must(next <= end);
    const type = ascii(bytes, at, 4);
    if (type === "ANIM" || type === "ANMF") animated = true;
    if (type === "VP8X") {
      must(size >= 10 && at === 12);
      canvas = `${1 + (view.getUint32(at + 12, true) & 0xffffff)}x${1 + (view.getUint32(at + 14, true) >>> 8)}`;
      const flags = bytes[at + 8] ?? 0;
      if (flags & WEBP_ANIMATED) animated = true;
      const chunk = bytes.slice(at, next);
      chunk[8] = flags & ~WEBP_METADATA;
      pieces.push(chunk);
    } else if (WEBP_KEPT.includes(type)) pieces.push(bytes.subarray(at, next));
    if (type === "VP8 " || type === "VP8L") {
      pictures += 1;
      must(size >= 10);
      // A canvas that says less than the picture on it would hide how large it is.
      must(canvas === null || canvas === webpFrame(view, at + 8, type));
    }
    at = next;
  }
  must(animated || pictures === 1);
  const header = bytes.slice(0, 12);
  viewOf(header).setUint32(4, 4 + pieces.reduce((sum, { byteLength }) => sum + byteLength, 0), true);
  return { pieces: [header, ...pieces], animated };
}

/** RFC 6386, 9.1, and RFC 9649, 3.4. */
function webpFrame(view: DataView, at: number, type: "VP8 " | "VP8L"): string {
  if (type === "VP8 ") return `${view.getUint16(at + 6, true) & 0x3fff}x${view.getUint16(at + 8, true) & 0x3fff}`;
  const bits = view.getUint32(at + 1, true);
  return `${1 + (bits & 0x3fff)}x${1 + ((bits >>> 14) & 0x3fff)}`;
}
