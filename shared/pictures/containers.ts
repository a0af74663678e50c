/**
 * Pictures without what nobody sees: where and by whom a photograph was taken (EXIF, XMP, IPTC), comments, thumbnails, and whatever
 * stands behind the picture's end. A file is walked part by part from its first byte to its last, so that one that is cut off, or only
 * begins like a picture, does not get through.
 */
export const ascii = (bytes: Uint8Array, from: number, length: number): string =>
  String.fromCharCode(...bytes.subarray(from, from + length));

/** Thrown by a walk that leaves the file or meets what cannot stand there. */
export class BrokenPicture extends Error {}

export function must(fits: boolean): asserts fits {
  if (!fits) throw new BrokenPicture();
}

/** Segments or chunks of one file. A picture of 20 MB in parts of 2 kB has as many; each costs memory, however little stands in it. */
const MAX_PARTS = 10_000;

export class TooManyParts extends Error {}

export function mustBeFew(parts: number): void {
  if (parts > MAX_PARTS) throw new TooManyParts(`At most ${MAX_PARTS} segments or chunks`);
}

export function joined(pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(pieces.reduce((sum, { byteLength }) => sum + byteLength, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.byteLength;
  }
  return whole;
}

/** A container's kept parts, and whether it moves. */
export interface Walked {
  pieces: Uint8Array[];
  animated: boolean;
}

export const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
