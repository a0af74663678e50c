/** `/dev/mail`: the mails of development as a mail client would show them. Nobody's words can do anything here: see the policies. */
import { html } from "hono/html";
import type { OutboxMessage } from "../../shared/contracts/outbound";
import type { CapturedHead } from "./captured-messages";

type File = NonNullable<OutboxMessage["attachments"]>[number];

const PATH = "/dev/mail";
export const LISTED = 100;

/** The page: its own style, no script; the mail stands in a frame. */
const PAGE_POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
/** A mail's HTML: its own inline styles and its own attached pictures, in an origin of its own, as a strict client would show it. */
const MAIL_POLICY =
  "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'";
const FILE_POLICY = "sandbox; default-src 'none'; frame-ancestors 'none'";

const STYLE = `body{margin:0;font:16px/1.5 system-ui,sans-serif;color:#18181b;background:#fff;overflow-wrap:anywhere}
main{max-width:60rem;margin:0 auto;padding:1rem}
a{color:#1d4ed8}ul{list-style:none;padding:0}li a{display:block;padding:.5rem;border-bottom:1px solid #d4d4d8;text-decoration:none}
li a:hover{background:#f4f4f5}small,dt{color:#52525b}dl{display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1rem}dd{margin:0}
iframe{width:100%;height:75vh;border:1px solid #d4d4d8;border-radius:8px;background:#fff}pre{white-space:pre-wrap;padding:1rem;border:1px solid #d4d4d8;border-radius:8px}
nav{display:flex;gap:1rem;flex-wrap:wrap;margin:1rem 0}nav [aria-current]{font-weight:700;color:inherit;text-decoration:none}input{font:inherit;padding:.25rem .5rem}`;

async function page(title: string, content: ReturnType<typeof html>): Promise<Response> {
  const text = await html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>${title}</title><link rel="icon" href="data:,"><style>${STYLE}</style></head>
<body><main>${content}</main></body></html>`;
  return new Response(String(text), {
    headers: { "content-type": "text/html; charset=utf-8", "content-security-policy": PAGE_POLICY },
  });
}

const time = (createdAt: string) => html`<time datetime="${createdAt}">${createdAt.replace("T", " ").slice(0, 19)} UTC</time>`;

const listed = ({ id, to, subject, createdAt, attachments }: CapturedHead) => html`<li><a href="${PATH}/${id}">
<strong dir="auto">${subject ?? "(no subject)"}</strong><br><small>${to}, ${time(createdAt)}${attachments > 0 ? html`, ${attachments} attached` : ""}</small></a></li>`;

export const mailList = (messages: readonly CapturedHead[], to: string | undefined): Promise<Response> =>
  page(
    "Mails of development",
    html`<h1>Mails</h1>
<p>What would have been sent, newest first, at most ${LISTED}. Nothing of it left this machine.</p>
<form method="get" action="${PATH}"><label>To <input type="email" name="to" value="${to ?? ""}"></label> <button>Show</button></form>
${messages.length === 0 ? html`<p>There is none.</p>` : html`<ul>${messages.map(listed)}</ul>`}`,
  );

const fileLink = (id: string, { filename, contentType, content }: File, index: number) =>
  html`<a href="${PATH}/${id}/attachments/${index}" download="${filename}">${filename}</a> <small>${contentType}, ${Math.ceil((content.length * 3) / 4 / 1024)} KB</small><br>`;

export function mailPage(message: OutboxMessage, part: "html" | "text"): Promise<Response> {
  const { id, to, subject, createdAt, text, attachments = [] } = message;
  const tab = (name: typeof part, label: string) =>
    html`<a href="${PATH}/${id}?part=${name}" ${name === part ? html`aria-current="page"` : ""}>${label}</a>`;
  const files = attachments.map((file, index) => ({ file, index })).filter(({ file }) => file.contentId === undefined);
  return page(
    subject ?? "A mail",
    html`<p><a href="${PATH}">All mails</a></p>
<h1 dir="auto">${subject}</h1>
<dl><dt>To</dt><dd>${to}</dd><dt>Sent</dt><dd>${time(createdAt)}</dd>
${files.length === 0 ? "" : html`<dt>Attached</dt><dd>${files.map(({ file, index }) => fileLink(id, file, index))}</dd>`}</dl>
<nav>${tab("html", "HTML")} ${tab("text", "Text")} <a href="${PATH}/${id}/html">HTML alone</a></nav>
${part === "html" ? html`<iframe src="${PATH}/${id}/html" title="The mail's HTML" sandbox="allow-popups allow-popups-to-escape-sandbox"></iframe>` : html`<pre dir="auto">${text}</pre>`}`,
  );
}

/** Its pictures come from here, as a client takes them from the mail itself. */
export function mailHtml({ id, html: content = "", attachments = [] }: OutboxMessage): Response {
  const shown = attachments.reduce(
    (text, { contentId }, index) =>
      contentId === undefined ? text : text.replaceAll(`"cid:${contentId}"`, `"${PATH}/${id}/attachments/${index}"`),
    content.replace("<head>", '<head><base target="_blank">'),
  );
  return new Response(shown, {
    headers: { "content-type": "text/html; charset=utf-8", "content-security-policy": MAIL_POLICY },
  });
}

export function mailFile({ attachments = [] }: OutboxMessage, index: number): Response | null {
  const file = attachments[index];
  if (!file) return null;
  const disposition = file.contentId === undefined ? "attachment" : "inline";
  return new Response(Uint8Array.fromBase64(file.content), {
    headers: {
      "content-type": file.contentType,
      "content-disposition": `${disposition}; filename*=UTF-8''${encodeURIComponent(file.filename)}`,
      "content-security-policy": FILE_POLICY,
    },
  });
}
