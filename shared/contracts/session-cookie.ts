/**
 * A browser's session: a page of Bilten's own origin is signed in by a cookie that no script can read, in the place of tokens that any
 * script could. What changes something shows beside it a token that only a page of that origin can have read.
 */
import { z } from "zod";
import { User } from "./accounts";
import { Timestamp } from "./ids";

/** `__Host-`: over TLS only, from this very host, for all of it (RFC 6265bis, 4.1.3.2). Browsers take `localhost` for TLS. */
export const SESSION_COOKIE = "__Host-bilten-session";
/** 32 random bytes, as base64url. */
export const SESSION_SECRET = /^bs_[\w-]{43}$/;

/** What signing in is asked with to answer by a cookie. */
export const SESSION_HEADER = "x-session";
export const SESSION_KINDS = ["cookie"] as const;
export const CSRF_HEADER = "x-csrf-token";

/** The cookie that comes with it is the session; the body holds nothing that opens anything by itself. */
export const CookieSession = z
  .object({
    user: User,
    /** For `x-csrf-token` in each request but `GET` and `HEAD`, until the cookie is another one. */
    csrfToken: z.string().min(1),
    /** Unless it is used before; each use moves it on, up to 90 days after the sign-in. */
    expiresAt: Timestamp,
  })
  .meta({ id: "CookieSession" });
export type CookieSession = z.infer<typeof CookieSession>;

/** The session that asks, whether by cookie or by token. */
export const CurrentSession = CookieSession.extend({
  /** Null where a token asks, which no foreign page can make a browser send. */
  csrfToken: z.string().min(1).nullable(),
  /** When the person last proved who they are (OpenID Connect `auth_time`). */
  authTime: Timestamp,
}).meta({ id: "CurrentSession" });
export type CurrentSession = z.infer<typeof CurrentSession>;

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
