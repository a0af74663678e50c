/** An order's tickets to print or for a phone: whoever mistyped the mail's address has them all the same. */
import type { TicketPaper } from "../../shared/contracts/outbound";
import type { SitesContext } from "./answering";
import type { Env } from "./environment";
import { orderNotShown, readSale } from "./orders";
import type { Site } from "./site";

/** Null where no ticket, or not this one, admits anybody any more. */
export async function ticketsFile(
  c: SitesContext,
  site: Site,
  { orderId = "", ticketId = null }: { orderId?: string; ticketId?: string | null },
  paper: TicketPaper,
): Promise<Response | null> {
  // Asked for first, by the reader's own key: notifications tell whatever they are asked.
  const sale = await readSale(c, site, orderId);
  if (!sale.ok) return orderNotShown(site, sale.error);
  const notifications: Env["NOTIFICATIONS"] = c.env.NOTIFICATIONS;
  const file = await notifications.ticketFile({ orderId, ticketId, paper, language: site.language.tag });
  return (
    file &&
    new Response(file.content as Uint8Array<ArrayBuffer>, {
      headers: {
        "content-type": "application/pdf",
        "content-disposition": `inline; filename="${file.filename}"`,
        "cache-control": "no-store",
      },
    })
  );
}
