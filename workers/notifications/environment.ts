import type { AuthRpc } from "../../shared/contracts/accounts";
import type { EventsRpc } from "../../shared/contracts/events";
import type { PaymentsRpc } from "../../shared/contracts/orders";
import type { UsersRpc } from "../../shared/contracts/organizers";

/** What this Worker's modules work with: its bindings, and its siblings by their contracts. */
export interface Env extends Pick<NotificationsEnv, "DB" | "ENVIRONMENT" | "API_ORIGIN"> {
  AUTH: Pick<AuthRpc, "accountMails">;
  EVENTS: Pick<EventsRpc, "events">;
  PAYMENTS: Pick<PaymentsRpc, "orders" | "refunds">;
  USERS: Pick<UsersRpc, "organizers">;
  SENTRY_DSN?: string;
}
