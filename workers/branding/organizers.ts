import type { Context } from "hono";
import { organizerOfBody } from "../../shared/http/body-organizer";
import { memberGuard } from "../../shared/http/guards";

type BrandingContext = Context<{ Bindings: BrandingEnv }>;

export async function organizerExists(env: BrandingEnv, organizerId: string): Promise<boolean> {
  return (await env.USERS.organizers([organizerId])).length > 0;
}

/** The organizer stands in the body; that he exists is public. */
export const requireMember = memberGuard<{ Bindings: BrandingEnv }>({
  subjectOf: async (c: BrandingContext) => {
    const organizerId = await organizerOfBody(c);
    return (await organizerExists(c.env, organizerId)) ? { organizerId, visible: true } : null;
  },
  membership: (c, userId, organizerId) => c.env.USERS.membership(userId, organizerId),
  notFound: "organizer_not_found",
});
