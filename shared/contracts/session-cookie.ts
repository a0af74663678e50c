/**
 * A browser's session: a page of Bilten's own origin is signed in by a cookie that no script can read, in the place of tokens that any
 * script could. What changes something shows beside it a token that only a page of that origin can have read.
 */
import type { User } from "./accounts";

/** `__Host-`: over TLS only, from this very host, for all of it (RFC 6265bis, 4.1.3.2). Browsers take `localhost` for TLS. */
export const SESSION_COOKIE = "__Host-bilten-session";
/** 32 random bytes, as base64url. */
export const SESSION_SECRET = /^bs_[\w-]{43}$/;

/** What signing in is asked with to answer by a cookie. */
export const SESSION_HEADER = "x-session";
export const SESSION_KINDS = ["cookie"] as const;
export const CSRF_HEADER = "x-csrf-token";

/** What the gateway hears of a cookie. */
export type CookieState =
  | {
      state: "live";
      userId: string;
      sessionId: string;
      role: User["role"];
      /** Milliseconds. */
      authTimeMs: number;
      /** The issuer, or the organizer's host where it was made: it works there only (rule 5). */
      audience: string;
      organizerId: string | null;
    }
  /** The same session has another cookie since: the browser must not be told to forget that one. */
  | { state: "replaced" }
  | { state: "ended" };
