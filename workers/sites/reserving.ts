/** From the choice on an event's page to a hold. */
import { z } from "zod";
import { AvailableTicketType, type PublishedEvent } from "../../shared/contracts/events";
import { Hold, type HoldDraft } from "../../shared/contracts/holds";
import { Id } from "../../shared/contracts/ids";
import type { ProblemBody } from "../../shared/contracts/problem-body";
import type { Result } from "../../shared/contracts/result";
import { Problem } from "../../shared/http/problem";
import type { SitesContext } from "./answering";
import { keepReservation, keepSecret, latestOf } from "./cookies";
import { eventPage, isShown, type Reservation } from "./event-page";
import { checkoutPath, eventPath } from "./event-path";
import type { Fault } from "./fields";
import { isFromHere, keyOf, readFields, secretOf } from "./forms";
import { pageResponse } from "./page";
import { foreignForm, troubleText } from "./refusals";
import { ask } from "./siblings";
import type { Site } from "./site";
import {
  accessibleField,
  type Choice,
  canBeChosen,
  isSeated,
  mostPerOrder,
  type OfferedType,
  quantityField,
  shortText,
} from "./ticket-form";

const Tickets = z.object({ data: z.array(AvailableTicketType) });

/** A hold lives an hour at most, and what it became is worth knowing a little longer. */
const HOLD_SECONDS = 7_200;
/** The key's first hold is gone, or another choice was made since: a fresh key makes a fresh hold. */
const USED_UP: readonly string[] = ["idempotency_key_reused", "hold_expired", "hold_released", "hold_in_use"];

export interface Offer {
  event: PublishedEvent;
  /** As it stands now, from the event's own object. */
  types: OfferedType[];
  reservation: Reservation | null;
}

/** Null for what this organizer shows to nobody. */
export async function offerOf(c: SitesContext, site: Site, eventId: string): Promise<Offer | null> {
  const [[event], types, reservation] = await Promise.all([
    c.env.EVENTS.events([eventId]),
    typesOf(c, eventId),
    reservationOf(c, eventId),
  ]);
  if (!event || !isShown(event, site.organizer.id)) return null;
  return { event, types: types.map((type) => withOwn(type, reservation?.hold ?? null)), reservation };
}

/** None of what is on sale nowhere. */
export async function typesOf(c: SitesContext, eventId: string): Promise<AvailableTicketType[]> {
  const tickets = await ask(c, c.env.EVENTS_HTTP, Tickets, { path: `/events/${eventId}/tickets`, asNobody: true });
  // A sale that cannot be read just now is not one that has nothing to sell.
  if (!tickets.ok && tickets.error.status >= 500) throw new Problem("overloaded");
  return tickets.ok ? tickets.value.data : [];
}

const holdPath = (eventId: string, holdId: string): string => `/events/${eventId}/holds/${holdId}`;

async function reservationOf(c: SitesContext, eventId: string): Promise<Reservation | null> {
  const holdId = latestOf(c);
  if (holdId === undefined || !Id.safeParse(holdId).success) return null;
  const path = checkoutPath(eventId, holdId);
  // Without a secret it is an order's by now.
  if (secretOf(c) === null) return { path, hold: null };
  const hold = await ask(c, c.env.EVENTS_HTTP, Hold, { path: holdPath(eventId, holdId) });
  if (hold.ok) return { path, hold: hold.value };
  return hold.error.status >= 500 || hold.error.status === 429 ? { path, hold: null } : null;
}

/** What is kept for the reader himself is his to choose again. */
function withOwn(type: AvailableTicketType, hold: Hold | null): OfferedType {
  const own = hold?.items.find(({ ticketTypeId }) => ticketTypeId === type.id)?.quantity ?? 0;
  if (own === 0) return type;
  const { available, reserved = own, status } = type;
  return {
    ...type,
    own,
    available: available + own,
    reserved: Math.max(0, reserved - own),
    status: status === "sold_out" ? "on_sale" : status,
  };
}

export async function showEvent(
  site: Site,
  { event, types, reservation }: Offer,
  visit: { choice?: Choice; gaveBack?: boolean } = {},
  status = 200,
): Promise<Response> {
  return pageResponse(site, eventPage(site, event, types, { ...visit, reservation }), status);
}

