import type { D1Migration } from "@cloudflare/vitest-plugin";

declare global {
  namespace Cloudflare {
    /** What `runtime-options.ts` gives the runtime tests besides the events Worker's own bindings. */
    interface Env {
      AUTH_DB: D1Database;
      USERS_DB: D1Database;
      BRANDING_DB: D1Database;
      PAYMENTS_0_DB: D1Database;
      PAYMENTS_1_DB: D1Database;
      SEARCH_DB: D1Database;
      ANALYTICS_DB: D1Database;
      NOTIFICATIONS_DB: D1Database;
      PROVIDER_EVENTS: R2Bucket;
      BRAND_ASSETS: R2Bucket;
      AVATARS: R2Bucket;
      /** By domain, for `applyD1Migrations(env.PAYMENTS_0_DB, env.MIGRATIONS.payments)`. */
      MIGRATIONS: Record<
        "auth" | "users" | "events" | "branding" | "payments" | "search" | "analytics" | "notifications",
        D1Migration[]
      >;
      KEY_ENCRYPTION_KEY: string;
      ACCOUNT_TOKEN_KEY: string;
      ORDER_KEY: string;
      INVITATION_KEY: string;
      TEST_PROVIDER_SECRET: string;
      /** The shell's `LEDGER_SEED`, empty without it. */
      LEDGER_SEED: string;
    }
  }
}
