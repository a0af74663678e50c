/**
 * What a mail is made of, and how it looks as text and as HTML: tables 600 px wide with inline styles, which is what mail clients know.
 * `hono/html` escapes everything that is interpolated. Dark clients get dark paper by the one style sheet; a QR stays on white.
 */
import { html, raw } from "hono/html";

/** A piece of a mail. All texts are plain; whoever's words they are may run from right to left. */
export type Block =
  | { kind: "text"; text: string }
  /** Lines that belong together, the first of them said louder. */
  | { kind: "lines"; lines: string[] }
  | { kind: "list"; opening?: string; items: string[]; closing?: string }
  | { kind: "link"; label: string; url: string }
  | { kind: "ticket"; title: string; holder: string; seat?: string; picture: { contentId: string; alt: string }; code: string }
  | { kind: "small"; text: string };

export interface Look {
  /** Whose mail it is: the organizer's, or the house's own. */
  name: string;
  /** The last line. */
  signature: string;
  fontFamily: string;
  /** All `#rrggbb`, with contrast kept by whoever chose them. */
  band: string;
  onBand: string;
  /** Read on the desk around the paper. */
  link: string;
  /** The imprint, a shop: what stands under everything. */
  links: { label: string; url: string }[];
}

/** One part of the text, without a line at its end. */
function textOf(block: Block): string {
  switch (block.kind) {
    case "text":
    case "small":
      return block.text;
    case "lines":
      return block.lines.join("\n");
    case "list":
      return listed(block).join("\n");
    case "link":
      return `${block.label}:\n${block.url}`;
    case "ticket":
      return [block.title, block.holder, ...(block.seat === undefined ? [] : [block.seat]), block.code].join("\n");
  }
}

function listed({ opening, items, closing }: Extract<Block, { kind: "list" }>): string[] {
  const lines = opening === undefined ? items : [opening, ...items.map((item) => `– ${item}`)];
  return closing === undefined ? lines : [...lines, closing];
}

export const renderText = (blocks: readonly Block[], look: Look): string =>
  [...blocks.map(textOf), ["-- ", look.signature, ...look.links.map(({ label, url }) => `${label}: ${url}`)].join("\n")].join(
    "\n\n",
  );

/** What the paper lies on. */
export const DESK = "#f4f4f5";
const PARAGRAPH = "margin:0 0 16px";
const CELL = "padding:16px;border:1px solid #d4d4d8;border-radius:8px";

function htmlOf(block: Block, look: Look) {
  switch (block.kind) {
    case "text":
      return html`<p dir="auto" style="${PARAGRAPH}">${block.text}</p>`;
    case "small":
      return html`<p dir="auto" class="soft" style="${PARAGRAPH};font-size:14px;color:#52525b">${block.text}</p>`;
    case "lines":
      return html`<p style="${PARAGRAPH}">${block.lines.map((line, index) =>
        index === 0
          ? html`<strong dir="auto" style="display:block">${line}</strong>`
          : html`<span dir="auto" style="display:block">${line}</span>`,
      )}</p>`;
    case "list":
      return html`${block.opening === undefined ? "" : html`<p dir="auto" style="margin:0 0 4px">${block.opening}</p>`}<ul style="${PARAGRAPH};padding-left:20px">${block.items.map((item) => html`<li dir="auto">${item}</li>`)}</ul>
${block.closing === undefined ? "" : html`<p dir="auto" style="${PARAGRAPH};font-weight:700">${block.closing}</p>`}`;
    case "link":
      return html`<table role="presentation" cellpadding="0" cellspacing="0" border="0" style="margin:0 0 24px"><tr>
<td bgcolor="${look.band}" style="border-radius:6px;background:${look.band}"><a href="${block.url}" style="display:inline-block;padding:12px 20px;color:${look.onBand};font-weight:700;text-decoration:none;border:1px solid ${look.onBand}33;border-radius:6px">${block.label}</a></td>
</tr></table>`;
    case "ticket":
      return html`<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="margin:0 0 16px"><tr>
<td class="line" align="center" style="${CELL}">
<p dir="auto" style="margin:0;font-weight:700">${block.title}</p>
${block.seat === undefined ? "" : html`<p dir="auto" style="margin:0;font-weight:700">${block.seat}</p>`}
<p dir="auto" class="soft" style="margin:0 0 12px;color:#52525b">${block.holder}</p>
<img src="cid:${block.picture.contentId}" alt="${block.picture.alt}" width="240" height="240" style="display:block;width:240px;height:240px;background:#ffffff;border:0;border-radius:4px;image-rendering:pixelated">
<p dir="ltr" class="soft" style="margin:12px 0 0;font:11px/1.4 ui-monospace,Menlo,Consolas,monospace;color:#52525b;word-break:break-all">${block.code}</p>
</td></tr></table>`;
  }
}