/** What was chosen, checked against what there is; the faults name the fields. */
export function readChoice(fields: URLSearchParams, types: OfferedType[], { language }: Site): Choice {
  const { words } = language;
  const quantities: Record<string, string> = {};
  const accessible: Record<string, string> = {};
  const faults: Fault[] = [];
  for (const type of types.filter(({ status }) => status !== "hidden")) {
    const field = quantityField(type.id);
    const typed = fields.get(field);
    if (typed === null || typed === "" || typed === "0") continue;
    quantities[type.id] = typed;
    const quantity = Number(typed);
    const fault = (message: string) => faults.push({ field: canBeChosen(type) ? field : null, message });
    if (!Number.isInteger(quantity) || quantity < 0) fault(words.quantityInvalid(type.name));
    else if (quantity < type.minPerOrder || quantity > mostPerOrder(type))
      fault(words.quantityRange(type.name, type.minPerOrder, mostPerOrder(type)));
    else if (quantity > type.available) fault(shortText(type, language));
    const wish = isSeated(type) ? (fields.get(accessibleField(type.id)) ?? "0") : "0";
    if (wish === "0") continue;
    accessible[type.id] = wish;
    if (!/^\d{1,3}$/.test(wish) || Number(wish) > quantity)
      faults.push({ field: accessibleField(type.id), message: words.accessibleTooMany(type.name) });
  }
  const first = types.find(canBeChosen);
  if (Object.keys(quantities).length === 0)
    faults.push({ field: first ? quantityField(first.id) : null, message: words.chooseTicket });
  return { quantities, accessible, faults };
}

/**
 * POST on the event's page: a hold and on to the checkout, or the same page with what stands in the way. Whoever has a hold already
 * chooses otherwise with it: a second one beside it would keep tickets from everybody. It needs no token: the browser says where the
 * form stood, and sends the hold's secret with no form of another site's.
 */
export async function reserve(c: SitesContext, site: Site, eventId: string): Promise<Response | null> {
  const fields = await readFields(c);
  const offer = await offerOf(c, site, eventId);
  if (!offer) return null;
  if (!isFromHere(c)) return foreignForm(site, eventPath(offer.event));
  if (offer.event.status !== "published") return showEvent(site, offer, {}, 409);
  const choice = readChoice(fields, offer.types, site);
  if (choice.faults.length > 0) return showEvent(site, offer, { choice }, 422);
  const items = itemsOf(choice, offer.types);
  const kept = offer.reservation?.hold;
  const changed = kept && (await ask(c, c.env.EVENTS_HTTP, Hold, changing(eventId, kept.id, items)));
  const placed = changed && !isOver(changed) ? changed : await place(c, eventId, items, keyOf(fields));
  if (!placed.ok) return refused(c, site, offer, choice, placed.error);
  const { id, secret, expiresAt } = placed.value;
  const path = checkoutPath(eventId, id);
  keepSecret(c, path, secret, HOLD_SECONDS);
  keepReservation(c, eventId, id, expiresAt, secret);
  return c.redirect(path, 303);
}

const changing = (eventId: string, holdId: string, items: HoldDraft["items"]) =>
  ({ path: holdPath(eventId, holdId), method: "PUT", body: { items } }) as const;

/** The hold is gone, or an order's: what is chosen now is kept by a new one. */
const isOver = (changed: Result<Hold, ProblemBody>): boolean =>
  !changed.ok && (changed.error.status === 404 || USED_UP.includes(changed.error.code));

async function place(
  c: SitesContext,
  eventId: string,
  items: HoldDraft["items"],
  key: string,
): Promise<Result<Hold, ProblemBody>> {
  const call = { path: `/events/${eventId}/holds`, body: { items }, asNobody: true };
  const first = await ask(c, c.env.EVENTS_HTTP, Hold, { ...call, idempotencyKey: key });
  if (first.ok || !USED_UP.includes(first.error.code)) return first;
  return ask(c, c.env.EVENTS_HTTP, Hold, { ...call, idempotencyKey: crypto.randomUUID() });
}

/** Of a type with seats the best ones: whoever wants to name them uses the API. */
const itemsOf = ({ quantities, accessible }: Choice, types: OfferedType[]): HoldDraft["items"] =>
  types.flatMap((type) => {
    const quantity = Number(quantities[type.id] ?? 0);
    if (quantity === 0) return [];
    const wish = Number(accessible[type.id] ?? 0);
    const best = wish > 0 ? { accessible: wish } : (true as const);
    return [{ ticketTypeId: type.id, quantity, ...(isSeated(type) ? { bestAvailable: best } : {}) }];
  });

/** Somebody was faster, or the sale has changed: the page says how it stands now, and keeps what was chosen. */
async function refused(c: SitesContext, site: Site, before: Offer, choice: Choice, problem: ProblemBody): Promise<Response> {
  const { language } = site;
  const offer = (await offerOf(c, site, before.event.id)) ?? before;
  const short = offer.types.filter(({ id, available }) => Number(choice.quantities[id] ?? 0) > available);
  const faults: Fault[] =
    problem.code === "sold_out" && short.length > 0
      ? short.map((type) => ({
          field: canBeChosen(type) ? quantityField(type.id) : null,
          message: shortText(type, language),
        }))
      : [{ field: null, message: troubleText(problem, language.words) }];
  return showEvent(site, offer, { choice: { ...choice, faults } }, problem.status);
}
