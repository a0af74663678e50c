/** An order's word about its stock (rule 12): claimed once, then confirmed or released, and the loser hears the winner. */
import type {
  ClaimRefusal,
  ConfirmRefusal,
  ConfirmRequest,
  HeldStock,
  IssuedTicket,
  OrderOutcome,
} from "../../shared/contracts/inventory";
import type { HoldClaim } from "../../shared/contracts/inventory-rpc";
import type { Refusal } from "../../shared/contracts/problems";
import { ok, type Result, refuse } from "../../shared/contracts/result";
import { soldOut } from "./available";
import type { Terms } from "./event";
import {
  deathOf,
  endHold,
  findHold,
  findHoldOfOrder,
  type HoldRecord,
  isElsewhere,
  isLive,
  placeHold,
  tellHold,
  tellLiving,
} from "./holds";
import { checkPersonLimit } from "./persons";
import { checkCompanionsAmong } from "./seat-companions";
import { seatIdsOf } from "./seats";
import { sellFreeStock, sellHeldStock, takeStock } from "./stock";
import { issueTickets, ticketsOfOrder } from "./tickets";

/**
 * The one reason that is not the last word: an order released because its time was up may still be confirmed by late money while stock
 * lasts (API.md: `tok_late`). Any other reason is final.
 */
export const RELEASED_BY_EXPIRY = "expired";

/** No way to pay takes longer (a bank transfer), so that an order's stock is not held beyond this from its claim. */
const MAX_ORDER_MS = 7 * 24 * 3_600_000;
/** After its end an order gets its stock again so often, or it would be held for nothing for all of those days. */
const MAX_REACQUIRED = 3;

/** Orders confirmed or released, or whose tickets are made void, by one call. */
const MAX_ORDERS_A_CALL = 100;

/** Commands of one caller share a commit like those of many. */
export function each<Asked, T>(orders: readonly Asked[], command: (asked: Asked) => Promise<T>): Promise<T[]> {
  if (orders.length > MAX_ORDERS_A_CALL) throw new RangeError(`at most ${MAX_ORDERS_A_CALL} orders a call`);
  return Promise.all(orders.map(command));
}

export const withoutTickets = <E extends Refusal>(confirmed: Result<IssuedTicket[], E>): Result<null, E> =>
  confirmed.ok ? ok(null) : confirmed;

type Decision = { outcome: "confirmed" | "released"; reason: string | null };

function decisionOf(sql: SqlStorage, orderId: string): Decision | null {
  const [decision] = sql.exec<Decision>("SELECT outcome, reason FROM orders WHERE order_id = ?", orderId).toArray();
  return decision ?? null;
}

const isFinal = (decision: Decision | null): boolean =>
  decision !== null && !(decision.outcome === "released" && decision.reason === RELEASED_BY_EXPIRY);

function decide(sql: SqlStorage, orderId: string, decision: Decision, nowMs: number): void {
  sql.exec(
    `INSERT INTO orders (order_id, outcome, reason, decided_at_ms) VALUES (?, ?, ?, ?)
     ON CONFLICT (order_id) DO UPDATE SET outcome = excluded.outcome, reason = excluded.reason, decided_at_ms = excluded.decided_at_ms`,
    orderId,
    decision.outcome,
    decision.reason,
    nowMs,
  );
}

/** Binds one order to a hold, which it may place in the same command. The hold keeps the holder who placed it. */
export function claimHold(sql: SqlStorage, terms: Terms, claim: HoldClaim, nowMs: number): Result<HeldStock, ClaimRefusal> {
  if (isElsewhere(terms, claim)) return refuse({ code: "event_not_found" });
  const { holdId, orderId, items } = claim;
  const bound = findHoldOfOrder(sql, orderId);
  // An order's id derives from its idempotency key: the same key now asks for other stock.
  if (bound !== null && bound.id !== holdId) return refuse({ code: "idempotency_key_reused" });

  const earlier = bound ?? findHold(sql, holdId);
  if (earlier === null) {
    if (items === null) return refuse({ code: "hold_not_found" });
    const placed = placeHold(sql, terms, { ...claim, items, keyed: false }, nowMs);
    return placed.ok ? bindOrder(sql, terms, placed.value, claim, nowMs) : placed;
  }
  if (items !== null && earlier.requestHash !== claim.requestHash) return refuse({ code: "idempotency_key_reused" });
  if (earlier.orderId === orderId) return tellLiving(terms, earlier, nowMs);
  if (earlier.orderId !== null) return refuse({ code: "hold_in_use" });
  const death = deathOf(earlier, nowMs);
  if (death !== null) return refuse(death);
  if (terms.state !== "open") return refuse({ code: "event_not_on_sale" });
  const alone = checkCompanionsAmong(sql, earlier.holder, seatIdsOf(earlier.lines), nowMs);
  if (alone !== null) return refuse(alone);
  return bindOrder(sql, terms, tellHold(terms, earlier), claim, nowMs);
}

