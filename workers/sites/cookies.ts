/** What a browser keeps for a page: a hold's or an order's secret, and what it was last busy with, each for that page's path alone. */
import type { Context } from "hono";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import { SECRET_COOKIE } from "../../shared/contracts/site-cookies";
import { isSecure } from "../../shared/http/finish";

const DAY_SECONDS = 86_400;
/** The mail's link brings it back after that. */
const ORDER_SECONDS = 90 * DAY_SECONDS;

/** Lax, because the mail's link comes from elsewhere; what changes something is a POST, which it does not go with from there. */
const options = (c: Context, path: string, maxAge: number) => {
  const secure = isSecure(c.req.raw);
  return { path, maxAge, httpOnly: true, sameSite: "Lax", secure, ...(secure ? { prefix: "secure" as const } : {}) } as const;
};

export const keepSecret = (c: Context, path: string, secret: string, seconds = ORDER_SECONDS): void =>
  setCookie(c, SECRET_COOKIE, secret, options(c, path, seconds));

export function forgetSecret(c: Context, path: string): void {
  const { maxAge: _, ...scope } = options(c, path, 0);
  deleteCookie(c, SECRET_COOKIE, scope);
}

/** The last thing that came of a page: a hold's order, an order's payment. */
const LATEST_COOKIE = "bilten-latest";

export const keepLatest = (c: Context, path: string, id: string): void =>
  setCookie(c, LATEST_COOKIE, id, options(c, path, ORDER_SECONDS));

export const latestOf = (c: Context): string | undefined =>
  isSecure(c.req.raw) ? getCookie(c, LATEST_COOKIE, "secure") : getCookie(c, LATEST_COOKIE);

/** A buyer who comes back from the provider is believed for so long that something is under way, until its webhook says what. */
const RETURNED_COOKIE = "bilten-returned";
const RETURNED_SECONDS = 60;

export const keepReturned = (c: Context, path: string): void =>
  setCookie(c, RETURNED_COOKIE, "yes", options(c, path, RETURNED_SECONDS));

export const hasReturned = (c: Context): boolean =>
  (isSecure(c.req.raw) ? getCookie(c, RETURNED_COOKIE, "secure") : getCookie(c, RETURNED_COOKIE)) === "yes";

export function forgetReturned(c: Context, path: string): void {
  const { maxAge: _, ...scope } = options(c, path, 0);
  deleteCookie(c, RETURNED_COOKIE, scope);
}
