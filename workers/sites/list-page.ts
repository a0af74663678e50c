/** `/`: what an organizer has on sale, soonest first, or those of them that fit a search, a page at a time. */
import { html } from "hono/html";
import type { PublishedEvent } from "../../shared/contracts/events";
import { eventPath } from "./event-path";
import { type Listing, MAX_QUERY_CHARACTERS } from "./listing";
import type { Html, Page } from "./page";
import type { Site } from "./site";
import { inOneLine, momentText, moneyText } from "./text";
import type { Language } from "./words";

const dayPart = (event: PublishedEvent, { words }: Language, part: Intl.DateTimeFormatOptions): string =>
  new Intl.DateTimeFormat(words.locale, { timeZone: event.timezone, ...part }).format(new Date(event.startDate));

/** The moment beside it says the same to whoever does not see it. */
const listed = (event: PublishedEvent, gone: { mayComeBack: boolean } | undefined, language: Language): Html => html`<li>
<div class="day" aria-hidden="true"><b>${dayPart(event, language, { day: "numeric" }).replace(/\D/g, "")}</b>${dayPart(event, language, { month: "short" })}</div>
<div>
<h2><a href="${eventPath(event)}" dir="auto">${event.title}</a></h2>
<p><time datetime="${event.startDate}">${momentText(event.startDate, event.timezone, language)}</time></p>
<p class="note">${inOneLine([event.location.venue, event.location.city])}</p>
${gone ? html`<p class="price">${gone.mayComeBack ? language.words.reservedNow : language.words.soldOut}</p>` : lowestPrice(event, language)}
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

function answerOf({ language: { words } }: Site, { events, query, nextCursor, isContinued }: Listing): Html | string {
  if (query === "") return events.length === 0 ? html`<p>${words.nothingAnnounced}</p>` : "";
  const isPart = nextCursor !== null || isContinued;
  const said =
    events.length === 0 ? words.nothingFound(query) : isPart ? words.foundMany(query) : words.found(events.length, query);
  return html`<p role="status">${said} <a href="/">${words.showAll}</a></p>`;
}

const listPath = (query: string, cursor: string | null): string => {
  const asked = new URLSearchParams({ ...(query === "" ? {} : { q: query }), ...(cursor === null ? {} : { cursor }) }).toString();
  return asked === "" ? "/" : `/?${asked}`;
};

function pagesOf({ language: { words } }: Site, { query, nextCursor, isContinued }: Listing): Html | string {
  if (nextCursor === null && !isContinued) return "";
  return html`<nav class="actions" aria-label="${words.pages}">
${isContinued ? html`<a href="${listPath(query, null)}">${words.firstPage}</a>` : ""}
${nextCursor === null ? "" : html`<a class="button plain" rel="next" href="${listPath(query, nextCursor)}">${words.nextPage}</a>`}
</nav>`;
}

export function listPage(site: Site, listing: Listing): Page {
  const { organizer, brand, language, origin } = site;
  const { words } = language;
  const { events, query, isContinued } = listing;
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
    content: html`${cover && !isContinued ? html`<img class="cover" src="${cover.url}" alt="" width="${cover.width}" height="${cover.height}">` : ""}
<h1>${words.events}</h1>
${brand.tagline && !isContinued ? html`<p dir="auto">${brand.tagline}</p>` : ""}
${events.length > 0 || query !== "" ? searchForm(site, query) : ""}
${answerOf(site, listing)}
${events.length > 0 ? html`<ul class="events">${events.map((event) => listed(event, listing.gone?.get(event.id), language))}</ul>` : ""}
${pagesOf(site, listing)}`,
  };
}
