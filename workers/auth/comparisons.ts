/**
 * Comparing a password takes the thread for some 70 ms, and a flood of wrong ones would take it from everybody: they are compared one
 * at a time in an isolate, the least suspicious first, with a breath between two.
 */
import type { Refusal } from "../../shared/contracts/problems";
import type { Result } from "../../shared/contracts/result";
import { breathe } from "../../shared/thread/breath";
import { Turns } from "../../shared/thread/turns";
import { checkPassword } from "./passwords";

/** Some half a minute of comparisons: whoever came last of more would have given up. */
const turns = new Turns({ waiting: 500, patienceMs: 25_000, turnMs: 2_000, retryAfterSeconds: 5 });

/** Whether there is an account or not, and what its hash is, must not move anybody in the queue: `suspicion` comes of what was wrong before. */
export const checkInTurn = (
  password: string,
  storedHash: string | null,
  suspicion: number,
): Promise<Result<boolean, Refusal<"overloaded">>> =>
  turns.take(suspicion, async (waited) => {
    if (waited) await breathe();
    return checkPassword(password, storedHash);
  });
