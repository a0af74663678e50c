import type { BrandingRpc } from "../../shared/contracts/branding";
import type { EventsRpc } from "../../shared/contracts/events-rpc";
import type { UsersRpc } from "../../shared/contracts/organizers";
import type { NotificationsRpc, SearchRpc } from "../../shared/contracts/outbound";

/** What this Worker's modules work with: its siblings by their contracts, and the HTTP doors by which a buyer's requests go on. */
export interface Env extends Pick<SitesEnv, "ENVIRONMENT" | "STRIPE_PUBLISHABLE_KEY"> {
  BRANDING: Pick<BrandingRpc, "settings">;
  EVENTS: Pick<EventsRpc, "events" | "eventsWithoutTickets" | "joinWaitlistAsGuest" | "publicEvents">;
  EVENTS_HTTP: Fetcher;
  NOTIFICATIONS: Pick<NotificationsRpc, "ticketFile">;
  PAYMENTS_HTTP: Fetcher;
  SEARCH: Pick<SearchRpc, "eventsThatFit">;
  USERS: Pick<UsersRpc, "organizers">;
  SENTRY_DSN?: string;
}
