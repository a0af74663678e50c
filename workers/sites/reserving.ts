/** From the choice on an event's page to a hold. */
import { z } from "zod";
import { AvailableTicketType, type PublishedEvent } from "../../shared/contracts/events";
import { Hold } from "../../shared/contracts/holds";
import { Id } from "../../shared/contracts/ids";
import type { ProblemBody } from "../../shared/contracts/problem-body";
import { Problem } from "../../shared/http/problem";
import type { SitesContext } from "./answering";
import { keepReservation, keepSecret, latestOf } from "./cookies";
import { eventPage, isShown } from "./event-page";
import { checkoutPath, eventPath } from "./event-path";
import type { Fault } from "./fields";
import { isFromHere, keyOf, readFields } from "./forms";
import { pageResponse } from "./page";
import { foreignForm, troubleText } from "./refusals";
import { ask } from "./siblings";
import type { Site } from "./site";
import { accessibleField, type Choice, canBeChosen, isSeated, mostPerOrder, NO_CHOICE, quantityField } from "./ticket-form";

const Tickets = z.object({ data: z.array(AvailableTicketType) });

/** A hold lives an hour at most, and what it became is worth knowing a little longer. */
const HOLD_SECONDS = 7_200;
/** The key's first hold is gone, or another choice was made since: a fresh key makes a fresh hold. */
const USED_UP: readonly string[] = ["idempotency_key_reused", "hold_expired", "hold_released", "hold_in_use"];

export interface Offer {
  event: PublishedEvent;
  /** As it stands now, from the event's own object. */
  types: AvailableTicketType[];
  /** Where the reader goes on with tickets that are kept for him. */
  reservation: string | null;
}

/** Null for what this organizer shows to nobody. */
export async function offerOf(c: SitesContext, site: Site, eventId: string): Promise<Offer | null> {
  const [[event], types] = await Promise.all([c.env.EVENTS.events([eventId]), typesOf(c, eventId)]);
  if (!event || !isShown(event, site.organizer.id)) return null;
  return { event, types, reservation: reservationOf(c, eventId) };
}

/** None of what is on sale nowhere. */
export async function typesOf(c: SitesContext, eventId: string): Promise<AvailableTicketType[]> {
  const tickets = await ask(c, c.env.EVENTS_HTTP, Tickets, { path: `/events/${eventId}/tickets` });
  // A sale that cannot be read just now is not one that has nothing to sell.
  if (!tickets.ok && tickets.error.status >= 500) throw new Problem("overloaded");
  return tickets.ok ? tickets.value.data : [];
}

function reservationOf(c: SitesContext, eventId: string): string | null {
  const holdId = latestOf(c);
  return holdId !== undefined && Id.safeParse(holdId).success ? checkoutPath(eventId, holdId) : null;
}

export async function showEvent(
  site: Site,
  { event, types, reservation }: Offer,
  choice: Choice = NO_CHOICE,
  status = 200,
): Promise<Response> {
  return pageResponse(site, eventPage(site, event, types, { choice, reservation }), status);
}

/** What was chosen, checked against what there is; the faults name the fields. */
export function readChoice(fields: URLSearchParams, types: AvailableTicketType[], { language: { words } }: Site): Choice {
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
    else if (quantity > type.available) fault(words.onlyLeft(type.name, type.available));
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
 * POST on the event's page: a hold and on to the checkout, or the same page with what stands in the way. It needs no token: there is
 * nothing of the reader's yet that a foreign page could use, and the browser says where the form stood.
 */
export async function reserve(c: SitesContext, site: Site, eventId: string): Promise<Response | null> {
  const fields = await readFields(c);
  const offer = await offerOf(c, site, eventId);
  if (!offer) return null;
  if (!isFromHere(c)) return foreignForm(site, eventPath(offer.event));
  if (offer.event.status !== "published") return showEvent(site, offer, NO_CHOICE, 409);
  const choice = readChoice(fields, offer.types, site);
  if (choice.faults.length > 0) return showEvent(site, offer, choice, 422);
  const items = itemsOf(choice, offer.types);
  const place = (idempotencyKey: string) =>
    ask(c, c.env.EVENTS_HTTP, Hold, { path: `/events/${eventId}/holds`, body: { items }, idempotencyKey });
  const first = await place(keyOf(fields));
  const placed = !first.ok && USED_UP.includes(first.error.code) ? await place(crypto.randomUUID()) : first;
  if (!placed.ok) return refused(c, site, offer, choice, placed.error);
  const path = checkoutPath(eventId, placed.value.id);
  keepSecret(c, path, placed.value.secret, HOLD_SECONDS);
  keepReservation(c, eventId, placed.value.id, placed.value.expiresAt);
  return c.redirect(path, 303);
}

/** Of a type with seats the best ones: whoever wants to name them uses the API. */
const itemsOf = ({ quantities, accessible }: Choice, types: AvailableTicketType[]) =>
  types.flatMap((type) => {
    const quantity = Number(quantities[type.id] ?? 0);
    if (quantity === 0) return [];
    const wish = Number(accessible[type.id] ?? 0);
    const best = wish > 0 ? { accessible: wish } : (true as const);
    return [{ ticketTypeId: type.id, quantity, ...(isSeated(type) ? { bestAvailable: best } : {}) }];
  });

/** Somebody was faster, or the sale has changed: the page says how it stands now, and keeps what was chosen. */
async function refused(c: SitesContext, site: Site, before: Offer, choice: Choice, problem: ProblemBody): Promise<Response> {
  const { words } = site.language;
  const offer = (await offerOf(c, site, before.event.id)) ?? before;
  const short = offer.types.filter(({ id, available }) => Number(choice.quantities[id] ?? 0) > available);
  const faults: Fault[] =
    problem.code === "sold_out" && short.length > 0
      ? short.map((type) => ({
          field: canBeChosen(type) ? quantityField(type.id) : null,
          message: words.onlyLeft(type.name, type.available),
        }))
      : [{ field: null, message: troubleText(problem, words) }];
  return showEvent(site, offer, { ...choice, faults }, problem.status);
}
