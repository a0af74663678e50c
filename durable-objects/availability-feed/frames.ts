/** What listeners are sent: text frames of JSON. */
import {
  type AvailabilityChange,
  type AvailabilityEnd,
  type AvailabilityState,
  toAvailableTicketTypes,
} from "../../shared/contracts/availability";
import type { AvailableTicketType } from "../../shared/contracts/events";
import type { StockNews } from "../../shared/contracts/feed";
import { toTimestamp } from "../../shared/contracts/ids";

const counted = ({ version, availability }: StockNews) => ({ version, asOf: toTimestamp(availability.asOfMs) });

/** Everything; of an event that is over the last word. */
export function stateFrame(news: StockNews): string {
  const data = toAvailableTicketTypes(news.availability);
  const frame: AvailabilityState | AvailabilityEnd =
    news.state === "open"
      ? { type: "state", ...counted(news), data }
      : { type: "end", ...counted(news), status: news.state, data };
  return JSON.stringify(frame);
}

/** All but the two members that a sale moves. */
const termsOf = ({ available: _available, status: _status, ...terms }: AvailableTicketType): string => JSON.stringify(terms);

/** For those who have been told `before`: only what has changed, or everything where more than numbers have. Null for no change to see. */
export function changeFrame(before: StockNews | null, news: StockNews): string | null {
  if (before === null || news.state !== "open") return stateFrame(news);
  const now = toAvailableTicketTypes(news.availability);
  const earlier = toAvailableTicketTypes(before.availability);
  const isSameList = now.length === earlier.length && now.every((type, at) => termsOf(type) === termsOf(earlier[at] ?? type));
  if (!isSameList || now.some(({ id }, at) => id !== earlier[at]?.id)) return stateFrame(news);
  const data = now
    .filter(({ available, status }, at) => available !== earlier[at]?.available || status !== earlier[at]?.status)
    .map(({ id, available, status }) => ({ id, available, status }));
  if (data.length === 0) return null;
  const frame: AvailabilityChange = { type: "change", ...counted(news), data };
  return JSON.stringify(frame);
}
