import type {
  EndedHold,
  HeldLine,
  HeldStock,
  Holder,
  HoldRefusal,
  HoldRequest,
  Line,
  RefusedLine,
  RepricedLine,
} from "../../shared/contracts/inventory";
import type { Refusal } from "../../shared/contracts/problems";
import { ok, type Result, refuse } from "../../shared/contracts/result";
import { soldOut } from "./available";
import type { Terms } from "./event";
import { checkHolder } from "./holders";
import { type Fitted, fitLines } from "./partial-lines";
import { checkSale, checkWindows, mergeLines, priceLines } from "./sale";
import { seatsGone } from "./seat-shortage";
import { seatIdsOf } from "./seats";
import { returnHeldStock, takeAskedStock } from "./stock";

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
  /** What a partial hold did not get at all. */
  refused: RefusedLine[];
  /** What cost something else when the hold was taken again. */
  repriced: RepricedLine[];
  /** Whose tickets they are, once an order has claimed them and where anybody is to be counted. */
  personKey: string | null;
  /** Whether it is of an address that he has proved to be his. */
  isPersonVerified: boolean;
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
  refused: string | null;
  repriced: string | null;
  person_key: string | null;
  person_verified: number;
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
    // Written by `insertHold` and `rewriteHold` below.
    lines: JSON.parse(row.lines) as HeldLine[],
    refused: JSON.parse(row.refused ?? "[]") as RefusedLine[],
    repriced: JSON.parse(row.repriced ?? "[]") as RepricedLine[],
    personKey: row.person_key,
    isPersonVerified: row.person_verified === 1,
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

export function tellHold({ eventId, organizerId, currency }: Terms, hold: HoldRecord): HeldStock {
  const { id: holdId, configVersion, holder, expiresAtMs, capMs: extendableUntilMs, lines, orderId, refused, repriced } = hold;
  return {
    holdId,
    eventId,
    organizerId,
    currency,
    configVersion,
    holder,
    expiresAtMs,
    extendableUntilMs,
    lines,
    orderId,
    ...(refused.length > 0 ? { refused } : {}),
    ...(repriced.length > 0 ? { repriced } : {}),
  };
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
  return told.ok ? told : refuse({ ...told.error, holder: hold.holder, organizerId: terms.organizerId });
}

type Visitor = Pick<HoldRequest, "insider" | "onlyOrganizerId">;

/** True where the event was made for another organizer than the one whose host the caller's session is of. */
export const isElsewhere = ({ organizerId }: Terms, { onlyOrganizerId }: Visitor): boolean =>
  onlyOrganizerId !== undefined && onlyOrganizerId !== organizerId;

/** That, or a private event in which the caller has no part: to him there is none. */
export const isHiddenFrom = (terms: Terms, visitor: Visitor): boolean =>
  (!terms.isPublic && !visitor.insider) || isElsewhere(terms, visitor);

/**
 * Takes stock for a while, all lines or none, or of each what there is where that was asked for. The same id again is the same hold while
 * it lives, and the dead hold's refusal after (rule 20), whatever became of the sale meanwhile.
 */
export function placeHold(sql: SqlStorage, terms: Terms, request: HoldRequest, nowMs: number): Result<HeldStock, HoldRefusal> {
  if (isHiddenFrom(terms, request)) return refuse({ code: "event_not_found" });
  const lines = mergeLines(request.items);
  const { holdId: id, holder, partial = false } = request;
  const may = checkSale(terms, lines, nowMs, partial ? null : []);
  const fitted = may === null ? fitHold(sql, terms, holder, lines, partial, nowMs) : refuse(may);
  if (!fitted.ok) return tellEarlier(sql, terms, request, nowMs) ?? fitted;

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
    lines: priceLines(terms, fitted.value.lines, []),
    refused: fitted.value.refused,
    repriced: [],
    personKey: null,
    isPersonVerified: false,
  };
  // First the row: a hold that is there already is found by the same statement, which spares all others a look.
  if (!insertHold(sql, hold, nowMs)) {
    const earlier = tellEarlier(sql, terms, request, nowMs);
    if (earlier === null) throw new Error("a hold that stands in the way is not there");
    return earlier;
  }
  const taken = takeAskedStock(sql, terms, hold, fitted.value.lines, nowMs);
  if (!taken.ok) return taken;
  const held = { ...hold, lines: taken.value };
  if (seatIdsOf(held.lines).length > 0) sql.exec("UPDATE holds SET lines = ? WHERE id = ?", JSON.stringify(held.lines), id);
  return ok(tellHold(terms, held));
}

