/** One ticket: its code to scan, whose it is, and whether it still counts. */

import { html } from "hono/html";
import { toSvgPath } from "lean-qr/extras/svg";
import type { Ticket } from "../../shared/contracts/events";
import { QUIET_ZONE, qrModules } from "../../shared/qr/qr-modules";
import type { Html } from "./page";
import type { Language } from "./words";

export function qrPicture(code: string, label: string): Html {
  const bitmap = qrModules(code);
  const size = bitmap.size + 2 * QUIET_ZONE;
  return html`<svg role="img" aria-label="${label}" viewBox="${-QUIET_ZONE} ${-QUIET_ZONE} ${size} ${size}" shape-rendering="crispEdges"><rect x="${-QUIET_ZONE}" y="${-QUIET_ZONE}" width="${size}" height="${size}" fill="#fff"/><path d="${toSvgPath(bitmap)}" fill="#000"/></svg>`;
}

interface Numbered {
  ticket: Ticket;
  /** From 1. */
  number: number;
  count: number;
  typeName: string;
  /** Of its heading on the page. */
  level: 2 | 3;
}

/** It still opens a door, or has opened it. */
export const isGood = ({ status }: Pick<Ticket, "status">): boolean => status === "valid" || status === "admitted";

/** A code that opens no door any more is not shown. */
export function ticketCard(
  { ticket, number, count, typeName, level }: Numbered,
  language: Language,
  more: Html | string = "",
): Html {
  const { words } = language;
  const title = html`${words.ticketOf(number, count)}: <span dir="auto">${typeName}</span>`;
  return html`${isGood(ticket) ? qrPicture(ticket.code, words.qrLabel(number)) : ""}
${level === 2 ? html`<h2>${title}</h2>` : html`<h3>${title}</h3>`}
${ticket.seat === undefined ? "" : html`<p class="seat"><span class="hidden">${words.seat}: </span><strong dir="auto">${ticket.seat}</strong></p>`}
<p><span class="hidden">${words.holder}: </span><strong dir="auto">${ticket.holder.name}</strong><br>
<span class="note">${words.ticketState[ticket.status]}</span></p>
${more}`;
}
