/** Where a guest finds an order again, or his place on a waiting list: on the pages of the organizer who sells it. */

/** The query that opens it once; the page keeps it in a cookie and leads on to its own address without it. */
export const ORDER_TOKEN_PARAMETER = "token";

export const orderPath = (orderId: string): string => `/o/${orderId}`;

/**
 * The link in a mail. `siteOrigin` is the organizer's, as `https://blue-note.sites.bilten.example`. The token stands in the query, not
 * in the path, because paths go to logs, and not in the fragment, because the page must open without a script.
 */
export const guestOrderLink = (siteOrigin: string, orderId: string, orderToken: string): string =>
  linkWith(new URL(orderPath(orderId), siteOrigin), orderToken);

/** `/w/<event>/<entry>`: whose entry it is is known by the event alone. */
export const waitlistPath = (eventId: string, entryId: string): string => `/w/${eventId}/${entryId}`;

/** The same for who waits, and may be offered something. */
export const waitlistLink = (siteOrigin: string, eventId: string, entryId: string, secret: string): string =>
  linkWith(new URL(waitlistPath(eventId, entryId), siteOrigin), secret);

function linkWith(link: URL, token: string): string {
  link.searchParams.set(ORDER_TOKEN_PARAMETER, token);
  return link.href;
}
