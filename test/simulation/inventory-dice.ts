/** Everything random about a step comes from its one number, so that a sequence is a list of numbers and can be played again. */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0;
  }

  /** In [0, 1). */
  roll(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** From 0 to below `count`. */
  below(count: number): number {
    return Math.floor(this.roll() * count);
  }

  between(least: number, most: number): number {
    return least + this.below(most - least + 1);
  }

  chance(probability: number): boolean {
    return this.roll() < probability;
  }

  pick<T>(some: readonly T[]): T {
    if (some.length === 0) throw new Error("nothing to pick from");
    // Within the list, whatever it holds.
    return some[this.below(some.length)] as T;
  }

  /** Mostly one of the last, which are more likely to be alive. */
  pickLate<T>(some: readonly T[]): T | undefined {
    const from = this.chance(0.8) ? Math.max(0, some.length - 8) : 0;
    return some.length === 0 ? undefined : some[from + this.below(some.length - from)];
  }

  /** Each with the probability. */
  some<T>(all: readonly T[], probability: number): T[] {
    return all.filter(() => this.chance(probability));
  }

  /** By weight. */
  weigh<T>(choices: readonly (readonly [weight: number, choice: T])[]): T {
    let at = this.roll() * choices.reduce((sum, [weight]) => sum + weight, 0);
    for (const [weight, choice] of choices) {
      at -= weight;
      if (at < 0) return choice;
    }
    throw new Error("nothing to weigh");
  }
}
