/** The waiting list on the pages: a guest joins, and by his mail's link accepts what is held for him, or gives his place up. */
import { z } from "zod";
import type { PublishedEvent } from "../../shared/contracts/events";
import { Hold } from "../../shared/contracts/holds";
import { Email, PersonName } from "../../shared/contracts/orders";
import type { ProblemBody } from "../../shared/contracts/problem-body";
import type { Result } from "../../shared/contracts/result";
import { MAX_ACCEPTABLE_TYPES } from "../../shared/contracts/waiting";
import { WaitlistEntry } from "../../shared/contracts/waitlist";
import { ORDER_TOKEN_PARAMETER, waitlistPath } from "../../shared/http/guest-links";
import type { SitesContext } from "./answering";
import { keepReservation, keepSecret } from "./cookies";
import { checkoutPath } from "./event-path";
import type { Fault } from "./fields";
import { formToken, isFromHere, isOwnForm, readFields, secretOf } from "./forms";
import { pageResponse } from "./page";
import { foreignForm, troubleText } from "./refusals";
import { typesOf } from "./reserving";
import { ask } from "./siblings";
import type { Site } from "./site";
import { missingPage, sorryPage } from "./sorry-page";
import type { OfferedType } from "./ticket-form";
import { joinPath } from "./waitlist-offer";
import { entryPage, type Joining, joinedPage, joinPage, mayJoin, NO_JOINING, waitable, wishField } from "./waitlist-page";
import type { Words } from "./words";

/** Null for an event whose list takes nobody here. */
async function listOf(
  c: SitesContext,
  site: Site,
  eventId: string,
): Promise<{ event: PublishedEvent; types: OfferedType[] } | null> {
  const [[event], types] = await Promise.all([c.env.EVENTS.events([eventId]), typesOf(c, eventId)]);
  return event && mayJoin(event, site.organizer.id) ? { event, types: waitable(types) } : null;
}

export async function showJoining(c: SitesContext, site: Site, eventId: string): Promise<Response | null> {
  const list = await listOf(c, site, eventId);
  return list && pageResponse(site, joinPage(site, list.event, list.types, NO_JOINING));
}

function readJoining(fields: URLSearchParams, types: readonly OfferedType[], words: Words): Joining {
  const ticketTypeIds = types.filter(({ id }) => fields.has(wishField(id))).map(({ id }) => id);
  const joining = {
    ticketTypeIds: ticketTypeIds.slice(0, MAX_ACCEPTABLE_TYPES),
    quantity: fields.get("quantity") ?? "1",
    name: fields.get("name") ?? "",
    email: (fields.get("email") ?? "").trim(),
  };
  const faults: Fault[] = [];
  const first = types[0];
  if (ticketTypeIds.length === 0) faults.push({ field: first ? wishField(first.id) : null, message: words.chooseTicket });
  if (!/^[1-9]\d{0,2}$/.test(joining.quantity)) faults.push({ field: "quantity", message: words.quantityInvalid(words.tickets) });
  if (!PersonName.safeParse(joining.name).success) faults.push({ field: "name", message: words.nameMissing });
  if (!Email.safeParse(joining.email).success) faults.push({ field: "email", message: words.emailInvalid });
  return { ...joining, faults };
}

/** It needs no token: the browser says where the form stood, and there is nothing of the reader's that it could be sent with. */
export async function join(c: SitesContext, site: Site, eventId: string): Promise<Response | null> {
  const fields = await readFields(c);
  const list = await listOf(c, site, eventId);
  if (!list) return null;
  const { event, types } = list;
  if (!isFromHere(c)) return foreignForm(site, joinPath(eventId));
  const { words, tag: language } = site.language;
  const joining = readJoining(fields, types, words);
  if (joining.faults.length > 0) return pageResponse(site, joinPage(site, event, types, joining), 422);
  const { ticketTypeIds, name, email } = joining;
  const guest = { ticketTypeIds, name, email, quantity: Number(joining.quantity), language };
  const joined = await c.env.EVENTS.joinWaitlistAsGuest(eventId, guest);
  if (joined.ok || joined.error.code === "already_waiting") return pageResponse(site, joinedPage(event, words));
  const faults = [{ field: null, message: troubleText(joined.error, words) }];
  return pageResponse(site, joinPage(site, event, types, { ...joining, faults }), 409);
}

interface Place {
  event: PublishedEvent;
  entryId: string;
}

