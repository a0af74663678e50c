/** The pages' one style sheet: an organizer's colours and font over the house's own layout, with contrast kept. */
import { readableOn, textOn } from "../../shared/color/contrast";
import type { BrandSettings } from "../../shared/contracts/branding";

const PAPER = "#ffffff";
const SYSTEM_FONTS = "system-ui, sans-serif";
const GENERIC_FONTS = ["serif", "sans-serif", "monospace", "system-ui", "ui-serif", "ui-sans-serif", "ui-rounded"];

/** Names quoted anew: what was saved is a list of fonts, and must not become anything else in a style sheet. */
export function fontStack(fontFamily: string): string {
  const names = fontFamily
    .split(",")
    .map((name) => name.replaceAll(/["']/g, "").trim())
    .filter((name) => name !== "")
    .map((name) => (GENERIC_FONTS.includes(name) ? name : `"${name}"`));
  return [...names, SYSTEM_FONTS].join(", ");
}

export function styleOf({ primaryColor, secondaryColor, fontFamily }: BrandSettings): string {
  return `:root{--brand:${primaryColor};--on-brand:${textOn(primaryColor)};--link:${readableOn(PAPER, primaryColor)};--heading:${readableOn(PAPER, secondaryColor)}}
*{box-sizing:border-box}
body{margin:0;background:${PAPER};color:#18181b;font:1.0625rem/1.6 ${fontStack(fontFamily)}}
header,main,footer{padding:1rem max(1rem,calc(50% - 24rem))}
header{background:var(--brand)}
header a{color:var(--on-brand);font-size:1.25rem;font-weight:700;text-decoration:none}
header img{display:block;max-height:3rem;max-width:100%}
a{color:var(--link)}
a:focus-visible{outline:3px solid;outline-offset:2px}
h1,h2,h3{color:var(--heading);line-height:1.25;overflow-wrap:anywhere;unicode-bidi:plaintext}
ul{list-style:none;margin:0;padding:0}
li{padding:1rem 0;border-top:1px solid #d4d4d8}
h2,h3,p,address{margin:0 0 .5rem}
address{font-style:normal}
.event h2{font-size:1.2rem}
.description{white-space:pre-line;unicode-bidi:plaintext;overflow-wrap:anywhere;max-width:42rem}
.tickets{margin-top:2rem}
.tickets li{display:flex;flex-wrap:wrap;gap:.25rem 1rem;justify-content:space-between}
.tickets h3{font-size:1rem}
.price{font-weight:700;white-space:nowrap}
.note{color:#52525b}
.notice{padding:.75rem 1rem;border-left:4px solid var(--brand);background:#f4f4f5}
footer{color:#52525b;font-size:.9rem}`;
}
