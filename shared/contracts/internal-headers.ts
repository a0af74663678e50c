/** Set by the gateway on every request that it forwards, stripped from every request that it receives. */
export const INTERNAL_HEADERS = {
  principal: "x-bilten-principal",
  /** The client's IP address as the edge saw it; `/64` and HMAC are the reader's business. */
  address: "x-bilten-address",
  /** The organizer whose host was asked, absent on the API host. */
  organizer: "x-bilten-organizer",
  /** The `RateLimit-Policy` that the answer carries. */
  ratePolicy: "x-bilten-rate-policy",
} as const;
