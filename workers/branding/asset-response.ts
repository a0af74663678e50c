/** An asset's bytes over HTTP: they never change under their address, so that whoever has them need not ask again (RFC 9110, RFC 8246). */
import type { Context } from "hono";
import parseRange from "range-parser";
import { isFresh } from "../../shared/http/etag";
import { type AssetRow, objectKey } from "./assets";
import type { Env } from "./environment";

const ALWAYS = {
  "cache-control": "public, max-age=31536000, immutable",
  "accept-ranges": "bytes",
  // Opened by itself, an SVG is a document: it runs nothing, loads nothing and is nobody's origin.
  "content-security-policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
};

/** Null where the object is gone though its row was read a moment ago. */
export async function assetResponse(c: Context<{ Bindings: Env }>, asset: AssetRow): Promise<Response | null> {
  const etag = `"${asset.sha256}"`;
  const headers = { ...ALWAYS, etag, "last-modified": new Date(asset.createdAtMs).toUTCString() };
  if (isFresh(c, etag)) return c.body(null, 304, headers);
  const typed = { ...headers, "content-type": asset.contentType };
  if (c.req.method === "HEAD") return new Response(null, { headers: { ...typed, "content-length": String(asset.sizeBytes) } });
  const range = rangeOf(c, asset.sizeBytes, etag);
  if (range === "unsatisfiable")
    return c.body(null, 416, {
      "content-range": `bytes */${asset.sizeBytes}`,
      "accept-ranges": "bytes",
      "cache-control": "no-store",
    });
  const object = await c.env.BRAND_ASSETS.get(objectKey(asset), range ? { range } : {});
  if (!object) return null;
  if (!range) return new Response(object.body, { headers: { ...typed, "content-length": String(asset.sizeBytes) } });
  const { offset, length } = range;
  return new Response(object.body, {
    status: 206,
    headers: {
      ...typed,
      "content-length": String(length),
      "content-range": `bytes ${offset}-${offset + length - 1}/${asset.sizeBytes}`,
    },
  });
}

/** One range, or null for the whole: a server may pass over what it cannot read, several at once, and a copy that is another's. */
function rangeOf(c: Context, sizeBytes: number, etag: string): { offset: number; length: number } | "unsatisfiable" | null {
  const header = c.req.header("range");
  const ifRange = c.req.header("if-range");
  if (header === undefined || (ifRange !== undefined && ifRange.trim() !== etag)) return null;
  const ranges = parseRange(sizeBytes, header);
  if (ranges === -1) return "unsatisfiable";
  if (ranges === -2 || ranges.type !== "bytes") return null;
  const [only, another] = ranges;
  return only && !another ? { offset: only.start, length: only.end - only.start + 1 } : null;
}
