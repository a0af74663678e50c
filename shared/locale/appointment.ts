/**
 * By what a calendar knows an event again, wherever the file came from: a page, a confirmation, a cancellation. Two orders of one event
 * are one entry.
 */
import type { PublishedEvent } from "../contracts/events";

/** A UUID and no host, which may change (RFC 7986, 5.3). */
export const calendarUid = ({ id }: Pick<PublishedEvent, "id">): string => id;

/** Grows with every change, so that the newest file counts whatever came first (RFC 5545, 3.8.7.4). A cancellation is the last word. */
export function calendarSequence({
  createdAt,
  updatedAt,
  status,
}: Pick<PublishedEvent, "createdAt" | "updatedAt" | "status">): number {
  const seconds = Math.floor((Date.parse(updatedAt) - Date.parse(createdAt)) / 1000);
  return Math.max(0, seconds) + (status === "cancelled" ? 1 : 0);
}
