import type { DomainRpc } from "./domain";

/** Doors of the Workers that answer nothing but the house's own questions to their siblings. */
export type SearchRpc = DomainRpc;
export type AnalyticsRpc = DomainRpc;
export type NotificationsRpc = DomainRpc;
export type SitesRpc = DomainRpc;
