/** Where somebody is signed in, and signing out there. */
import { z } from "zod";
import { Id, Timestamp, toTimestamp } from "../../shared/contracts/ids";
import type { Refusal } from "../../shared/contracts/problems";
import { ok, type Result, refuse } from "../../shared/contracts/result";
import { decodeCursor, listOf, page } from "../../shared/http/list";
import type { SignedIn } from "./callers";
import { denySession, sendDenials } from "./denials";
import type { After } from "./news";
import type { SessionRow } from "./schema";
import { recordEvent, recordSessionEvent } from "./security-events";
import { endOf, IDLE_MS } from "./session-ends";
import { revokeAll } from "./sessions";

export const Session = z
  .object({
    id: Id,
    /** The one that asks. */
    current: z.boolean(),
    /** "Firefox on Linux", as the client called itself when it signed in. */
    device: z.string().nullable(),
    /** City and country of the network, as far as they are known. */
    place: z.string().nullable(),
    /** The organizer's host where it works; null for the API's own. */
    host: z.string().nullable(),
    createdAt: Timestamp,
    /** When it last got new tokens; by cookie, within a minute. */
    lastUsedAt: Timestamp,
    expiresAt: Timestamp,
  })
  .meta({ id: "Session" });
export type Session = z.infer<typeof Session>;
export const SessionList = listOf(Session).meta({ id: "SessionList" });

const Keyset = z.tuple([z.int(), z.string()]);
type Row = Pick<
  SessionRow,
  "id" | "device" | "place" | "audience" | "organizerId" | "createdAtMs" | "lastUsedAtMs" | "expiresAtMs"
>;

/** Those that live, the newest first. */
export async function listSessions(
  env: AuthEnv,
  { userId, sessionId }: SignedIn,
  { limit, cursor }: { limit: number; cursor?: string | undefined },
  nowMs: number,
) {
  const [createdAtMs, id] = decodeCursor(cursor, Keyset) ?? [Number.MAX_SAFE_INTEGER, ""];
  const { results } = await env.DB.prepare(
    `SELECT id, device, place, audience, organizer_id AS organizerId, created_at_ms AS createdAtMs,
       last_used_at_ms AS lastUsedAtMs, expires_at_ms AS expiresAtMs
     FROM sessions
     WHERE account_id = ?1 AND revoked_at_ms IS NULL AND expires_at_ms > ?2 AND last_used_at_ms > ?3
       AND (created_at_ms, id) < (?4, ?5)
     ORDER BY created_at_ms DESC, id DESC LIMIT ?6`,
  )
    .bind(userId, nowMs, nowMs - IDLE_MS, createdAtMs, id, limit + 1)
    .all<Row>();
  const shown = (row: Row): Session => ({
    id: row.id,
    current: row.id === sessionId,
    device: row.device,
    place: row.place,
    host: row.organizerId === null ? null : row.audience,
    createdAt: toTimestamp(row.createdAtMs),
    lastUsedAt: toTimestamp(row.lastUsedAtMs),
    expiresAt: toTimestamp(endOf(row)),
  });
  return page(results, limit, shown, (row) => [row.createdAtMs, row.id]);
}

/** Somebody else's, and one that has ended, is not there. */
export async function endSession(
  env: AuthEnv,
  after: After,
  userId: string,
  sessionId: string,
  nowMs: number,
): Promise<Result<null, Refusal<"session_not_found">>> {
  const end = env.DB.prepare(
    `UPDATE sessions SET revoked_at_ms = ?1, revoked_because = 'revoked'
     WHERE id = ?2 AND account_id = ?3 AND revoked_at_ms IS NULL AND expires_at_ms > ?1`,
  ).bind(nowMs, sessionId, userId);
  const recorded = recordSessionEvent(env, sessionId, "session_ended", nowMs);
  const [ended] = await env.DB.batch([end, recorded, denySession(env, sessionId, nowMs)]);
  if (ended?.meta.changes !== 1) return refuse({ code: "session_not_found" });
  await sendDenials(env, after, nowMs);
  return ok(null);
}

/** Signs out everywhere but here. */
export async function endOtherSessions(
  env: AuthEnv,
  after: After,
  { userId, sessionId, client }: SignedIn,
  nowMs: number,
): Promise<void> {
  const [end, ...rest] = revokeAll(env, userId, "revoked", nowMs, sessionId);
  await env.DB.batch([end, recordEvent(env, userId, "other_sessions_ended", nowMs, { client, onlyIfChanged: true }), ...rest]);
  await sendDenials(env, after, nowMs);
}
