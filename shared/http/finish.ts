/** Set where the answering route has not said something stricter or more fitting itself. */
const DEFAULTS = Object.entries({
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "cross-origin",
  "cache-control": "no-store",
});

/**
 * Any page may call the API with bearer credentials. A cookie counts for pages of the origin that was asked alone, and what is answered
 * to one stays unread elsewhere all the same: `*` lets nobody read what was asked for with credentials (Fetch, CORS protocol).
 */
const ALWAYS = Object.entries({
  "x-content-type-options": "nosniff",
  "access-control-allow-origin": "*",
  "access-control-expose-headers": "etag, location, ratelimit-policy, retry-after, traceparent, x-request-id",
});

/** What the gateway knows of a request that its answer must name. */
export interface Stamp {
  requestId: string;
  traceparent: string | null;
  /** `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers), null where no limit was looked at. */
  ratePolicy: string | null;
  /** Whether the request came over TLS. */
  secure: boolean;
}

export const isSecure = (request: Request): boolean => request.url.startsWith("https:");

/**
 * What every answer carries, set where the answer is made: a response that comes over a service binding can only be changed by copying
 * it, which costs each request more than all of these headers. A 101 cannot be touched: it passes as it is.
 */
export function finish(response: Response, { requestId, traceparent, ratePolicy, secure }: Stamp): Response {
  if (response.status === 101) return response;
  const answer = changeable(response);
  const { headers } = answer;
  for (const [name, value] of DEFAULTS) if (!headers.has(name)) headers.set(name, value);
  for (const [name, value] of ALWAYS) headers.set(name, value);
  // Over plain HTTP it must not be sent (RFC 6797, 7.2), and local runs are that.
  if (secure) headers.set("strict-transport-security", "max-age=31536000");
  headers.set("x-request-id", requestId);
  if (traceparent) headers.set("traceparent", traceparent);
  if (ratePolicy) headers.set("ratelimit-policy", ratePolicy);
  return answer;
}

/** A response that a route passes on from elsewhere (R2, the cache, a sibling) does not let its headers be set. */
function changeable(response: Response): Response {
  try {
    response.headers.set("x-content-type-options", "nosniff");
    return response;
  } catch {
    return new Response(response.body, response);
  }
}
