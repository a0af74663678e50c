/** The frame of every page. */
import { html, raw } from "hono/html";
import type { BrandSettings } from "../../shared/contracts/branding";
import { withoutDirectionControls } from "../../shared/contracts/text";
import { contentSecurityPolicy, pictureOrigin } from "./policy";
import { PAGE_SCRIPT } from "./script";
import type { Site } from "./site";
import { styleOf } from "./style";

export type Html = ReturnType<typeof html>;

export interface Page {
  title: string;
  description: string;
  content: Html;
  /** For search engines and for whoever shows a link to the page. */
  head?: Html;
  /** The page's own script, beside the one of every page. */
  script?: string;
  /** Addresses of pictures beside the brand's own. */
  pictures?: string[];
  /** Stripe's form is on it. */
  stripe?: boolean;
  /** Of one reader alone: no cache keeps it and no search engine lists it. */
  isPersonal?: boolean;
  /** A form on it has a key of its own, so that nobody may be given it twice. */
  hasKey?: boolean;
}

/** An address outside has no known size; the style sheet leaves it room of a fixed height. */
function logoOf({ logo, logoUrl }: BrandSettings, name: string): Html | null {
  if (pictureOrigin(logoUrl) === null) return null;
  return logo
    ? html`<img src="${logoUrl}" alt="${name}" width="${logo.width}" height="${logo.height}">`
    : html`<img src="${logoUrl}" alt="${name}">`;
}

const newNonce = (): string => crypto.getRandomValues(new Uint8Array(16)).toBase64();

export async function pageResponse(site: Site, page: Page, status = 200): Promise<Response> {
  const { organizer, brand, language } = site;
  const { words } = language;
  const nonce = newNonce();
  const icon = pictureOrigin(brand.faviconUrl) && brand.faviconUrl;
  const text = await html`<!doctype html>
<html lang="${language.tag}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${page.title}</title>
<meta name="description" content="${page.description}">
${page.isPersonal || status >= 400 ? html`<meta name="robots" content="noindex">` : ""}
${icon ? html`<link rel="icon" href="${icon}">` : ""}
<style nonce="${nonce}">${raw(styleOf(brand))}</style>
${page.head ?? ""}
</head>
<body>
<a class="skip" href="#content">${words.skip}</a>
<header><a href="/">${logoOf(brand, organizer.name) ?? html`<span dir="auto">${organizer.name}</span>`}</a></header>
<main id="content" tabindex="-1">${page.content}</main>
<footer>${footerOf(site)}</footer>
<script nonce="${nonce}">${raw(PAGE_SCRIPT)}</script>
${page.stripe ? html`<script nonce="${nonce}" src="https://js.stripe.com/v3/"></script>` : ""}
${page.script ? html`<script nonce="${nonce}">${raw(page.script)}</script>` : ""}
</body>
</html>
`;
  // A name of before they were refused reads like its neighbours, and turns nothing round.
  return new Response(withoutDirectionControls(String(text)), {
    status,
    headers: {
      "content-type": "text/html; charset=utf-8",
      "content-language": language.tag,
      vary: "accept-language",
      "content-security-policy": contentSecurityPolicy({
        nonce,
        pictures: [brand.logoUrl, icon, brand.cover?.url ?? null, ...(page.pictures ?? [])],
        stripe: page.stripe ?? false,
      }),
      // The nonce is one answer's.
      "cache-control": page.isPersonal || page.hasKey || status >= 400 ? "no-store" : "private, no-cache",
      ...(status === 429 || status === 503 ? { "retry-after": "2" } : {}),
      "cross-origin-resource-policy": "same-origin",
      // A form's own Origin is sent, and nobody outside learns which order or event was looked at.
      "referrer-policy": "same-origin",
    },
  });
}

function footerOf({ organizer, brand, language }: Site): Html {
  const links = brand.links.map(({ label, url }) => html`<li><a href="${url}" rel="noopener" dir="auto">${label}</a></li>`);
  return html`${links.length > 0 ? html`<ul>${links}</ul>` : ""}<p dir="auto">${language.words.ticketsBy(organizer.name)}</p>`;
}
