/** What an event is, for search engines (schema.org/Event) and for whoever shows a link to it (ogp.me). */
import { html, raw } from "hono/html";
import type { AvailableTicketType, PublishedEvent } from "../../shared/contracts/events";
import { zonedTimestamp } from "../../shared/locale/moment";
import { decimalOf } from "../../shared/locale/money";
import { eventPath } from "./event-path";
import type { Html } from "./page";
import type { Site } from "./site";

const AVAILABILITY = {
  on_sale: "https://schema.org/InStock",
  scheduled: "https://schema.org/PreSale",
  sold_out: "https://schema.org/SoldOut",
  ended: "https://schema.org/Discontinued",
} as const;

const STATUS: Partial<Record<PublishedEvent["status"], string>> = { cancelled: "https://schema.org/EventCancelled" };

function offersOf(types: AvailableTicketType[], url: string) {
  return types.flatMap(({ status, name, price, saleStart, saleEnd }) =>
    status === "hidden"
      ? []
      : [
          {
            "@type": "Offer",
            name,
            price: decimalOf(price),
            priceCurrency: price.currency,
            availability: AVAILABILITY[status],
            url,
            ...(saleStart ? { validFrom: saleStart } : {}),
            ...(saleEnd ? { validThrough: saleEnd } : {}),
          },
        ],
  );
}

export function eventData({ organizer, brand, origin }: Site, event: PublishedEvent, types: AvailableTicketType[]) {
  const { location, timezone } = event;
  const url = new URL(eventPath(event), origin).href;
  const picture = brand.cover ?? brand.logo;
  return {
    "@context": "https://schema.org",
    "@type": "Event",
    name: event.title,
    description: event.description,
    startDate: zonedTimestamp(event.startDate, timezone),
    endDate: zonedTimestamp(event.endDate, timezone),
    eventStatus: STATUS[event.status] ?? "https://schema.org/EventScheduled",
    eventAttendanceMode: "https://schema.org/OfflineEventAttendanceMode",
    url,
    ...(picture ? { image: [new URL(picture.url, origin).href] } : {}),
    location: {
      "@type": "Place",
      name: location.venue,
      address: {
        "@type": "PostalAddress",
        streetAddress: location.address,
        addressLocality: location.city,
        addressCountry: location.country,
      },
      geo: { "@type": "GeoCoordinates", latitude: location.coordinates.lat, longitude: location.coordinates.lng },
    },
    organizer: { "@type": "Organization", name: organizer.name, url: origin },
    offers: event.status === "published" ? offersOf(types, url) : [],
  };
}

/** JSON inside a script element: no text in it can end the element or begin a comment. */
export const scriptJson = (value: unknown): string => JSON.stringify(value).replaceAll("<", "\\u003c");

export function eventHead(site: Site, event: PublishedEvent, types: AvailableTicketType[], description: string): Html {
  const { brand, organizer, origin, language } = site;
  const url = new URL(eventPath(event), origin).href;
  const picture = brand.cover ?? brand.logo;
  return html`<link rel="canonical" href="${url}">
<meta property="og:type" content="website">
<meta property="og:title" content="${event.title}">
<meta property="og:description" content="${description}">
<meta property="og:url" content="${url}">
<meta property="og:site_name" content="${organizer.name}">
<meta property="og:locale" content="${language.words.locale.replace("-", "_")}">
${picture ? html`<meta property="og:image" content="${new URL(picture.url, origin).href}">` : ""}
<script type="application/ld+json">${raw(scriptJson(eventData(site, event, types)))}</script>`;
}
