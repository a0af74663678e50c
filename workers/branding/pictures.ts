/** What a file is by its bytes, never by its name or by what its sender says, and what of it is kept. */
import { imageSize } from "image-size";
import type { AssetType } from "../../shared/contracts/branding";
import type { Refusal } from "../../shared/contracts/problems";
import { ok, type Result, refuse } from "../../shared/contracts/result";
import { BrokenPicture, joined, TooManyParts, type Walked } from "./containers";
import { JPEG_END, JPEG_START, jpegOrientation, type WalkedJpeg, walkJpeg } from "./jpeg";
import { walkPng } from "./png";
import { readSvg } from "./svg";
import { walkWebp } from "./webp";

export interface Picture {
  contentType: AssetType;
  /** As they are kept and served. */
  bytes: Uint8Array<ArrayBuffer>;
  width: number;
  height: number;
}

export type PictureRefusal = Refusal<"asset_broken" | "asset_too_large" | "asset_type_unsupported">;

/** 4 bytes each once it is drawn: 200 MB on somebody's phone. */
const MAX_PIXELS = 50_000_000;
const MAX_SIDE = 20_000;

export function readPicture(bytes: Uint8Array): Result<Picture, PictureRefusal> {
  try {
    switch (typeOf(bytes)) {
      case "image/png":
        return kept("image/png", bytes, walkPng);
      case "image/webp":
        return kept("image/webp", bytes, walkWebp);
      case "image/jpeg":
        return keptJpeg(bytes);
      case "image/svg+xml":
        return readSvg(bytes);
      default:
        return refuse({ code: "asset_type_unsupported", detail: "PNG, JPEG, WebP and SVG are taken" });
    }
  } catch (error) {
    // The last two are image-size's, for what it cannot read.
    if (error instanceof TooManyParts) return refuse({ code: "asset_too_large", detail: error.message });
    if (isUnreadable(error)) return refuse({ code: "asset_broken" });
    throw error;
  }
}

const isUnreadable = (error: unknown): boolean =>
  error instanceof BrokenPicture || error instanceof TypeError || error instanceof RangeError;

const startsWith = (bytes: Uint8Array, text: string, at = 0): boolean =>
  [...text].every((character, index) => bytes[at + index] === character.charCodeAt(0));

function typeOf(bytes: Uint8Array): AssetType | null {
  if (startsWith(bytes, "\x89PNG\r\n\x1a\n")) return "image/png";
  if (startsWith(bytes, "\xff\xd8\xff")) return "image/jpeg";
  if (startsWith(bytes, "RIFF") && startsWith(bytes, "WEBP", 8)) return "image/webp";
  const head = new TextDecoder().decode(bytes.subarray(0, 256)).trimStart();
  return head.startsWith("<") ? "image/svg+xml" : null;
}

/** The size is looked at before a part is read: what a header promises is what a browser would set aside. */
function sizeOf(header: Uint8Array): Result<{ width: number; height: number; orientation?: number }, PictureRefusal> {
  const { width, height, orientation } = imageSize(header);
  if (width < 1 || height < 1) return refuse({ code: "asset_broken" });
  if (width * height > MAX_PIXELS || Math.max(width, height) > MAX_SIDE)
    return refuse({ code: "asset_too_large", detail: `${width} × ${height} pixels; at most 50 million, and ${MAX_SIDE} a side` });
  return ok({ width, height, ...(orientation ? { orientation } : {}) });
}

function kept(contentType: AssetType, bytes: Uint8Array, walk: (bytes: Uint8Array) => Walked): Result<Picture, PictureRefusal> {
  const size = sizeOf(bytes);
  if (!size.ok) return size;
  const { pieces, animated } = walk(bytes);
  if (animated) return refuse({ code: "asset_type_unsupported", detail: "Pictures that move are not taken" });
  const { width, height } = size.value;
  return ok({ contentType, bytes: joined(pieces), width, height });
}

/** Browsers pass over EXIF data that cannot be read, and show the picture as it lies. */
function sizeOfJpeg({ header, plainHeader }: WalkedJpeg): ReturnType<typeof sizeOf> {
  try {
    return sizeOf(header);
  } catch (error) {
    if (isUnreadable(error)) return sizeOf(plainHeader);
    throw error;
  }
}

function keptJpeg(bytes: Uint8Array): Result<Picture, PictureRefusal> {
  const walked = walkJpeg(bytes);
  const { pieces } = walked;
  const size = sizeOfJpeg(walked);
  if (!size.ok) return size;
  const { width, height, orientation = 1 } = size.value;
  const turned = orientation > 1 && orientation <= 8;
  const whole = joined([JPEG_START, ...(turned ? [jpegOrientation(orientation)] : []), ...pieces, JPEG_END]);
  const onItsSide = orientation >= 5 && orientation <= 8;
  return ok({ contentType: "image/jpeg", bytes: whole, width: onItsSide ? height : width, height: onItsSide ? width : height });
}
