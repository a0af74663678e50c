/** `/w/<event>`: joining the waiting list. `/w/<event>/<entry>`: one's place on it, and what is held for oneself. */
import { html } from "hono/html";
import type { PublishedEvent } from "../../shared/contracts/events";
import type { WaitlistEntry } from "../../shared/contracts/waitlist";
import { waitlistPath } from "../../shared/http/guest-links";
import { isShown, occasion } from "./event-page";
import { eventPath } from "./event-path";
import { described, type Fault, faultNote, faultSummary, hiddenFields, textField } from "./fields";
import { TOKEN_FIELD } from "./forms";
import type { Html, Page } from "./page";
import type { Site } from "./site";
import { momentText, moneyText } from "./text";
import { mostPerOrder, type OfferedType } from "./ticket-form";
import { joinPath } from "./waitlist-offer";
import type { Language, Words } from "./words";

export const wishField = (ticketTypeId: string): string => `t-${ticketTypeId}`;

/** What was sent before, where that could not be done. */
export interface Joining {
  ticketTypeIds: string[];
  quantity: string;
  name: string;
  email: string;
  faults: Fault[];
}
export const NO_JOINING: Joining = { ticketTypeIds: [], quantity: "1", name: "", email: "", faults: [] };

/** Types that somebody may wait for: those that are on sale, whether there is anything left of them or not. */
export const waitable = (types: readonly OfferedType[]): OfferedType[] =>
  types.filter(({ status }) => status === "on_sale" || status === "sold_out");

export const mayJoin = (event: PublishedEvent, organizerId: string): boolean =>
  isShown(event, organizerId) && event.status === "published" && event.settings.allowWaitlist;

function wishes(types: readonly OfferedType[], joining: Joining, language: Language): Html {
  const boxes = types.map(({ id, name, price }, index) => {
    const field = wishField(id);
    const isChosen =
      joining.ticketTypeIds.includes(id) || (joining.ticketTypeIds.length === 0 && types.length === 1 && index === 0);
    return html`<div class="field"><label for="${field}"><input type="checkbox" id="${field}" name="${field}" value="yes"${isChosen ? html` checked` : ""}${described(field, false, joining.faults)}> <bdi>${name}</bdi>, ${moneyText(price, language)}</label>
${faultNote(field, joining.faults, language.words)}</div>`;
  });
  return html`<fieldset><legend>${language.words.waitFor}</legend>${boxes}</fieldset>`;
}

export function joinPage(site: Site, event: PublishedEvent, types: readonly OfferedType[], joining: Joining): Page {
  const { language } = site;
  const { words } = language;
  const { faults } = joining;
  const most = Math.max(1, ...types.map(mostPerOrder));
  const quantities = Array.from({ length: most }, (_, index) => String(index + 1));
  return {
    title: `${faults.length > 0 ? `${words.errorPrefix} ` : ""}${words.joinWaitlist} – ${event.title}`,
    description: words.joinWaitlist,
    isPersonal: true,
    content: html`<h1>${words.joinWaitlist}</h1>
<p><a href="${eventPath(event)}" dir="auto">${event.title}</a></p>
<p>${words.waitlistExplained}</p>
${faultSummary(faults, words)}
<form method="post" action="${joinPath(event.id)}" novalidate>
${wishes(types, joining, language)}
<div class="field"><label for="quantity">${words.howMany}</label>
${faultNote("quantity", faults, words)}
<select id="quantity" name="quantity"${described("quantity", false, faults)}>${quantities.map((quantity) => html`<option${quantity === joining.quantity ? html` selected` : ""}>${quantity}</option>`)}</select></div>
${textField({ id: "name", label: words.name, value: joining.name, autocomplete: "name", required: true }, faults, words)}
${textField({ id: "email", label: words.email, value: joining.email, type: "email", autocomplete: "email", hint: words.waitlistMailHint, required: true }, faults, words)}
<p class="actions"><button>${words.joinWaitlist}</button></p>
</form>`,
  };
}

/** The same for an address that stood on the list already: nobody learns who waits. */
export const joinedPage = (event: PublishedEvent, words: Words): Page => ({
  title: `${words.almostOnWaitlist} – ${event.title}`,
  description: words.almostOnWaitlist,
  isPersonal: true,
  content: html`<h1>${words.almostOnWaitlist}</h1>
<div class="notice good" role="status"><p>${words.almostOnWaitlistMore}</p></div>
<p class="actions"><a class="button" href="${eventPath(event)}" dir="auto">${event.title}</a></p>`,
});

/** What is true of the entry, and what can be done about it. */
function standing(entry: WaitlistEntry, { timezone }: PublishedEvent, language: Language): Html {
  const { words } = language;
  const { state, offer } = entry;
  if (state === "offered" || state === "accepted") {
    const until = offer === null ? "" : words.heldUntil(momentText(offer.expiresAt, timezone, language));
    return html`<div class="notice good" role="status"><p><strong>${words.yourTurn}</strong> ${until}</p></div>`;
  }
  if (state === "waiting")
    return html`<div class="notice" role="status"><p><strong>${words.youWait}</strong> ${words.onWaitlistMore}</p></div>`;
  if (state === "unconfirmed")
    return html`<div class="notice" role="status"><p><strong>${words.notYetOnWaitlist}</strong> ${words.notYetOnWaitlistMore}</p></div>`;
  const said = state === "ordered" ? words.offerOrdered : state === "expired" ? words.offerExpired : words.noLongerWaiting;
  return html`<div class="notice" role="status"><p>${said}</p></div>`;
}

export function entryPage(
  site: Site,
  event: PublishedEvent,
  entry: WaitlistEntry,
  types: readonly OfferedType[],
  { token, trouble = null }: { token: string; trouble?: string | null },
): Page {
  const { language } = site;
  const { words } = language;
  const { state, offer } = entry;
  const path = waitlistPath(event.id, entry.id);
  const isOpen = state === "offered" || state === "accepted";
  const button = (action: string, label: string, isPlain: boolean) =>
    html`<form method="post" action="${path}/${action}">${hiddenFields({ [TOKEN_FIELD]: token })}<button${isPlain ? html` class="plain"` : ""}>${label}</button></form>`;
  const names = entry.ticketTypeIds.flatMap((id) => types.find((type) => type.id === id)?.name ?? []);
  const wanted = offer ? [offer.name] : names;
  return {
    title: `${words.waitlist} – ${event.title}`,
    description: words.waitlist,
    isPersonal: true,
    content: html`<h1>${isOpen ? words.ticketsHeld : words.waitlist}</h1>
<p><a href="${eventPath(event)}" dir="auto">${event.title}</a></p>
${trouble === null ? standing(entry, event, language) : html`<div class="notice bad" role="alert"><p>${trouble}</p></div>`}
<ul>${wanted.map((name) => html`<li dir="auto">${entry.quantity} × ${name}</li>`)}${(offer?.seats ?? []).map(({ label }) => html`<li dir="auto">${label}</li>`)}</ul>
${occasion(event, language)}
<div class="actions">${isOpen ? html`${button("accept", words.acceptOffer, false)}${button("leave", words.declineOffer, true)}` : ""}
${state === "unconfirmed" ? html`${button("confirm", words.confirmWaiting, false)}${button("leave", words.refuseWaiting, true)}` : ""}
${state === "waiting" ? button("leave", words.leaveWaitlist, true) : ""}</div>`,
  };
}
