import type { AuthRpc } from "../../shared/contracts/accounts";
import type { BrandingRpc } from "../../shared/contracts/branding";
import type { EventsRpc } from "../../shared/contracts/events-rpc";
import type { PaymentsRpc } from "../../shared/contracts/orders";
import type { UsersRpc } from "../../shared/contracts/organizers";

/** What this Worker's modules work with: its bindings, and its siblings by their contracts. */
export interface Env extends Pick<NotificationsEnv, "DB" | "ENVIRONMENT" | "API_ORIGIN" | "SITES_BASE_HOST" | "MAIL_FROM"> {
  AUTH: Pick<AuthRpc, "accountMails">;
  BRANDING: Pick<BrandingRpc, "settingsOf">;
  EVENTS: Pick<EventsRpc, "events" | "formerAppointments" | "ticketsOfOrders" | "waitlistLetters">;
  PAYMENTS: Pick<PaymentsRpc, "calledOffOrders" | "orders" | "refunds" | "standingOrders">;
  USERS: Pick<UsersRpc, "invitationMails" | "organizers" | "readingHabits">;
  OUTGOING: Pick<Queue, "send">;
  /** Not there in tests that run without a carrier. */
  EMAIL?: SendEmail;
  SENTRY_DSN?: string;
}