function bindOrder(
  sql: SqlStorage,
  terms: Terms,
  stock: HeldStock,
  { orderId, personKey: key = null, isPersonVerified: isVerified = false }: HoldClaim,
  nowMs: number,
): Result<HeldStock, ClaimRefusal> {
  const { holdId: id, holder, lines } = stock;
  const refusal = checkPersonLimit(sql, terms, { column: "person_key", key, isVerified }, { id, holder, lines }, nowMs);
  if (refusal !== null) return refuse(refusal);
  const capMs = Math.max(stock.expiresAtMs, nowMs + MAX_ORDER_MS);
  sql.exec(
    "UPDATE holds SET status = 'claimed', order_id = ?, cap_ms = ?, person_key = ?, person_verified = ? WHERE id = ?",
    orderId,
    capMs,
    key,
    isVerified ? 1 : 0,
    id,
  );
  // Who has as many as he may is to keep nothing from others on the waiting list.
  if (key !== null && terms.wishes.length > 0) terms.mayOffer = true;
  return ok({ ...stock, orderId, extendableUntilMs: capMs });
}

/**
 * Moves the order's end out, never in: an earlier way to pay may still be under way. Neither the event's end nor the order's cap is
 * passed (rule 13). An order whose hold has ended gets its stock again while there is some, so that it may be paid, a few times.
 */
export function extendOrder(
  sql: SqlStorage,
  terms: Terms,
  orderId: string,
  untilMs: number,
  nowMs: number,
): Result<{ expiresAtMs: number }, Refusal<"order_not_found" | "hold_expired" | "state_moved" | "sold_out" | "person_limit">> {
  const hold = findHoldOfOrder(sql, orderId);
  if (hold === null) return refuse({ code: "order_not_found" });
  if (isFinal(decisionOf(sql, orderId)) || terms.state !== "open") return refuse({ code: "state_moved" });
  const untilAtMostMs = Math.min(untilMs, terms.endMs, hold.capMs);
  if (isLive(hold, nowMs)) {
    // Before the money: what is not to be sold is not to be paid for.
    const alone = checkAccessible(sql, hold, nowMs);
    if (alone !== null) return refuse(alone);
    const expiresAtMs = Math.max(hold.expiresAtMs, untilAtMostMs);
    sql.exec("UPDATE holds SET expires_at_ms = ? WHERE id = ?", expiresAtMs, hold.id);
    return ok({ expiresAtMs });
  }
  if (untilAtMostMs <= nowMs || hold.reacquired >= MAX_REACQUIRED) return refuse({ code: "hold_expired" });
  endHold(sql, terms, hold, "expired");
  const refusal = checkPerson(sql, terms, hold, nowMs) ?? checkAccessible(sql, hold, nowMs) ?? takeStock(sql, terms, hold, nowMs);
  if (refusal !== null) return refuse(refusal);
  sql.exec(
    "UPDATE holds SET status = 'claimed', expires_at_ms = ?, reacquired = reacquired + 1 WHERE id = ?",
    untilAtMostMs,
    hold.id,
  );
  // Only a release by expiry can stand here, and it no longer holds.
  sql.exec("DELETE FROM orders WHERE order_id = ?", orderId);
  return ok({ expiresAtMs: untilAtMostMs });
}

