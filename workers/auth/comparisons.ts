/**
 * Comparing a password takes the thread for some 70 ms, and a flood of wrong ones would take it from everybody: they are compared one
 * at a time in an isolate, the least suspicious first, in slices, with a breath between two.
 */
import type { Refusal } from "../../shared/contracts/problems";
import type { Result } from "../../shared/contracts/result";
import { breathe } from "../../shared/thread/breath";
import { Turns } from "../../shared/thread/turns";
import type { Rest } from "./bcrypt";
import type { After } from "./news";
import { checkPassword } from "./passwords";

/** Some half a minute of comparisons: whoever came last of more would have given up. */
const turns = new Turns({ waiting: 500, patienceMs: 25_000, turnMs: 2_000, retryAfterSeconds: 5 });

/** Some 35 ms of the thread, where nobody waits for a comparison … */
const ROUNDS_ALONE = 512;
/** … and 10 ms in a flood, … */
const ROUNDS_IN_A_FLOOD = 128;
/** … whose comparisons rest so long in all for those who want the thread. */
const LONGEST_REST_MS = 150;

/** Others of the thread have their turn before every slice but the first. */
function restsOf(waited: boolean): Rest {
  const rounds = waited ? ROUNDS_IN_A_FLOOD : ROUNDS_ALONE;
  let begun = waited;
  let restedMs = 0;
  return async () => {
    const sinceMs = performance.now();
    if (waited && restedMs < LONGEST_REST_MS) await breathe();
    else if (begun) await scheduler.wait(0);
    begun = true;
    restedMs += performance.now() - sinceMs;
    return rounds;
  };
}

/** Whether there is an account or not, and what its hash is, must not move anybody in the queue: `suspicion` comes of what was wrong before. */
export function checkInTurn(
  after: After,
  password: string,
  storedHash: string | null,
  suspicion: number,
): Promise<Result<boolean, Refusal<"overloaded">>> {
  const compared = turns.take(suspicion, (waited) => checkPassword(password, storedHash, restsOf(waited)));
  after.waitUntil(compared.catch(() => undefined));
  return compared;
}
