import type { BrandingRpc } from "../../shared/contracts/branding";
import type { EventsRpc } from "../../shared/contracts/events-rpc";
import type { UsersRpc } from "../../shared/contracts/organizers";

/** What this Worker's modules work with: its bindings, and its siblings by their contracts. */
export interface Env extends Pick<AnalyticsEnv, "DB" | "ENVIRONMENT"> {
  BRANDING: Pick<BrandingRpc, "settingsOf">;
  EVENTS: Pick<EventsRpc, "events">;
  USERS: Pick<UsersRpc, "membership">;
  SENTRY_DSN?: string;
}
