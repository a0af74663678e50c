/** What orders ask of an event's object, through the RPC door. */
import type { Ticket } from "../../shared/contracts/events";
import type { EventsRpc } from "../../shared/contracts/events-rpc";
import type { ClaimRequest, ConfirmRefusal, ConfirmRequest, IssuedTicket } from "../../shared/contracts/inventory";
import type { Refusal } from "../../shared/contracts/problems";
import { ok, type Result, refuse } from "../../shared/contracts/result";
import { uuidV8 } from "../../shared/crypto/uuid";
import { reportError } from "../../shared/observability/report";
import type { Env, Later } from "./environment";
import { readEvent } from "./event-reads";
import { isSecretOfHold } from "./hold-secret";
import { askInventory, isOverloaded } from "./inventory";
import { isInsiderOf } from "./members";
import { personKeyOf } from "./person";
import { toTickets } from "./tickets";

const isHidden = (claimed: Result<unknown, Refusal>): boolean => !claimed.ok && claimed.error.code === "event_not_found";

/** Binds an order to a hold that the buyer proves to be his, or to one placed for it in the same command. */
export async function claimHold(env: Env, request: ClaimRequest): ReturnType<EventsRpc["claimHold"]> {
  const {
    eventId,
    orderId,
    requestHash,
    holder,
    hold,
    items,
    personEmail,
    isPersonVerified = false,
    onlyOrganizerId,
    principal,
  } = request;
  if (hold && !(await isSecretOfHold(env.HOLD_KEY, hold.id, hold.secret))) return refuse({ code: "hold_not_found" });
  const holdId = hold?.id ?? (await uuidV8(env.HOLD_KEY, ["order_hold", eventId, orderId]));
  const personKey = personEmail === undefined ? null : await personKeyOf(env.HOLD_KEY, personEmail);
  const claim = (insider: boolean) =>
    askInventory(env, eventId, (inventory) =>
      inventory.claim({
        orderId,
        holdId,
        requestHash,
        holder,
        insider,
        items: hold ? null : (items ?? []),
        personKey,
        isPersonVerified,
        ...(onlyOrganizerId === undefined ? {} : { onlyOrganizerId }),
      }),
    );
  try {
    const claimed = await claim(request.insider);
    if (!isHidden(claimed) || !principal || !(await isInsiderOf(env, principal, eventId))) return claimed;
    const again = request.insider ? claimed : await claim(true);
    const isDraft = isHidden(again) && (await readEvent(env, principal, eventId)).ok;
    return isDraft ? refuse({ code: "event_not_on_sale", detail: "The event is not published." }) : again;
  } catch (error) {
    if (isOverloaded(error)) return refuse({ code: "overloaded", retryAfterSeconds: 1 });
    throw error;
  }
}

export async function confirmOrder(env: Env, request: ConfirmRequest): Promise<Result<Ticket[], ConfirmRefusal>> {
  return withCodes(env, await askInventory(env, request.eventId, (inventory) => inventory.confirm(request)));
}

export async function voidTickets(env: Env, eventId: string, orderId: string, ticketIds: string[] | null) {
  return withCodes(env, await askInventory(env, eventId, (inventory) => inventory.voidTickets(orderId, ticketIds)));
}

export async function ticketsOf(env: Env, eventId: string, orderId: string) {
  return withCodes(env, await askInventory(env, eventId, (inventory) => inventory.ticketsOf(orderId)));
}

/** Of one call: each order is a question to its event's object. */
const MAX_ORDERS = 50;

/** An object that cannot tell of one order keeps none of the others back: that one's answer is a refusal. */
export async function ticketsOfOrders(
  env: Env,
  later: Later,
  orders: { eventId: string; orderId: string }[],
): ReturnType<EventsRpc["ticketsOfOrders"]> {
  if (orders.length > MAX_ORDERS) throw new RangeError(`at most ${MAX_ORDERS} orders a call`);
  return Promise.all(
    orders.map(({ eventId, orderId }) =>
      ticketsOf(env, eventId, orderId).catch((error: unknown) => {
        if (isOverloaded(error)) return refuse({ code: "overloaded" as const, retryAfterSeconds: 1 });
        reportError(error, env, later, { task: `tell the tickets of order ${orderId}` });
        return refuse({ code: "unavailable" as const });
      }),
    ),
  );
}

async function withCodes<E extends Refusal>(env: Env, issued: Result<IssuedTicket[], E>): Promise<Result<Ticket[], E>> {
  return issued.ok ? ok(await toTickets(env, issued.value)) : issued;
}
