/** The choice of tickets on an event's page: what there is, what is left of it, and how many of each. */
import { html } from "hono/html";
import type { AvailableTicketType, PublishedEvent } from "../../shared/contracts/events";
import { exponentOf } from "../../shared/contracts/money";
import { MAX_SEATS_TOGETHER } from "../../shared/contracts/seats";
import { eventPath, seatPicturePath } from "./event-path";
import { described, type Fault, faultNote, faultSummary, hiddenFields } from "./fields";
import type { Html } from "./page";
import { countText, momentText, moneyText } from "./text";
import type { Language } from "./words";

/** What the reader sent before, where that could not be done. */
export interface Choice {
  /** As it was sent, by ticket type. */
  quantities: Record<string, string>;
  /** Of types with seats, how many shall be accessible. */
  accessible: Record<string, string>;
  faults: Fault[];
}
export const NO_CHOICE: Choice = { quantities: {}, accessible: {}, faults: [] };

/** A type as this reader may choose from it: `available` counts what is kept for himself, too. */
export interface OfferedType extends AvailableTicketType {
  /** Kept for him. */
  own?: number;
}

export const accessibleField = (ticketTypeId: string): string => `a-${ticketTypeId}`;
export const quantityField = (ticketTypeId: string): string => `q-${ticketTypeId}`;

/** What a buyer is told of a type; null hides it. */
export function saleNote(type: OfferedType, timezone: string, language: Language): string | null {
  const { words } = language;
  switch (type.status) {
    case "on_sale": {
      const others = type.available - (type.own ?? 0);
      return others === 0 ? words.noneFree : words.left(countText(others, language));
    }
    case "scheduled":
      return type.saleStart ? words.onSaleFrom(momentText(type.saleStart, timezone, language)) : words.notOnSaleYet;
    case "ended":
      return words.saleEnded;
    case "sold_out":
      return type.reserved ? words.reservedNow : words.soldOut;
    case "hidden":
      return null;
  }
}

const ownNote = ({ own = 0 }: OfferedType, language: Language): string =>
  own === 0 ? "" : ` · ${language.words.keptForYou(countText(own, language))}`;

/** What is said of a type of which there is less than was wanted. */
export const shortText = ({ name, available, reserved = 0 }: AvailableTicketType, { words }: Language): string =>
  available === 0 && reserved > 0 ? words.noneNow(name) : words.onlyLeft(name, available);

export const isSeated = ({ seatCategories = [] }: Pick<AvailableTicketType, "seatCategories">): boolean =>
  seatCategories.length > 0;

/** The most that one order may have; of seats no more than are looked for together. */
export const mostPerOrder = (type: AvailableTicketType): number =>
  isSeated(type) ? Math.min(type.maxPerOrder, MAX_SEATS_TOGETHER) : type.maxPerOrder;

/** None, or from the least to the most that one order may have of what is left. */
function quantitiesOf(type: AvailableTicketType): number[] {
  const { minPerOrder, available } = type;
  const most = Math.min(mostPerOrder(type), available);
  return [0, ...Array.from({ length: Math.max(0, most - minPerOrder + 1) }, (_, index) => minPerOrder + index)];
}

export const canBeChosen = (type: AvailableTicketType): boolean =>
  type.status === "on_sale" && type.available >= type.minPerOrder;

function choiceOf(type: AvailableTicketType, choice: Choice, { words }: Language): Html {
  const id = quantityField(type.id);
  const quantities = quantitiesOf(type);
  const wanted = Number(choice.quantities[type.id] ?? 0);
  // More than is left now: the most that there is, and the message says so.
  const chosen = quantities.includes(wanted) ? wanted : wanted > 0 ? (quantities.at(-1) ?? 0) : 0;
  const options = quantities.map((quantity) => html`<option${quantity === chosen ? html` selected` : ""}>${quantity}</option>`);
  return html`<label class="hidden" for="${id}">${words.quantityOf(type.name)}</label>
<select id="${id}" name="${id}" data-price="${type.price.amount}"${described(id, true, choice.faults)}>${options}</select>`;
}

