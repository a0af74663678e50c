/** A seat map's body may have eight times what other bodies may; it is held in memory, and never more than a few at once. */
import type { Context, MiddlewareHandler } from "hono";
import { MAX_SEAT_MAP_BYTES } from "../../shared/contracts/seats";
import { MAX_BODY_BYTES, readBytesOnce } from "../../shared/http/body";
import { organizerOfBody } from "../../shared/http/named-organizer";
import { Problem } from "../../shared/http/problem";

/** Large ones at a time: an isolate has 128 MB, and a map stands in them several times while it is compiled. */
const MAX_AT_ONCE = 2;
/** 8 MiB by 2.2 Mbit/s. */
const MAX_UPLOAD_MS = 30_000;
const held = new Set<Request>();

/** Gives the place back that `organizerOfUpload` took, however the request ends. */
export const boundedSeatMaps: MiddlewareHandler = async (c, next) => {
  try {
    await next();
  } finally {
    held.delete(c.req.raw);
  }
};

/** Reads the body, because the guard has to know whose map it is; `form()` finds it read. */
export async function organizerOfUpload(c: Context): Promise<string> {
  const request = c.req.raw;
  const isLarge = Number(request.headers.get("content-length") ?? MAX_SEAT_MAP_BYTES) > MAX_BODY_BYTES;
  if (isLarge && held.size >= MAX_AT_ONCE)
    throw new Problem("overloaded", { detail: "Other seat maps are coming in", retryAfterSeconds: 2 });
  if (isLarge) held.add(request);
  await readInTime(request);
  return organizerOfBody(c);
}

/** Whose map it is stands in the body, so that a place is taken before anybody knows whether he may: nobody keeps it by being slow. */
export async function readInTime(request: Request, maxMs = MAX_UPLOAD_MS): Promise<void> {
  const read = new AbortController();
  const late = scheduler.wait(maxMs, { signal: read.signal }).then(
    () => true,
    () => false,
  );
  try {
    const isLate = await Promise.race([late, readBytesOnce(request, MAX_SEAT_MAP_BYTES).then(() => false)]);
    if (isLate) throw new Problem("overloaded", { detail: "The seat map came in too slowly", retryAfterSeconds: 2 });
  } finally {
    read.abort();
  }
}
