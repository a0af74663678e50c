/** What goes wrong on demand, for the next calls of an endpoint. */

export type Fault =
  /** The work is done and the answer never comes. */
  | "hang_after"
  /** Nothing is done and no answer comes. */
  | "hang"
  /** The work is done and told of, and the answer takes its time. */
  | "slow_after"
  /** The work is done and the connection ends. */
  | "drop_after"
  /** Stripe's own failure before the work, kept under the idempotency key. */
  | "error_500"
  /** The same after the work. */
  | "error_500_after"
  /** Too many requests; kept under no key. */
  | "rate_limited"
  /** A proxy's page in place of an answer. */
  | "junk";

export class Faults {
  readonly #next = new Map<string, Fault[]>();

  add(endpoint: string, ...faults: Fault[]): void {
    this.#next.set(endpoint, [...(this.#next.get(endpoint) ?? []), ...faults]);
  }

  take(endpoint: string): Fault | undefined {
    return this.#next.get(endpoint)?.shift();
  }
}
