/** From a hold to an order. */
import { z } from "zod";
import type { PublishedEvent } from "../../shared/contracts/events";
import { Hold } from "../../shared/contracts/holds";
import { Id } from "../../shared/contracts/ids";
import { Email, Order, PersonName } from "../../shared/contracts/orders";
import type { ProblemBody } from "../../shared/contracts/problem-body";
import { orderPath } from "../../shared/http/guest-links";
import type { SitesContext } from "./answering";
import { attendeeField, checkoutPage, type Details, itemField, linesOf, MAX_ATTENDEES, NO_DETAILS } from "./checkout-page";
import { forgetReservation, forgetSecret, keepLatest, keepReservation, keepSecret, latestOf } from "./cookies";
import { isShown } from "./event-page";
import { checkoutPath, eventPath, GAVE_BACK } from "./event-path";
import type { Fault } from "./fields";
import { formToken, isOwnForm, keyOf, readFields, secretOf } from "./forms";
import { pageResponse } from "./page";
import { foreignForm, troubleText } from "./refusals";
import { typesOf } from "./reserving";
import { ask } from "./siblings";
import type { Site } from "./site";
import { sorryPage } from "./sorry-page";
import { countText } from "./text";
import { isSeated, shortText } from "./ticket-form";
import type { Language, Words } from "./words";

/** Where the page stands: its event is the organizer's, whatever became of the hold. */
interface Place {
  event: PublishedEvent;
  holdId: string;
}

export async function placeOf(c: SitesContext, site: Site, eventId: string, holdId: string): Promise<Place | null> {
  const [event] = await c.env.EVENTS.events([eventId]);
  return event && isShown(event, site.organizer.id) ? { event, holdId } : null;
}

const readHold = (c: SitesContext, { event, holdId }: Place) =>
  ask(c, c.env.EVENTS_HTTP, Hold, { path: `/events/${event.id}/holds/${holdId}` });

/** Whoever has ordered with the hold finds the order, by whichever way he comes back. */
function toItsOrder(c: SitesContext): Response | null {
  const orderId = latestOf(c);
  return orderId !== undefined && Id.safeParse(orderId).success ? c.redirect(orderPath(orderId), 303) : null;
}

export async function showCheckout(c: SitesContext, site: Site, place: Place): Promise<Response> {
  const ordered = toItsOrder(c);
  if (ordered) return ordered;
  const hold = await readHold(c, place);
  if (!hold.ok) return holdIsOver(c, site, place, hold.error);
  return show(c, site, place, hold.value, NO_DETAILS);
}

/** The way on is the event. Whoever has no key to the hold hears what is true of it for him: a browser forgets the key after a while. */
function holdIsOver(c: SitesContext, site: Site, { event }: Place, { code, status }: ProblemBody): Promise<Response> {
  const { words } = site.language;
  const ways = [{ path: eventPath(event), label: words.chooseAnew }];
  if (code === "hold_in_use")
    return pageResponse(site, sorryPage({ title: words.reservationUsed, more: words.reservationUsedMore, ways }), 409);
  if (status >= 500 || status === 429)
    return pageResponse(site, sorryPage({ title: words.trouble, more: troubleText({ code }, words), ways }), status);
  forgetReservation(c, event.id);
  return reservationOver(site, event);
}

function reservationOver(site: Site, event: PublishedEvent): Promise<Response> {
  const { words } = site.language;
  const ways = [{ path: eventPath(event), label: words.chooseAnew }];
  return pageResponse(site, sorryPage({ title: words.reservationOver, more: words.reservationOverMore, ways }), 410);
}

type Shown = Pick<Hold, "items"> & { expiresAt: string | null };

async function show(c: SitesContext, site: Site, { event, holdId }: Place, hold: Shown, details: Details, status = 200) {
  const token = await formToken(secretOf(c) ?? "");
  const reservation = { id: holdId, event, lines: linesOf(event, hold.items), expiresAt: hold.expiresAt, token };
  return pageResponse(site, checkoutPage(site, reservation, details, Date.now()), status);
}

