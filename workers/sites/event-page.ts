/** `/e/<id>`: one event, its ticket types, what is left of them, and the choice of some. */
import { html } from "hono/html";
import type { AvailableTicketType, PublishedEvent } from "../../shared/contracts/events";
import { calendarPath, seatPicturePath } from "./event-path";
import { LIVE_SCRIPT } from "./live-script";
import type { Html, Page } from "./page";
import type { Site } from "./site";
import { eventHead } from "./structured-data";
import { placeText, spanText, zoneText } from "./text";
import { type Choice, isSeated, NO_CHOICE, ticketForm } from "./ticket-form";
import type { Language, Words } from "./words";

const MAX_DESCRIPTION_CHARACTERS = 160;

/** The organizer's own events that anybody may know of; a draft or a private one is as if it were not there. */
export const isShown = (event: PublishedEvent, organizerId: string): boolean =>
  event.organizerId === organizerId && event.status !== "draft" && event.settings.isPublic;

const mapUrl = ({ location: { coordinates } }: PublishedEvent): string => {
  const { lat, lng } = coordinates;
  return `https://www.openstreetmap.org/?mlat=${lat}&mlon=${lng}#map=17/${lat}/${lng}`;
};

function closedNotice({ status }: PublishedEvent, words: Words): Html | null {
  if (status === "cancelled")
    return html`<div class="notice bad"><p><strong>${words.eventCancelled}</strong> ${words.eventCancelledMore}</p><p><a href="/">${words.seeOthers}</a></p></div>`;
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
<dd><address dir="auto">${placeText(event)}</address><a href="${mapUrl(event)}" rel="noopener noreferrer">${words.openMap}</a></dd>
</dl>`;
};

/** What the page knows of its reader. */
interface Visit {
  choice?: Choice;
  /** Where he goes on with tickets that are kept for him. */
  reservation?: string | null;
}

const reservationNotice = (path: string, words: Words): Html =>
  html`<div class="notice"><p><strong>${words.haveReservation}</strong> <a href="${path}">${words.continueReservation}</a></p></div>`;

export function eventPage(
  site: Site,
  event: PublishedEvent,
  types: AvailableTicketType[],
  { choice = NO_CHOICE, reservation = null }: Visit = {},
): Page {
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
</div>
${notice ? "" : html`<section class="panel" aria-label="${words.tickets}">${reservation ? reservationNotice(reservation, words) : ""}${ticketForm(event, types, choice, language)}</section>`}
<div>${description ? html`<p class="description">${description}</p>` : ""}
<p class="actions">${notice ? "" : html`<a href="${calendarPath(event.id)}">${words.addToCalendar}</a>`}<a href="/">${words.allEvents}</a></p></div>
</article>`,
  };
}
