/** `/e/<id>`: one event, its ticket types and what is left of them. */
import { html } from "hono/html";
import type { AvailableTicketType, PublishedEvent } from "../../shared/contracts/events";
import { readableMoment, readableSpan } from "../../shared/locale/moment";
import { readableMoney } from "../../shared/locale/money";
import { type Html, LOCALE, type Page } from "./page";
import type { Site } from "./site";

const MAX_DESCRIPTION_CHARACTERS = 160;

/** What a buyer is told of a type; null hides it. */
export function saleNote(type: AvailableTicketType, timezone: string): string | null {
  switch (type.status) {
    case "on_sale":
      return `${new Intl.NumberFormat(LOCALE).format(type.available)} left`;
    case "scheduled":
      return type.saleStart ? `On sale from ${readableMoment(type.saleStart, timezone, LOCALE)}` : "Not on sale yet";
    case "ended":
      return "Sale has ended";
    case "sold_out":
      return "Sold out";
    case "hidden":
      return null;
  }
}

const listed = (type: AvailableTicketType, note: string) => html`<li>
<div><h3>${type.name}</h3>${type.description ? html`<p class="description">${type.description}</p>` : ""}<p class="note">${note}</p></div>
<p class="price">${readableMoney(type.price, LOCALE)}</p>
</li>`;

function ticketList(types: AvailableTicketType[], timezone: string): Html | string {
  const shown = types.flatMap((type) => {
    const note = saleNote(type, timezone);
    return note === null ? [] : [listed(type, note)];
  });
  return shown.length === 0 ? "" : html`<section class="tickets"><h2>Tickets</h2><ul>${shown}</ul></section>`;
}

const NOTICES: Partial<Record<PublishedEvent["status"], string>> = {
  cancelled: "This event is cancelled.",
  completed: "This event is over.",
};

/** The organizer's own events that anybody may know of; a draft or a private one is as if it were not there. */
export const isShown = (event: PublishedEvent, organizerId: string): boolean =>
  event.organizerId === organizerId && event.status !== "draft" && event.settings.isPublic;

export function eventPage({ organizer }: Site, event: PublishedEvent, types: AvailableTicketType[]): Page {
  const { title, description, location, timezone } = event;
  const notice = NOTICES[event.status];
  const place = [location.venue, location.address, location.city, location.country].filter((part) => part !== "").join(", ");
  return {
    title: `${title} – ${organizer.name}`,
    description: [...description].slice(0, MAX_DESCRIPTION_CHARACTERS).join("") || `${title}, ${place}`,
    content: html`<article>
<h1>${title}</h1>
${notice ? html`<p class="notice">${notice}</p>` : ""}
<p><time datetime="${event.startDate}">${readableSpan(event.startDate, event.endDate, timezone, LOCALE)}</time></p>
<address>${place}</address>
${description ? html`<p class="description">${description}</p>` : ""}
${notice ? "" : ticketList(types, timezone)}
</article>`,
  };
}
