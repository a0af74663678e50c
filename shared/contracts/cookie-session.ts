/** What signing in by cookie answers. Apart from the cookie's own words, which the gateway reads without any schema. */
import { z } from "zod";
import { Tokens, User } from "./accounts";
import { Timestamp } from "./ids";

/** The cookie that comes with it is the session; the body holds nothing that opens anything by itself. */
export const CookieSession = z
  .object({
    user: User,
    /** For `x-csrf-token` in each request but `GET` and `HEAD`, until the cookie is another one. */
    csrfToken: z.string().min(1),
    /** Unless it is used before; each use moves it on, up to 90 days after the sign-in. */
    expiresAt: Timestamp,
  })
  .meta({ id: "CookieSession", description: "Comes with `Set-Cookie`, where signing in was asked with `x-session: cookie`." });
export type CookieSession = z.infer<typeof CookieSession>;

/** The session that asks, whether by cookie or by token. */
export const CurrentSession = CookieSession.extend({
  /** Null where a token asks, which no foreign page can make a browser send. */
  csrfToken: z.string().min(1).nullable(),
  /** When the person last proved who they are (OpenID Connect `auth_time`). */
  authTime: Timestamp,
}).meta({ id: "CurrentSession" });
export type CurrentSession = z.infer<typeof CurrentSession>;

/** Of everything that signs somebody in: tokens, unless a cookie is asked for. */
export const SignInAnswer = z.union([Tokens, CookieSession]).meta({ id: "SignInAnswer" });
