import type { PublishedEvent } from "../../shared/contracts/events";
import { pathId } from "../../shared/http/form";
import { memberGuard } from "../../shared/http/guards";
import { rememberedMembership } from "../../shared/http/memberships";
import type { Env } from "./environment";

/** Whose figures these are is the events Worker's word; the handler finds the event as `c.var.event`. */
export const requireMember = memberGuard<{ Bindings: Env; Variables: { event: PublishedEvent } }>({
  subjectOf: async (c) => {
    const [event] = await c.env.EVENTS.events([pathId(c, "eventId", "event_not_found")]);
    if (!event) return null;
    c.set("event", event);
    const visible = event.status !== "draft" && event.settings.isPublic;
    return { organizerId: event.organizerId, visible, eventId: event.id };
  },
  membership: (c, userId, organizerId, permission, eventId) =>
    rememberedMembership(c.env.USERS, userId, organizerId, permission, eventId),
  notFound: "event_not_found",
});
