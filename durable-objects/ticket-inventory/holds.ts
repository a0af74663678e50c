import type {
  EndedHold,
  HeldLine,
  HeldStock,
  HoldChangeRefusal,
  Holder,
  HoldRefusal,
  HoldRequest,
  Line,
} from "../../shared/contracts/inventory";
import type { Refusal } from "../../shared/contracts/problems";
import { ok, type Result, refuse } from "../../shared/contracts/result";
import type { Terms } from "./event";
import { checkHolder, isAnonymous } from "./holders";
import { demandOf, GIVE_BACK, movePools, returnToPools, soldOut, TAKE } from "./pools";
import { checkEvent, checkSale, mergeLines, priceLines } from "./sale";

export type HoldStatus = "held" | "claimed" | "confirmed" | "expired" | "released";

export interface HoldRecord {
  id: string;
  requestHash: string;
  holder: Holder;
  status: HoldStatus;
  orderId: string | null;
  configVersion: number;
  expiresAtMs: number;
  /** Its end is never moved beyond this. */
  capMs: number;
  /** How often its order got the stock again after an end. */
  reacquired: number;
  lines: HeldLine[];
}

type HoldRow = {
  id: string;
  request_hash: string;
  holder_kind: Holder["kind"];
  holder_key: string;
  status: HoldStatus;
  order_id: string | null;
  config_version: number;
  expires_at_ms: number;
  cap_ms: number;
  reacquired: number;
  lines: string;
};

export function findHold(sql: SqlStorage, holdId: string): HoldRecord | null {
  return toHold(sql.exec<HoldRow>("SELECT * FROM holds WHERE id = ?", holdId));
}

export function findHoldOfOrder(sql: SqlStorage, orderId: string): HoldRecord | null {
  return toHold(sql.exec<HoldRow>("SELECT * FROM holds WHERE order_id = ?", orderId));
}

function toHold(rows: SqlStorageCursor<HoldRow>): HoldRecord | null {
  const [row] = rows.toArray();
  if (row === undefined) return null;
  return {
    id: row.id,
    requestHash: row.request_hash,
    holder: { kind: row.holder_kind, key: row.holder_key },
    status: row.status,
    orderId: row.order_id,
    configVersion: row.config_version,
    expiresAtMs: row.expires_at_ms,
    capMs: row.cap_ms,
    reacquired: row.reacquired,
    // Written by `placeHold` and `changeHold` below.
    lines: JSON.parse(row.lines) as HeldLine[],
  };
}

/** Whether stock is still taken for the hold: past its end it is gone, also while nothing has expired it yet (rule 10). */
export function isLive(hold: HoldRecord, nowMs: number): boolean {
  return (hold.status === "held" || hold.status === "claimed") && hold.expiresAtMs > nowMs;
}

/** Why a hold answers no more, null while it does: a confirmed one has become tickets and is still told. */
export function deathOf(hold: HoldRecord, nowMs: number): Refusal<"hold_expired" | "hold_released"> | null {
  if (hold.status === "confirmed" || isLive(hold, nowMs)) return null;
  return { code: hold.status === "released" ? "hold_released" : "hold_expired" };
}

export function tellHold(terms: Terms, hold: HoldRecord): HeldStock {
  const { eventId, organizerId, currency } = terms;
  const { id: holdId, configVersion, holder, expiresAtMs, capMs: extendableUntilMs, lines, orderId } = hold;
  return { holdId, eventId, organizerId, currency, configVersion, holder, expiresAtMs, extendableUntilMs, lines, orderId };
}

/** The hold as it stands while it lives, its death's name after. */
export function tellLiving(
  terms: Terms,
  hold: HoldRecord,
  nowMs: number,
): Result<HeldStock, Refusal<"hold_expired" | "hold_released">> {
  const death = deathOf(hold, nowMs);
  return death === null ? ok(tellHold(terms, hold)) : refuse(death);
}

export function readHold(
  sql: SqlStorage,
  terms: Terms,
  holdId: string,
  nowMs: number,
): Result<HeldStock, EndedHold | Refusal<"hold_not_found">> {
  const hold = findHold(sql, holdId);
  if (hold === null) return refuse({ code: "hold_not_found" });
  const told = tellLiving(terms, hold, nowMs);
  return told.ok ? told : refuse({ ...told.error, holder: hold.holder });
}

/**
 * Takes stock for a while, all lines or none. The same id again is the same hold while it lives, and the dead hold's refusal after
 * (rule 20), whatever became of the sale meanwhile.
 */
export function placeHold(sql: SqlStorage, terms: Terms, request: HoldRequest, nowMs: number): Result<HeldStock, HoldRefusal> {
  if (!terms.isPublic && !request.insider) return refuse({ code: "event_not_found" });
  const lines = mergeLines(request.items);
  const refusal = checkSale(terms, lines, nowMs) ?? checkHolder(sql, terms, request.holder, lines, nowMs);
  if (refusal !== null) return tellEarlier(sql, terms, request, nowMs) ?? refuse(refusal);

  const { holdId: id, holder } = request;
  const expiresAtMs = nowMs + terms.holdMs;
  const hold: HoldRecord = {
    id,
    requestHash: request.requestHash,
    holder,
    status: "held",
    orderId: null,
    configVersion: terms.version,
    expiresAtMs,
    capMs: Math.max(expiresAtMs, nowMs + terms.holdCapMs),
    reacquired: 0,
    lines: priceLines(terms, lines, []),
  };
  // First the row: a hold that is there already is found by the same statement, which spares all others a look.
  if (!insertHold(sql, hold, nowMs)) {
    const earlier = tellEarlier(sql, terms, request, nowMs);
    if (earlier === null) throw new Error("a hold that stands in the way is not there");
    return earlier;
  }
  return movePools(sql, demandOf(terms.types, lines), TAKE, isAnonymous(holder))
    ? ok(tellHold(terms, hold))
    : refuse(soldOut(lines));
}

