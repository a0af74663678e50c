import type { EventsRpc } from "../../shared/contracts/events-rpc";

/** What this Worker's modules work with: its bindings, and its siblings by their contracts. */
export interface Env extends Pick<SearchEnv, "DB" | "ENVIRONMENT"> {
  EVENTS: Pick<EventsRpc, "events">;
  SENTRY_DSN?: string;
}

/** What its sweep works with besides. */
export interface SweepEnv extends Env {
  EVENTS: Pick<EventsRpc, "events" | "announcedEvents">;
}
