/** How far a sweep is behind: what waits, and for how long. Every domain reports it in the same words, for the gateway's log. */
import type { SweepReport } from "../contracts/domain";

export interface Lag {
  waiting: number;
  /** Age of the oldest; 0 where none waits. */
  oldestMs: number;
  /** Of those that wait, how many have failed already. */
  failing?: number;
}

const OLDEST = "OldestMs";
const ENDINGS = ["Waiting", OLDEST, "Failing"] as const;

/** `outbox` → `outboxWaiting`, `outboxOldestMs`. */
export const lagEntries = (name: string, { waiting, oldestMs, failing }: Lag): SweepReport => ({
  [`${name}Waiting`]: waiting,
  [`${name}${OLDEST}`]: oldestMs,
  ...(failing === undefined ? {} : { [`${name}Failing`]: failing }),
});

export const isLag = (key: string): boolean => ENDINGS.some((ending) => key.endsWith(ending));

/** Of a report, what waits for longer than that. */
export function overdue(report: Readonly<Record<string, unknown>>, longerThanMs: number): SweepReport {
  const late = Object.entries(report).flatMap(([key, value]) =>
    key.endsWith(OLDEST) && typeof value === "number" && value > longerThanMs ? [key.slice(0, -OLDEST.length)] : [],
  );
  return Object.fromEntries(
    late.flatMap((name) =>
      ENDINGS.flatMap((ending) => {
        const value = report[`${name}${ending}`];
        return typeof value === "number" ? [[`${name}${ending}`, value] as const] : [];
      }),
    ),
  );
}
