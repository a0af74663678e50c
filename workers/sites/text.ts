/** Sentences and figures that several pages say. */
import { html } from "hono/html";
import type { PublishedEvent } from "../../shared/contracts/events";
import type { Money } from "../../shared/contracts/money";
import { readableMoment, readableSpan, zoneName } from "../../shared/locale/moment";
import { readableMoney } from "../../shared/locale/money";
import type { Html } from "./page";
import type { Language } from "./words";

export const moneyText = (money: Money, { words }: Language): string =>
  money.amount === 0 ? words.free : readableMoney(money, words.locale);

export const countText = (count: number, { words }: Language): string => new Intl.NumberFormat(words.locale).format(count);

export const momentText = (timestamp: string, timezone: string, { words }: Language): string =>
  readableMoment(timestamp, timezone, words.locale);

export const spanText = ({ startDate, endDate, timezone }: PublishedEvent, { words }: Language): string =>
  readableSpan(startDate, endDate, timezone, words.locale);

/** "Central European Time (Europe/Vienna)" */
export const zoneText = ({ startDate, timezone }: PublishedEvent, { words }: Language): string =>
  `${zoneName(startDate, timezone, words.locale)} (${timezone})`;

const placeParts = ({ location }: PublishedEvent): string[] =>
  [location.venue, location.address, location.city, location.country].filter((part) => part !== "");

export const placeText = (event: PublishedEvent): string => placeParts(event).join(", ");

/** Each name runs as its own letters do, and the line as the page does. */
export const inOneLine = (parts: string[]): Html[] =>
  parts.map((part, index) => html`${index > 0 ? ", " : ""}<bdi>${part}</bdi>`);

export const placeLine = (event: PublishedEvent): Html[] => inOneLine(placeParts(event));
