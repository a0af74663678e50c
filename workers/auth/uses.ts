/** When what opens an account was used last. */
import { reportError } from "../../shared/observability/report";
import type { After } from "./news";

/** A last use is noted this often. */
const NOTE_USE_MS = 60_000;

/** Milliseconds since the epoch; null where it was never used. */
interface Used {
  id: string;
  lastUsedAtMs: number | null;
}

/** Notes a use, at most once a minute, beside the answer. An older one that comes late changes nothing. */
export function noteUse(
  env: AuthEnv,
  after: After,
  table: "sessions" | "api_keys",
  { id, lastUsedAtMs }: Used,
  nowMs: number,
): void {
  if (lastUsedAtMs !== null && lastUsedAtMs > nowMs - NOTE_USE_MS) return;
  const note = env.DB.prepare(`UPDATE ${table} SET last_used_at_ms = max(coalesce(last_used_at_ms, 0), ?) WHERE id = ?`);
  after.waitUntil(
    note
      .bind(nowMs, id)
      .run()
      .catch((error: unknown) => reportError(error, env, after, { task: `note a use in ${table}` })),
  );
}
