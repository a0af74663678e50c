import type { BrandingRpc } from "../../shared/contracts/branding";
import type { EventsRpc } from "../../shared/contracts/events";
import type { UsersRpc } from "../../shared/contracts/organizers";

/** What this Worker's modules work with: its siblings by their contracts. */
export interface Env extends Pick<SitesEnv, "ENVIRONMENT"> {
  BRANDING: Pick<BrandingRpc, "settings">;
  EVENTS: Pick<EventsRpc, "availability" | "events" | "publicEvents">;
  USERS: Pick<UsersRpc, "organizers">;
  SENTRY_DSN?: string;
}
