/** Runs several facts at once and decides, at each call of a database or an object, whose turn it is: a race that can be replayed. */
import { AsyncLocalStorage } from "node:async_hooks";

interface Actor {
  waiting: (() => void)[];
  /** What it began and does not wait for itself. */
  begun: Promise<unknown>[];
}

export class Turns {
  readonly #current = new AsyncLocalStorage<Actor>();
  readonly #actors = new Set<Actor>();
  #choices: number[] = [];

  /** Before each call that others may come before. Alone, nobody waits. */
  gate = (): Promise<void> | undefined => {
    const actor = this.#current.getStore();
    if (!actor || !this.#actors.has(actor)) return undefined;
    return new Promise((resolve) => {
      actor.waiting.push(resolve);
      this.#next();
    });
  };

  /** Work in the shadow of a fact that races: the race is over when that is done too. False when nobody races. */
  keep(work: Promise<unknown>): boolean {
    const actor = this.#current.getStore();
    if (!actor || !this.#actors.has(actor)) return false;
    const next = () => this.#next();
    // Its end lets nobody through a gate, and somebody may stand at one.
    actor.begun.push(work.finally(next));
    return true;
  }

  /** `choices` name who goes on at each point where all of them wait; when they run out, the first does. */
  async race(tasks: readonly (() => Promise<unknown>)[], choices: readonly number[]): Promise<void> {
    this.#choices = [...choices];
    const actors = tasks.map((): Actor => ({ waiting: [], begun: [] }));
    for (const actor of actors) this.#actors.add(actor);
    await Promise.all(
      tasks.map(async (task, index) => {
        // One for each task.
        const actor = actors[index] as Actor;
        try {
          await this.#current.run(actor, async () => {
            await this.gate();
            await task();
            for (let work = actor.begun.shift(); work; work = actor.begun.shift()) await work;
          });
        } finally {
          this.#actors.delete(actor);
          this.#next();
        }
      }),
    );
  }

  /** Only when everybody who has not finished waits, so that the order is the choices' alone. */
  #next(): void {
    const actors = [...this.#actors];
    if (actors.length === 0 || actors.some(({ waiting }) => waiting.length === 0)) return;
    const chosen = actors[(this.#choices.shift() ?? 0) % actors.length];
    chosen?.waiting.shift()?.();
  }
}
