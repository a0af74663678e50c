import type { TicketInventoryRpc } from "../../shared/contracts/inventory-rpc";
import type { UsersRpc } from "../../shared/contracts/organizers";

/** What outlives a request's answer: the work that the answer does not wait for, and the trace that its news belongs to. */
export interface Later extends Pick<ExecutionContext, "waitUntil"> {
  /** W3C Trace Context. */
  traceparent?: string | undefined;
}

/** What this Worker's modules work with: its bindings, its siblings and objects by their contracts, and what only some deployments set. */
export interface Env
  extends Pick<
    EventsEnv,
    "DB" | "ENVIRONMENT" | "HOLD_KEY" | "TICKET_SIGNING_KEY" | "SEARCH_MAILBOX" | "PAYMENTS_MAILBOX" | "NOTIFICATIONS_MAILBOX"
  > {
  TICKET_INVENTORY: { idFromName(name: string): DurableObjectId; get(id: DurableObjectId): TicketInventoryRpc };
  AVAILABILITY_FEED: { idFromName(name: string): DurableObjectId; get(id: DurableObjectId): Pick<Fetcher, "fetch"> };
  USERS: Pick<UsersRpc, "membership" | "organizers" | "verifiedEmail">;
  /** Development's alone: "yes" where a kill takes with it what a queue had taken. */
  QUEUES_FORGET?: string;
  SENTRY_DSN?: string;
}
