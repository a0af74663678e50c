/** `/e/<id>`: one event, its ticket types, what is left of them, and the choice of some. */
import { html } from "hono/html";
import { DEFAULT_REFUND_POLICY, type PublishedEvent } from "../../shared/contracts/events";
import type { Hold } from "../../shared/contracts/holds";
import { endTime } from "./clock";
import { calendarPath, seatPicturePath } from "./event-path";
import { LIVE_SCRIPT } from "./live-script";
import type { Html, Page } from "./page";
import type { Site } from "./site";
import { eventHead } from "./structured-data";
import { placeLine, placeText, spanText, zoneText } from "./text";
import { type Choice, isSeated, NO_CHOICE, type OfferedType, ticketForm } from "./ticket-form";
import { waitlistOffer } from "./waitlist-offer";
import type { Language, Words } from "./words";

const MAX_DESCRIPTION_CHARACTERS = 160;

/** The organizer's own events that anybody may know of; a draft or a private one is as if it were not there. */
export const isShown = (event: PublishedEvent, organizerId: string): boolean =>
  event.organizerId === organizerId && event.status !== "draft" && event.settings.isPublic;

const mapUrl = ({ location: { coordinates } }: PublishedEvent): string => {
  const { lat, lng } = coordinates;
  return `https://www.openstreetmap.org/?mlat=${lat}&mlon=${lng}#map=17/${lat}/${lng}`;
};

export const reasonLine = ({ cancelReason }: PublishedEvent, words: Words): Html | string =>
  cancelReason === undefined ? "" : html`<p dir="auto" class="reason">${words.cancelReason(cancelReason)}</p>`;

function closedNotice(event: PublishedEvent, words: Words): Html | null {
  const { status } = event;
  if (status === "cancelled")
    return html`<div class="notice bad"><p><strong>${words.eventCancelled}</strong> ${words.eventCancelledMore}</p>${reasonLine(event, words)}<p><a href="/">${words.seeOthers}</a></p></div>`;
  if (status === "completed")
    return html`<div class="notice"><p><strong>${words.eventOver}</strong></p><p><a href="/">${words.seeOthers}</a></p></div>`;
  return null;
}

/** When and where, as every page about an event says it. */
export const occasion = (event: PublishedEvent, language: Language): Html => {
  const { words } = language;
  return html`<dl>
<dt>${words.when}</dt>
<dd><time datetime="${event.startDate}">${spanText(event, language)}</time><span class="hint">${words.timesIn(zoneText(event, language))}</span></dd>
<dt>${words.where}</dt>
<dd><address>${placeLine(event)}</address><a href="${mapUrl(event)}" rel="noopener noreferrer">${words.openMap}</a></dd>
</dl>`;
};

/** What the organizer says of money back. Who says nothing decides each time. */
export const refundText = ({ settings: { refundPolicy } }: PublishedEvent, words: Words): string =>
  refundPolicy === DEFAULT_REFUND_POLICY ? words.refundsByOrganizer : refundPolicy;

/** Tickets that are kept for the reader already. */
export interface Reservation {
  /** Where he goes on with them. */
  path: string;
  /** Null where an order has them: another choice is another order's. */
  hold: Hold | null;
}

/** What the page knows of its reader. */
interface Visit {
  choice?: Choice;
  reservation?: Reservation | null;
  /** He has just given tickets back. */
  gaveBack?: boolean;
}

function reservationNotice({ path, hold }: Reservation, { timezone }: PublishedEvent, words: Words): Html {
  const kept = hold
    ? html`${words.haveReservationUntil} ${endTime(hold.expiresAt, timezone, words)}.`
    : html`${words.haveReservation}`;
  return html`<div class="notice"><p><strong>${kept}</strong> ${hold ? words.choiceReplaces : ""}</p><p><a href="${path}">${words.continueReservation}</a></p></div>`;
}

const chosenBefore = ({ items }: Hold): Choice => ({
  ...NO_CHOICE,
  quantities: Object.fromEntries(items.map(({ ticketTypeId, quantity }) => [ticketTypeId, String(quantity)])),
});

/** The words of which the reader sees what is kept for him. */
function visitNotice({ reservation, gaveBack = false }: Visit, event: PublishedEvent, words: Words): Html | string {
  if (reservation) return reservationNotice(reservation, event, words);
  return gaveBack
    ? html`<div class="notice good" role="status"><p><strong>${words.gaveBack}</strong> ${words.gaveBackMore}</p></div>`
    : "";
}

export function eventPage(site: Site, event: PublishedEvent, types: OfferedType[], visit: Visit = {}): Page {
  const { choice = visit.reservation?.hold ? chosenBefore(visit.reservation.hold) : NO_CHOICE } = visit;
  const { organizer, brand, language } = site;
  const { words } = language;
  const { title, description } = event;
  const notice = closedNotice(event, words);
  const { cover } = brand;
  const summary =
    [...description.replaceAll(/\s+/g, " ")].slice(0, MAX_DESCRIPTION_CHARACTERS).join("").trim() ||
    `${title}, ${placeText(event)}`;
  return {
    title: `${choice.faults.length > 0 ? `${words.errorPrefix} ` : ""}${title} – ${organizer.name}`,
    description: summary,
    hasKey: true,
    script: LIVE_SCRIPT,
    pictures: types.some(isSeated) ? [seatPicturePath(event.id)] : [],
    head: eventHead(site, event, types, summary),
    // On a phone the choice stands above what may be a long story.
    content: html`<article class="two event"><div>
${cover ? html`<img class="cover" src="${cover.url}" alt="" width="${cover.width}" height="${cover.height}">` : ""}
<h1>${title}</h1>
${notice ?? ""}
${occasion(event, language)}
${notice ? "" : html`<dl><dt>${words.refunds}</dt><dd dir="auto">${refundText(event, words)}</dd></dl>`}
</div>
${notice ? "" : html`<section class="panel" aria-label="${words.tickets}">${visitNotice(visit, event, words)}${ticketForm(event, types, choice, language)}${waitlistOffer(event, types, language)}</section>`}
<div>${description ? html`<p class="description">${description}</p>` : ""}
<p class="actions">${notice ? "" : html`<a href="${calendarPath(event.id)}">${words.addToCalendar}</a>`}<a href="/">${words.allEvents}</a></p></div>
</article>`,
  };
}
