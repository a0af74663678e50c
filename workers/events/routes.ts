import type { Context } from "hono";
import { CheckInDraft } from "../../shared/contracts/check-ins";
import { CancelDraft, EventChange, EventDraft, TicketTypeChange, TicketTypeDraft } from "../../shared/contracts/events";
import { domainApp } from "../../shared/http/app";
import { etagOfVersion, isFresh } from "../../shared/http/etag";
import { form, NoBody, pathId, query, unwrap } from "../../shared/http/form";
import { anyoneOrCaller } from "../../shared/http/guards";
import { idempotencyKeyOf, requestHashOf } from "../../shared/http/idempotency-key";
import { operation } from "../../shared/http/operation";
import { addressOf, isAdmin, principalOf } from "../../shared/http/principal";
import { Problem } from "../../shared/http/problem";
import { readSnapshot, readTickets } from "./availability";
import { joinFeed, wantsWebSocket } from "./availability-feed";
import { checkIn } from "./check-ins";
import type { Env } from "./environment";
import { EventsQuery, listEvents } from "./event-lists";
import { readEvent, showEvent } from "./event-reads";
import { cancelEvent, completeEvent, deleteEvent, draftEvent, updateEvent } from "./events";
import { holdRoutes } from "./hold-routes";
import { answerOnce } from "./kept-answers";
import { isInsider, requireMember, requireMemberOfBody } from "./members";
import { operations } from "./operations";
import { poolRoutes } from "./pool-routes";
import { publish } from "./publishing";
import { type EventsContext, eventIdOf, ifMatch, laterOf } from "./requests";
import type { TicketTypeRow } from "./schema";
import { seatMapRoutes } from "./seat-map-routes";
import { seatRoutes } from "./seat-routes";
import { type StoredEvent, toEvent, toTicketType } from "./stored-event";
import { addTicketType, changeTicketType, removeTicketType } from "./ticket-types";
import { waitingListRoutes } from "./waiting-list-routes";

const typeIdOf = (c: Context): string => pathId(c, "ticketTypeId", "ticket_type_not_found");

const answerEvent = (c: Context, stored: StoredEvent, status: 200 | 201 | 202 = 200) =>
  c.json(toEvent(stored), status, { etag: etagOfVersion(stored.event.version), "cache-control": "no-store" });
const answerType = (c: Context, type: TicketTypeRow, status: 200 | 201 = 200) =>
  c.json(toTicketType(type), status, { etag: etagOfVersion(type.version) });

