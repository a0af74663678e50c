/**
 * Wrong passwords are counted for the person's address, whether it has an account or not, so that the answer, the lock and the time
 * tell nothing, and for the network that they come from, so that one network cannot try a list of people. Only the first one locks;
 * the owner gets a link by mail that unlocks.
 */
import type { GuardLimits } from "../../shared/contracts/login-guard";
import type { Refusal } from "../../shared/contracts/problems";
import { hmacText } from "../../shared/crypto/hmac";
import { networkOf } from "../../shared/http/network";
import { emailKey } from "./accounts";

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
export const WRONG_IN_A_ROW = 10;
/** NIST SP 800-63B-4, 3.2.2: no more than a hundred in a row, however long they take. */
export const MOST_WRONG_IN_A_ROW = 100;
const PERSON: GuardLimits = {
  atOnce: 20,
  windowMs: Number.POSITIVE_INFINITY,
  free: 5,
  firstPauseMs: 1_000,
  mostPauseMs: MINUTE_MS,
  lockAt: WRONG_IN_A_ROW,
  lockMs: 15 * MINUTE_MS,
  mostLockMs: DAY_MS,
  closeAt: MOST_WRONG_IN_A_ROW,
};
const NETWORK: GuardLimits = {
  atOnce: 50,
  windowMs: 15 * MINUTE_MS,
  free: 30,
  firstPauseMs: 1_000,
  mostPauseMs: 5 * MINUTE_MS,
  lockAt: null,
  lockMs: 0,
  mostLockMs: 0,
  closeAt: Number.POSITIVE_INFINITY,
};
/** Tests run from one machine, and show the lock alone (API.md, local run). */
const WIDE = 1_000_000;
const PERSON_IN_DEVELOPMENT: GuardLimits = { ...PERSON, atOnce: WIDE, free: WIDE };
const NETWORK_IN_DEVELOPMENT: GuardLimits = { ...NETWORK, atOnce: WIDE, free: WIDE };

/** He has proved who he is once, and stands before those who have not, in every second turn. */
const SIGNED_IN = -1;

type Locked = Refusal<"account_locked">;
type Limited = Refusal<"rate_limited">;

const seconds = (ms: number): number => Math.ceil(ms / 1_000);
const locked = (waitMs: number): Locked => ({ code: "account_locked", retryAfterSeconds: seconds(waitMs) });

const personName = async (env: AuthEnv, email: string) =>
  `person:${await hmacText(env.ACCOUNT_TOKEN_KEY, ["login", emailKey(email)])}`;
const networkName = async (env: AuthEnv, address: string, purpose: "login_network" | "registration_network" = "login_network") =>
  `network:${await hmacText(env.ACCOUNT_TOKEN_KEY, [purpose, networkOf(address)])}`;

/** A try that may go on; it must be ended. */
export interface Try {
  /** How many wrong ones, and others under way, its person and its network have already; below zero for somebody who is signed in. */
  suspicion: number;
  /** The refusal when others had used up the tries at the same time; `locks` when this one was the last. */
  wrong(): Promise<{ refusal: Locked | null; locks: boolean }>;
  /** The refusal when others' wrong ones have locked meanwhile. */
  right(): Promise<Locked | null>;
  leave(): Promise<void>;
}

type Begun<E> = { ok: true; value: Try } | { ok: false; error: E };

/** Asked before a password is looked at. Without `address` for somebody who is signed in: he has one session to guess with. */
export function beginTry(env: AuthEnv, email: string): Promise<Begun<Locked>>;
export function beginTry(env: AuthEnv, email: string, address: string | null): Promise<Begun<Locked | Limited>>;
export async function beginTry(env: AuthEnv, email: string, address: string | null = null): Promise<Begun<Locked | Limited>> {
  const development = env.ENVIRONMENT === "development";
  const personLimits = development ? PERSON_IN_DEVELOPMENT : PERSON;
  const networkLimits = development ? NETWORK_IN_DEVELOPMENT : NETWORK;
  const person = env.LOGIN_GUARD.getByName(await personName(env, email));
  const network = address === null ? null : env.LOGIN_GUARD.getByName(await networkName(env, address));
  const [ofPerson, ofNetwork] = await Promise.all([person.enter(personLimits), network?.enter(networkLimits)]);
  if (ofNetwork && ofNetwork.waitMs > 0) {
    if (ofPerson.waitMs === 0) await person.leave();
    return { ok: false, error: { code: "rate_limited", retryAfterSeconds: seconds(ofNetwork.waitMs) } };
  }
  if (ofPerson.waitMs > 0) {
    await network?.leave();
    return { ok: false, error: locked(ofPerson.waitMs) };
  }
  return {
    ok: true,
    value: {
      suspicion: ofNetwork ? ofPerson.suspicion + ofNetwork.suspicion : SIGNED_IN,
      wrong: async () => {
        const [counted] = await Promise.all([person.wrong(personLimits), network?.wrong(networkLimits)]);
        return { refusal: counted.waitMs > 0 ? locked(counted.waitMs) : null, locks: counted.locked };
      },
      right: async () => {
        // Whoever has an account of his own must not clear his network's count with it.
        const [{ waitMs }] = await Promise.all([person.right(), network?.leave({ right: true })]);
        return waitMs > 0 ? locked(waitMs) : null;
      },
      leave: async () => void (await Promise.all([person.leave(), network?.leave()])),
    },
  };
}

/** What a form of a stranger's may begin; `leave` ends it. */
type Visitor = Pick<Try, "suspicion" | "leave">;

/**
 * Counts those of one network that are under way, beside its logins and not with them: none is wrong, but many at once stand behind
 * others' first ones. Nobody is suspected where the network is not known.
 */
export async function beginRegistration(
  env: AuthEnv,
  address: string | null,
): Promise<{ ok: true; value: Visitor } | { ok: false; error: Limited }> {
  if (address === null) return { ok: true, value: { suspicion: 0, leave: async () => undefined } };
  const network = env.LOGIN_GUARD.getByName(await networkName(env, address, "registration_network"));
  const { waitMs, suspicion } = await network.enter(env.ENVIRONMENT === "development" ? NETWORK_IN_DEVELOPMENT : NETWORK);
  if (waitMs > 0) return { ok: false, error: { code: "rate_limited", retryAfterSeconds: seconds(waitMs) } };
  return { ok: true, value: { suspicion, leave: async () => network.leave() } };
}

/** Its owner has shown by a mail, or by his password, who he is. */
export async function unlockPerson(env: AuthEnv, email: string): Promise<void> {
  await env.LOGIN_GUARD.getByName(await personName(env, email)).unlock();
}
