/** Any page may call the API: it takes bearer credentials only, never a cookie, so that a foreign page has nothing to abuse. */
const ALLOWED_HEADERS = "authorization, content-type, idempotency-key, if-match, if-none-match, traceparent";
const EXPOSED_HEADERS = "etag, location, ratelimit-policy, retry-after, traceparent, x-request-id";
const METHODS = "GET, HEAD, POST, PUT, DELETE, OPTIONS";
const REMEMBER_SECONDS = "86400";

/** OPTIONS, whether a browser's preflight or not, is answered here for every path. */
export const optionsResponse = (): Response =>
  new Response(null, {
    status: 204,
    headers: {
      allow: METHODS,
      "access-control-allow-methods": METHODS,
      "access-control-allow-headers": ALLOWED_HEADERS,
      "access-control-max-age": REMEMBER_SECONDS,
    },
  });

export function allowAnyOrigin(headers: Headers): void {
  headers.set("access-control-allow-origin", "*");
  headers.set("access-control-expose-headers", EXPOSED_HEADERS);
}