/** An entry of another organizer's list is not this one's to show. */
export async function placeOf(c: SitesContext, site: Site, eventId: string, entryId: string): Promise<Place | null> {
  const [event] = await c.env.EVENTS.events([eventId]);
  return event && event.organizerId === site.organizer.id ? { event, entryId } : null;
}

const entryPath = ({ event, entryId }: Place): string => `/events/${event.id}/waitlist/${entryId}`;

const readEntry = (c: SitesContext, place: Place): Promise<Result<WaitlistEntry, ProblemBody>> =>
  ask(c, c.env.EVENTS_HTTP, WaitlistEntry, { path: entryPath(place) });

/**
 * The mail's link brings the secret in the query; it moves into a cookie of this page's path, as an order's does. Opening it confirms
 * nothing, because mail scanners open links.
 */
export async function showEntry(c: SitesContext, site: Site, place: Place): Promise<Response> {
  const path = waitlistPath(place.event.id, place.entryId);
  const token = new URL(c.req.url).searchParams.get(ORDER_TOKEN_PARAMETER);
  const entry = await readEntry(c, place);
  if (!entry.ok) return notShown(site, entry.error);
  if (token !== null) {
    // What the gateway shows is the address's key, and it has opened the entry.
    if (token === secretOf(c)) keepSecret(c, path, token);
    c.header("referrer-policy", "no-referrer");
    return c.redirect(path, 303);
  }
  return entryResponse(c, site, place, entry.value);
}

async function entryResponse(c: SitesContext, site: Site, { event }: Place, entry: WaitlistEntry, trouble?: string) {
  const [types, token] = await Promise.all([typesOf(c, event.id), formToken(secretOf(c) ?? "")]);
  const shown = entryPage(site, event, entry, types, { token, ...(trouble === undefined ? {} : { trouble }) });
  return pageResponse(site, shown, trouble === undefined ? 200 : 409);
}

function notShown(site: Site, { code, status }: ProblemBody): Promise<Response> {
  const { words } = site.language;
  if (status < 500 && status !== 429) return pageResponse(site, missingPage(words), 404);
  const ways = [{ path: "/", label: words.seeWhatIsOn }];
  return pageResponse(site, sorryPage({ title: words.trouble, more: troubleText({ code }, words), ways }), status);
}

/** Back to the entry, whose page says how it stands. */
const back = (c: SitesContext, { event, entryId }: Place): Response => c.redirect(waitlistPath(event.id, entryId), 303);

async function isRefused(c: SitesContext, site: Site, place: Place): Promise<Response | null> {
  const fields = await readFields(c);
  return (await isOwnForm(c, fields)) ? null : foreignForm(site, waitlistPath(place.event.id, place.entryId));
}

/** Whoever presses the button has read what was sent to the address: he waits from now on. */
export async function confirm(c: SitesContext, site: Site, place: Place): Promise<Response> {
  const refused = await isRefused(c, site, place);
  if (refused) return refused;
  const confirmed = await ask(c, c.env.EVENTS_HTTP, WaitlistEntry, { path: `${entryPath(place)}/confirm`, body: {} });
  if (confirmed.ok) return back(c, place);
  const entry = await readEntry(c, place);
  if (!entry.ok || confirmed.error.status >= 500) return notShown(site, confirmed.error);
  return entryResponse(c, site, place, entry.value, troubleText(confirmed.error, site.language.words));
}

/** On to the checkout with the hold, as from a choice on the event's page. */
export async function accept(c: SitesContext, site: Site, place: Place): Promise<Response> {
  const refused = await isRefused(c, site, place);
  if (refused) return refused;
  const { event } = place;
  const hold = await ask(c, c.env.EVENTS_HTTP, Hold, { path: `${entryPath(place)}/accept`, body: {} });
  if (!hold.ok) return hold.error.status < 500 ? back(c, place) : notShown(site, hold.error);
  const { id, secret, expiresAt } = hold.value;
  const path = checkoutPath(event.id, id);
  keepSecret(c, path, secret);
  keepReservation(c, event.id, id, expiresAt, secret);
  return c.redirect(path, 303);
}

export async function leave(c: SitesContext, site: Site, place: Place): Promise<Response> {
  const refused = await isRefused(c, site, place);
  if (refused) return refused;
  const left = await ask(c, c.env.EVENTS_HTTP, z.null(), { path: entryPath(place), method: "DELETE" });
  return left.ok || left.error.status < 500 ? back(c, place) : notShown(site, left.error);
}
