/** The event's date for the buyer's calendar (RFC 5545, RFC 5546), in UTC, which every calendar shows in its reader's own zone. */
import ical, { ICalCalendarMethod, ICalEventStatus } from "ical-generator";
import type { PublishedEvent } from "../../shared/contracts/events";
import type { Attachment } from "./mail";
import { oneLine } from "./mail";
import type { Occasion } from "./occasions";
import type { Words } from "./words";

/** A calendar keeps the highest it has seen of one UID; a cancellation is the last word. */
const CONFIRMED = { method: ICalCalendarMethod.PUBLISH, status: ICalEventStatus.CONFIRMED, sequence: 0 };
const CANCELLED = { method: ICalCalendarMethod.CANCEL, status: ICalEventStatus.CANCELLED, sequence: 1 };

interface Appointment {
  /**
   * The UID is the order's, so that two orders of one event are two entries, and each is taken out by its own cancellation. Its domain is
   * the house's, not the sender's, who may change between the two.
   */
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
  const { event, organizer, siteOrigin, uidHost } = occasion;
  // Calendars are shared with families and colleagues: the event's own page, and no key to the order.
  const link = `${siteOrigin}/e/${event.id}`;
  const { method, status, sequence } = isCancelled ? CANCELLED : CONFIRMED;
  const calendar = ical({ prodId: { company: "Bilten", product: "Tickets" }, method });
  calendar.createEvent({
    id: `order-${orderId}-event-${event.id}@${uidHost}`,
    sequence,
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

export const placeOf = ({ location }: Pick<PublishedEvent, "location">): string =>
  [location.venue, location.address, location.city, location.country].filter(Boolean).map(oneLine).join(", ");
