/** How Stripe is spoken to: the official SDK over fetch, one call at a time in its endpoint's pace, tried again where that is safe. */
import Stripe from "stripe";
import type { Env } from "../environment";
import { holdBack, reserveSlot, waitForSlot } from "./pace";

/** One try of one call. What hangs longer is not tried again but looked up. */
const TIMEOUT_MS = 10_000;
const MAX_TRIES = 4;
const FIRST_PAUSE_MS = 400;
/** Of our own pauses and of those that Stripe asks for: whoever waits for us gets an answer. */
const LONGEST_PAUSE_MS = 6_000;
/** For a place in an endpoint's line. */
const LINE_MS = 8_000;

/** `METHOD path` as Stripe's limits count them. */
export type Endpoint =
  | "POST payment_intents"
  | "GET payment_intents"
  | "GET payment_intents/:id"
  | "GET payment_intents/search"
  | "POST payment_intents/:id/cancel"
  | "POST refunds"
  | "GET refunds";

/** An SDK's client costs some milliseconds to make and keeps nothing of a request. */
const clients = new Map<string, Stripe>();

export function stripeOf(secretKey: string, apiBase: string | undefined): Stripe {
  const name = `${secretKey} ${apiBase ?? ""}`;
  const known = clients.get(name);
  if (known) return known;
  const address = apiBase ? addressOf(new URL(apiBase)) : {};
  const made = new Stripe(secretKey, {
    ...address,
    httpClient: Stripe.createFetchHttpClient(),
    // Our own loop tries again, because each try takes its place in the line, and because a 429 names when.
    maxNetworkRetries: 0,
    timeout: TIMEOUT_MS,
    telemetry: false,
  });
  clients.set(name, made);
  return made;
}

const addressOf = ({ protocol, hostname, port }: URL): { protocol: "http" | "https"; host: string; port: string } => ({
  protocol: protocol === "http:" ? "http" : "https",
  host: hostname,
  port,
});

/** Live mode counts each endpoint by itself; a sandbox has as much for all of them together. */
const lineOf = (secretKey: string, endpoint: Endpoint): string =>
  `stripe ${/^[a-z]+_live_/.test(secretKey) ? endpoint : "sandbox"}`;

/** What all modules of this provider work with. */
export interface StripeAccount {
  env: Pick<Env, "DB_0">;
  sdk: Stripe;
  secretKey: string;
}

/** The moment at which the endpoint may be called, reserved; null where the line is longer. */
export const takePlace = ({ env, secretKey }: StripeAccount, endpoint: Endpoint, withinMs: number): Promise<number | null> =>
  reserveSlot(env, lineOf(secretKey, endpoint), withinMs);

/**
 * Safe only for what Stripe may be asked twice: a GET, or a POST with an idempotency key. `hasPlace`: the caller has waited for the
 * first try's place already.
 */
export async function ask<T>(account: StripeAccount, endpoint: Endpoint, call: () => Promise<T>, hasPlace = false): Promise<T> {
  for (let tries = 1; ; tries++) {
    if (!hasPlace || tries > 1) await waitForPlace(account, endpoint);
    try {
      return await call();
    } catch (error) {
      const pauseMs = tries < MAX_TRIES ? pauseAfter(error, tries) : null;
      if (pauseMs === null) throw error;
      if (statusOf(error) === 429) await holdBack(account.env, lineOf(account.secretKey, endpoint), pauseMs);
      else await scheduler.wait(pauseMs);
    }
  }
}

async function waitForPlace(account: StripeAccount, endpoint: Endpoint): Promise<void> {
  const take = () => takePlace(account, endpoint, LINE_MS);
  const atMs = await take();
  if (atMs === null) throw new Error(`too many wait for Stripe's ${endpoint}`);
  await waitForSlot(atMs, take);
}

const { StripeError, StripeConnectionError, StripeAPIError, StripeCardError, StripeInvalidRequestError } = Stripe.errors;

const statusOf = (error: unknown): number | undefined => (error instanceof StripeError ? error.statusCode : undefined);

const headerOf = (error: unknown, name: string): string | undefined =>
  error instanceof StripeError ? (error.headers as Record<string, string> | undefined)?.[name] : undefined;

/** Null where trying again is of no use, or where nobody should before it was looked up. */
function pauseAfter(error: unknown, tries: number): number | null {
  if (isStoredFailure(error) || !isTransient(error)) return null;
  const asked = Number(headerOf(error, "retry-after")) * 1_000;
  if (asked > LONGEST_PAUSE_MS) return null;
  const longest = Math.min(FIRST_PAUSE_MS * 2 ** tries, LONGEST_PAUSE_MS);
  const ours = longest * (0.5 + Math.random() / 2);
  return Math.max(ours, Number.isFinite(asked) ? asked : 0);
}

function isTransient(error: unknown): boolean {
  const advice = headerOf(error, "stripe-should-retry");
  if (advice !== undefined) return advice === "true";
  if (error instanceof StripeConnectionError) return !isTimeout(error);
  const status = statusOf(error);
  // Without a status it was no JSON: a proxy's page.
  if (status === undefined) return error instanceof StripeAPIError;
  return status === 409 || status === 429 || status >= 500;
}

const isTimeout = ({ detail }: { detail?: unknown }): boolean =>
  typeof detail === "object" && detail !== null && "code" in detail && detail.code === "ETIMEDOUT";

/** Stripe has looked at the request and done nothing of it. */
export const refusalOf = (error: unknown): Stripe.errors.StripeError | null => {
  if (!(error instanceof StripeCardError || error instanceof StripeInvalidRequestError)) return null;
  return statusOf(error) === 402 || statusOf(error) === 400 || statusOf(error) === 404 ? error : null;
};

/** The first answer under this key was an error of Stripe's own, and Stripe will repeat it for a day. */
export const isStoredFailure = (error: unknown): boolean =>
  (statusOf(error) ?? 0) >= 500 && headerOf(error, "idempotent-replayed") === "true";

/** True where Stripe tells again what it told first, which may be old. */
export const isReplay = ({ lastResponse }: Stripe.Response<unknown>): boolean =>
  (lastResponse.headers as Record<string, string>)["idempotent-replayed"] === "true";
