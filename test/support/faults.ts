/** One fault at a chosen step of a sale: at its nth round trip to a database or call of the event's object. */
import type { Env } from "../../workers/payments/environment";
import { interceptTrips, type Trip } from "./tripped-database";

/**
 * `lost`: it never arrived. `unanswered`: it took effect and nobody heard so. `killed`: from there on the process does nothing any more,
 * and its answer is lost too.
 */
export type FaultKind = "lost" | "unanswered" | "killed";
export const FAULT_KINDS: readonly FaultKind[] = ["lost", "unanswered", "killed"];

export interface Faults {
  /** From here on steps are counted; the nth, from 1, fails. */
  arm(at: number, kind: FaultKind): void;
  disarm(): void;
  /** Whether the fault has happened: past a sale's last step none does. */
  happened(): boolean;
  /** For `openTill`. */
  change(env: Env): Partial<Env>;
}

export function planFaults(): Faults {
  let plan: { at: number; kind: FaultKind } | null = null;
  let steps = 0;
  let happened = false;
  const trip: Trip = async (go) => {
    if (!plan) return go();
    steps += 1;
    if (steps < plan.at || (steps > plan.at && plan.kind !== "killed")) return go();
    happened = true;
    if (plan.kind === "unanswered") await go();
    throw new Error(`fault: step ${steps} was ${plan.kind}`);
  };
  return {
    arm: (at, kind) => {
      plan = { at, kind };
      steps = 0;
      happened = false;
    },
    disarm: () => {
      plan = null;
    },
    happened: () => happened,
    change: (env) => ({
      DB_0: interceptTrips(env.DB_0, trip),
      DB_1: interceptTrips(env.DB_1, trip),
      EVENTS: new Proxy(env.EVENTS, {
        get(target, name) {
          const door: unknown = Reflect.get(target, name);
          if (typeof door !== "function") return door;
          return (...args: unknown[]) => trip(() => Reflect.apply(door, target, args));
        },
      }),
    }),
  };
}
