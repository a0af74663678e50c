/** An object has one alarm (rule 10): the platform is asked for it only when it must come earlier than the one that stands. */
export class AlarmClock {
  readonly #storage: DurableObjectStorage;
  readonly #nextDueMs: () => number | null;
  /** What the platform has stored. */
  #atMs: number | null = null;
  /** Nothing that was written since the clock was set is due before this. Too early a word costs one more look. */
  #firstNewDueMs = Number.POSITIVE_INFINITY;
  #isRinging = false;

  /** `nextDueMs` looks at everything that an alarm is for; null when there is nothing. */
  constructor(storage: DurableObjectStorage, nextDueMs: () => number | null) {
    this.#storage = storage;
    this.#nextDueMs = nextDueMs;
  }

  /** For the constructor of the object: nothing in memory says what stands. */
  async restore(): Promise<void> {
    this.#atMs = await this.#storage.getAlarm();
    this.dueBy(Number.NEGATIVE_INFINITY);
    await this.set();
  }

  /** Before the alarm there is nothing to look for. */
  isDue(nowMs: number): boolean {
    return this.#atMs === null || nowMs >= this.#atMs;
  }

  /** Something is written that is due then, or later. */
  dueBy(dueMs: number): void {
    this.#firstNewDueMs = Math.min(this.#firstNewDueMs, dueMs);
  }

  /** The alarm has come. Until `hasRung` nothing is set for what others write: the platform repeats an alarm that was cut off. */
  ring(): void {
    this.#atMs = null;
    this.#isRinging = true;
  }

  hasRung(): void {
    this.#isRinging = false;
  }

  /** In the turn of a transaction, so that both commit or neither. */
  set(): Promise<void> | undefined {
    if (this.#isRinging || (this.#atMs !== null && this.#firstNewDueMs >= this.#atMs)) return undefined;
    this.#firstNewDueMs = Number.POSITIVE_INFINITY;
    const dueMs = this.#nextDueMs();
    return dueMs === null ? undefined : this.setBy(dueMs);
  }

  setBy(dueMs: number): Promise<void> | undefined {
    if (this.#atMs !== null && this.#atMs <= dueMs) return undefined;
    this.#atMs = dueMs;
    return this.#storage.setAlarm(dueMs);
  }
}