/** Asked for by those who need it alone, so that the others read past it. */
function accessibleChoice(types: AvailableTicketType[], choice: Choice, language: Language): Html | string {
  const seated = types.filter((type) => canBeChosen(type) && isSeated(type));
  if (seated.length === 0) return "";
  const { words } = language;
  const fields = seated.map((type) => {
    const id = accessibleField(type.id);
    const chosen = Number(choice.accessible[type.id] ?? 0);
    const options = [0, ...quantitiesOf(type).filter((quantity) => quantity > 0)].map(
      (quantity) => html`<option${quantity === chosen ? html` selected` : ""}>${quantity}</option>`,
    );
    return html`<div class="field"><label for="${id}">${words.accessibleOf(type.name)}</label>
${faultNote(id, choice.faults, words)}
<select id="${id}" name="${id}"${described(id, false, choice.faults)}>${options}</select></div>`;
  });
  const isOpen = Object.keys(choice.accessible).length > 0;
  return html`<details${isOpen ? html` open` : ""}><summary>${words.accessibleSeats}</summary><p class="note">${words.accessibleHint}</p>${fields}</details>`;
}

/** Loaded when somebody opens it. */
function seatMap(event: PublishedEvent, types: AvailableTicketType[], { words }: Language): Html | string {
  if (!types.some(isSeated)) return "";
  return html`<p class="note">${words.seatsChosen}</p>
<details class="seatmap"><summary>${words.seatMap}</summary><a href="${seatPicturePath(event.id)}"><img src="${seatPicturePath(event.id)}" alt="${words.seatMapAlt}" loading="lazy"></a></details>`;
}

function listed(type: OfferedType, note: string, choice: Choice, language: Language): Html {
  const id = quantityField(type.id);
  return html`<li>
<div><h3 dir="auto">${type.name}</h3>
${type.description ? html`<p class="description">${type.description}</p>` : ""}
${faultNote(id, choice.faults, language.words)}
<p id="${id}-note"><span class="price">${moneyText(type.price, language)}</span> <span class="note" data-type="${type.id}" data-status="${type.status}" data-own="${ownNote(type, language)}">${note}${ownNote(type, language)}</span></p></div>
<div>${canBeChosen(type) ? choiceOf(type, choice, language) : ""}</div>
</li>`;
}

/** Nothing to choose from is said with a way on. */
function soldNotice(types: AvailableTicketType[], path: string, { words }: Language): Html | string {
  if (types.some(canBeChosen)) return "";
  const isGone = types.length > 0 && types.every(({ status }) => status === "sold_out" || status === "on_sale");
  const mayComeBack = isGone && types.some(({ reserved = 0 }) => reserved > 0);
  const said = mayComeBack ? words.allReserved : isGone ? words.allSoldOut : words.nothingOnSale;
  return html`<div class="notice"><p>${said}</p><p class="ways">${mayComeBack ? html`<a href="${path}">${words.lookAgain}</a>` : ""}<a href="/">${words.seeOthers}</a></p></div>`;
}

export function ticketForm(event: PublishedEvent, types: OfferedType[], choice: Choice, language: Language): Html | string {
  const { words } = language;
  const shown = types.flatMap((type) => {
    const note = saleNote(type, event.timezone, language);
    return note === null ? [] : [{ type, item: listed(type, note, choice, language) }];
  });
  const live = html` data-live="/events/${event.id}/availability" data-left="${words.left("{count}")}" data-sold-out="${words.noneFree}" data-ended="${words.saleEnded}" data-locale="${words.locale}"`;
  const items = html`<ul class="types"${live}>${shown.map(({ item }) => item)}</ul>`;
  const sold = soldNotice(
    shown.map(({ type }) => type),
    eventPath(event),
    language,
  );
  if (sold !== "") return html`<h2>${words.tickets}</h2>${faultSummary(choice.faults, words)}${sold}${items}`;
  const currency = types[0]?.price.currency ?? "EUR";
  return html`<h2>${words.tickets}</h2>
${faultSummary(choice.faults, words)}
<form method="post" action="${eventPath(event)}" novalidate>
${hiddenFields({ key: crypto.randomUUID() })}
${items}
${seatMap(
  event,
  shown.map(({ type }) => type),
  language,
)}
${accessibleChoice(
  shown.map(({ type }) => type),
  choice,
  language,
)}
<p class="sum" hidden><span>${words.total}</span><output data-one="${words.totalOfOne("{price}")}" data-total="${words.totalOf("{count}", "{price}")}" data-currency="${currency}" data-digits="${exponentOf(currency)}" data-locale="${words.locale}" data-free="${words.free}">&nbsp;</output></p>
<button>${types.some(({ own = 0 }) => own > 0) ? words.changeReservation : words.reserve}</button>
<p class="note">${shown.every(({ type }) => type.price.amount === 0) ? words.reserveFreeNote : words.reserveNote}</p>
</form>`;
}
