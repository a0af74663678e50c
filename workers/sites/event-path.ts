import { orderPath } from "../../shared/http/guest-links";

const MAX_SLUG_CHARACTERS = 60;

/** `/e/<id>/<readable title>`: the id decides, the rest is for people. Titles without a Latin letter have the id alone. */
export function eventPath({ id, title }: { id: string; title: string }): string {
  const slug = title
    .normalize("NFKD")
    .toLowerCase()
    .replaceAll(/\p{M}/gu, "")
    .replaceAll(/[^a-z0-9]+/g, "-")
    .slice(0, MAX_SLUG_CHARACTERS)
    .replaceAll(/^-|-$/g, "");
  return `/e/${id}${slug && `/${slug}`}`;
}

/** In the address to which whoever gave tickets back is led. */
export const GAVE_BACK = "gaveback";

/** What every page of the event begins with, whatever its title. */
export const eventScope = (eventId: string): string => `/e/${eventId}`;

export const calendarPath = (eventId: string): string => `/e/${eventId}/event.ics`;

/** The API's own picture, which it answers on every host. */
export const seatPicturePath = (eventId: string): string => `/events/${eventId}/seats?format=svg`;

export const checkoutPath = (eventId: string, holdId: string): string => `/c/${eventId}/${holdId}`;

export const orderCalendarPath = (orderId: string): string => `${orderPath(orderId)}/event.ics`;

/** The provider's form for an order. */
export const payPath = (orderId: string): string => `${orderPath(orderId)}/pay`;

/** The tickets as a file: all that still admit, or one of them. */
export const ticketsFilePath = (orderId: string, kind: "print" | "phone", ticketId?: string): string =>
  `${ticketId === undefined ? orderPath(orderId) : ticketPath(orderId, ticketId)}/${kind}.pdf`;

export const ticketPath = (orderId: string, ticketId: string): string => `/o/${orderId}/t/${ticketId}`;
