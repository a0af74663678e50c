/** What may become of a hold before an order claims it: other lines, a later end, its stock once more, its release. */
import type { HeldLine, HeldStock, HoldChangeRefusal, Line, RepricedLine } from "../../shared/contracts/inventory";
import type { Refusal } from "../../shared/contracts/problems";
import { ok, type Result, refuse } from "../../shared/contracts/result";
import type { Terms } from "./event";
import { deathOf, endHold, findHold, fitHold, type HoldRecord, isLive, OFFER_HASH, rewriteHold, tellHold } from "./holds";
import { checkEvent, checkSale, mergeLines, priceLines } from "./sale";
import { checkCompanionsAmong } from "./seat-companions";
import { askAgain, seatIdsOf } from "./seats";
import { returnHeldStock, takeAskedStock, takeStock } from "./stock";

/** How often a buyer gets his stock again after an end, or it would be held for nothing for ever. */
const MAX_REACQUIRED = 3;

type Unclaimed = Result<HoldRecord, Refusal<"hold_not_found" | "hold_in_use" | "hold_expired" | "hold_released">>;

function findLiving(sql: SqlStorage, holdId: string, nowMs: number): Unclaimed {
  const hold = findHold(sql, holdId);
  if (hold === null) return refuse({ code: "hold_not_found" });
  const death = deathOf(hold, nowMs);
  if (death !== null) return refuse(death);
  return hold.orderId === null ? ok(hold) : refuse({ code: "hold_in_use" });
}

/** Other lines; the end stays. The hold keeps what it has when the change is refused. */
export function changeHold(
  sql: SqlStorage,
  terms: Terms,
  change: { holdId: string; items: readonly Line[]; partial: boolean },
  nowMs: number,
): Result<HeldStock, HoldChangeRefusal> {
  const { holdId, items, partial } = change;
  const found = findLiving(sql, holdId, nowMs);
  if (!found.ok) return found;
  const hold = found.value;
  const asked = mergeLines(items);
  const refusal = checkSale(terms, asked, nowMs, partial ? null : hold.lines);
  if (refusal !== null) return refuse(refusal);
  // First back, then out: what the change frees of a shared pool counts for what it takes.
  returnHeldStock(sql, terms, [hold]);
  const lines = keepSeats(sql, asked, hold, nowMs);
  const fitted = fitHold(sql, terms, hold.holder, lines, partial, nowMs, { id: holdId, had: hold.lines });
  if (!fitted.ok) return fitted;
  const { refused } = fitted.value;
  const priced = priceLines(terms, fitted.value.lines, hold.lines);
  const anew = { ...hold, lines: priced, refused, repriced: [], configVersion: terms.version };
  const taken = takeAskedStock(sql, terms, anew, fitted.value.lines, nowMs, hold.lines);
  if (!taken.ok) return taken;
  const changed: HoldRecord = { ...anew, lines: taken.value, ...endOf(terms, hold, taken.value, nowMs) };
  rewriteHold(sql, changed);
  return ok(tellHold(terms, changed));
}

/** An offer of the waiting list is held so long because somebody has waited for these tickets: for others it is a hold like any. */
function endOf(terms: Terms, hold: HoldRecord, lines: readonly HeldLine[], nowMs: number) {
  const { expiresAtMs, capMs } = hold;
  const isOwn = ({ ticketTypeId, quantity }: HeldLine) =>
    hold.lines.some((line) => line.ticketTypeId === ticketTypeId && line.quantity >= quantity);
  if (hold.requestHash !== OFFER_HASH || lines.every(isOwn)) return { expiresAtMs, capMs };
  return {
    expiresAtMs: Math.min(expiresAtMs, nowMs + terms.holdMs),
    capMs: Math.min(capMs, nowMs + Math.max(terms.holdMs, terms.holdCapMs)),
  };
}

/**
 * Who asks for as many of the best seats as he has keeps those that he has, unless he names one of them for somebody else, or gives up the
 * accessible seat beside one that is for a companion.
 */
function keepSeats(sql: SqlStorage, asked: readonly Line[], { holder, lines: held }: HoldRecord, nowMs: number): Line[] {
  const named = new Set(asked.flatMap(({ seatIds = [] }) => seatIds));
  const kept = asked.map((line) => {
    const { ticketTypeId, quantity, bestAvailable, seatIds } = line;
    const same = held.find((earlier) => earlier.ticketTypeId === ticketTypeId && earlier.seats?.length === quantity);
    if (bestAvailable !== true || seatIds !== undefined || same?.seats === undefined) return line;
    const own = same.seats.map(({ id }) => id);
    return own.some((id) => named.has(id)) ? line : { ticketTypeId, quantity, seatIds: own };
  });
  if (kept.every((line, index) => line === asked[index])) return kept;
  const seatIds = kept.flatMap((line) => line.seatIds ?? []);
  return checkCompanionsAmong(sql, holder, seatIds, nowMs) === null ? kept : [...asked];
}