/** The answer that the hold's id has had before, null when it is new. */
function tellEarlier(
  sql: SqlStorage,
  terms: Terms,
  { holdId, requestHash }: HoldRequest,
  nowMs: number,
): Result<HeldStock, HoldRefusal> | null {
  const earlier = findHold(sql, holdId);
  if (earlier === null) return null;
  return earlier.requestHash === requestHash ? tellLiving(terms, earlier, nowMs) : refuse({ code: "idempotency_key_reused" });
}

/** False when the id is taken. */
function insertHold(sql: SqlStorage, hold: HoldRecord, nowMs: number): boolean {
  const { rowsWritten } = sql.exec(
    `INSERT INTO holds (id, request_hash, holder_kind, holder_key, status, config_version, placed_at_ms, expires_at_ms, cap_ms, lines)
     VALUES (?, ?, ?, ?, 'held', ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`,
    hold.id,
    hold.requestHash,
    hold.holder.kind,
    hold.holder.key,
    hold.configVersion,
    nowMs,
    hold.expiresAtMs,
    hold.capMs,
    JSON.stringify(hold.lines),
  );
  return rowsWritten > 0;
}

/** Other lines for a hold that no order has claimed; its end stays. It keeps what it has when the change is refused. */
export function changeHold(
  sql: SqlStorage,
  terms: Terms,
  holdId: string,
  items: readonly Line[],
  nowMs: number,
): Result<HeldStock, HoldChangeRefusal> {
  const hold = findHold(sql, holdId);
  if (hold === null) return refuse({ code: "hold_not_found" });
  const death = deathOf(hold, nowMs);
  if (death !== null) return refuse(death);
  if (hold.orderId !== null) return refuse({ code: "hold_in_use" });

  const { lines: before, holder } = hold;
  const lines = mergeLines(items);
  const refusal = checkSale(terms, lines, nowMs) ?? checkHolder(sql, terms, holder, lines, nowMs, holdId);
  if (refusal !== null) return refuse(refusal);
  // First back, then out: what the change frees of a shared pool counts for what it takes.
  returnToPools(sql, demandOf(terms.types, before), GIVE_BACK, isAnonymous(holder));
  if (!movePools(sql, demandOf(terms.types, lines), TAKE, isAnonymous(holder))) return refuse(soldOut(lines));

  const changed = { ...hold, configVersion: terms.version, lines: priceLines(terms, lines, before) };
  sql.exec("UPDATE holds SET config_version = ?, lines = ? WHERE id = ?", terms.version, JSON.stringify(changed.lines), holdId);
  return ok(tellHold(terms, changed));
}

/** Gives a hold back before its end. One that is gone already is the same answer; one that an order has claimed is the order's. */
export function releaseHold(
  sql: SqlStorage,
  terms: Terms,
  holdId: string,
): Result<null, Refusal<"hold_not_found" | "hold_in_use">> {
  const hold = findHold(sql, holdId);
  if (hold === null) return refuse({ code: "hold_not_found" });
  if (hold.orderId !== null) return refuse({ code: "hold_in_use" });
  endHold(sql, terms, hold, "released");
  return ok(null);
}

/** Gives the stock of a hold back, once: one that has ended before is left as it is. */
export function endHold(sql: SqlStorage, terms: Terms, hold: HoldRecord, as: "expired" | "released"): void {
  if (hold.status !== "held" && hold.status !== "claimed") return;
  sql.exec("UPDATE holds SET status = ? WHERE id = ?", as, hold.id);
  returnToPools(sql, demandOf(terms.types, hold.lines), GIVE_BACK, isAnonymous(hold.holder));
}

/** Moves the end out, never in and never beyond the cap; one that stands there already is the same answer. */
export function extendHold(sql: SqlStorage, terms: Terms, holdId: string, nowMs: number): Result<HeldStock, HoldChangeRefusal> {
  const hold = findHold(sql, holdId);
  if (hold === null) return refuse({ code: "hold_not_found" });
  const death = deathOf(hold, nowMs);
  if (death !== null) return refuse(death);
  if (hold.orderId !== null) return refuse({ code: "hold_in_use" });
  const refusal = checkEvent(terms, nowMs);
  if (refusal !== null) return refuse(refusal);
  const expiresAtMs = Math.min(Math.max(hold.expiresAtMs, nowMs + terms.holdMs), hold.capMs);
  sql.exec("UPDATE holds SET expires_at_ms = ? WHERE id = ?", expiresAtMs, holdId);
  return ok(tellHold(terms, { ...hold, expiresAtMs }));
}

/** Takes the lines of an expired hold once more, at today's prices; its cap counts anew. */
export function reacquireHold(
  sql: SqlStorage,
  terms: Terms,
  holdId: string,
  nowMs: number,
): Result<HeldStock, HoldChangeRefusal> {
  const hold = findHold(sql, holdId);
  if (hold === null) return refuse({ code: "hold_not_found" });
  if (hold.orderId !== null) return refuse({ code: "hold_in_use" });
  const death = deathOf(hold, nowMs);
  if (death === null) return ok(tellHold(terms, hold));
  return refuse(death);
}