/**
 * Turns the hold into tickets, once; again is the same tickets. After the hold's end it takes again what is still there at the frozen
 * price; when that is refused the order stays open, and a later try may succeed until `release` decides.
 */
export function confirmOrder(
  sql: SqlStorage,
  terms: Terms,
  request: ConfirmRequest,
  nowMs: number,
): Result<IssuedTicket[], ConfirmRefusal> {
  const { orderId } = request;
  const hold = findHoldOfOrder(sql, orderId);
  if (hold === null) return refuse({ code: "order_not_found" });
  const decision = decisionOf(sql, orderId);
  if (decision?.outcome === "confirmed") return ok(ticketsOfOrder(sql, terms, orderId));
  if (decision !== null && isFinal(decision)) {
    const releasedFor = decision.reason ?? "";
    return refuse({ code: "state_moved", detail: `The order was released: ${releasedFor}.`, releasedFor });
  }
  if (terms.state !== "open") return refuse({ code: "state_moved", detail: `The event is ${terms.state}.` });

  const { fingerprintKey: key = null } = request;
  const refusal =
    checkPersonLimit(sql, terms, { column: "fingerprint_key", key }, hold, nowMs) ?? sellHold(sql, terms, hold, nowMs);
  if (refusal !== null) return refuse(refusal);
  sql.exec("UPDATE holds SET status = 'confirmed', fingerprint_key = ? WHERE id = ?", key, hold.id);
  decide(sql, orderId, { outcome: "confirmed", reason: null }, nowMs);
  issueTickets(sql, orderId, hold.lines, request.buyer, request.attendees, nowMs);
  return ok(ticketsOfOrder(sql, terms, orderId));
}

function sellHold(
  sql: SqlStorage,
  terms: Terms,
  hold: HoldRecord,
  nowMs: number,
): Refusal<"sold_out" | "state_moved" | "person_limit"> | null {
  if (isLive(hold, nowMs)) return checkAccessible(sql, hold, nowMs) ?? sellHeldStock(sql, terms, hold);
  if (nowMs >= terms.endMs) return { code: "state_moved", detail: "The event has ended." };
  endHold(sql, terms, hold, "expired");
  return checkPerson(sql, terms, hold, nowMs) ?? checkAccessible(sql, hold, nowMs) ?? sellFreeStock(sql, terms, hold, nowMs);
}

/** To an order a companion's seat whose accessible one the holder has let go of is as gone as one that somebody else has. */
const checkAccessible = (sql: SqlStorage, { holder, lines }: HoldRecord, nowMs: number): Refusal<"sold_out"> | null =>
  checkCompanionsAmong(sql, holder, seatIdsOf(lines), nowMs) === null ? null : soldOut(lines);

/** An order whose hold had ended was not counted meanwhile, so that its person may have bought others. */
const checkPerson = (sql: SqlStorage, terms: Terms, hold: HoldRecord, nowMs: number): Refusal<"person_limit"> | null =>
  checkPersonLimit(sql, terms, { column: "person_key", key: hold.personKey, isVerified: hold.isPersonVerified }, hold, nowMs);

/**
 * Gives the order's stock back for good (but for `RELEASED_BY_EXPIRY`), and names the winner when the money came first. An order whose
 * time is not up stays as it is when it was to be released for that.
 */
export function releaseOrder(
  sql: SqlStorage,
  terms: Terms,
  orderId: string,
  reason: string,
  nowMs: number,
): Result<{ outcome: OrderOutcome }, Refusal<"order_not_found">> {
  const hold = findHoldOfOrder(sql, orderId);
  if (hold === null) return refuse({ code: "order_not_found" });
  const decision = decisionOf(sql, orderId);
  if (decision !== null && isFinal(decision)) return ok({ outcome: decision.outcome });
  // Whoever saw the order due has seen it before a payment moved its end out.
  if (reason === RELEASED_BY_EXPIRY && isLive(hold, nowMs)) return ok({ outcome: "open" });
  // Past its end it has expired, whether or not anything has ended it yet.
  endHold(sql, terms, hold, isLive(hold, nowMs) ? "released" : "expired");
  decide(sql, orderId, { outcome: "released", reason }, nowMs);
  return ok({ outcome: "released" });
}
