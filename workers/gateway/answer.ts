import { allowAnyOrigin } from "./cors";

/** Set where the answering Worker has not said something stricter or more fitting itself. */
const DEFAULTS: Record<string, string> = {
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "cross-origin",
  "cache-control": "no-store",
};

/** What every answer carries, whoever made it. A 101 cannot be touched: it passes as it is. */
export function finish(response: Response, requestId: string, traceparent: string, ratePolicy: string | null): Response {
  if (response.status === 101) return response;
  const headers = new Headers(response.headers);
  for (const [name, value] of Object.entries(DEFAULTS)) if (!headers.has(name)) headers.set(name, value);
  headers.set("x-request-id", requestId);
  headers.set("traceparent", traceparent);
  headers.set("x-content-type-options", "nosniff");
  headers.set("strict-transport-security", "max-age=31536000");
  if (ratePolicy) headers.set("ratelimit-policy", ratePolicy);
  allowAnyOrigin(headers);
  return new Response(response.body, { status: response.status, statusText: response.statusText, headers });
}