/** Longest a name may be; what is longer is kept as typed, and told. */
const MAX_NAME_CHARACTERS = 200;

function nameFault(name: string, { words, ...rest }: Language): string | null {
  if (name.trim() === "") return words.nameMissing;
  if (PersonName.safeParse(name).success) return null;
  const count = name.trim().length;
  return count > MAX_NAME_CHARACTERS ? words.nameTooLong(countText(count, { words, ...rest })) : words.nameInvalid;
}

function emailFault(email: string, words: Words): string | null {
  if (email === "") return words.emailMissing;
  return Email.safeParse(email).success ? null : words.emailInvalid;
}

export function readDetails(fields: URLSearchParams, language: Language): Details {
  const name = fields.get("name") ?? "";
  const email = (fields.get("email") ?? "").trim();
  const attendees = Array.from({ length: MAX_ATTENDEES }, (_, index) => fields.get(attendeeField(index)) ?? "");
  const faults: Fault[] = [];
  const check = (field: string, message: string | null) => message !== null && faults.push({ field, message });
  check("name", nameFault(name, language));
  check("email", emailFault(email, language.words));
  for (const [index, attendee] of attendees.entries())
    if (attendee.trim() !== "") check(attendeeField(index), nameFault(attendee, language));
  return { name, email, attendees, faults };
}

/** The tickets without a name of their own bear the buyer's; all mails go to him. */
function attendeesOf({ name, email, attendees }: Details): { attendees?: { name: string; email: string }[] } {
  const last = attendees.findLastIndex((attendee) => attendee.trim() !== "");
  if (last === -1) return {};
  return { attendees: attendees.slice(0, last + 1).map((attendee) => ({ name: attendee.trim() || name.trim(), email })) };
}

/** What was reserved, as the page that is sent said it: for a hold that cannot be read any more. */
function itemsOf(fields: URLSearchParams, event: PublishedEvent): Hold["items"] {
  return event.ticketTypes.flatMap(({ id, price, maxPerOrder }) => {
    const quantity = Number(fields.get(itemField(id)) ?? 0);
    return Number.isInteger(quantity) && quantity > 0 && quantity <= maxPerOrder
      ? [{ ticketTypeId: id, quantity, unitPrice: price }]
      : [];
  });
}

/** POST on the checkout: an order and on to its page, or the same page with all that was typed and what stands in the way. */
export async function order(c: SitesContext, site: Site, place: Place): Promise<Response> {
  const { event, holdId } = place;
  const { language } = site;
  const fields = await readFields(c);
  const secret = secretOf(c);
  if (!(await isOwnForm(c, fields))) return foreignForm(site, checkoutPath(event.id, holdId));
  const known = toItsOrder(c);
  if (known) return known;
  const items = itemsOf(fields, event);
  // Of a page that says nothing of what was reserved nothing can be got again.
  if (secret === null && items.length === 0) return reservationOver(site, event);
  const isAgain = fields.get("again") === "yes";
  const details = readDetails(fields, language);
  if (secret === null && !isAgain) {
    const faults = [{ field: null, message: language.words.endedTryAgain }, ...details.faults];
    return show(c, site, place, { items, expiresAt: null }, { ...details, faults }, 410);
  }
  if (details.faults.length > 0) {
    const hold = isAgain ? null : await readHold(c, place);
    return show(c, site, place, hold?.ok ? hold.value : { items, expiresAt: null }, details, 422);
  }
  const ordered = isAgain ? { items: items.map((item) => again(event, item)) } : { holdId, holdSecret: secret ?? "" };
  const buyer = { name: details.name.trim(), email: details.email };
  const body = { eventId: event.id, ...ordered, buyer, ...attendeesOf(details) };
  // A hold is one order's, so that sending its form twice finds the order; a fresh try has its form's own key.
  const call = { path: "/orders", body, idempotencyKey: keyOf(fields), asNobody: isAgain };
  const answer = await ask(c, c.env.PAYMENTS_HTTP, Order, call);
  if (!answer.ok) return refused(c, site, place, { items, details, problem: answer.error });
  const path = orderPath(answer.value.id);
  if (answer.value.accessToken) keepSecret(c, path, answer.value.accessToken);
  keepLatest(c, checkoutPath(event.id, holdId), answer.value.id);
  // From now on it is the order's: what is chosen on the event's page is another one.
  keepReservation(c, event.id, holdId, answer.value.expiresAt, null);
  return c.redirect(path, 303);
}

