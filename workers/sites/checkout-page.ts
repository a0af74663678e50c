/** `/c/<event>/<hold>`: who buys, while the tickets are kept. */
import { html } from "hono/html";
import type { PublishedEvent } from "../../shared/contracts/events";
import type { Hold } from "../../shared/contracts/holds";
import { clock } from "./clock";
import { refundText } from "./event-page";
import { checkoutPath, eventPath } from "./event-path";
import { type Fault, faultSummary, hiddenFields, textField } from "./fields";
import { TOKEN_FIELD } from "./forms";
import { type Line, linesTable, totalOf } from "./lines";
import type { Html, Page } from "./page";
import type { Site } from "./site";
import { steps } from "./steps";
import type { Words } from "./words";

/** Names can be typed for so many tickets; on the others stands the buyer's. */
export const MAX_ATTENDEES = 20;

/** What the reader typed, as typed. */
export interface Details {
  name: string;
  email: string;
  attendees: string[];
  faults: Fault[];
}
export const NO_DETAILS: Details = { name: "", email: "", attendees: [], faults: [] };

export const attendeeField = (index: number): string => `attendee-${index + 1}`;
export const itemField = (ticketTypeId: string): string => `item-${ticketTypeId}`;

export interface Reservation {
  id: string;
  event: PublishedEvent;
  lines: Line[];
  /** Null: it has ended, and sending the form tries to get the same tickets again. */
  expiresAt: string | null;
  token: string;
}

const nameOf = (event: PublishedEvent, ticketTypeId: string): string =>
  event.ticketTypes.find(({ id }) => id === ticketTypeId)?.name ?? "–";

export const linesOf = (event: PublishedEvent, items: Hold["items"]): Line[] =>
  items.map((item) => ({ ...item, name: nameOf(event, item.ticketTypeId) }));

function attendeeFields(lines: Line[], { attendees, faults }: Details, words: Words): Html | string {
  const names = lines.flatMap(({ name, quantity }) => Array<string>(quantity).fill(name)).slice(0, MAX_ATTENDEES);
  const fields = names.map((name, index) =>
    textField(
      { id: attendeeField(index), label: words.attendee(index + 1, name), value: attendees[index] ?? "", autocomplete: "off" },
      faults,
      words,
    ),
  );
  const isOpen = attendees.some((name) => name !== "");
  return html`<details${isOpen ? html` open` : ""}><summary>${words.attendees}</summary><p class="note">${words.attendeesHint}</p>${fields}</details>`;
}

export function checkoutPage(
  site: Site,
  { id, event, lines, expiresAt, token }: Reservation,
  details: Details,
  nowMs: number,
): Page {
  const { words } = site.language;
  const { faults } = details;
  const path = checkoutPath(event.id, id);
  const total = totalOf(lines);
  const items = Object.fromEntries(lines.map(({ ticketTypeId, quantity }) => [itemField(ticketTypeId), String(quantity)]));
  const submit = expiresAt === null ? words.tryAgain : total.amount === 0 ? words.orderFree : words.toPayment;
  return {
    title: `${faults.length > 0 ? `${words.errorPrefix} ` : ""}${words.checkout} – ${event.title}`,
    description: words.checkout,
    isPersonal: true,
    content: html`${steps("stepDetails", words)}
<h1>${words.checkout}</h1>
${faultSummary(faults, words)}
${expiresAt === null ? "" : clock(expiresAt, event.timezone, nowMs, words)}
<div class="two"><form method="post" action="${path}" novalidate>
${hiddenFields({ [TOKEN_FIELD]: token, key: crypto.randomUUID(), ...(expiresAt === null ? { again: "yes" } : {}), ...items })}
${textField({ id: "name", label: words.name, value: details.name, autocomplete: "name", required: true }, faults, words)}
${textField(
  {
    id: "email",
    label: words.email,
    value: details.email,
    type: "email",
    autocomplete: "email",
    hint: words.emailHint,
    required: true,
  },
  faults,
  words,
)}
${attendeeFields(lines, details, words)}
<p class="actions"><button data-ended="${words.tryAgainShort}">${submit}</button></p>
</form>
<section class="panel" aria-labelledby="selection"><h2 id="selection">${words.yourSelection}</h2>
<p><a href="${eventPath(event)}" dir="auto">${event.title}</a></p>
${linesTable({ lines, total }, site.language)}
<p class="note"><strong>${words.refunds}:</strong> <bdi>${refundText(event, words)}</bdi></p>
${
  expiresAt === null
    ? ""
    : html`<form method="post" action="${path}/release" class="while">${hiddenFields({ [TOKEN_FIELD]: token })}<button class="plain">${words.giveBack}</button></form>`
}
</section></div>`,
  };
}
