/** An event as a file for the reader's calendar (RFC 5545). */
import ical, { ICalEventStatus } from "ical-generator";
import type { PublishedEvent } from "../../shared/contracts/events";
import { calendarSequence, calendarUid } from "../../shared/locale/appointment";
import { isShown } from "./event-page";
import { eventPath } from "./event-path";
import type { Site } from "./site";
import { placeText } from "./text";

/** Times in UTC; the event's identity stays the same whatever is changed, so that a second download replaces the first. */
export function calendarText({ organizer, origin }: Site, event: PublishedEvent): string {
  const calendar = ical({ prodId: { company: "Bilten", product: "Tickets" } });
  calendar.createEvent({
    id: calendarUid(event),
    sequence: calendarSequence(event),
    start: new Date(event.startDate),
    end: new Date(event.endDate),
    stamp: new Date(event.updatedAt),
    summary: event.title,
    description: `${event.description}\n\n${organizer.name}`.trim(),
    location: placeText(event),
    url: new URL(isShown(event, organizer.id) ? eventPath(event) : "/", origin).href,
    status: event.status === "cancelled" ? ICalEventStatus.CANCELLED : ICalEventStatus.CONFIRMED,
  });
  return calendar.toString();
}

export async function eventCalendar(site: Site, event: PublishedEvent): Promise<Response> {
  return new Response(calendarText(site, event), {
    headers: {
      "content-type": "text/calendar; charset=utf-8",
      "content-disposition": 'attachment; filename="event.ics"',
      "cache-control": "private, no-cache",
    },
  });
}
