/** What an event that sells a person only so many tickets must know of its buyers: their verified address, and what they pay with. */
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
const remembered = new WeakMap<Env["EVENTS"], Map<string, { limits: boolean; untilMs: number }>>();

/** Without a limit nobody's account and no provider is asked. */
async function limitsPersons(env: Env, eventId: string): Promise<boolean> {
  const nowMs = Date.now();
  const ofEvents = remembered.get(env.EVENTS) ?? new Map<string, { limits: boolean; untilMs: number }>();
  remembered.set(env.EVENTS, ofEvents);
  const known = ofEvents.get(eventId);
  if (known && known.untilMs > nowMs) return known.limits;
  const [event] = await env.EVENTS.events([eventId]);
  const isSet = (limit: number | null | undefined) => limit !== null && limit !== undefined;
  const limits =
    event !== undefined &&
    (isSet(event.settings.maxPerPerson) || event.ticketTypes.some(({ maxPerPerson }) => isSet(maxPerPerson)));
  if (ofEvents.size >= MAX_REMEMBERED) ofEvents.clear();
  ofEvents.set(eventId, { limits, untilMs: nowMs + REMEMBERED_MS });
  return limits;
}

/** Of somebody signed in the address that he has proved; an API key sells to whom it names, as a guest names himself. */
export async function personEmailOf(env: Env, { principal }: Caller, eventId: string, buyerEmail: string): Promise<string> {
  if (principal.kind !== "user" || !(await limitsPersons(env, eventId))) return buyerEmail;
  return (await env.USERS.verifiedEmail(principal.userId)) ?? buyerEmail;
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

/** Whether each order of the event must be asked about by itself. */
export const asksFingerprints = limitsPersons;
