/** Keys remembered in a running minute; strangers' addresses must not fill the isolate. */
const MAX_KEYS = 50_000;

/** What this isolate alone has counted in the running minute. */
export class MinuteCounts {
  #counts = new Map<string, number>();
  #minute = 0;

  /** The key's count with `change` in it; what was taken away again after its minute is not below nothing. */
  add(key: string, change: 1 | -1): number {
    const minute = Math.floor(Date.now() / 60_000);
    if (minute !== this.#minute || this.#counts.size >= MAX_KEYS) {
      this.#counts = new Map();
      this.#minute = minute;
    }
    const count = Math.max(0, (this.#counts.get(key) ?? 0) + change);
    this.#counts.set(key, count);
    return count;
  }
}
