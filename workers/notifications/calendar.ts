/** The event's date for the buyer's calendar (RFC 5545, RFC 5546), in UTC, which every calendar shows in its reader's own zone. */
import ical, { ICalCalendarMethod, ICalEventStatus } from "ical-generator";
import type { PublishedEvent } from "../../shared/contracts/events";
import { calendarSequence, calendarUid } from "../../shared/locale/appointment";
import type { Attachment } from "./mail";
import { oneLine } from "./mail";
import type { Occasion } from "./occasions";
import type { Words } from "./words";

const CONFIRMED = { method: ICalCalendarMethod.PUBLISH, status: ICalEventStatus.CONFIRMED };
const CANCELLED = { method: ICalCalendarMethod.CANCEL, status: ICalEventStatus.CANCELLED };

export interface Appointment {
  orderId: string;
  occasion: Occasion;
  /** Who publishes it, which RFC 5546 asks for. */
  sender: string;
  /** When this was said; the same at every try, so that the file is too. */
  saidAt: string;
  words: Words;
}

export function calendarFile(appointment: Appointment, isCancelled: boolean): Attachment {
  const { orderId, occasion, sender, saidAt, words } = appointment;
  const { event, organizer, siteOrigin } = occasion;
  // Calendars are shared with families and colleagues: the event's own page, and no key to the order.
  const link = `${siteOrigin}/e/${event.id}`;
  const { method, status } = isCancelled ? CANCELLED : CONFIRMED;
  const calendar = ical({ prodId: { company: "Bilten", product: "Tickets" }, method });
  calendar.createEvent({
    id: calendarUid(event),
    sequence: sequenceOf(appointment, isCancelled),
    status,
    stamp: new Date(saidAt),
    start: new Date(event.startDate),
    end: new Date(event.endDate),
    summary: oneLine(event.title),
    description: `${words.order(orderId)}\n${link}`,
    url: link,
    location: { title: placeOf(event), geo: { lat: event.location.coordinates.lat, lon: event.location.coordinates.lng } },
    organizer: { name: oneLine(organizer.name), email: sender },
  });
  return {
    filename: words.paper.calendarFile,
    contentType: `text/calendar; charset=utf-8; method=${method}`,
    content: new TextEncoder().encode(calendar.toString()),
  };
}

/**
 * The date is the event's, and a calendar keeps the highest that it has seen of it: whoever gave tickets back and bought others has it
 * again. Seconds since the event was made, like those of the pages' files.
 */
function sequenceOf({ occasion: { event }, saidAt }: Appointment, isCancelled: boolean): number {
  const seconds = Math.floor((Date.parse(saidAt) - Date.parse(event.createdAt)) / 1000);
  return Math.max(calendarSequence(event), seconds + (isCancelled ? 1 : 0));
}

export const placeOf = ({ location }: { location: Omit<PublishedEvent["location"], "coordinates"> }): string =>
  [location.venue, location.address, location.city, location.country].filter(Boolean).map(oneLine).join(", ");
