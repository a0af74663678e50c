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
