/** What a browser keeps for a page: a hold's or an order's secret, and what it was last busy with, each for that page's path alone. */
import type { Context } from "hono";
import { generateCookie, getCookie } from "hono/cookie";
import { SECRET_COOKIE } from "../../shared/contracts/site-cookies";
import { isSecure } from "../../shared/http/finish";
import { eventScope } from "./event-path";

const DAY_SECONDS = 86_400;
/** The mail's link brings it back after that. */
const ORDER_SECONDS = 90 * DAY_SECONDS;

/** Lax, because the mail's link comes from elsewhere; what changes something is a POST, which it does not go with from there. */
const options = (c: Context, path: string, maxAge: number) => {
  const secure = isSecure(c.req.raw);
  return { path, maxAge, httpOnly: true, sameSite: "Lax", secure, ...(secure ? { prefix: "secure" as const } : {}) } as const;
};

/** On the answer itself: what hono is told before it has one is lost with a page, which it did not make. */
const keep = (c: Context, name: string, value: string, path: string, seconds: number): void =>
  c.res.headers.append("set-cookie", generateCookie(name, value, options(c, path, seconds)));

const forget = (c: Context, name: string, path: string): void => keep(c, name, "", path, 0);

export const keepSecret = (c: Context, path: string, secret: string, seconds = ORDER_SECONDS): void =>
  keep(c, SECRET_COOKIE, secret, path, seconds);

export const forgetSecret = (c: Context, path: string): void => forget(c, SECRET_COOKIE, path);

/** The last thing that came of a page: a hold's order, an order's payment. */
const LATEST_COOKIE = "bilten-latest";

export const keepLatest = (c: Context, path: string, id: string): void => keep(c, LATEST_COOKIE, id, path, ORDER_SECONDS);

/**
 * On the event's page, for as long as tickets are kept for the reader: the hold's id, and while no order has it the secret by which he
 * chooses otherwise there.
 */
export function keepReservation(c: Context, eventId: string, holdId: string, endsAt: string, secret: string | null): void {
  const seconds = Math.floor((Date.parse(endsAt) - Date.now()) / 1000);
  const scope = eventScope(eventId);
  if (seconds > 0) keep(c, LATEST_COOKIE, holdId, scope, seconds);
  if (seconds > 0 && secret !== null) keepSecret(c, scope, secret, seconds);
  else forgetSecret(c, scope);
}

export function forgetReservation(c: Context, eventId: string): void {
  forget(c, LATEST_COOKIE, eventScope(eventId));
  forgetSecret(c, eventScope(eventId));
}

export const latestOf = (c: Context): string | undefined =>
  isSecure(c.req.raw) ? getCookie(c, LATEST_COOKIE, "secure") : getCookie(c, LATEST_COOKIE);

/** A buyer who comes back from the provider is believed for so long that something is under way, until its webhook says what. */
const RETURNED_COOKIE = "bilten-returned";
const RETURNED_SECONDS = 60;

export const keepReturned = (c: Context, path: string): void => keep(c, RETURNED_COOKIE, "yes", path, RETURNED_SECONDS);

export const hasReturned = (c: Context): boolean =>
  (isSecure(c.req.raw) ? getCookie(c, RETURNED_COOKIE, "secure") : getCookie(c, RETURNED_COOKIE)) === "yes";

export const forgetReturned = (c: Context, path: string): void => forget(c, RETURNED_COOKIE, path);