/**
 * The lines as a hold may have them now. A partial hold is judged by what it gets, and is sold out only when that is nothing. `except`:
 * a hold that has given back what it `had` to ask anew.
 */
export function fitHold(
  sql: SqlStorage,
  terms: Terms,
  holder: Holder,
  lines: readonly Line[],
  partial: boolean,
  nowMs: number,
  except?: { id: string; had: readonly HeldLine[] },
): Result<Fitted, HoldRefusal> {
  const fitted: Fitted = partial ? fitLines(sql, terms, holder, lines, nowMs, except?.had) : { lines: [...lines], refused: [] };
  if (fitted.lines.length === 0) return refuse(nothingFits(sql, terms, lines, fitted, nowMs));
  const refusal = checkHolder(sql, terms, holder, fitted.lines, nowMs, except?.id);
  return refusal === null ? ok(fitted) : refuse(refusal);
}

/** Not on sale only where that is so of every line, and for want of an accessible seat only where nothing is sold out. */
function nothingFits(
  sql: SqlStorage,
  terms: Terms,
  lines: readonly Line[],
  { refused, alone }: Fitted,
  nowMs: number,
): HoldRefusal {
  const isSoldOut = refused.length === 0 || refused.some(({ code }) => code === "sold_out");
  if (!isSoldOut && alone !== undefined && refused.some(({ code }) => code === alone.code)) return alone;
  const closed = isSoldOut ? null : checkWindows(terms, lines, nowMs, []);
  const named = lines.flatMap(({ seatIds = [] }) => seatIds);
  return closed ?? (named.length === 0 ? soldOut(lines) : seatsGone(sql, lines, named));
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

/** In place of a request's: of a hold that the waiting list has placed, which no request can be. */
export const OFFER_HASH = "offer";

/** False when the id is taken. */
export function insertHold(sql: SqlStorage, hold: HoldRecord, nowMs: number): boolean {
  const { rowsWritten } = sql.exec(
    `INSERT INTO holds (id, request_hash, holder_kind, holder_key, status, config_version, placed_at_ms, expires_at_ms, cap_ms, lines,
       refused)
     VALUES (?, ?, ?, ?, 'held', ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`,
    hold.id,
    hold.requestHash,
    hold.holder.kind,
    hold.holder.key,
    hold.configVersion,
    nowMs,
    hold.expiresAtMs,
    hold.capMs,
    JSON.stringify(hold.lines),
    toJson(hold.refused),
  );
  return rowsWritten > 0;
}

/** Most holds have none of these, and store nothing for it. */
const toJson = (list: readonly unknown[]): string | null => (list.length > 0 ? JSON.stringify(list) : null);

/** A hold whose lines were taken anew, for the same time or for another; it is held. */
export function rewriteHold(sql: SqlStorage, hold: HoldRecord): void {
  sql.exec(
    `UPDATE holds SET status = 'held', config_version = ?, expires_at_ms = ?, cap_ms = ?, reacquired = ?, lines = ?, refused = ?, repriced = ?
     WHERE id = ?`,
    hold.configVersion,
    hold.expiresAtMs,
    hold.capMs,
    hold.reacquired,
    JSON.stringify(hold.lines),
    toJson(hold.refused),
    toJson(hold.repriced),
    hold.id,
  );
}

/** Gives the stock of a hold back, once: one that has ended before is left as it is. */
export function endHold(sql: SqlStorage, terms: Terms, hold: HoldRecord, as: "expired" | "released"): void {
  if (hold.status !== "held" && hold.status !== "claimed") return;
  sql.exec("UPDATE holds SET status = ? WHERE id = ?", as, hold.id);
  returnHeldStock(sql, terms, [hold]);
}
