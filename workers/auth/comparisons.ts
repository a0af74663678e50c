/**
 * Comparing a password takes the thread for some 70 ms in one go, and a flood of wrong ones would take it from everybody: they are
 * compared one at a time in an isolate, the least suspicious first, with a breath between two, and while most are wrong a long one.
 */
import type { Refusal } from "../../shared/contracts/problems";
import type { Result } from "../../shared/contracts/result";
import { breathe } from "../../shared/thread/breath";
import { Turns } from "../../shared/thread/turns";
import type { After } from "./news";
import { checkPassword } from "./passwords";

/** Some half a minute of comparisons: whoever came last of more would have given up. */
const turns = new Turns({ waiting: 500, patienceMs: 25_000, turnMs: 2_000, retryAfterSeconds: 5 });

/** In a flood two thirds of the thread are for others: what asks beside it mostly meets no comparison. */
const REST_IN_A_FLOOD_MS = 150;
/** So many more wrong than right ones lately, the right ones counted twice, are a flood … */
const FLOOD_AT = 20;
/** … that is over after half as many right ones, or when nobody waits any more. */
const MOST_WRONG = 30;
let wrongLately = 0;

async function rest(): Promise<void> {
  if (wrongLately >= FLOOD_AT) await scheduler.wait(REST_IN_A_FLOOD_MS);
  else await breathe();
}

async function compareNow(password: string, storedHash: string | null, waited: boolean): Promise<boolean> {
  if (waited) await rest();
  else wrongLately = 0;
  const matches = await checkPassword(password, storedHash);
  wrongLately = matches ? Math.max(0, wrongLately - 2) : Math.min(MOST_WRONG, wrongLately + 1);
  return matches;
}

/** Whether there is an account or not, and what its hash is, must not move anybody in the queue: `suspicion` comes of what was wrong before. */
export function checkInTurn(
  after: After,
  password: string,
  storedHash: string | null,
  suspicion: number,
): Promise<Result<boolean, Refusal<"overloaded">>> {
  const compared = turns.take(suspicion, (waited) => compareNow(password, storedHash, waited));
  after.waitUntil(compared.catch(() => undefined));
  return compared;
}