const DARK = `@media (prefers-color-scheme:dark){body,.desk{background:#09090b!important}.paper{background:#18181b!important;color:#f4f4f5!important}.soft{color:#d4d4d8!important}.line{border-color:#52525b!important}.paper a.link,.desk a.link{color:#93c5fd!important}}
@media (max-width:480px){.inside{padding:20px!important}.band{padding:16px 20px!important}}`;

/** Names that a style attribute may hold; anything else is left out. */
function fontStack(fontFamily: string): string {
  const names = fontFamily.split(",").map((name) => name.replaceAll(/["']/g, "").trim());
  const known = names.filter((name) => /^[\p{L}\p{N} -]+$/u.test(name)).map((name) => (name.includes(" ") ? `'${name}'` : name));
  return [...new Set([...known, "system-ui", "-apple-system", "'Segoe UI'", "Roboto", "Arial", "sans-serif"])].join(",");
}

interface PageParts {
  language: string;
  title: string;
  blocks: readonly Block[];
  look: Look;
}

export async function renderHtml({ language, title, blocks, look }: PageParts): Promise<string> {
  const font = `font-family:${fontStack(look.fontFamily)}`;
  const page = html`<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>${title}</title>
<style>${raw(DARK)}</style>
</head>
<body class="desk" style="margin:0;padding:0;background:${DESK};-webkit-text-size-adjust:100%">
<table role="presentation" class="desk" width="100%" cellpadding="0" cellspacing="0" border="0" style="background:${DESK}"><tr><td align="center" style="padding:16px 8px">
<table role="presentation" width="600" cellpadding="0" cellspacing="0" border="0" style="width:100%;max-width:600px;table-layout:fixed;${font}">
<tr><td dir="auto" class="band" bgcolor="${look.band}" style="padding:16px 32px;background:${look.band};color:${look.onBand};font-size:18px;font-weight:700;border-radius:8px 8px 0 0;overflow-wrap:anywhere">${look.name}</td></tr>
<tr><td class="paper inside" bgcolor="#ffffff" style="padding:32px;background:#ffffff;color:#18181b;font-size:16px;line-height:1.5;border-radius:0 0 8px 8px;overflow-wrap:anywhere;word-break:break-word">
<h1 dir="auto" style="margin:0 0 16px;font-size:24px;line-height:1.25">${title}</h1>
${blocks.map((block) => htmlOf(block, look))}
</td></tr>
<tr><td class="soft" align="center" style="padding:16px;font-size:13px;line-height:1.5;color:#52525b">
<p dir="auto" style="margin:0">${look.signature}</p>
${look.links.length === 0 ? "" : html`<p style="margin:4px 0 0">${look.links.map(({ label, url }) => html`<a class="link" href="${url}" style="color:${look.link};padding:0 6px">${label}</a> `)}</p>`}
</td></tr>
</table>
</td></tr></table>
</body>
</html>`;
  return String(await page);
}
