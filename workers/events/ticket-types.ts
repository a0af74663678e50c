import {
  DEFAULT_MAX_PER_ORDER,
  DEFAULT_MIN_PER_ORDER,
  MAX_TICKET_TYPES,
  type TicketTypeChange,
  type TicketTypeDraft,
} from "../../shared/contracts/events";
import type { Refusal } from "../../shared/contracts/problems";
import { ok, type Result, refuse } from "../../shared/contracts/result";
import { uuidV7 } from "../../shared/crypto/uuid";
import type { Env, Later } from "./environment";
import { changeEvent } from "./event-changes";
import { checkConsistency } from "./event-checks";
import type { TicketTypeRow } from "./schema";
import type { StoredEvent } from "./stored-event";

/** Looks at the version that stands; the route throws its 412 from here. */
export type Precondition = (version: number) => void;

export const draftType = (
  eventId: string,
  draft: TicketTypeDraft,
  position: number,
  version: number,
  nowMs: number,
): TicketTypeRow => ({
  id: uuidV7(nowMs),
  eventId,
  name: draft.name,
  description: draft.description ?? null,
  currency: draft.price.currency,
  priceMinor: draft.price.amount,
  quantity: draft.quantity,
  minPerOrder: draft.minPerOrder ?? DEFAULT_MIN_PER_ORDER,
  maxPerOrder: draft.maxPerOrder ?? DEFAULT_MAX_PER_ORDER,
  saleStartMs: draft.saleStart === undefined ? null : Date.parse(draft.saleStart),
  saleEndMs: draft.saleEnd === undefined ? null : Date.parse(draft.saleEnd),
  position,
  version,
  poolIds: draft.poolIds ?? [],
  opensAfterTicketTypeId: draft.opensAfterTicketTypeId ?? null,
  maxPerPerson: draft.maxPerPerson ?? null,
  seatCategories: draft.seatCategories ?? [],
});

/** Types and pools of what is cancelled or over stay as they were sold. */
export function refuseClosed({ event }: StoredEvent): Refusal | null {
  return event.status === "cancelled" || event.status === "completed"
    ? { code: "event_state", detail: `The event is ${event.status}.` }
    : null;
}

/** Another type opens after it, or an allocation lies within its own pool. */
function refuseNamed({ types, pools }: StoredEvent, typeId: string): Refusal | null {
  const next = types.find(({ opensAfterTicketTypeId }) => opensAfterTicketTypeId === typeId);
  if (next) return { code: "ticket_type_in_use", detail: `“${next.name}” opens after it.` };
  const within = pools.find(({ withinPoolIds }) => withinPoolIds.includes(typeId));
  return within ? { code: "ticket_type_in_use", detail: `The allocation “${within.name}” lies within it.` } : null;
}

/** The event with other types, when that is allowed and consistent. */
function withTypes(stored: StoredEvent, types: TicketTypeRow[]): Result<StoredEvent, Refusal> {
  const onSale = stored.event.status === "published";
  if (onSale && types.length === 0)
    return refuse({ code: "event_incomplete", detail: "An event on sale keeps at least one ticket type." });
  if (onSale && types[0]?.currency !== stored.types[0]?.currency)
    return refuse({ code: "currency_mixed", detail: "The currency stays once the event was published." });
  const after = { ...stored, types };
  const inconsistent = checkConsistency(after);
  return inconsistent ? refuse(inconsistent) : ok(after);
}

export async function addTicketType(
  env: Env,
  later: Later,
  eventId: string,
  draft: TicketTypeDraft,
): Promise<Result<TicketTypeRow, Refusal>> {
  // One id however often it is tried, so that a type which another hand has carried in is found and not added once more.
  const id = uuidV7(Date.now());
  const changed = await changeEvent(env, later, eventId, (stored, nowMs) => {
    if (typeOf(stored, id).ok) return ok(stored);
    const closed = refuseClosed(stored);
    if (closed) return refuse(closed);
    if (stored.types.length >= MAX_TICKET_TYPES)
      return refuse({ code: "event_state", detail: `An event has at most ${MAX_TICKET_TYPES} ticket types.` });
    const position = 1 + Math.max(-1, ...stored.types.map((type) => type.position));
    const type = { ...draftType(eventId, draft, position, stored.event.version + 1, nowMs), id };
    return withTypes(stored, [...stored.types, type]);
  });
  return changed.ok ? typeOf(changed.value, id) : changed;
}

export async function changeTicketType(
  env: Env,
  later: Later,
  eventId: string,
  typeId: string,
  change: TicketTypeChange,
  precondition: Precondition,
): Promise<Result<TicketTypeRow, Refusal>> {
  const changed = await changeEvent(env, later, eventId, (stored) => {
    const found = typeOf(stored, typeId);
    if (!found.ok) return found;
    const type = found.value;
    precondition(type.version);
    const closed = refuseClosed(stored);
    if (closed) return refuse(closed);
    if (Object.keys(change).length === 0) return ok(stored);
    const { seatCategories = type.seatCategories } = change;
    if (stored.event.status === "published" && isSeated(type) !== isSeated({ seatCategories }))
      return refuse({ code: "ticket_type_in_use", detail: "A type on sale stays with seats, or without." });
    const after: TicketTypeRow = {
      ...type,
      name: change.name ?? type.name,
      description: change.description ?? type.description,
      currency: change.price?.currency ?? type.currency,
      priceMinor: change.price?.amount ?? type.priceMinor,
      quantity: change.quantity ?? type.quantity,
      minPerOrder: change.minPerOrder ?? type.minPerOrder,
      maxPerOrder: change.maxPerOrder ?? type.maxPerOrder,
      saleStartMs: change.saleStart === undefined ? type.saleStartMs : Date.parse(change.saleStart),
      saleEndMs: change.saleEnd === undefined ? type.saleEndMs : Date.parse(change.saleEnd),
      poolIds: change.poolIds ?? type.poolIds,
      // Null takes away what was said before.
      opensAfterTicketTypeId:
        change.opensAfterTicketTypeId === undefined ? type.opensAfterTicketTypeId : change.opensAfterTicketTypeId,
      maxPerPerson: change.maxPerPerson === undefined ? type.maxPerPerson : change.maxPerPerson,
      seatCategories,
    };
    return withTypes(
      stored,
      stored.types.map((other) => (other === type ? after : other)),
    );
  });
  return changed.ok ? typeOf(changed.value, typeId) : changed;
}

export function removeTicketType(
  env: Env,
  later: Later,
  eventId: string,
  typeId: string,
  precondition: Precondition,
): Promise<Result<StoredEvent, Refusal>> {
  return changeEvent(env, later, eventId, (stored) => {
    const found = typeOf(stored, typeId);
    if (!found.ok) return found;
    precondition(found.value.version);
    const closed = refuseClosed(stored) ?? refuseNamed(stored, typeId);
    if (closed) return refuse(closed);
    return withTypes(
      stored,
      stored.types.filter((type) => type !== found.value),
    );
  });
}

const isSeated = ({ seatCategories }: Pick<TicketTypeRow, "seatCategories">): boolean => seatCategories.length > 0;

export function typeOf({ types }: StoredEvent, typeId: string): Result<TicketTypeRow, Refusal<"ticket_type_not_found">> {
  const type = types.find(({ id }) => id === typeId);
  return type ? ok(type) : refuse({ code: "ticket_type_not_found" });
}
