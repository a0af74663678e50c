/** What routes read of a request. */
import type { Context } from "hono";
import { checkIfMatch, etagOfVersion } from "../../shared/http/etag";
import { pathId } from "../../shared/http/form";
import { principalOf, userIdOf } from "../../shared/http/principal";
import { Problem } from "../../shared/http/problem";

export type UsersContext = { Bindings: UsersEnv };

export const PRIVATE = { "cache-control": "private, no-cache" };

export const memberIdOf = (c: Context): string => pathId(c, "userId", "user_not_found");

/** Behind `requireUser`. */
export function callerOf(c: Context): string {
  const userId = userIdOf(principalOf(c));
  if (userId === null) throw new Problem("credential_missing");
  return userId;
}

/** The version that `If-Match` insists on, null when the caller takes any. */
export function matchedVersion(c: Context, version: number): number | null {
  checkIfMatch(c, etagOfVersion(version));
  return (c.req.header("if-match") ?? "*").trim() === "*" ? null : version;
}
