/** The pages' one style sheet: an organizer's colours and font over the house's own layout, with contrast kept. */
import { contrast, readableOn, textOn } from "../../shared/color/contrast";
import { type BrandSettings, GENERIC_FONTS } from "../../shared/contracts/branding";

const PAPER = "#ffffff";
/** Behind notices and the foot; what can be read on it can be read on paper too. */
const WASH = "#f4f4f5";
const SYSTEM_FONTS = "system-ui, sans-serif";
/** Enough to see where a button ends (WCAG 2.2, 1.4.11). */
const EDGE_CONTRAST = 3;

/** Names quoted anew: what was saved is a list of fonts, and must not become anything else in a style sheet. */
export function fontStack(fontFamily: string): string {
  const names = fontFamily
    .split(",")
    .map((name) => name.replaceAll(/["']/g, "").trim())
    .filter((name) => name !== "")
    .map((name) => (GENERIC_FONTS.some((generic) => generic === name) ? name : `"${name}"`));
  return [...names, SYSTEM_FONTS].join(", ");
}

const COLOR = /^#[0-9a-f]{6}$/;
/** What is not a colour as the contract spells it never reaches the sheet. */
export const colorOf = (color: string): string => (COLOR.test(color) ? color : "#1d4ed8");

export function styleOf({ primaryColor, secondaryColor, fontFamily }: BrandSettings): string {
  const brand = colorOf(primaryColor);
  const edge = contrast(brand, PAPER) >= EDGE_CONTRAST ? brand : "#71717a";
  return `:root{--brand:${brand};--on-brand:${textOn(brand)};--edge:${edge};--link:${readableOn(WASH, brand)};--heading:${readableOn(WASH, colorOf(secondaryColor))};--ink:#18181b;--soft:#52525b;--line:#d4d4d8;--wash:${WASH}}
*{box-sizing:border-box}
html{color-scheme:light;-webkit-text-size-adjust:100%}
body{margin:0;min-height:100vh;display:grid;grid-template-rows:auto 1fr auto;background:${PAPER};color:var(--ink);font:1.0625rem/1.6 ${fontStack(fontFamily)};overflow-wrap:anywhere}
header,main,footer{padding:1rem max(1rem,calc(50% - 30rem));min-width:0}
header{background:var(--brand);border-bottom:1px solid var(--edge);min-height:4.5rem;display:flex;align-items:center}
header a{color:var(--on-brand);font-size:1.25rem;font-weight:700;text-decoration:none}
header img{display:block;height:2.5rem;width:auto;max-width:100%;object-fit:contain;object-position:left}
main{padding-block:1.5rem 3rem}
main:focus{outline:0}
footer{background:var(--wash);border-top:1px solid var(--line);color:var(--soft);font-size:.9rem}
footer ul{display:flex;flex-wrap:wrap;gap:.25rem 1.5rem}
footer p{margin:.25rem 0}
.skip{position:absolute;left:1rem;top:-6rem;padding:.75rem 1rem;background:${PAPER};z-index:1}
.skip:focus{top:.5rem}
a{color:var(--link);text-underline-offset:.15em}
:focus-visible{outline:3px solid var(--ink);outline-offset:3px;border-radius:.25rem}
header :focus-visible{outline-color:var(--on-brand)}
h1,h2,h3{color:var(--heading);line-height:1.25;margin:0 0 .5rem;unicode-bidi:plaintext}
h1{font-size:clamp(1.6rem,5vw,2.2rem)}
h2{font-size:1.3rem}
h3{font-size:1.05rem}
p,address,dl{margin:0 0 .75rem}
address{font-style:normal}
ul,ol{list-style:none;margin:0;padding:0}
dt{color:var(--soft);font-size:.9rem}
dd{margin:0 0 .75rem}
dd address{margin:0}
section>*+h2{margin-top:1.75rem}
.note{color:var(--soft);font-size:.95rem}
.price{font-weight:700;white-space:nowrap}
.description{white-space:pre-line;unicode-bidi:plaintext;max-width:42rem}
.notice{padding:.9rem 1.1rem;border-left:4px solid var(--edge);background:var(--wash);margin:0 0 1.25rem;border-radius:0 .5rem .5rem 0}
.notice>:last-child{margin:0}
:is(h1,h2,h3),:not(input)[dir=auto]{text-align:left}
.good{border-color:#15803d}.bad{border-color:#b91c1c}
#errors{border:2px solid #b91c1c;border-radius:.5rem;padding:1rem;margin:0 0 1.25rem}
#errors h2{font-size:1.1rem;color:#b91c1c}
#errors a{color:#b91c1c}
.error{display:block;color:#b91c1c;font-weight:600;margin:.15rem 0}
label{display:block;font-weight:600}
.hint{display:block;color:var(--soft);font-size:.95rem}
.field :is(.hint,.error){margin-bottom:.35rem}
:is(input,select):focus-visible{outline-offset:0}
.field{margin:0 0 1.1rem;max-width:30rem}
input,select,button,.button{font:inherit;min-height:2.9rem;border-radius:.5rem}
input,select{border:1px solid #71717a;background:${PAPER};color:inherit;padding:.4rem .7rem}
input{width:100%}
[aria-invalid=true]{border:2px solid #b91c1c}
button,.button{display:inline-flex;align-items:center;justify-content:center;padding:.5rem 1.4rem;border:1px solid var(--edge);background:var(--brand);color:var(--on-brand);font-weight:700;cursor:pointer;text-decoration:none;text-align:center;overflow-wrap:normal}
button+.note{margin-top:.5rem}
button:hover,.button:hover{box-shadow:0 0 0 3px var(--line)}
.plain{background:${PAPER};color:var(--ink);border-color:#71717a;font-weight:600}
.actions{display:flex;flex-wrap:wrap;align-items:center;gap:.75rem;margin:1rem 0}
summary{cursor:pointer;padding:.5rem 0;font-weight:600}
.search{display:flex;gap:.5rem;max-width:30rem;margin:0 0 1.5rem}
.search input{min-width:0}
.search button{flex:none}
.events li{display:grid;grid-template-columns:4.25rem 1fr;gap:1rem;padding:1.1rem 0;border-top:1px solid var(--line)}
.day{display:grid;place-content:center;text-align:center;background:var(--brand);color:var(--on-brand);border:1px solid var(--edge);border-radius:.6rem;height:4.25rem;line-height:1.15}
.day b{font-size:1.6rem}
.events p{margin:0}
.events h2{font-size:1.15rem;margin:0}
.cover{display:block;width:100%;height:auto;border-radius:.75rem;margin:0 0 1.25rem}
.ways{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem}
.event>.panel{margin-bottom:1.25rem}
.ticket.wide+.actions{max-width:26rem;margin-inline:auto}
.panel{border:1px solid var(--line);border-radius:.75rem;padding:1.1rem;min-width:0}
.types li{display:grid;grid-template-columns:1fr auto;gap:.25rem 1rem;align-items:center;padding:.9rem 0;border-top:1px solid var(--line)}
.types li:first-child{border:0;padding-top:0}
.types p{margin:0}
.types h3{margin:0}
.types select{min-width:4.5rem}
.types .label{display:block;color:var(--soft);font-size:.9rem;text-align:right}
.seats{font-size:.95rem;color:var(--soft)}
.seatmap img{display:block;width:100%;height:auto;aspect-ratio:1;object-fit:contain;border:1px solid var(--line);border-radius:.5rem}
.sum{display:flex;justify-content:space-between;gap:1rem;border-top:2px solid var(--line);padding-top:.75rem;font-weight:700;min-height:2.6rem}
.steps{display:flex;justify-content:flex-start;gap:.25rem 1.25rem;margin:0 0 1.25rem;color:var(--soft);font-size:.95rem}
.steps b{font-weight:inherit}
.steps [aria-current]{color:var(--ink);font-weight:700;border-bottom:3px solid var(--edge)}
.clock p{margin:0}
.later{visibility:hidden}
.ended .while{visibility:hidden}
.clock b{font-variant-numeric:tabular-nums}
#card-element{min-height:18rem}
#card-element iframe{border:0;width:100%}
#card-news{min-height:1.6rem}
table{border-collapse:collapse;width:100%;margin:0 0 1rem}
th,td{text-align:left;padding:.5rem .75rem .5rem 0;border-bottom:1px solid var(--line);vertical-align:top}
th:last-child,td:last-child{text-align:right;padding-right:0;white-space:nowrap}
thead th{color:var(--soft);font-size:.9rem}
tfoot tr:last-child :is(th,td){border-bottom:0}
.total :is(th,td){font-size:1.1rem;font-weight:700}
.tickets{display:grid;gap:1.25rem;grid-template-columns:repeat(auto-fill,minmax(min(100%,19rem),1fr))}
.ticket{border:1px solid var(--line);border-top:.5rem solid var(--edge);border-radius:.75rem;padding:1.1rem;min-width:0}
.ticket svg{display:block;width:100%;max-width:17rem;height:auto;aspect-ratio:1;margin:0 auto 1rem;background:#fff}
.void{border-top-color:var(--line);color:var(--soft)}
.ticket.wide{max-width:26rem;margin:0 auto}
.ticket.wide svg{max-width:20rem}
.code{font:.75rem/1.4 ui-monospace,monospace;color:var(--soft)}
[hidden]{display:none!important}
.hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
@media (max-width:30rem){.steps{justify-content:space-between;gap:.25rem .75rem;font-size:.85rem;overflow-wrap:normal}.steps b{display:block}}
@media (max-width:56rem){.two>.first{margin-bottom:1.5rem}}
@media (min-width:56rem){.two{display:grid;grid-template-columns:1fr 24rem;gap:2.5rem;align-items:start}.two>.panel{position:sticky;top:1rem}.two>.first{grid-column:2;grid-row:1}.event{grid-template-rows:auto 1fr;row-gap:.75rem}.event>.panel{grid-column:2;grid-row:1/3}.event>div{grid-column:1}}
@media (prefers-reduced-motion:no-preference){button,.button{transition:box-shadow .15s}}
@media print{header,footer,.skip,.actions,.steps,nav{display:none}main{padding:0}.ticket{break-inside:avoid}}`;
}
