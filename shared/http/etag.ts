import type { Context } from "hono";
import { Problem } from "./problem";

/** Strong validator of a thing that is edited: its version counter. */
export const etagOfVersion = (version: number): string => `"v${version}"`;

const listed = (header: string): string[] => header.split(",").map((tag) => tag.trim());

/** `If-Match` is optional; a stale one is a 412 (RFC 9110, 13.1.1). */
export function checkIfMatch(c: Context, etag: string): void {
  const header = c.req.header("if-match");
  if (header !== undefined && header.trim() !== "*" && !listed(header).includes(etag)) throw new Problem("version_stale");
}

/** True when the client's copy is the current one (weak comparison, RFC 9110, 13.1.2): answer 304. */
export function isFresh(c: Context, etag: string): boolean {
  const header = c.req.header("if-none-match");
  if (header === undefined) return false;
  const bare = (tag: string) => tag.replace(/^W\//, "");
  return header.trim() === "*" || listed(header).some((tag) => bare(tag) === bare(etag));
}