export const app = domainApp<Env>()
  // Before the paths that would take "seat-maps" for an event's id.
  .route("/", seatMapRoutes)
  .post("/events", operation(operations.createEvent), requireMemberOfBody("events:write"), form(EventDraft), async (c) =>
    answerEvent(c, unwrap(await draftEvent(c.env, c.var.form)), 201),
  )
  .get("/events", operation(operations.listEvents), anyoneOrCaller(), query(EventsQuery), async (c) => {
    const { organizerId } = c.var.query;
    const principal = principalOf(c);
    const insider = organizerId === undefined ? isAdmin(principal) : await isInsider(c.env, principal, organizerId);
    return c.json(await listEvents(c.env, c.var.query, insider));
  })
  .get("/events/:eventId", operation(operations.getEvent), anyoneOrCaller(), async (c) => {
    const { body, etag, known } = unwrap(await showEvent(c.env, principalOf(c), eventIdOf(c)));
    const headers = { etag, "cache-control": known ? "public, max-age=0, s-maxage=2" : "private, no-store" };
    if (isFresh(c, etag)) return c.body(null, 304, headers);
    return c.body(body, 200, { ...headers, "content-type": "application/json" });
  })
  .put("/events/:eventId", operation(operations.updateEvent), requireMember("events:write"), form(EventChange), async (c) =>
    answerEvent(c, unwrap(await updateEvent(c.env, laterOf(c), eventIdOf(c), c.var.form, ifMatch(c)))),
  )
  .delete("/events/:eventId", operation(operations.deleteEvent), requireMember("events:write"), async (c) => {
    unwrap(await deleteEvent(c.env, eventIdOf(c), ifMatch(c)));
    return c.body(null, 204);
  })
  .post("/events/:eventId/publish", operation(operations.publishEvent), requireMember("events:write"), form(NoBody), async (c) =>
    answerEvent(c, unwrap(await publish(c.env, laterOf(c), eventIdOf(c)))),
  )
  .post(
    "/events/:eventId/cancel",
    operation(operations.cancelEvent),
    requireMember("events:write"),
    form(CancelDraft),
    async (c) => {
      const eventId = eventIdOf(c);
      const key = idempotencyKeyOf(c);
      const { reason } = c.var.form;
      const route = `/events/${eventId}/cancel`;
      const request =
        key === null ? null : { principal: principalOf(c), route, key, requestHash: await requestHashOf(c.var.form) };
      const work = () => cancelEvent(c.env, laterOf(c), eventId, reason);
      const cancelled = unwrap(await answerOnce(c.env, request, work));
      return answerEvent(c, cancelled, cancelled.refundsRun ? 202 : 200);
    },
  )
  .post(
    "/events/:eventId/complete",
    operation(operations.completeEvent),
    requireMember("events:write"),
    form(NoBody),
    async (c) => answerEvent(c, unwrap(await completeEvent(c.env, laterOf(c), eventIdOf(c)))),
  )
  .get("/events/:eventId/ticket-types", operation(operations.listTicketTypes), anyoneOrCaller(), async (c) => {
    const { types } = unwrap(await readEvent(c.env, principalOf(c), eventIdOf(c)));
    return c.json({ data: types.map(toTicketType), nextCursor: null });
  })
  .post(
    "/events/:eventId/ticket-types",
    operation(operations.createTicketType),
    requireMember("events:write"),
    form(TicketTypeDraft),
    async (c) => answerType(c, unwrap(await addTicketType(c.env, laterOf(c), eventIdOf(c), c.var.form)), 201),
  )
  .put(
    "/events/:eventId/ticket-types/:ticketTypeId",
    operation(operations.updateTicketType),
    requireMember("events:write"),
    form(TicketTypeChange, refuseUnknownType),
    async (c) =>
      answerType(c, unwrap(await changeTicketType(c.env, laterOf(c), eventIdOf(c), typeIdOf(c), c.var.form, ifMatch(c)))),
  )
  .delete(
    "/events/:eventId/ticket-types/:ticketTypeId",
    operation(operations.deleteTicketType),
    requireMember("events:write"),
    async (c) => {
      unwrap(await removeTicketType(c.env, laterOf(c), eventIdOf(c), typeIdOf(c), ifMatch(c)));
      return c.body(null, 204);
    },
  )
  .get("/events/:eventId/tickets", operation(operations.listTickets), anyoneOrCaller(), async (c) => {
    const { data } = unwrap(await readTickets(c.env, principalOf(c), eventIdOf(c)));
    return c.json({ data }, 200);
  })
  .get("/events/:eventId/availability", operation(operations.getAvailability), anyoneOrCaller(), async (c) =>
    wantsWebSocket(c.req.header("upgrade"))
      ? unwrap(await joinFeed(c.env, principalOf(c), addressOf(c), eventIdOf(c)))
      : c.json(unwrap(await readSnapshot(c.env, principalOf(c), eventIdOf(c))), 200),
  )
  .post(
    "/events/:eventId/check-ins",
    operation(operations.checkIn),
    requireMember("checkins:write"),
    form(CheckInDraft),
    async (c) => c.json(unwrap(await checkIn(c.env, eventIdOf(c), c.var.form)), 201),
  )
  .route("/", holdRoutes)
  .route("/", poolRoutes)
  .route("/", seatRoutes)
  .route("/", waitingListRoutes);

/** A ticket type that is not there comes before what is wrong with its new form. */
async function refuseUnknownType(c: EventsContext): Promise<void> {
  const { types } = unwrap(await readEvent(c.env, principalOf(c), eventIdOf(c)));
  if (!types.some(({ id }) => id === typeIdOf(c))) throw new Problem("ticket_type_not_found");
}
