/** Below the lease of a request's key, so that whoever works on a payment is done when the next one takes over. */
export const PATIENCE_MS = 25_000;

/** Nobody waits longer for a provider, whatever its own client does. What it says afterwards is asked for again. */
export function patiently<T>(asked: Promise<T>, patienceMs = PATIENCE_MS): Promise<T> {
  const { promise: silence, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error("a payment provider took too long")), patienceMs);
  return Promise.race([asked, silence]).finally(() => clearTimeout(timer));
}
