/** An object has one alarm (rule 10): the platform is asked for it only when it must come earlier than the one that stands. */
export class AlarmClock {
  readonly #storage: DurableObjectStorage;
  readonly #nextDueMs: () => number | null;
  /** What the platform has stored. */
  #atMs: number | null = null;
  /** Nothing that was written since the clock was set is due before this. Too early a word costs one more look. */
  #firstNewDueMs = Number.POSITIVE_INFINITY;
  #notBeforeMs = Number.NEGATIVE_INFINITY;
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
    if (dueMs === null) return undefined;
    const atMs = Math.max(dueMs, this.#notBeforeMs);
    return this.#atMs !== null && this.#atMs <= atMs ? undefined : this.#setAt(atMs);
  }

  /** An alarm could not do its work, and what is overdue stays so: without a pause it would come again at once, and again. */
  putOff(untilMs: number): Promise<void> {
    this.#notBeforeMs = untilMs;
    return this.#setAt(untilMs);
  }

  #setAt(atMs: number): Promise<void> {
    this.#atMs = atMs;
    return this.#storage.setAlarm(atMs);
  }
}
