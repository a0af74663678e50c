import type { Context } from "hono";
import { z } from "zod";
import type { PublishedEvent } from "../../shared/contracts/events";
import { Id } from "../../shared/contracts/ids";
import { errorsOf } from "../../shared/http/form";
import { memberGuard } from "../../shared/http/guards";
import { listQuery } from "../../shared/http/list";
import { rememberedMembership } from "../../shared/http/memberships";
import { Problem } from "../../shared/http/problem";
import type { Env } from "./environment";
import { LedgerQuery } from "./ledger-views";

export const EventOrdersQuery = z.object({ ...listQuery, eventId: Id });

type MembersEnv = { Bindings: Env; Variables: { event: PublishedEvent } };

/** The event stands in the query; whose it is, the events Worker says. The handler finds it as `c.var.event`. */
export const requireMember = memberGuard<MembersEnv>({
  subjectOf: async (c: Context<MembersEnv>) => {
    // Without an event there is nobody to be a member of, so this much of the form is read first.
    const asked = EventOrdersQuery.pick({ eventId: true }).safeParse(c.req.query());
    if (!asked.success) throw new Problem("invalid_query", { errors: errorsOf(asked.error) });
    const [event] = await c.env.EVENTS.events([asked.data.eventId]);
    if (!event) return null;
    c.set("event", event);
    return { organizerId: event.organizerId, visible: event.status !== "draft" && event.settings.isPublic };
  },
  membership: (c, userId, organizerId, permission) => rememberedMembership(c.env.USERS, userId, organizerId, permission),
  notFound: "event_not_found",
});

type OrganizerMembersEnv = { Bindings: Env; Variables: { organizerId: string } };

/** The same where the query names the organizer, for the handler in `c.var.organizerId`. */
export const requireMemberOfOrganizer = memberGuard<OrganizerMembersEnv>({
  subjectOf: async (c: Context<OrganizerMembersEnv>) => {
    const asked = LedgerQuery.pick({ organizerId: true }).safeParse(c.req.query());
    if (!asked.success) throw new Problem("invalid_query", { errors: errorsOf(asked.error) });
    const { organizerId } = asked.data;
    const [organizer] = await c.env.USERS.organizers([organizerId]);
    if (!organizer) return null;
    c.set("organizerId", organizerId);
    return { organizerId, visible: true };
  },
  membership: (c, userId, organizerId, permission) => rememberedMembership(c.env.USERS, userId, organizerId, permission),
  notFound: "organizer_not_found",
});
