import { type Context, Hono } from "hono";
import { WaitlistDraft } from "../../shared/contracts/waitlist";
import { form, NoBody, pathId, query, unwrap } from "../../shared/http/form";
import { requireCredential, requireUser } from "../../shared/http/guards";
import { ListQuery } from "../../shared/http/list";
import { operation } from "../../shared/http/operation";
import { acceptedLanguage } from "../../shared/locale/accepted-language";
import type { Env } from "./environment";
import { callerOf, type EventsContext, eventIdOf } from "./requests";
import * as list from "./waiting-list";
import { waitingListOperations as operations } from "./waiting-list-operations";

/** An entry's route says the same of an event that is not there. */
const entryOf = (c: Context): [eventId: string, entryId: string] => [
  pathId(c, "eventId", "waitlist_entry_not_found"),
  pathId(c, "entryId", "waitlist_entry_not_found"),
];

/** What the caller may not know of comes before what is wrong with his form. */
async function refuseUnknownEvent(c: EventsContext): Promise<void> {
  unwrap(await list.readEventHere(c.env, callerOf(c), eventIdOf(c)));
}

async function refuseUnknownEntry(c: EventsContext): Promise<void> {
  unwrap(await list.find(c.env, callerOf(c), ...entryOf(c)));
}

export const waitingListRoutes = new Hono<{ Bindings: Env }>()
  .post(
    "/events/:eventId/waitlist",
    operation(operations.joinWaitlist),
    requireUser({ organizerHost: "allowed" }),
    form(WaitlistDraft, refuseUnknownEvent),
    async (c) => {
      const language = acceptedLanguage(c.req.header("accept-language"));
      return c.json(unwrap(await list.join(c.env, callerOf(c), eventIdOf(c), c.var.form, language)), 201);
    },
  )
  .get(
    "/events/:eventId/waitlist",
    operation(operations.listWaitlist),
    requireUser({ organizerHost: "allowed" }),
    query(ListQuery),
    async (c) => c.json(unwrap(await list.list(c.env, callerOf(c), eventIdOf(c), c.var.query)), 200),
  )
  .get("/events/:eventId/waitlist/:entryId", operation(operations.getWaitlistEntry), requireCredential(), async (c) =>
    c.json(unwrap(await list.read(c.env, callerOf(c), ...entryOf(c))), 200),
  )
  .delete("/events/:eventId/waitlist/:entryId", operation(operations.leaveWaitlist), requireCredential(), async (c) => {
    unwrap(await list.leave(c.env, callerOf(c), ...entryOf(c)));
    return c.body(null, 204);
  })
  .post(
    "/events/:eventId/waitlist/:entryId/confirm",
    operation(operations.confirmWaitlistEntry),
    requireCredential(),
    form(NoBody, refuseUnknownEntry),
    async (c) => c.json(unwrap(await list.confirm(c.env, callerOf(c), ...entryOf(c))), 200),
  )
  .post(
    "/events/:eventId/waitlist/:entryId/accept",
    operation(operations.acceptOffer),
    requireCredential(),
    form(NoBody, refuseUnknownEntry),
    async (c) => c.json(unwrap(await list.accept(c.env, callerOf(c), ...entryOf(c))), 200),
  )
  .post(
    "/events/:eventId/waitlist/:entryId/decline",
    operation(operations.declineOffer),
    requireCredential(),
    form(NoBody, refuseUnknownEntry),
    async (c) => {
      unwrap(await list.decline(c.env, callerOf(c), ...entryOf(c)));
      return c.body(null, 204);
    },
  );
