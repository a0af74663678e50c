/** An order's word about its stock (rule 12): claimed once, then confirmed or released, and the loser hears the winner. */
import type {
  ClaimRefusal,
  ConfirmRefusal,
  ConfirmRequest,
  HeldLine,
  HeldStock,
  Holder,
  IssuedTicket,
  Line,
  OrderOutcome,
} from "../../shared/contracts/inventory";
import type { Refusal } from "../../shared/contracts/problems";
import { ok, type Result, refuse } from "../../shared/contracts/result";
import type { Terms } from "./event";
import {
  deathOf,
  endHold,
  findHold,
  findHoldOfOrder,
  type HoldRecord,
  isLive,
  linesOf,
  placeHold,
  tellHold,
  tellLiving,
} from "./holds";
import { demandOf, type Movement, movePools, SELL, SELL_HELD, soldOut, TAKE } from "./pools";
import { issueTickets, ticketsOfOrder } from "./tickets";

/**
 * The one reason that is not the last word: an order released because its time was up may still be confirmed by late money while stock
 * lasts (API.md: `tok_late`). Any other reason is final.
 */
export const RELEASED_BY_EXPIRY = "expired";

export interface HoldClaim {
  orderId: string;
  holdId: string;
  requestHash: string;
  holder: Holder;
  insider: boolean;
  items: Line[] | null;
}

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
  const { holdId, orderId, items } = claim;
  const bound = findHoldOfOrder(sql, orderId);
  // An order's id derives from its idempotency key: the same key now asks for other stock.
  if (bound !== null && bound.id !== holdId) return refuse({ code: "idempotency_key_reused" });

  const earlier = bound ?? findHold(sql, holdId);
  if (earlier === null) {
    if (items === null) return refuse({ code: "hold_not_found" });
    const placed = placeHold(sql, terms, { ...claim, items }, nowMs);
    return placed.ok ? ok(bindOrder(sql, placed.value, orderId)) : placed;
  }
  if (items !== null && earlier.requestHash !== claim.requestHash) return refuse({ code: "idempotency_key_reused" });
  if (earlier.orderId === orderId) return tellLiving(sql, terms, earlier, nowMs);
  if (earlier.orderId !== null) return refuse({ code: "hold_in_use" });
  const death = deathOf(earlier, nowMs);
  if (death !== null) return refuse(death);
  if (terms.state !== "open") return refuse({ code: "event_not_on_sale" });
  return ok(bindOrder(sql, tellHold(terms, earlier, linesOf(sql, earlier.number)), orderId));
}

function bindOrder(sql: SqlStorage, stock: HeldStock, orderId: string): HeldStock {
  sql.exec("UPDATE holds SET status = 'claimed', order_id = ? WHERE id = ?", orderId, stock.holdId);
  return { ...stock, orderId };
}

/**
 * Moves the order's end out, never in: an earlier way to pay may still be under way. It may pass the hold's own cap, not the event's end
 * (rule 13). An order whose hold has ended gets its stock again while there is some, so that it may be paid.
 */
export function extendOrder(
  sql: SqlStorage,
  terms: Terms,
  orderId: string,
  untilMs: number,
  nowMs: number,
): Result<{ expiresAtMs: number }, Refusal<"order_not_found" | "hold_expired" | "state_moved" | "sold_out">> {
  const hold = findHoldOfOrder(sql, orderId);
  if (hold === null) return refuse({ code: "order_not_found" });
  if (isFinal(decisionOf(sql, orderId)) || terms.state !== "open") return refuse({ code: "state_moved" });
  const untilAtMostMs = Math.min(untilMs, terms.endMs);
  if (isLive(hold, nowMs)) {
    const expiresAtMs = Math.max(hold.expiresAtMs, untilAtMostMs);
    sql.exec("UPDATE holds SET expires_at_ms = ? WHERE id = ?", expiresAtMs, hold.id);
    return ok({ expiresAtMs });
  }
  if (untilAtMostMs <= nowMs) return refuse({ code: "hold_expired" });
  endHold(sql, terms, hold, "expired");
  const lines = linesOf(sql, hold.number);
  if (!moveStock(sql, terms, lines, TAKE)) return refuse(soldOut(lines));
  sql.exec("UPDATE holds SET status = 'claimed', expires_at_ms = ? WHERE id = ?", untilAtMostMs, hold.id);
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
  if (isFinal(decision)) return refuse({ code: "state_moved", detail: `The order was released: ${decision?.reason}.` });
  if (terms.state !== "open") return refuse({ code: "state_moved", detail: `The event is ${terms.state}.` });

  const lines = linesOf(sql, hold.number);
  const refusal = sellHold(sql, terms, hold, lines, nowMs);
  if (refusal !== null) return refuse(refusal);
  sql.exec("UPDATE holds SET status = 'confirmed' WHERE id = ?", hold.id);
  decide(sql, orderId, { outcome: "confirmed", reason: null }, nowMs);
  issueTickets(sql, orderId, lines, request.buyer, request.attendees, nowMs);
  return ok(ticketsOfOrder(sql, terms, orderId));
}

function sellHold(
  sql: SqlStorage,
  terms: Terms,
  hold: HoldRecord,
  lines: readonly HeldLine[],
  nowMs: number,
): Refusal<"sold_out" | "state_moved"> | null {
  if (isLive(hold, nowMs)) return moveStock(sql, terms, lines, SELL_HELD) ? null : soldOut(lines);
  if (nowMs >= terms.endMs) return { code: "state_moved", detail: "The event has ended." };
  endHold(sql, terms, hold, "expired");
  return moveStock(sql, terms, lines, SELL) ? null : soldOut(lines);
}

/** False when a pool has no room, or when the organizer has taken a type away since. */
function moveStock(sql: SqlStorage, terms: Terms, lines: readonly HeldLine[], movement: Movement): boolean {
  return lines.every((line) => terms.types.has(line.ticketTypeId)) && movePools(sql, demandOf(terms.types, lines), movement);
}

/** Gives the order's stock back for good (but for `RELEASED_BY_EXPIRY`), and names the winner when the money came first. */
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
  endHold(sql, terms, hold, "released");
  decide(sql, orderId, { outcome: "released", reason }, nowMs);
  return ok({ outcome: "released" });
}
