/** Pictures made of pixels: what a file is by its bytes, never by its name or by what its sender says, and what of it is kept. */
import { imageSize } from "image-size";
import type { Refusal } from "../contracts/problems";
import { ok, type Result, refuse } from "../contracts/result";
import { BrokenPicture, joined, TooManyParts, type Walked } from "./containers";
import { JPEG_END, JPEG_START, jpegOrientation, type WalkedJpeg, walkJpeg } from "./jpeg";
import { walkPng } from "./png";
import { walkWebp } from "./webp";

export const RASTER_TYPES = ["image/png", "image/jpeg", "image/webp"] as const;
export type RasterType = (typeof RASTER_TYPES)[number];

export interface RasterPicture {
  contentType: RasterType;
  /** As they are kept and served. */
  bytes: Uint8Array<ArrayBuffer>;
  width: number;
  height: number;
}

/** A pixel takes 4 bytes once it is drawn. */
export interface PixelLimits {
  maxPixels: number;
  maxSide: number;
}

export type PictureRefusal = Refusal<"asset_broken" | "asset_too_large" | "asset_type_unsupported">;

const startsWith = (bytes: Uint8Array, text: string, at = 0): boolean =>
  [...text].every((character, index) => bytes[at + index] === character.charCodeAt(0));

/** By its first bytes; null for what is none of the three. */
export function rasterTypeOf(bytes: Uint8Array): RasterType | null {
  if (startsWith(bytes, "\x89PNG\r\n\x1a\n")) return "image/png";
  if (startsWith(bytes, "\xff\xd8\xff")) return "image/jpeg";
  return startsWith(bytes, "RIFF") && startsWith(bytes, "WEBP", 8) ? "image/webp" : null;
}

/** The picture without what nobody sees; a moving, broken or too large one is refused. */
export function readRaster(bytes: Uint8Array, type: RasterType, limits: PixelLimits): Result<RasterPicture, PictureRefusal> {
  try {
    if (type === "image/jpeg") return keptJpeg(bytes, limits);
    return kept(type, bytes, limits, type === "image/png" ? walkPng : walkWebp);
  } catch (error) {
    if (error instanceof TooManyParts) return refuse({ code: "asset_too_large", detail: error.message });
    if (isUnreadable(error)) return refuse({ code: "asset_broken" });
    throw error;
  }
}

/** The last two are image-size's, for what it cannot read. */
export const isUnreadable = (error: unknown): boolean =>
  error instanceof BrokenPicture || error instanceof TypeError || error instanceof RangeError;

/** The size is looked at before a part is read: what a header promises is what a browser would set aside. */
function sizeOf(
  header: Uint8Array,
  { maxPixels, maxSide }: PixelLimits,
): Result<{ width: number; height: number; orientation?: number }, PictureRefusal> {
  const { width, height, orientation } = imageSize(header);
  if (width < 1 || height < 1) return refuse({ code: "asset_broken" });
  if (width * height > maxPixels || Math.max(width, height) > maxSide) {
    const most = `at most ${maxPixels / 1e6} million, and ${maxSide} a side`;
    return refuse({ code: "asset_too_large", detail: `${width} × ${height} pixels; ${most}` });
  }
  return ok({ width, height, ...(orientation ? { orientation } : {}) });
}

function kept(
  contentType: RasterType,
  bytes: Uint8Array,
  limits: PixelLimits,
  walk: (bytes: Uint8Array) => Walked,
): Result<RasterPicture, PictureRefusal> {
  const size = sizeOf(bytes, limits);
  if (!size.ok) return size;
  const { pieces, animated } = walk(bytes);
  if (animated) return refuse({ code: "asset_type_unsupported", detail: "Pictures that move are not taken" });
  const { width, height } = size.value;
  return ok({ contentType, bytes: joined(pieces), width, height });
}

/** Browsers pass over EXIF data that cannot be read, and show the picture as it lies. */
function sizeOfJpeg({ header, plainHeader }: WalkedJpeg, limits: PixelLimits): ReturnType<typeof sizeOf> {
  try {
    return sizeOf(header, limits);
  } catch (error) {
    if (isUnreadable(error)) return sizeOf(plainHeader, limits);
    throw error;
  }
}

function keptJpeg(bytes: Uint8Array, limits: PixelLimits): Result<RasterPicture, PictureRefusal> {
  const walked = walkJpeg(bytes);
  const { pieces } = walked;
  const size = sizeOfJpeg(walked, limits);
  if (!size.ok) return size;
  const { width, height, orientation = 1 } = size.value;
  const turned = orientation > 1 && orientation <= 8;
  const whole = joined([JPEG_START, ...(turned ? [jpegOrientation(orientation)] : []), ...pieces, JPEG_END]);
  const onItsSide = orientation >= 5 && orientation <= 8;
  return ok({ contentType: "image/jpeg", bytes: whole, width: onItsSide ? height : width, height: onItsSide ? width : height });
}
