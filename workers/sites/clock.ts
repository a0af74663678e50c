/** Until when something is kept for the reader: as a time for everybody, as a countdown where the script runs. */
import { html } from "hono/html";
import { readableTime } from "../../shared/locale/moment";
import type { Html } from "./page";
import type { Words } from "./words";

/** By the event's clocks, named; the script makes the reader's own of it. */
export const endTime = (endsAt: string, timezone: string, { locale }: Words): Html =>
  html`<time datetime="${endsAt}" data-own-zone="${locale}">${readableTime(endsAt, timezone, locale)}</time>`;

/** A screen reader hears of three moments, not of every second: five minutes, one, none. */
export function clock(endsAt: string, timezone: string, nowMs: number, words: Words): Html {
  const seconds = Math.max(0, (Date.parse(endsAt) - nowMs) / 1000);
  return html`<div class="notice clock">
<p>${words.reservedUntil} ${endTime(endsAt, timezone, words)}. <span class="later">${words.timeLeft} <b role="timer" aria-live="off" data-seconds="${seconds}"></b></span></p>
<p class="hidden" role="status" id="clock-news" data-five="${words.minutesLeft(5)}" data-one="${words.minutesLeft(1)}" data-ended="${words.reservationEnded}"></p>
</div>`;
}
