import type { Context } from "hono";
import type { Principal } from "../contracts/principal";
import { sha256 } from "../crypto/bytes";
import { canonicalJson } from "../crypto/canonical-json";
import { Problem } from "./problem";

/** Visible ASCII; what begins with a quote is a string, and must end as one. */
const BARE = /^[\x21\x23-\x7e][\x21-\x7e]*$/;
/** A string of RFC 9651 (3.3.3) without its spaces: `"` and `\` stand behind a backslash, nothing else does. */
const QUOTED = /^"((?:[\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"$/;
const MAX_CHARACTERS = 255;

/** The header's key, bare or as a quoted string (draft-ietf-httpapi-idempotency-key-header), null without one. */
export function idempotencyKeyOf(c: Context): string | null {
  const header = c.req.header("idempotency-key");
  if (header === undefined) return null;
  const key = QUOTED.exec(header)?.[1]?.replace(/\\(.)/g, "$1") ?? (BARE.test(header) ? header : "");
  if (key.length === 0 || key.length > MAX_CHARACTERS) throw new Problem("invalid_idempotency_key");
  return key;
}

/** Whose key it is: two callers' equal keys are two keys; for nobody the key itself is the scope. */
export function callerScope(principal: Principal): string {
  switch (principal.kind) {
    case "user":
      return `user:${principal.userId}`;
    case "api_key":
      return `key:${principal.keyId}`;
    case "bearer_secret":
      return `secret:${principal.secret}`;
    default:
      return "nobody";
  }
}

/** Of the parsed body, so that spelling and member order do not count. */
export const requestHashOf = (body: unknown): Promise<string> => sha256(canonicalJson(body ?? null));
