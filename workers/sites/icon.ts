/** What a tab shows: the organizer's own icon, or the first letter of the name on the brand's colour. */
import { html } from "hono/html";
import { textOn } from "../../shared/color/contrast";
import { pictureOrigin } from "./policy";
import type { Site } from "./site";
import { colorOf } from "./style";

const DAY_SECONDS = 86_400;

export async function iconOf({ organizer, brand }: Site): Promise<Response> {
  if (pictureOrigin(brand.faviconUrl) !== null && brand.faviconUrl !== null)
    return new Response(null, { status: 302, headers: { location: brand.faviconUrl, "cache-control": "private, no-cache" } });
  const ground = colorOf(brand.primaryColor);
  const letter = [...organizer.name.replaceAll(/[^\p{L}\p{N}]/gu, "")][0]?.toUpperCase() ?? "";
  const picture = html`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="${ground}"/><text x="16" y="23" font-family="system-ui,sans-serif" font-size="20" font-weight="700" text-anchor="middle" fill="${textOn(ground)}">${letter}</text></svg>`;
  return new Response(String(await picture), {
    headers: {
      "content-type": "image/svg+xml",
      "content-security-policy": "default-src 'none'",
      "cache-control": `public, max-age=${DAY_SECONDS}`,
    },
  });
}
