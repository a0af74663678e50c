/** What is bought and what it comes to, as a table. */
import { html } from "hono/html";
import type { Money } from "../../shared/contracts/money";
import { readableMoney } from "../../shared/locale/money";
import type { Html } from "./page";
import { countText, moneyText } from "./text";
import type { Language } from "./words";

export interface Line {
  ticketTypeId: string;
  name: string;
  quantity: number;
  unitPrice: Money;
  /** Of a type with seats. */
  seats?: { id: string; label: string }[] | undefined;
}

export const totalOf = (lines: Line[]): Money => ({
  amount: lines.reduce((sum, { quantity, unitPrice }) => sum + quantity * unitPrice.amount, 0),
  currency: lines[0]?.unitPrice.currency ?? "EUR",
});

interface Sums {
  lines: Line[];
  total: Money;
  /** What stands between the lines and the total: fees, a discount. Those of nothing are left out. */
  between?: [label: string, sum: Money][];
  /** What went back of it. */
  after?: [label: string, sum: Money][];
}

const seatList = (seats: NonNullable<Line["seats"]>, { words }: Language): Html =>
  html`<ul class="seats" aria-label="${words.seats}">${seats.map(({ label }) => html`<li dir="auto">${label}</li>`)}</ul>`;

export function linesTable({ lines, total, between = [], after = [] }: Sums, language: Language): Html {
  const { words } = language;
  const rows = lines.map(
    ({
      name,
      quantity,
      unitPrice,
      seats,
    }) => html`<tr><td>${countText(quantity, language)} × <span dir="auto">${name}</span>${seats ? seatList(seats, language) : ""}</td>
<td>${moneyText({ ...unitPrice, amount: unitPrice.amount * quantity }, language)}</td></tr>`,
  );
  const rowsOf = (sums: [string, Money][]) =>
    sums
      .filter(([, { amount }]) => amount !== 0)
      .map(([label, sum]) => html`<tr><th scope="row">${label}</th><td>${readableMoney(sum, words.locale)}</td></tr>`);
  return html`<table><thead><tr><th scope="col">${words.ticketType}</th><th scope="col">${words.price}</th></tr></thead>
<tbody>${rows}</tbody>
<tfoot>${rowsOf(between)}<tr class="total"><th scope="row">${words.total}</th><td>${moneyText(total, language)}</td></tr>${rowsOf(after)}</tfoot></table>`;
}
