/** Small pictures made by hand, whole and broken. */
import { randomBytes } from "node:crypto";
import { crc32, deflateSync } from "node:zlib";

export const bytesOf = (text: string): Uint8Array<ArrayBuffer> => Uint8Array.from(new TextEncoder().encode(text));

export function joined(...pieces: (Uint8Array | number[])[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(pieces.flatMap((piece) => [...piece]));
}

const uint32 = (value: number): number[] => [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];
const littleUint32 = (value: number): number[] => uint32(value).reverse();

export function pngChunk(type: string, data: Uint8Array | number[] = []): Uint8Array<ArrayBuffer> {
  const typed = joined(bytesOf(type), data);
  return joined(uint32(data.length), typed, uint32(crc32(typed)));
}

export const PNG_SIGNATURE = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

const header = (width: number, height: number): Uint8Array =>
  pngChunk("IHDR", [...uint32(width), ...uint32(height), 8, 2, 0, 0, 0]);

/** One colour, or noise, which nothing makes smaller; `extra` chunks before the pixels. A header may say another size than the pixels have. */
export function png(
  width = 2,
  height = 2,
  { color = [200, 60, 20], noisy = false, extra = [] as Uint8Array[], says = [width, height] as [number, number] } = {},
) {
  const row = () => [0, ...(noisy ? randomBytes(3 * width) : Array.from({ length: width }, () => color).flat())];
  const pixels = new Uint8Array(deflateSync(new Uint8Array(Array.from({ length: height }, row).flat())));
  return joined(PNG_SIGNATURE, header(...says), ...extra, pngChunk("IDAT", pixels), pngChunk("IEND"));
}

const segment = (marker: number, data: Uint8Array | number[]): Uint8Array<ArrayBuffer> =>
  joined([0xff, marker, (data.length + 2) >> 8, (data.length + 2) & 255], data);

/** EXIF with a place (as text, to be looked for) and which way is up. */
const exif = (orientation: number): Uint8Array =>
  segment(
    0xe1,
    joined(
      bytesOf("Exif\0\0MM"),
      [0, 42, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0, 0, 0, 0, 0],
      bytesOf("GPS 41.0082N 28.9784E"),
    ),
  );

/** The parts of a JPEG in their order; its pixels are noise, which nothing here decodes. */
export function jpeg(width = 40, height = 30, { orientation = 1, tail = new Uint8Array() as Uint8Array } = {}) {
  return joined(
    [0xff, 0xd8],
    exif(orientation),
    segment(0xe2, bytesOf("ICC_PROFILE\0profile")),
    segment(0xfe, bytesOf("taken by Ada at home")),
    segment(0xdb, [0, ...Array.from({ length: 64 }, () => 1)]),
    segment(0xc0, [8, height >> 8, height & 255, width >> 8, width & 255, 1, 1, 0x11, 0]),
    segment(0xc4, [0, ...Array.from({ length: 16 }, () => 0)]),
    segment(0xda, [1, 1, 0, 0, 63, 0]),
    [0x12, 0xff, 0x00, 0x34, 0xff, 0xd0, 0x56],
    [0xff, 0xd9],
    tail,
  );
}

const riffChunk = (type: string, data: Uint8Array | number[]): Uint8Array<ArrayBuffer> =>
  joined(bytesOf(type), littleUint32(data.length), data, data.length % 2 ? [0] : []);

/** A lossless frame's header with some bytes behind it, on a canvas, with EXIF and XMP. */
export function webp(
  width = 16,
  height = 8,
  { canvas = [width, height] as [number, number], animated = false, extra = new Uint8Array() as Uint8Array } = {},
) {
  const bits = ((width - 1) | ((height - 1) << 14)) >>> 0;
  const size = (value: number): number[] => littleUint32(value - 1).slice(0, 3);
  const chunks = joined(
    riffChunk("VP8X", [0x0c | (animated ? 2 : 0), 0, 0, 0, ...size(canvas[0]), ...size(canvas[1])]),
    riffChunk("VP8L", [0x2f, ...littleUint32(bits), 1, 2, 3, 4, 5, 6, 7]),
    riffChunk("EXIF", bytesOf("GPS 41.0082N")),
    riffChunk("XMP ", bytesOf("<x:xmpmeta>Ada</x:xmpmeta>")),
    extra,
  );
  return joined(bytesOf("RIFF"), littleUint32(chunks.length + 4), bytesOf("WEBP"), chunks);
}
