/** What an event that sells a person only so many tickets must know of its buyers: their verified address, and what they pay with. */
import type { PublishedEvent } from "../../shared/contracts/events";
import type { ClaimRequest } from "../../shared/contracts/inventory";
import type { ProviderName } from "../../shared/contracts/orders";
import { hmacText } from "../../shared/crypto/hmac";
import type { Caller } from "./claims";
import type { Env, Later } from "./environment";
import { intentOf } from "./intents";
import type { Sale } from "./order-rows";
import { NO_PORT, providerOf } from "./providers/configured";

/** Why an order was given back whose money had come, and what its payment says to its buyer. */
export const PERSON_LIMIT = "person_limit";

/** An organizer's new limit counts for what is bought from then on. */
const REMEMBERED_MS = 5_000;
const MAX_REMEMBERED = 1_000;
/** As many as one call of events may name. */
const MAX_A_CALL = 100;
const remembered = new Map<string, { limits: boolean; untilMs: number }>();

const isSet = (limit: number | null | undefined): boolean => limit !== null && limit !== undefined;

const hasLimit = ({ settings, ticketTypes }: PublishedEvent): boolean =>
  isSet(settings.maxPerPerson) || ticketTypes.some(({ maxPerPerson }) => isSet(maxPerPerson));

/** Asks about many events at once, whose orders a sweep is about to look at: one call for a hundred. */
export async function readLimits(env: Env, eventIds: readonly string[]): Promise<void> {
  const nowMs = Date.now();
  const unknown = [...new Set(eventIds)].filter((id) => (remembered.get(id)?.untilMs ?? 0) <= nowMs);
  for (let first = 0; first < unknown.length; first += MAX_A_CALL) {
    const asked = unknown.slice(first, first + MAX_A_CALL);
    const limited = new Set((await env.EVENTS.events(asked)).filter(hasLimit).map(({ id }) => id));
    if (remembered.size + asked.length > MAX_REMEMBERED) remembered.clear();
    for (const id of asked) remembered.set(id, { limits: limited.has(id), untilMs: nowMs + REMEMBERED_MS });
  }
}

/** Whether the event sells a person only so many. Where it does not, nobody's account and no provider is asked. */
export async function limitsPersons(env: Env, eventId: string): Promise<boolean> {
  const known = remembered.get(eventId);
  if (known && known.untilMs > Date.now()) return known.limits;
  await readLimits(env, [eventId]);
  return remembered.get(eventId)?.limits ?? false;
}

/** Of somebody signed in the address that he has proved; an API key sells to whom it names, as a guest names himself. */
export async function personOf(
  env: Env,
  { principal }: Caller,
  eventId: string,
  buyerEmail: string,
): Promise<Required<Pick<ClaimRequest, "personEmail" | "isPersonVerified">>> {
  const isLimited = principal.kind === "user" && (await limitsPersons(env, eventId));
  const verified = isLimited ? await env.USERS.verifiedEmail(principal.userId) : null;
  return { personEmail: verified ?? buyerEmail, isPersonVerified: verified !== null };
}

/**
 * What the money was paid with, as the object counts it: an HMAC, so that no card's fingerprint leaves this Worker or is stored. Asked
 * of the provider where the event has a limit. An exception means that nobody knows yet, and the money's fact waits.
 */
export async function fingerprintKeyOf(env: Env, later: Later, { payment, order }: Sale): Promise<string | undefined> {
  // Written from the contract's names, by us alone.
  const provider = providerOf(env, later, payment.provider as ProviderName, NO_PORT);
  if (!provider?.fingerprintOf || !(await limitsPersons(env, order.event_id))) return undefined;
  const fingerprint = await provider.fingerprintOf(intentOf(payment, order));
  return fingerprint === null ? undefined : hmacText(env.ORDER_KEY, ["fingerprint", payment.provider, fingerprint]);
}
