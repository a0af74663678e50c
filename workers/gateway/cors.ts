const ALLOWED_HEADERS = "authorization, content-type, idempotency-key, if-match, if-none-match, traceparent";
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
