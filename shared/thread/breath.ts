/**
 * Between two pieces of work that take a thread for long. On one machine all Workers share a thread, and those who buy or stand at a
 * door would wait behind a rush's mails or a flood of passwords. A deployed isolate has its thread to itself, and breathes shortly.
 */

/** How late a timer of this length comes says whether others wait for the thread: seen, 1 or 2 ms on an idle one, 5 to 30 ms on one that sells. */
const PROBE_MS = 1;
const LATE_MS = 3;
/** So many in time, one after the other: a thread that sells has short pauses too. */
const CALM_PROBES = 2;
/** Then it is the work's turn all the same: seven mails a second while others take all that they can. */
const LONGEST_BREATH_MS = 120;

/** Until nobody else wants the thread, but not for ever. */
export async function breathe(longestMs: number = LONGEST_BREATH_MS): Promise<void> {
  const untilMs = performance.now() + longestMs;
  for (let calm = 0; calm < CALM_PROBES && performance.now() < untilMs; ) {
    const askedAtMs = performance.now();
    await scheduler.wait(PROBE_MS);
    calm = performance.now() - askedAtMs - PROBE_MS < LATE_MS ? calm + 1 : 0;
  }
}