/** Moves the end out, never in and never beyond the cap; one that stands there already is the same answer. */
export function extendHold(sql: SqlStorage, terms: Terms, holdId: string, nowMs: number): Result<HeldStock, HoldChangeRefusal> {
  const found = findLiving(sql, holdId, nowMs);
  if (!found.ok) return found;
  const hold = found.value;
  const closed = checkEvent(terms, nowMs);
  if (closed !== null) return refuse(closed);
  const expiresAtMs = Math.min(Math.max(hold.expiresAtMs, nowMs + terms.holdMs), hold.capMs);
  sql.exec("UPDATE holds SET expires_at_ms = ? WHERE id = ?", expiresAtMs, holdId);
  return ok(tellHold(terms, { ...hold, expiresAtMs }));
}

/**
 * Takes the lines of an expired hold once more, at today's prices, and tells which are others. Its end and its cap count from now. One
 * that lives is the same answer unchanged.
 */
export function reacquireHold(
  sql: SqlStorage,
  terms: Terms,
  holdId: string,
  nowMs: number,
): Result<HeldStock, HoldChangeRefusal> {
  const hold = findHold(sql, holdId);
  if (hold === null) return refuse({ code: "hold_not_found" });
  if (hold.orderId !== null) return refuse({ code: "hold_in_use" });
  if (isLive(hold, nowMs)) return ok(tellHold(terms, hold));
  if (hold.status === "released") return refuse({ code: "hold_released" });
  if (hold.reacquired >= MAX_REACQUIRED) return refuse({ code: "hold_expired" });

  endHold(sql, terms, hold, "expired");
  const asked = askAgain(hold.lines);
  const refusal = checkSale(terms, asked, nowMs);
  if (refusal !== null) return refuse(refusal);
  const fitted = fitHold(sql, terms, hold.holder, asked, false, nowMs, { id: holdId, had: [] });
  if (!fitted.ok) return fitted;
  const alone = checkCompanionsAmong(sql, hold.holder, seatIdsOf(hold.lines), nowMs);
  if (alone !== null) return refuse(alone);
  const priced = priceLines(terms, hold.lines, []);
  const lines = priced.map((line, position) => ({ ...line, ...seatsOf(hold.lines[position]) }));
  const expiresAtMs = nowMs + terms.holdMs;
  const capMs = Math.max(expiresAtMs, nowMs + terms.holdCapMs);
  const repriced = comparePrices(hold.lines, lines);
  return takeAnew(sql, terms, { ...hold, lines, repriced, expiresAtMs, capMs, reacquired: hold.reacquired + 1 }, nowMs);
}

const seatsOf = (line: HeldLine | undefined) => (line?.seats === undefined ? {} : { seats: line.seats });

/** Expects a hold that has no stock at the moment. */
function takeAnew(sql: SqlStorage, terms: Terms, hold: HoldRecord, nowMs: number): Result<HeldStock, HoldChangeRefusal> {
  const taken: HoldRecord = { ...hold, status: "held", configVersion: terms.version };
  const refusal = takeStock(sql, terms, taken, nowMs);
  if (refusal !== null) return refuse(refusal);
  rewriteHold(sql, taken);
  return ok(tellHold(terms, taken));
}

/** Both are in the same order. */
function comparePrices(before: readonly HeldLine[], now: readonly HeldLine[]): RepricedLine[] {
  return now.flatMap(({ ticketTypeId, unitPriceMinor: toMinor }, position) => {
    const fromMinor = before[position]?.unitPriceMinor ?? toMinor;
    return fromMinor === toMinor ? [] : [{ ticketTypeId, fromMinor, toMinor }];
  });
}

/** Gives a hold back before its end. One that is gone already is the same answer; one that an order has claimed is the order's. */
export function releaseHold(
  sql: SqlStorage,
  terms: Terms,
  holdId: string,
  nowMs: number,
): Result<null, Refusal<"hold_not_found" | "hold_in_use">> {
  const hold = findHold(sql, holdId);
  if (hold === null) return refuse({ code: "hold_not_found" });
  if (hold.orderId !== null) return refuse({ code: "hold_in_use" });
  endHold(sql, terms, hold, isLive(hold, nowMs) ? "released" : "expired");
  return ok(null);
}
