/** Holds, the fast path of an on-sale: the event's object and no database (rule 6). */

import type { Hold, HoldDraft } from "../../shared/contracts/holds";
import { toTimestamp } from "../../shared/contracts/ids";
import type { HeldStock, HoldChangeRefusal, Holder, HoldRefusal, RepricedLine } from "../../shared/contracts/inventory";
import { toLines } from "../../shared/contracts/lines";
import { type Money, money } from "../../shared/contracts/money";
import type { Principal } from "../../shared/contracts/principal";
import type { Refusal } from "../../shared/contracts/problems";
import { ok, type Result, refuse } from "../../shared/contracts/result";
import { uuidV7, uuidV8 } from "../../shared/crypto/uuid";
import { callerScope, requestHashOf } from "../../shared/http/idempotency-key";
import { isAdmin, userIdOf } from "../../shared/http/principal";
import { readSnapshot } from "./availability";
import type { Env } from "./environment";
import { readEvent } from "./event-reads";
import { isSecretOfHold, secretOfHold } from "./hold-secret";
import { holderOf } from "./holder";
import { askInventory } from "./inventory";
import { isInsiderOf } from "./members";
import { type Caller, isOfHost, isPerson } from "./requests";

export interface HoldAsked {
  eventId: string;
  caller: Caller;
  address: string;
  idempotencyKey: string | null;
}

type NotFound = Refusal<"hold_not_found">;
const NOT_FOUND: NotFound = { code: "hold_not_found" };

export async function placeHold(
  env: Env,
  asked: HoldAsked,
  { items, partial = false }: HoldDraft,
): Promise<Result<Hold, HoldRefusal>> {
  const { eventId, caller, address, idempotencyKey: key } = asked;
  const { principal, onlyOrganizerId } = caller;
  const lines = toLines(items);
  const keyed = key !== null;
  const holdId = keyed
    ? await uuidV8(env.HOLD_KEY, ["hold", callerScope(principal), "POST", `/events/${eventId}/holds`, key])
    : uuidV7(Date.now());
  const [holder, secret, requestHash] = await Promise.all([
    holderOf(env.HOLD_KEY, userIdOf(principal), address),
    secretOfHold(env.HOLD_KEY, holdId),
    // Without a key the id is nobody else's, so that there is no other request to tell apart.
    keyed ? requestHashOf(partial ? { items, partial } : items) : "",
  ]);
  const host = onlyOrganizerId === null ? null : { onlyOrganizerId };
  const place = (insider: boolean) =>
    askInventory(env, eventId, (inventory) =>
      inventory.placeHold({ holdId, keyed, requestHash, holder, items: lines, insider, partial, ...host }),
    );
  const placed = await place(isAdmin(principal));
  const decided = isHidden(placed) ? await placeAsInsider(env, principal, eventId, placed, place) : placed;
  return decided.ok ? ok(toHold(decided.value, secret)) : decided;
}

type Placed = Result<HeldStock, HoldRefusal>;

const isHidden = (placed: Placed): boolean => !placed.ok && placed.error.code === "event_not_found";

/** A private event, a draft or none: only now is it worth finding out who asks. */
async function placeAsInsider(
  env: Env,
  principal: Principal,
  eventId: string,
  placed: Placed,
  place: (insider: true) => Promise<Placed>,
): Promise<Placed> {
  if (!(await isInsiderOf(env, principal, eventId))) return placed;
  const again = isAdmin(principal) ? placed : await place(true);
  const isDraft = isHidden(again) && (await readEvent(env, principal, eventId)).ok;
  return isDraft ? refuse({ code: "event_not_on_sale", detail: "The event is not published." }) : again;
}

/** What a form's fault must wait for: an event that the caller may not know of is a 404 first (API.md, order of checks). */
export async function isKnownToCaller(env: Env, caller: Caller, eventId: string): Promise<boolean> {
  if (!(await readSnapshot(env, caller.principal, eventId)).ok) return false;
  if (caller.onlyOrganizerId === null) return true;
  const read = await readEvent(env, caller.principal, eventId);
  return read.ok && isOfHost(caller, read.value.event.organizerId);
}

export async function readHold(
  env: Env,
  caller: Caller,
  eventId: string,
  holdId: string,
): Promise<Result<Hold, HoldChangeRefusal>> {
  return tell(env, holdId, await findOwn(env, caller, eventId, holdId));
}

