/** What happened to an account's safety: written with what it tells of, read by its owner. */
import { z } from "zod";
import { Id, Timestamp, toTimestamp } from "../../shared/contracts/ids";
import { uuidV7 } from "../../shared/crypto/uuid";
import { decodeCursor, listOf, page } from "../../shared/http/list";
import type { Client } from "./clients";

export const SECURITY_EVENTS = [
  "signed_in",
  "new_device",
  "session_ended",
  "refresh_token_reused",
  "locked",
  "unlocked",
  "password_changed",
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

/** Right after the statement that ended a session; where that did nothing, nothing happened. */
export const recordSessionEvent = (
  env: AuthEnv,
  sessionId: string,
  kind: "session_ended" | "refresh_token_reused",
  nowMs: number,
): D1PreparedStatement =>
  env.DB.prepare(
    `INSERT INTO security_events (id, account_id, kind, at_ms, device, place)
     SELECT ?, account_id, ?, ?, device, place FROM sessions WHERE id = ? AND changes() > 0`,
  ).bind(uuidV7(nowMs), kind, nowMs, sessionId);

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
