/**
 * Access tokens that nobody here has issued: somebody is trying, and whoever watches the log should see it. One line a reason and second
 * in each isolate, with how many there were, never the token: a flood must not fill the log, and a log must not hold credentials.
 */
import type { After } from "./deny-list";

export type Forgery =
  | "malformed"
  /** `alg` is none, HS256 or anything but RS256. */
  | "algorithm"
  /** Another kind of token, an ID token for example. */
  | "type"
  /** The token names a key or where to find one (`jku`, `jwk`, `x5u`, `x5c`). */
  | "key_offered"
  /** A `kid` that is not published: a path, a URL, a key that is long gone. */
  | "key_unknown"
  | "signature"
  | "issuer"
  | "audience"
  | "future"
  | "claims";

/** One line in this time. */
const LINE_EVERY_MS = 1_000;
/** The platform may end a request before its line is written; the next one writes it then. */
const ABANDONED_MS = 5 * LINE_EVERY_MS;

/** At most one a reason. */
const counted = new Map<Forgery, { sinceMs: number; count: number }>();

export function noteForgery(reason: Forgery, after: After): void {
  const nowMs = Date.now();
  const open = counted.get(reason);
  if (open) open.count += 1;
  if (open && nowMs - open.sinceMs < ABANDONED_MS) return;
  counted.set(reason, { sinceMs: nowMs, count: open?.count ?? 1 });
  after.waitUntil(new Promise((resolve) => setTimeout(resolve, LINE_EVERY_MS)).then(() => writeLine(reason)));
}

function writeLine(reason: Forgery): void {
  const count = counted.get(reason)?.count ?? 0;
  counted.delete(reason);
  if (count > 0) console.warn(JSON.stringify({ level: "warn", message: "forged access tokens were refused", reason, count }));
}
