/**
 * Comparing a password, or making a stranger's hash, takes the thread for some 70 ms in one go, and a flood would take it from
 * everybody: it is done one at a time in an isolate, the least suspicious first, with a breath between two. On one machine, where all
 * Workers share a thread, the breath is a long one while most are wrong; a deployed isolate has its thread to itself, and would let
 * fewer people in.
 */
import type { Refusal } from "../../shared/contracts/problems";
import type { Result } from "../../shared/contracts/result";
import { breathe } from "../../shared/thread/breath";
import { Turns } from "../../shared/thread/turns";
import type { After } from "./news";
import { checkPassword, hashPassword } from "./passwords";

/** Two hundred who register or sign in at once are through in half of this, on a machine that has much else to do as well. */
const PATIENCE_MS = 40_000;
const LONGEST_BREATH_MS = 30;
/** Some 70 ms of bcrypt and a breath. */
const TURN_MS = 100;
/** In a flood two thirds of the thread are for others: what asks beside it mostly meets no comparison. */
export const REST_IN_A_FLOOD_MS = 150;
/** Whoever stood behind so many would wait in vain, and hears it at once. */
export const WAITING = Math.floor(PATIENCE_MS / TURN_MS);
const WAITING_BESIDE_RESTS = Math.floor(PATIENCE_MS / (TURN_MS + REST_IN_A_FLOOD_MS));
const turns = new Turns({ waiting: WAITING, patienceMs: PATIENCE_MS, turnMs: 2_000, retryAfterSeconds: 5 });

/** So many more wrong than right ones lately, the right ones counted twice, are a flood … */
const FLOOD_AT = 20;
/** … that is over after half as many right ones, or when nobody waits any more. */
const MOST_WRONG = 30;
let wrongLately = 0;

export interface Compared {
  matches: boolean;
  /** What the queue took, in whole milliseconds: whatever was read or stamped before it is as old. */
  waitedMs: number;
}

type Busy = Refusal<"overloaded">;

async function inTurn<T>(
  env: AuthEnv,
  after: After,
  suspicion: number,
  work: (waited: boolean) => Promise<T>,
): Promise<Result<T, Busy>> {
  const restsLong = () => env.ENVIRONMENT === "development" && wrongLately >= FLOOD_AT;
  const done = turns.take(
    suspicion,
    async (waited) => {
      if (!waited) wrongLately = 0;
      else if (restsLong()) await scheduler.wait(REST_IN_A_FLOOD_MS);
      else await breathe(LONGEST_BREATH_MS);
      return work(waited);
    },
    restsLong() ? WAITING_BESIDE_RESTS : WAITING,
  );
  after.waitUntil(done.catch(() => undefined));
  return done;
}

/** Whether there is an account or not, and what its hash is, must not move anybody in the queue: `suspicion` comes of what was wrong before. */
export const checkInTurn = (
  env: AuthEnv,
  after: After,
  password: string,
  storedHash: string | null,
  suspicion: number,
): Promise<Result<Compared, Busy>> => {
  const cameAtMs = performance.now();
  return inTurn(env, after, suspicion, async (waited) => {
    const waitedMs = waited ? Math.ceil(performance.now() - cameAtMs) : 0;
    const matches = await checkPassword(password, storedHash);
    wrongLately = matches ? Math.max(0, wrongLately - 2) : Math.min(MOST_WRONG, wrongLately + 1);
    return { matches, waitedMs };
  });
};

/** For whoever shows nothing but a form; who proved himself first makes no flood. */
export const hashInTurn = (env: AuthEnv, after: After, password: string, suspicion: number): Promise<Result<string, Busy>> =>
  inTurn(env, after, suspicion, () => hashPassword(password));
