/** Refusals of holds with an Idempotency-Key (rule 20): the key hears the same for a day, whatever becomes free meanwhile. */
import type { HeldStock, HoldRefusal, HoldRequest } from "../../shared/contracts/inventory";
import type { Refusal } from "../../shared/contracts/problems";
import { ok, type Result, refuse } from "../../shared/contracts/result";
import type { Terms } from "./event";
import { isHiddenFrom, placeHold } from "./holds";

/** As long as a first answer is promised (API.md). */
const KEPT_MS = 24 * 3_600_000;
/** However many keys are refused in a day, these are the last ones. */
const MAX_KEPT = 100_000;
const FORGOTTEN_PER_REFUSAL = 10;

/** What a placed hold's own row does not say already; never what reads like a thing that does not exist. */
const KEPT: readonly Refusal["code"][] = [
  "event_not_on_sale",
  "ticket_type_not_on_sale",
  "quantity_out_of_range",
  "sold_out",
  "holder_limit",
  "seats_required",
  "seat_count_mismatch",
  "seat_unknown",
  "seat_repeated",
  "seat_taken",
  "seat_orphaned",
  "seat_for_companion",
];

/** A kept refusal is an answer as it was given, and none to be looked at once more. */
export type KeyedAnswer = Result<HeldStock, HoldRefusal>;

/** Places a hold, unless its key was refused before. */
export function placeKeyedHold(
  sql: SqlStorage,
  terms: Terms,
  request: HoldRequest,
  nowMs: number,
): Result<KeyedAnswer, HoldRefusal> {
  if (isHiddenFrom(terms, request)) return refuse({ code: "event_not_found" });
  const kept = keptRefusal(sql, request, nowMs);
  if (kept !== null) return ok(refuse(kept));
  const placed = placeHold(sql, terms, request, nowMs);
  return placed.ok ? ok(placed) : placed;
}

/** Null when the key was not refused before. */
function keptRefusal(sql: SqlStorage, request: HoldRequest, nowMs: number): HoldRefusal | null {
  const [kept] = sql
    .exec<{ request_hash: string; refusal: string }>(
      "SELECT request_hash, refusal FROM kept_refusals WHERE hold_id = ? AND kept_until_ms > ?",
      request.holdId,
      nowMs,
    )
    .toArray();
  if (kept === undefined) return null;
  // Written below, from a refusal of the same command.
  return kept.request_hash === request.requestHash
    ? (JSON.parse(kept.refusal) as HoldRefusal)
    : { code: "idempotency_key_reused" };
}

/** A repeated refusal stays the first one's until its day is over. Forgets a few old ones, so that nothing grows without end. */
export function keepRefusal(sql: SqlStorage, request: HoldRequest, refusal: Refusal, nowMs: number): void {
  if (!KEPT.includes(refusal.code)) return;
  sql.exec(
    // The oldest stand first: a row is replaced, never moved on.
    `DELETE FROM kept_refusals WHERE number IN (
       SELECT number FROM (SELECT number, kept_until_ms FROM kept_refusals ORDER BY number LIMIT ?1)
       WHERE kept_until_ms <= ?2 OR number <= (SELECT MAX(number) FROM kept_refusals) - ?3)`,
    FORGOTTEN_PER_REFUSAL,
    nowMs,
    MAX_KEPT,
  );
  sql.exec("DELETE FROM kept_refusals WHERE hold_id = ? AND kept_until_ms <= ?", request.holdId, nowMs);
  sql.exec(
    "INSERT INTO kept_refusals (hold_id, request_hash, refusal, kept_until_ms) VALUES (?, ?, ?, ?) ON CONFLICT (hold_id) DO NOTHING",
    request.holdId,
    request.requestHash,
    JSON.stringify(refusal),
    nowMs + KEPT_MS,
  );
}
