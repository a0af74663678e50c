/** Where a guest finds an order again: on the pages of the organizer who sells it. */

/** The query that opens it once; the page keeps it in a cookie and leads on to its own address without it. */
export const ORDER_TOKEN_PARAMETER = "token";

export const orderPath = (orderId: string): string => `/o/${orderId}`;

/**
 * The link in a mail. `siteOrigin` is the organizer's, as `https://blue-note.sites.bilten.example`. The token stands in the query, not
 * in the path, because paths go to logs, and not in the fragment, because the page must open without a script.
 */
export function guestOrderLink(siteOrigin: string, orderId: string, orderToken: string): string {
  const link = new URL(orderPath(orderId), siteOrigin);
  link.searchParams.set(ORDER_TOKEN_PARAMETER, orderToken);
  return link.href;
}
