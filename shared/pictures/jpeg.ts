import { ascii, BrokenPicture, joined, must, mustBeFew, viewOf, type Walked } from "./containers";

const JPEG = { startOfScan: 0xda, end: 0xd9, app0: 0xe0, app1: 0xe1, app2: 0xe2, app14: 0xee } as const;
/** JFIF 1.02 without its thumbnail. */
const JFIF_BYTES = 14;

const isFrame = (marker: number): boolean => marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
/** Tables and restarts (ITU T.81, B.2.4). */
const isTable = (marker: number): boolean => [0xc4, 0xcc, 0xdb, 0xdc, 0xdd].includes(marker);
/** Without a length: they stand within a scan, or nowhere. */
const standsAlone = (marker: number): boolean => (marker >= 0xd0 && marker <= 0xd8) || marker === 0x01;

export interface WalkedJpeg extends Walked {
  /** A JPEG of the header's parts that tell its size and which way is up, for a reader of those. */
  header: Uint8Array;
  /** The same without EXIF data, which may be anything. */
  plainHeader: Uint8Array;
}

/** Which way is up stays: it stands in the EXIF data that goes, and is written anew by the caller. */
export function walkJpeg(bytes: Uint8Array): WalkedJpeg {
  const view = viewOf(bytes);
  const pieces: Uint8Array[] = [];
  const jfif = new Uint8Array([0xff, JPEG.app0, 0, 16, 0x4a, 0x46, 0x49, 0x46, 0, 1, 2, 0, 0, 1, 0, 1, 0, 0]);
  let exif: Uint8Array | null = null;
  let frame: Uint8Array | null = null;
  let scanned = false;
  let parts = 0;
  for (let at = 2; ; ) {
    mustBeFew(++parts);
    must(at + 2 <= bytes.byteLength && bytes[at] === 0xff);
    while (bytes[at + 1] === 0xff) at += 1;
    const marker = bytes[at + 1] ?? 0;
    if (marker === JPEG.end) break;
    must(!standsAlone(marker) && at + 4 <= bytes.byteLength && view.getUint16(at + 2) >= 2);
    const end = at + 2 + view.getUint16(at + 2);
    must(end <= bytes.byteLength);
    const segment = bytes.subarray(at, end);
    if (marker === JPEG.startOfScan) {
      must(frame !== null);
      const scanEnd = endOfScan(bytes, end);
      pieces.push(bytes.subarray(at, scanEnd));
      scanned = true;
      at = scanEnd;
      continue;
    }
    if (isFrame(marker)) {
      must(frame === null);
      frame = segment;
      pieces.push(segment);
    } else if (isTable(marker)) pieces.push(segment);
    else if (marker === JPEG.app0 && ascii(segment, 4, 5) === "JFIF\0" && segment.length >= 4 + JFIF_BYTES) {
      const bare = jfif.slice();
      bare.set(segment.subarray(4, 2 + JFIF_BYTES), 4);
      pieces.push(bare);
    } else if (marker === JPEG.app1 && exif === null && ascii(segment, 4, 6) === "Exif\0\0") exif = segment;
    else if (marker === JPEG.app2 && ascii(segment, 4, 12) === "ICC_PROFILE\0") pieces.push(segment);
    else if (marker === JPEG.app14 && ascii(segment, 4, 5) === "Adobe") pieces.push(segment);
    at = end;
  }
  must(scanned && frame !== null);
  const size = frame;
  const headerWith = (about: Uint8Array): Uint8Array => joined([JPEG_START, about, size, JPEG_END]);
  return { pieces, animated: false, header: headerWith(exif ?? jfif), plainHeader: headerWith(jfif) };
}

/** Where the next marker stands that is neither a stuffed byte nor a restart. */
function endOfScan(bytes: Uint8Array, from: number): number {
  for (let at = bytes.indexOf(0xff, from); at !== -1; at = bytes.indexOf(0xff, at + 1)) {
    const next = bytes[at + 1];
    if (next !== undefined && next !== 0 && next !== 0xff && !(next >= 0xd0 && next <= 0xd7)) return at;
  }
  throw new BrokenPicture();
}

export const JPEG_START = new Uint8Array([0xff, 0xd8]);
export const JPEG_END = new Uint8Array([0xff, JPEG.end]);

/** EXIF data that says which way is up, and nothing else (Exif 2.3, tag 0x0112). */
export const jpegOrientation = (orientation: number): Uint8Array =>
  new Uint8Array([
    ...[0xff, JPEG.app1, 0, 34, 0x45, 0x78, 0x69, 0x66, 0, 0, 0x4d, 0x4d, 0, 42, 0, 0, 0, 8],
    ...[0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0, 0, 0, 0, 0],
  ]);
