/** `/`: what an organizer has on sale, soonest first. */
import { html } from "hono/html";
import type { PublishedEvent } from "../../shared/contracts/events";
import { readableMoment } from "../../shared/locale/moment";
import { readableMoney } from "../../shared/locale/money";
import { eventPath } from "./event-path";
import { LOCALE, type Page } from "./page";
import type { Site } from "./site";

const listed = (event: PublishedEvent) => html`<li class="event">
<h2><a href="${eventPath(event)}">${event.title}</a></h2>
<p><time datetime="${event.startDate}">${readableMoment(event.startDate, event.timezone, LOCALE)}</time></p>
<p class="note">${event.location.venue}, ${event.location.city}</p>
${lowestPrice(event)}
</li>`;

function lowestPrice({ ticketTypes }: PublishedEvent) {
  const [cheapest] = ticketTypes.map((type) => type.price).toSorted((a, b) => a.amount - b.amount);
  if (!cheapest) return "";
  return html`<p class="price">${ticketTypes.length > 1 ? "from " : ""}${readableMoney(cheapest, LOCALE)}</p>`;
}

export const listPage = ({ organizer }: Site, events: PublishedEvent[]): Page => ({
  title: organizer.name,
  description: `Events by ${organizer.name}`,
  content: html`<h1>Events</h1>
${events.length === 0 ? html`<p>Nothing is announced at the moment.</p>` : html`<ul>${events.map(listed)}</ul>`}`,
});
