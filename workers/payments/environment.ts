import type { EventsRpc } from "../../shared/contracts/events-rpc";
import type { UsersRpc } from "../../shared/contracts/organizers";
import type { Mailboxes } from "../../shared/d1/outbox";

/** What this Worker's modules work with: its bindings, its siblings by their contracts, and what only some deployments set. */
export interface Env
  extends Pick<
    PaymentsEnv,
    | "DB_0"
    | "DB_1"
    | "PROVIDER_EVENTS"
    | "ENVIRONMENT"
    | "PAYMENTS_SHARDS"
    | "ORDER_KEY"
    | "NOTIFICATIONS_MAILBOX"
    | "ANALYTICS_MAILBOX"
  > {
  EVENTS: Pick<
    EventsRpc,
    | "claimHold"
    | "extendOrder"
    | "confirmOrder"
    | "confirmOrders"
    | "releaseOrder"
    | "releaseOrders"
    | "voidTickets"
    | "voidOrders"
    | "ticketsOf"
    | "events"
  >;
  USERS: Pick<UsersRpc, "membership" | "organizers" | "verifiedEmail">;
  /** Development's alone; without it the provider `test` is not configured. */
  TEST_PROVIDER_SECRET?: string;
  /** Where `npm start` has put this server; empty where nobody knows. */
  LOCAL_PORT?: string;
  /** "yes" where queues live in memory. */
  QUEUES_FORGET?: string;
  /** What does not look like a key of Stripe's is none: the provider `stripe` is then not configured. */
  STRIPE_SECRET_KEY?: string;
  /** The same: no webhook of Stripe's is then believed. */
  STRIPE_WEBHOOK_SECRET?: string;
  /** Development's alone: where a double of Stripe listens. */
  STRIPE_API_BASE?: string;
  SENTRY_DSN?: string;
}

/** The part of an ExecutionContext that noun modules may use: work that the answer does not wait for. */
export type Later = Pick<ExecutionContext, "waitUntil">;

export const mailboxesOf = (env: Env): Mailboxes => ({
  notifications: env.NOTIFICATIONS_MAILBOX,
  analytics: env.ANALYTICS_MAILBOX,
});
