/** What one invocation may ask of its siblings, counted as it is asked: most work turns out to need less than it might. */
import type { Env } from "./environment";

export interface Calls {
  left: number;
}

export interface SiblingBudget {
  calls: Calls;
  /** When nothing new is begun any more. */
  untilMs: number;
}

/** The same environment; each call of the events Worker takes one from `calls`. */
export const counting = (env: Env, calls: Calls): Env => ({
  ...env,
  EVENTS: new Proxy(env.EVENTS, {
    get:
      (events, name: keyof Env["EVENTS"]) =>
      (request: never, ...more: never[]) => {
        calls.left -= 1;
        // A stub's methods are asked for by name each time; they are no values that could be kept.
        return (events[name] as (...values: never[]) => unknown)(request, ...more);
      },
  }),
});

/** Runs a step that may spend `share` and no more, however much is left beside it. */
export async function withShare<T>(calls: Calls, share: number, run: () => Promise<T>): Promise<T> {
  const others = Math.max(0, calls.left - share);
  calls.left -= others;
  try {
    return await run();
  } finally {
    calls.left += others;
  }
}
