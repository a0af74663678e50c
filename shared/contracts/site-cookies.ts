/**
 * The cookie by which a browser shows a hold's or an order's secret to that thing's own page on an organizer's host. Each is bound to
 * its page's path, so that one request carries one. The gateway reads it for pages alone, never for the API, whose one cookie is `session-cookie.ts`'s.
 */
export const SECRET_COOKIE = "bilten-secret";
/** Over TLS no other host of the same domain may plant it over plain HTTP (RFC 6265bis, 4.1.3.1). */
export const SECURE_SECRET_COOKIE = `__Secure-${SECRET_COOKIE}`;
