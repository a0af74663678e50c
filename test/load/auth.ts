/**
 * What knowing who asks costs: a route with a valid access token beside the same one without, a login beside one bare comparison of
 * bcrypt, and a wrong password for an address with an account beside one without, each pair in turns of the same run.
 */
import { randomUUID } from "node:crypto";
import { compare, hash } from "bcryptjs";
import { openBoxOffice, PASSWORD } from "./box-office.ts";
import { type Figure, once } from "./drive.ts";
import type { HouseUnderLoad } from "./house-under-load.ts";

const PAIRS = 5;
const LOGINS = 40;
const TRIES = 200;
/** Below those that lock. */
const TRIES_OF_ONE = 5;
const BCRYPT_COST = 10;

const median = (numbers: number[]): number => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startMs = performance.now();
  await work();
  return performance.now() - startMs;
}

export interface AuthFigures {
  anonymous: number;
  signedIn: number;
  loginMs: number;
  compareMs: number;
  knownMs: number;
  unknownMs: number;
}

export async function measureAuth(house: HouseUnderLoad): Promise<AuthFigures> {
  const box = await openBoxOffice(house.gateway);
  const { eventId } = await box.publish(100);
  const read = (headers: Record<string, string>): Promise<Figure> =>
    once({ url: house.gateway, steps: [{ method: "GET", path: `/events/${eventId}`, headers }], expect: 2, seconds: 3 });
  const bearer = { authorization: `Bearer ${box.token}` };
  await read({});
  await read(bearer);
  const anonymous: number[] = [];
  const signedIn: number[] = [];
  for (let pair = 0; pair < PAIRS; pair++) {
    anonymous.push((await read({})).perSecond);
    signedIn.push((await read(bearer)).perSecond);
  }

  const logIn = async (email: string, password: string, expected: number): Promise<void> => {
    const body = JSON.stringify({ email, password });
    const headers = { "content-type": "application/json" };
    const answer = await fetch(`${house.gateway}/auth/login`, { method: "POST", headers, body });
    await answer.text();
    if (answer.status !== expected) throw new Error(`a login answered ${answer.status}, not ${expected}`);
  };
  // As long as what auth compares: 64 characters.
  const offered = "x".repeat(64);
  const stored = await hash(offered, BCRYPT_COST);
  const logins: number[] = [];
  const compares: number[] = [];
  for (let n = 0; n < LOGINS; n++) {
    logins.push(await timed(() => logIn(box.email, PASSWORD, 200)));
    compares.push(await timed(() => compare(offered, stored)));
  }

  const known: number[] = [];
  const unknown: number[] = [];
  let nobody = "";
  for (let n = 0; n < TRIES; n++) {
    if (n % TRIES_OF_ONE === 0) {
      nobody = `nobody-${randomUUID()}@people.example`;
      await logIn(box.email, PASSWORD, 200);
      // Both objects have been asked before they are timed.
      await logIn(nobody, "wrong", 401);
    }
    known.push(await timed(() => logIn(box.email, "wrong", 401)));
    unknown.push(await timed(() => logIn(nobody, "wrong", 401)));
  }
  return {
    anonymous: median(anonymous),
    signedIn: median(signedIn),
    loginMs: median(logins),
    compareMs: median(compares),
    knownMs: median(known),
    unknownMs: median(unknown),
  };
}

export function printAuth({ anonymous, signedIn, loginMs, compareMs, knownMs, unknownMs }: AuthFigures): void {
  const share = (part: number, whole: number): string => (part / whole).toFixed(2);
  console.log(`\nAn event without a credential ${anonymous.toFixed(0)} a second, with a token ${signedIn.toFixed(0)}`);
  console.log(`  share ${share(signedIn, anonymous)}, wanted 0.60`);
  console.log(`A login ${loginMs.toFixed(1)} ms, a bare bcrypt comparison ${compareMs.toFixed(1)} ms (medians of ${LOGINS})`);
  console.log(`  ratio ${share(loginMs, compareMs)}, wanted at most 1.30`);
  console.log(
    `A wrong password with an account ${knownMs.toFixed(1)} ms, without ${unknownMs.toFixed(1)} ms (medians of ${TRIES})`,
  );
  console.log(`  ratio ${share(knownMs, unknownMs)}, wanted 0.90 to 1.10`);
}