/** Expects that `findOwn` let the caller in. */
export async function changeHold(
  env: Env,
  eventId: string,
  holdId: string,
  { items, partial = false }: HoldDraft,
): Promise<Result<Hold, HoldChangeRefusal>> {
  const lines = toLines(items);
  return tell(env, holdId, await askInventory(env, eventId, (inventory) => inventory.changeHold(holdId, lines, partial)));
}

async function tell<E extends Refusal>(env: Env, holdId: string, held: Result<HeldStock, E>): Promise<Result<Hold, E>> {
  return held.ok ? ok(toHold(held.value, await secretOfHold(env.HOLD_KEY, holdId))) : held;
}

export async function extendHold(
  env: Env,
  caller: Caller,
  eventId: string,
  holdId: string,
): Promise<Result<Hold, HoldChangeRefusal>> {
  const found = await findOwn(env, caller, eventId, holdId);
  if (!found.ok) return found;
  return tell(env, holdId, await askInventory(env, eventId, (inventory) => inventory.extendHold(holdId)));
}

/** One that was released stays so; of one that has expired the owner hears how it stands. */
export async function reacquireHold(
  env: Env,
  caller: Caller,
  eventId: string,
  holdId: string,
): Promise<Result<Hold, HoldChangeRefusal>> {
  const found = await findOwn(env, caller, eventId, holdId);
  if (!found.ok && found.error.code !== "hold_expired") return found;
  return tell(env, holdId, await askInventory(env, eventId, (inventory) => inventory.reacquireHold(holdId)));
}

export async function releaseHold(
  env: Env,
  caller: Caller,
  eventId: string,
  holdId: string,
): Promise<Result<null, HoldChangeRefusal>> {
  const found = await findOwn(env, caller, eventId, holdId);
  if (!found.ok) return found.error.code === "hold_released" || found.error.code === "hold_expired" ? ok(null) : found;
  const released = await askInventory(env, eventId, (inventory) => inventory.releaseHold(holdId));
  return released.ok ? released : refuse(hidden(released.error));
}

/**
 * The hold, if it is the caller's by its secret or as the person who placed it; one that has ended is told to the same two. Anything
 * else reads like a hold that does not exist.
 */
export async function findOwn(
  env: Env,
  caller: Caller,
  eventId: string,
  holdId: string,
): Promise<Result<HeldStock, HoldChangeRefusal>> {
  const { principal } = caller;
  const bySecret = principal.kind === "bearer_secret" && (await isSecretOfHold(env.HOLD_KEY, holdId, principal.secret));
  if (principal.kind === "bearer_secret" && !bySecret) return refuse(NOT_FOUND);
  const found = await askInventory(env, eventId, (inventory) => inventory.hold(holdId));
  if (found.ok) return bySecret || isOwner(caller, found.value) ? found : refuse(NOT_FOUND);
  if (!("holder" in found.error)) return refuse(NOT_FOUND);
  return refuse(bySecret || isOwner(caller, found.error) ? { code: found.error.code } : NOT_FOUND);
}

/** The person who placed it. An API key that did has the hold's secret. */
const isOwner = (caller: Caller, { holder, organizerId }: { holder: Holder; organizerId: string }): boolean =>
  holder.kind === "user" && isPerson(caller, holder.key) && isOfHost(caller, organizerId);

/** Whoever asks for a hold learns nothing of events. */
const hidden = <E extends Refusal>(refusal: E): Exclude<E, Refusal<"event_not_found">> | NotFound =>
  refusal.code === "event_not_found" ? NOT_FOUND : (refusal as Exclude<E, Refusal<"event_not_found">>);

export function toHold(held: HeldStock, secret: string): Hold {
  const price = (minor: number) => money(minor, held.currency);
  return {
    id: held.holdId,
    eventId: held.eventId,
    expiresAt: toTimestamp(held.expiresAtMs),
    extendableUntil: toTimestamp(held.extendableUntilMs),
    items: held.lines.map(({ ticketTypeId, quantity, unitPriceMinor, asked, seats }) => ({
      ticketTypeId,
      quantity,
      unitPrice: price(unitPriceMinor),
      ...(asked === undefined ? {} : { asked }),
      ...(seats === undefined ? {} : { seatIds: seats.map(({ id }) => id), seats }),
    })),
    ...(held.refused === undefined ? {} : { refused: held.refused }),
    ...(held.repriced === undefined ? {} : { repriced: held.repriced.map(toRepriced(price)) }),
    secret,
  };
}

const toRepriced =
  (price: (minor: number) => Money) =>
  ({ ticketTypeId, fromMinor, toMinor }: RepricedLine) => ({ ticketTypeId, from: price(fromMinor), to: price(toMinor) });
