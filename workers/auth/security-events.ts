/** What happened to an account's safety: written with what it tells of, read by its owner. */
import { z } from "zod";
import { Id, Timestamp, toTimestamp } from "../../shared/contracts/ids";
import { uuidV7 } from "../../shared/crypto/uuid";
import { decodeCursor, listOf, page } from "../../shared/http/list";
import { reportError } from "../../shared/observability/report";
import type { Client } from "./clients";
import type { After } from "./news";

export const SECURITY_EVENTS = [
  "signed_in",
  "new_device",
  "stepped_up",
  "sign_in_failed",
  "password_check_failed",
  "second_factor_failed",
  "second_factor_locked",
  "passkey_failed",
  "locked",
  "unlocked",
  "session_ended",
  "other_sessions_ended",
  "refresh_token_reused",
  "password_reset_requested",
  "password_reset",
  "password_changed",
  "totp_added",
  "totp_removed",
  "passkey_added",
  "passkey_removed",
  "recovery_code_used",
  "recovery_codes_renewed",
  // Written before the six above had names of their own.
  "factors_changed",
  "api_key_created",
  "api_key_rotated",
  "api_key_revoked",
  "role_changed",
  "status_changed",
] as const;
export type SecurityEventKind = (typeof SECURITY_EVENTS)[number];

/** For the batch that does it. With `onlyIfChanged` where the statement before it may have done nothing. */
export function recordEvent(
  env: AuthEnv,
  accountId: string,
  kind: SecurityEventKind,
  nowMs: number,
  { client, onlyIfChanged = false }: { client?: Client | undefined; onlyIfChanged?: boolean } = {},
): D1PreparedStatement {
  return env.DB.prepare(
    `INSERT INTO security_events (id, account_id, kind, at_ms, device, place)
     SELECT ?, id, ?, ?, ?, ? FROM accounts WHERE id = ?${onlyIfChanged ? " AND changes() > 0" : ""}`,
  ).bind(uuidV7(nowMs), kind, nowMs, client?.device ?? null, client?.place ?? null, accountId);
}

/** What somebody tried in vain, with or without being the owner. */
export type Failure = Extract<SecurityEventKind, `${string}_failed`>;
/** Of one kind for one account: a stranger can cause them, and must not fill the table. The first ones of a day tell enough. */
export const FAILURES_A_DAY = 50;
const DAY_MS = 86_400_000;

/** Runs on beside the answer, and does the same for an id without an account, so that neither answer nor time tells that there is one. */
export const recordFailure = (
  env: AuthEnv,
  after: After,
  accountId: string,
  kind: Failure,
  nowMs: number,
  client?: Client,
): void =>
  after.waitUntil(
    env.DB.prepare(
      `INSERT INTO security_events (id, account_id, kind, at_ms, device, place)
       SELECT ?1, id, ?2, ?3, ?4, ?5 FROM accounts WHERE id = ?6 AND (
         SELECT count(*) FROM security_events WHERE account_id = ?6 AND at_ms > ?7 AND kind = ?2) < ?8`,
    )
      .bind(uuidV7(nowMs), kind, nowMs, client?.device ?? null, client?.place ?? null, accountId, nowMs - DAY_MS, FAILURES_A_DAY)
      .run()
      .catch((error: unknown) => reportError(error, env, after, { task: "record a failure" })),
  );

/** Right after the statement that ended a session, by its id or the hash of the cookie that it had; where that did nothing, nothing happened. */
export const recordSessionEvent = (
  env: AuthEnv,
  which: string | { formerCookieHash: string },
  kind: "session_ended" | "refresh_token_reused",
  nowMs: number,
): D1PreparedStatement => {
  const [column, value] = typeof which === "string" ? ["id", which] : ["former_cookie_hash", which.formerCookieHash];
  return env.DB.prepare(
    `INSERT INTO security_events (id, account_id, kind, at_ms, device, place)
     SELECT ?, account_id, ?, ?, device, place FROM sessions WHERE ${column} = ? AND changes() > 0`,
  ).bind(uuidV7(nowMs), kind, nowMs, value);
};

export const SecurityEvent = z
  .object({
    id: Id,
    /** Others may come. */
    kind: z.enum(SECURITY_EVENTS),
    at: Timestamp,
    device: z.string().nullable(),
    place: z.string().nullable(),
  })
  .meta({ id: "SecurityEvent" });
export type SecurityEvent = z.infer<typeof SecurityEvent>;
export const SecurityEventList = listOf(SecurityEvent).meta({ id: "SecurityEventList" });

const Keyset = z.tuple([z.int(), z.string()]);
interface Row {
  id: string;
  kind: SecurityEventKind;
  atMs: number;
  device: string | null;
  place: string | null;
}

/** The newest first. */
export async function listSecurityEvents(
  env: AuthEnv,
  accountId: string,
  { limit, cursor }: { limit: number; cursor?: string | undefined },
) {
  const [atMs, id] = decodeCursor(cursor, Keyset) ?? [Number.MAX_SAFE_INTEGER, ""];
  const { results } = await env.DB.prepare(
    `SELECT id, kind, at_ms AS atMs, device, place FROM security_events
     WHERE account_id = ? AND (at_ms, id) < (?, ?) ORDER BY at_ms DESC, id DESC LIMIT ?`,
  )
    .bind(accountId, atMs, id, limit + 1)
    .all<Row>();
  const shown = ({ atMs: ms, ...event }: Row): SecurityEvent => ({ ...event, at: toTimestamp(ms) });
  return page(results, limit, shown, (row) => [row.atMs, row.id]);
}

/** An event is kept for half a year. */
export const KEPT_MS = 180 * 86_400_000;
const SWEEP_LIMIT = 500;
export async function sweepSecurityEvents(env: AuthEnv, nowMs: number): Promise<number> {
  const { meta } = await env.DB.prepare(
    "DELETE FROM security_events WHERE id IN (SELECT id FROM security_events WHERE at_ms <= ? LIMIT ?)",
  )
    .bind(nowMs - KEPT_MS, SWEEP_LIMIT)
    .run();
  return meta.changes;
}
