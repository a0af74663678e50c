import type { Context } from "hono";
import { organizerOfBody } from "../../shared/http/body-organizer";
import { memberGuard } from "../../shared/http/guards";
import { rememberedMembership } from "../../shared/http/memberships";
import type { Env } from "./environment";

type BrandingContext = Context<{ Bindings: Env }>;

export async function organizerExists(env: Env, organizerId: string): Promise<boolean> {
  return (await env.USERS.organizers([organizerId])).length > 0;
}

/** The organizer stands in the body; that he exists is public. */
export const requireMember = memberGuard<{ Bindings: Env }>({
  subjectOf: async (c: BrandingContext) => {
    const organizerId = await organizerOfBody(c);
    return { organizerId, visible: () => organizerExists(c.env, organizerId) };
  },
  membership: (c, userId, organizerId) => rememberedMembership(c.env.USERS, userId, organizerId, "branding:write"),
  notFound: "organizer_not_found",
});
