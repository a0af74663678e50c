import type { TicketPaper } from "../../shared/contracts/outbound";
import { domainApp } from "../../shared/http/app";
import { anyone } from "../../shared/http/guards";
import { orderPath, waitlistPath } from "../../shared/http/guest-links";
import { page, type SitesContext } from "./answering";
import { eventCalendar } from "./calendar";
import { order, placeOf, release, showCheckout } from "./checkout";
import { docsBundle, docsPage, docsStart, docsStyles } from "./docs";
import type { Env } from "./environment";
import { isShown } from "./event-page";
import { checkoutPath, GAVE_BACK } from "./event-path";
import { iconOf } from "./icon";
import { listPage } from "./list-page";
import { readListing } from "./listing";
import { stateText, ticketPage } from "./order-page";
import { cancel, cleanAddress, orderNotShown, pay, readOrder, readSale, showOrder, showPayment } from "./orders";
import { pageResponse } from "./page";
import { offerOf, reserve, showEvent } from "./reserving";
import { ticketsFile } from "./ticket-files";
import * as waitlist from "./waitlist";

const eventShown = page(async (c, site, { eventId = "" }) => {
  const offer = await offerOf(c, site, eventId);
  return offer && showEvent(site, offer, { gaveBack: c.req.query(GAVE_BACK) === "yes" });
});

const reserved = page((c, site, { eventId = "" }) => reserve(c, site, eventId));

const paperOf = (c: SitesContext): TicketPaper => (c.req.param("paper") === "phone.pdf" ? "phone" : "print");

/** What happens on a hold's page. */
const atHold = (answer: typeof showCheckout) =>
  page(async (c, site, { eventId = "", holdId = "" }) => {
    const place = await placeOf(c, site, eventId, holdId);
    return place && answer(c, site, place);
  });

/** What happens at a place on a waiting list. */
const atEntry = (answer: typeof waitlist.showEntry) =>
  page(async (c, site, { eventId = "", entryId = "" }) => {
    const place = await waitlist.placeOf(c, site, eventId, entryId);
    return place && answer(c, site, place);
  });

export const app = domainApp<Env>({ missingPage: page(async () => null) })
  .get(
    "/",
    anyone(),
    page(async (c, site) => {
      const { q, cursor } = c.req.query();
      const listing = await readListing(c.env, site.organizer.id, { q, cursor });
      return listing && pageResponse(site, listPage(site, listing));
    }),
  )
  .get(
    "/e/:eventId/event.ics",
    anyone(),
    page(async (c, site, { eventId = "" }) => {
      const [event] = await c.env.EVENTS.events([eventId]);
      return event && isShown(event, site.organizer.id) ? eventCalendar(site, event) : null;
    }),
  )
  .get("/e/:eventId/:title?", anyone(), eventShown)
  .post("/e/:eventId/:title?", anyone(), reserved)
  .get("/c/:eventId/:holdId", anyone(), atHold(showCheckout))
  .post("/c/:eventId/:holdId", anyone(), atHold(order))
  .get(
    "/c/:eventId/:holdId/release",
    anyone(),
    page(async (c, _site, { eventId = "", holdId = "" }) => c.redirect(checkoutPath(eventId, holdId), 303)),
  )
  .post("/c/:eventId/:holdId/release", anyone(), atHold(release))
  .get(
    "/o/:orderId",
    anyone(),
    page(async (c, site, { orderId = "" }) => (await cleanAddress(c, site, orderId)) ?? showOrder(c, site, orderId)),
  )
  .get(
    "/o/:orderId/event.ics",
    anyone(),
    page(async (c, site, { orderId = "" }) => {
      const sale = await readSale(c, site, orderId);
      return sale.ok ? eventCalendar(site, sale.value.event) : orderNotShown(site, sale.error);
    }),
  )
  .get(
    "/o/:orderId/status",
    anyone(),
    page(async (c, site, { orderId = "" }) => {
      const read = await readOrder(c, site, orderId);
      return read.ok ? c.text(stateText(read.value), 200, { "cache-control": "no-store" }) : orderNotShown(site, read.error);
    }),
  )
  .get(
    "/o/:orderId/pay",
    anyone(),
    page((c, site, { orderId = "" }) => showPayment(c, site, orderId)),
  )
  .post(
    "/o/:orderId/pay",
    anyone(),
    page((c, site, { orderId = "" }) => pay(c, site, orderId)),
  )
  .post(
    "/o/:orderId/cancel",
    anyone(),
    page((c, site, { orderId = "" }) => cancel(c, site, orderId)),
  )
  // Where a form was refused its address stays in the bar, and Enter asks for it.
  .get(
    "/o/:orderId/cancel",
    anyone(),
    page(async (c, _site, { orderId = "" }) => c.redirect(orderPath(orderId), 303)),
  )
  .get(
    "/o/:orderId/t/:ticketId",
    anyone(),
    page(async (c, site, { orderId = "", ticketId = "" }) => {
      const sale = await readSale(c, site, orderId);
      if (!sale.ok) return orderNotShown(site, sale.error);
      const shown = ticketPage(site, sale.value, ticketId);
      return shown && pageResponse(site, shown);
    }),
  )
  .get(
    "/o/:orderId/:paper{(?:print|phone)\\.pdf}",
    anyone(),
    page((c, site, ids) => ticketsFile(c, site, ids, paperOf(c))),
  )
  .get(
    "/o/:orderId/t/:ticketId/:paper{(?:print|phone)\\.pdf}",
    anyone(),
    page((c, site, ids) => ticketsFile(c, site, ids, paperOf(c))),
  )
  .get(
    "/favicon.ico",
    anyone(),
    page((_c, site) => iconOf(site)),
  )
  .get(
    "/w/:eventId",
    anyone(),
    page((c, site, { eventId = "" }) => waitlist.showJoining(c, site, eventId)),
  )
  .post(
    "/w/:eventId",
    anyone(),
    page((c, site, { eventId = "" }) => waitlist.join(c, site, eventId)),
  )
  .get("/w/:eventId/:entryId", anyone(), atEntry(waitlist.showEntry))
  .post("/w/:eventId/:entryId/confirm", anyone(), atEntry(waitlist.confirm))
  .post("/w/:eventId/:entryId/accept", anyone(), atEntry(waitlist.accept))
  .post("/w/:eventId/:entryId/leave", anyone(), atEntry(waitlist.leave))
  .get(
    "/w/:eventId/:entryId/:action{(?:confirm|accept|leave)}",
    anyone(),
    page(async (c, _site, { eventId = "", entryId = "" }) => c.redirect(waitlistPath(eventId, entryId), 303)),
  )
  .get("/docs", anyone(), docsPage)
  .get("/docs/start.js", anyone(), docsStart)
  .get("/docs/swagger-ui-bundle.js", anyone(), docsBundle)
  .get("/docs/swagger-ui.css", anyone(), docsStyles);
