import type { UsersRpc } from "../../shared/contracts/organizers";

/** What this Worker's modules work with: its bindings, and its siblings by their contracts. */
export interface Env extends Pick<BrandingEnv, "BRAND_ASSETS" | "DB" | "ENVIRONMENT" | "SITES_BASE_HOST"> {
  USERS: Pick<UsersRpc, "membership" | "organizers" | "organizerBySlug">;
  SENTRY_DSN?: string;
}