/** Of a type with seats the best ones that are there now: those that were reserved may be another's. */
const again = ({ ticketTypes }: PublishedEvent, { ticketTypeId, quantity }: Hold["items"][number]) => {
  const type = ticketTypes.find(({ id }) => id === ticketTypeId);
  return { ticketTypeId, quantity, ...(type && isSeated(type) ? { bestAvailable: true as const } : {}) };
};

interface Refused {
  items: Hold["items"];
  details: Details;
  problem: ProblemBody;
}

/** Where the API's pointers lead on this page. */
function fieldOf(pointer: string): string | null {
  if (pointer.startsWith("/buyer/name")) return "name";
  if (pointer.startsWith("/buyer/email")) return "email";
  const attendee = /^\/attendees\/(\d+)/.exec(pointer)?.[1];
  return attendee === undefined ? null : attendeeField(Number(attendee));
}

async function refused(c: SitesContext, site: Site, place: Place, { items, details, problem }: Refused): Promise<Response> {
  const { words } = site.language;
  if (problem.code === "sold_out") return soldMeanwhile(c, site, place, items, details);
  if (problem.code === "hold_in_use" || problem.status === 404) return holdIsOver(c, site, place, problem);
  const pointed = (problem.errors ?? []).flatMap(({ pointer }): Fault[] => {
    const field = fieldOf(pointer);
    return field === null ? [] : [{ field, message: field === "email" ? words.emailInvalid : words.nameInvalid }];
  });
  const faults = pointed.length > 0 ? pointed : [{ field: null, message: troubleText(problem, words) }];
  const hold = await readHold(c, place);
  return show(c, site, place, hold.ok ? hold.value : { items, expiresAt: null }, { ...details, faults }, problem.status);
}

/** Says what is left of each that was wanted, and offers that with all that was typed. */
async function soldMeanwhile(c: SitesContext, site: Site, place: Place, items: Hold["items"], details: Details) {
  const { words } = site.language;
  const types = new Map((await typesOf(c, place.event.id)).map((type) => [type.id, type]));
  const faults: Fault[] = [];
  const left = items.flatMap((item) => {
    const type = types.get(item.ticketTypeId);
    if (!type || type.available >= item.quantity) return [item];
    faults.push({ field: null, message: shortText(type, site.language) });
    return type.available >= type.minPerOrder ? [{ ...item, quantity: type.available }] : [];
  });
  if (left.length === 0) {
    const ways = [{ path: eventPath(place.event), label: words.chooseAnew }];
    const mayComeBack = items.some(({ ticketTypeId }) => (types.get(ticketTypeId)?.reserved ?? 0) > 0);
    const said = mayComeBack
      ? { title: words.goneForNow, more: words.goneForNowMore }
      : { title: words.soldOut, more: words.soldOutMeanwhile };
    return pageResponse(site, sorryPage({ ...said, ways }), 409);
  }
  if (faults.length === 0) faults.push({ field: null, message: words.notEnough });
  else faults.push({ field: null, message: words.takeTheRest });
  return show(c, site, place, { items: left, expiresAt: null }, { ...details, faults }, 409);
}

/** The tickets go back on sale at once. */
export async function release(c: SitesContext, site: Site, { event, holdId }: Place): Promise<Response> {
  const path = checkoutPath(event.id, holdId);
  if (!(await isOwnForm(c, await readFields(c)))) return foreignForm(site, path);
  await ask(c, c.env.EVENTS_HTTP, z.null(), { path: `/events/${event.id}/holds/${holdId}`, method: "DELETE" });
  forgetSecret(c, path);
  forgetReservation(c, event.id);
  return c.redirect(`${eventPath(event)}?${GAVE_BACK}=yes`, 303);
}
