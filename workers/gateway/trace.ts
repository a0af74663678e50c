const TRACEPARENT = /^00-([0-9a-f]{32})-[0-9a-f]{16}-([0-9a-f]{2})$/;

const hex = (bytes: number): string => crypto.getRandomValues(new Uint8Array(bytes)).toHex();

/** W3C Trace Context: the caller's trace goes on with a span of ours, or a new one begins. */
export function traceparentOf(request: Request): string {
  const [, traceId, flags] = TRACEPARENT.exec(request.headers.get("traceparent") ?? "") ?? [];
  return `00-${traceId && !/^0+$/.test(traceId) ? traceId : hex(16)}-${hex(8)}-${flags ?? "01"}`;
}
