/** What an organizer may show: pictures made of pixels, and drawings. */
import type { AssetType } from "../../shared/contracts/branding";
import { type Result, refuse } from "../../shared/contracts/result";
import { isUnreadable, type PictureRefusal, type PixelLimits, rasterTypeOf, readRaster } from "../../shared/pictures/raster";
import { readSvg } from "./svg";

export interface Picture {
  contentType: AssetType;
  /** As they are kept and served. */
  bytes: Uint8Array<ArrayBuffer>;
  width: number;
  height: number;
}

/** 200 MB on somebody's phone. */
const LIMITS: PixelLimits = { maxPixels: 50_000_000, maxSide: 20_000 };

export function readPicture(bytes: Uint8Array): Result<Picture, PictureRefusal> {
  const type = rasterTypeOf(bytes);
  if (type) return readRaster(bytes, type, LIMITS);
  const isDrawing = new TextDecoder().decode(bytes.subarray(0, 256)).trimStart().startsWith("<");
  if (!isDrawing) return refuse({ code: "asset_type_unsupported", detail: "PNG, JPEG, WebP and SVG are taken" });
  try {
    return readSvg(bytes);
  } catch (error) {
    if (isUnreadable(error)) return refuse({ code: "asset_broken" });
    throw error;
  }
}
