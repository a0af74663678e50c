/** `/`: what an organizer has on sale, soonest first, or those of them that fit a search. */
import { html } from "hono/html";
import type { PublishedEvent } from "../../shared/contracts/events";
import { eventPath } from "./event-path";
import type { Html, Page } from "./page";
import type { Site } from "./site";
import { momentText, moneyText } from "./text";
import type { Language } from "./words";

/** Without marks and case, so that "muller" finds "Müller". */
const folded = (text: string): string =>
  text.normalize("NFKD").replaceAll(/\p{M}/gu, "").toLowerCase().replaceAll("ß", "ss").replaceAll("ı", "i");

export const MAX_QUERY_CHARACTERS = 200;

/** Each word of the query somewhere in what the page says of an event. */
export function fitting(events: PublishedEvent[], query: string): PublishedEvent[] {
  const wanted = folded(query.slice(0, MAX_QUERY_CHARACTERS))
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== "");
  return events.filter(({ title, description, category, location }) => {
    const text = folded([title, description, category, location.venue, location.city].join(" "));
    return wanted.every((word) => text.includes(word));
  });
}

const dayPart = (event: PublishedEvent, { words }: Language, part: Intl.DateTimeFormatOptions): string =>
  new Intl.DateTimeFormat(words.locale, { timeZone: event.timezone, ...part }).format(new Date(event.startDate));

/** The moment beside it says the same to whoever does not see it. */
const listed = (event: PublishedEvent, language: Language): Html => html`<li>
<div class="day" aria-hidden="true"><b>${dayPart(event, language, { day: "numeric" }).replace(/\D/g, "")}</b>${dayPart(event, language, { month: "short" })}</div>
<div>
<h2><a href="${eventPath(event)}" dir="auto">${event.title}</a></h2>
<p><time datetime="${event.startDate}">${momentText(event.startDate, event.timezone, language)}</time></p>
<p class="note" dir="auto">${event.location.venue}, ${event.location.city}</p>
${lowestPrice(event, language)}
</div>
</li>`;

function lowestPrice({ ticketTypes }: PublishedEvent, language: Language): Html | string {
  const [cheapest, next] = ticketTypes.map((type) => type.price).toSorted((a, b) => a.amount - b.amount);
  if (!cheapest) return "";
  const price = moneyText(cheapest, language);
  return html`<p class="price">${next && next.amount !== cheapest.amount ? language.words.from(price) : price}</p>`;
}

const searchForm = (
  { language: { words } }: Site,
  query: string,
): Html => html`<search><form class="search" action="/" method="get">
<label class="hidden" for="q">${words.searchEvents}</label>
<input type="search" id="q" name="q" value="${query}" maxlength="${MAX_QUERY_CHARACTERS}" placeholder="${words.searchEvents}" autocomplete="off" dir="auto">
<button>${words.search}</button>
</form></search>`;

function answerOf({ language: { words } }: Site, found: PublishedEvent[], query: string): Html | string {
  if (query === "") return found.length === 0 ? html`<p>${words.nothingAnnounced}</p>` : "";
  return html`<p role="status">${found.length === 0 ? words.nothingFound(query) : words.found(found.length, query)} <a href="/">${words.showAll}</a></p>`;
}

export function listPage(site: Site, events: PublishedEvent[], asked = ""): Page {
  const { organizer, brand, language, origin } = site;
  const { words } = language;
  const query = asked.trim().slice(0, MAX_QUERY_CHARACTERS);
  const found = query === "" ? events : fitting(events, query);
  const { cover } = brand;
  const description = brand.tagline ?? words.eventsBy(organizer.name);
  return {
    title: query === "" ? organizer.name : `${query} – ${organizer.name}`,
    description,
    head: html`<meta property="og:type" content="website">
<meta property="og:title" content="${organizer.name}">
<meta property="og:description" content="${description}">
<meta property="og:url" content="${origin}/">
${cover ? html`<meta property="og:image" content="${new URL(cover.url, origin).href}">` : ""}`,
    content: html`${cover ? html`<img class="cover" src="${cover.url}" alt="" width="${cover.width}" height="${cover.height}">` : ""}
<h1>${words.events}</h1>
${brand.tagline ? html`<p dir="auto">${brand.tagline}</p>` : ""}
${events.length > 0 ? searchForm(site, query) : ""}
${answerOf(site, found, query)}
${found.length > 0 ? html`<ul class="events">${found.map((event) => listed(event, language))}</ul>` : ""}`,
  };
}
