/** The frame of every page, and what a browser is told to allow in it. */
import { html, raw } from "hono/html";
import { utf8 } from "../../shared/crypto/bytes";
import type { Site } from "./site";
import { styleOf } from "./style";

export const LOCALE = "en-GB";

export type Html = ReturnType<typeof html>;

export interface Page {
  title: string;
  description: string;
  content: Html;
}

/** An address from which a picture may come, or nothing: it stands in a header, where a stray `;` would begin a rule of its own. */
export function pictureOrigin(url: string | null): string | null {
  const origin = url !== null && URL.canParse(url) ? new URL(url).origin : "";
  return /^https:\/\/[a-z0-9.-]+(:\d+)?$/.test(origin) ? origin : null;
}

/** No script runs here, and only the page's own style sheet, by its hash (CSP 3). */
async function contentSecurityPolicy(style: string, pictures: (string | null)[]): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", utf8(style))).toBase64();
  const origins = [...new Set(pictures.map(pictureOrigin).filter((origin) => origin !== null))];
  return [
    "default-src 'none'",
    `style-src 'sha256-${hash}'`,
    ...(origins.length > 0 ? [`img-src ${origins.join(" ")}`] : []),
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join("; ");
}

export async function pageResponse({ organizer, brand }: Site, { title, description, content }: Page, status = 200) {
  const style = styleOf(brand);
  const logo = pictureOrigin(brand.logoUrl) && brand.logoUrl;
  const icon = pictureOrigin(brand.faviconUrl) && brand.faviconUrl;
  const text = await html`<!doctype html>
<html lang="${LOCALE}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<meta name="description" content="${description}">
${icon ? html`<link rel="icon" href="${icon}">` : ""}
<style>${raw(style)}</style>
</head>
<body>
<header><a href="/">${logo ? html`<img src="${logo}" alt="${organizer.name}">` : organizer.name}</a></header>
<main>${content}</main>
<footer>${organizer.name}. Tickets by Bilten.</footer>
</body>
</html>
`;
  return new Response(String(text), {
    status,
    headers: {
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": await contentSecurityPolicy(style, [logo, icon]),
      "cache-control": status === 200 ? "public, max-age=0, s-maxage=2" : "no-store",
      "referrer-policy": "strict-origin-when-cross-origin",
    },
  });
}
