import type {
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
import { checkHolder } from "./holders";
import { demandOf, GIVE_BACK, movePools, returnToPools, soldOut, TAKE } from "./pools";
import { checkSale, mergeLines, priceLines } from "./sale";

/** An unclaimed hold never outlives this many times the event's hold, however often it is extended. */
const HOLD_CAP_FACTOR = 3;

export type HoldStatus = "held" | "claimed" | "confirmed" | "expired" | "released";

export interface HoldRecord {
  /** In the order of placing: what a hold's lines go by, so that they are written next to each other and not all over the tree. */
  number: number;
  id: string;
  requestHash: string;
  holder: Holder;
  status: HoldStatus;
  orderId: string | null;
  configVersion: number;
  expiresAtMs: number;
}

type HoldRow = {
  number: number;
  id: string;
  request_hash: string;
  holder_kind: Holder["kind"];
  holder_key: string;
  status: HoldStatus;
  order_id: string | null;
  config_version: number;
  expires_at_ms: number;
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
    number: row.number,
    id: row.id,
    requestHash: row.request_hash,
    holder: { kind: row.holder_kind, key: row.holder_key },
    status: row.status,
    orderId: row.order_id,
    configVersion: row.config_version,
    expiresAtMs: row.expires_at_ms,
  };
}

export function linesOf(sql: SqlStorage, holdNumber: number): HeldLine[] {
  const rows = sql.exec<{ ticketTypeId: string; name: string; quantity: number; unitPriceMinor: number }>(
    `SELECT ticket_type_id AS ticketTypeId, name, quantity, unit_price_minor AS unitPriceMinor FROM hold_lines WHERE hold_number = ? ORDER BY position`,
    holdNumber,
  );
  return rows.toArray();
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

export function tellHold(terms: Terms, hold: HoldRecord, lines: HeldLine[]): HeldStock {
  const { eventId, organizerId, currency } = terms;
  const { id: holdId, configVersion, holder, expiresAtMs, orderId } = hold;
  return { holdId, eventId, organizerId, currency, configVersion, holder, expiresAtMs, lines, orderId };
}

/** The hold as it stands while it lives, its death's name after. */
export function tellLiving(
  sql: SqlStorage,
  terms: Terms,
  hold: HoldRecord,
  nowMs: number,
): Result<HeldStock, Refusal<"hold_expired" | "hold_released">> {
  const death = deathOf(hold, nowMs);
  return death === null ? ok(tellHold(terms, hold, linesOf(sql, hold.number))) : refuse(death);
}

export function readHold(
  sql: SqlStorage,
  terms: Terms,
  holdId: string,
  nowMs: number,
): Result<HeldStock, Refusal<"hold_not_found" | "hold_expired" | "hold_released">> {
  const hold = findHold(sql, holdId);
  return hold === null ? refuse({ code: "hold_not_found" }) : tellLiving(sql, terms, hold, nowMs);
}

/**
 * Takes stock for a while, all lines or none. The same id again is the same hold while it lives, and the dead hold's refusal after
 * (rule 20), whatever became of the sale meanwhile.
 */
export function placeHold(sql: SqlStorage, terms: Terms, request: HoldRequest, nowMs: number): Result<HeldStock, HoldRefusal> {
  if (!terms.isPublic && !request.insider) return refuse({ code: "event_not_found" });
  const earlier = findHold(sql, request.holdId);
  if (earlier !== null)
    return earlier.requestHash === request.requestHash
      ? tellLiving(sql, terms, earlier, nowMs)
      : refuse({ code: "idempotency_key_reused" });

  const lines = mergeLines(request.items);
  const refusal = checkSale(terms, lines, nowMs) ?? checkHolder(sql, terms, request.holder, lines, nowMs);
  if (refusal !== null) return refuse(refusal);
  if (!movePools(sql, demandOf(terms.types, lines), TAKE)) return refuse(soldOut(lines));

  const { holdId: id, requestHash, holder } = request;
  const expiresAtMs = nowMs + terms.holdMs;
  const { number } = sql
    .exec<{ number: number }>(
      `INSERT INTO holds (id, request_hash, holder_kind, holder_key, status, config_version, placed_at_ms, expires_at_ms, cap_ms)
       VALUES (?, ?, ?, ?, 'held', ?, ?, ?, ?) RETURNING number`,
      id,
      requestHash,
      holder.kind,
      holder.key,
      terms.version,
      nowMs,
      expiresAtMs,
      nowMs + HOLD_CAP_FACTOR * terms.holdMs,
    )
    .one();
  const priced = priceLines(terms, lines, []);
  writeLines(sql, number, priced);
  const configVersion = terms.version;
  const hold: HoldRecord = { number, id, requestHash, holder, status: "held", orderId: null, configVersion, expiresAtMs };
  return ok(tellHold(terms, hold, priced));
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

  const before = linesOf(sql, hold.number);
  const lines = mergeLines(items);
  const refusal = checkSale(terms, lines, nowMs) ?? checkHolder(sql, terms, hold.holder, lines, nowMs, holdId);
  if (refusal !== null) return refuse(refusal);
  // First back, then out: what the change frees of a shared pool counts for what it takes.
  returnToPools(sql, demandOf(terms.types, before), GIVE_BACK);
  if (!movePools(sql, demandOf(terms.types, lines), TAKE)) return refuse(soldOut(lines));

  const priced = priceLines(terms, lines, before);
  sql.exec("UPDATE holds SET config_version = ? WHERE id = ?", terms.version, holdId);
  sql.exec("DELETE FROM hold_lines WHERE hold_number = ?", hold.number);
  writeLines(sql, hold.number, priced);
  return ok(tellHold(terms, { ...hold, configVersion: terms.version }, priced));
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
  returnToPools(sql, demandOf(terms.types, linesOf(sql, hold.number)), GIVE_BACK);
}

function writeLines(sql: SqlStorage, holdNumber: number, lines: readonly HeldLine[]): void {
  lines.forEach((line, position) => {
    sql.exec(
      "INSERT INTO hold_lines (hold_number, position, ticket_type_id, name, quantity, unit_price_minor) VALUES (?, ?, ?, ?, ?, ?)",
      holdNumber,
      position,
      line.ticketTypeId,
      line.name,
      line.quantity,
      line.unitPriceMinor,
    );
  });
}
