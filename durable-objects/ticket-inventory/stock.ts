/**
 * The doors through which tickets leave the pools and come back. Whatever else is counted by the ticket (seats, who waits) moves here
 * too, so that no command can forget it.
 */
import type { HeldLine, Holder, HoldRefusal, IssuedTicket, Line } from "../../shared/contracts/inventory";
import type { Refusal } from "../../shared/contracts/problems";
import { ok, type Result, refuse } from "../../shared/contracts/result";
import { soldOut } from "./available";
import type { Terms } from "./event";
import { isAnonymous } from "./holders";
import { demandOf, GIVE_BACK, type Movement, movePools, type Quantity, SELL, SELL_HELD, TAKE, UNSELL } from "./pools";
import { type Share, shareFor } from "./public-stock";
import { pickSeats } from "./seat-lines";
import { seatsGone } from "./seat-shortage";
import { returnSeats, seatIdsOf, sellHeldSeats, takeSeatsAgain } from "./seats";
import { openTiers } from "./tiers";

/** A hold, as far as its stock is concerned. */
export interface Stake {
  id: string;
  holder: Holder;
  lines: readonly HeldLine[];
}

/**
 * Takes what a hold asks for, all or none, and answers its lines with the seats that they got. Refused when a pool has no room, a seat
 * is taken, or those who wait come first. `had`: what the hold has given back to ask for this instead.
 */
export function takeAskedStock(
  sql: SqlStorage,
  terms: Terms,
  hold: Stake,
  asked: readonly Line[],
  nowMs: number,
  had: readonly HeldLine[] = [],
): Result<HeldLine[], HoldRefusal> {
  const share = shareFor(sql, terms, hold.lines, nowMs, had);
  return share === null ? refuse(soldOut(hold.lines)) : takeOfferedStock(sql, terms, hold, asked, nowMs, share);
}

/** The same for whoever's turn it is, out of what is left for him. */
export function takeOfferedStock(
  sql: SqlStorage,
  terms: Terms,
  hold: Stake,
  asked: readonly Line[],
  nowMs: number,
  share: Share,
): Result<HeldLine[], HoldRefusal> {
  if (!move(sql, terms, hold, TAKE)) return refuse(soldOut(hold.lines));
  const picked = pickSeats(sql, terms, hold, asked, nowMs, share.lanes);
  if (!picked.ok) return picked;
  if (share.isKept([...picked.value.values()].flatMap((seats) => seats.map(({ id }) => id)))) return refuse(soldOut(hold.lines));
  openTiers(sql, terms, nowMs);
  return ok(
    hold.lines.map((line) => {
      const seats = picked.value.get(line.ticketTypeId);
      if (seats === undefined) return line;
      // A hold with fewer seats than tickets could neither be sold nor end.
      if (seats.length !== line.quantity) throw new Error(`${line.quantity} tickets got ${seats.length} seats`);
      return { ...line, seats };
    }),
  );
}

/** Takes a hold's tickets once more, the same seats. Refused too when the organizer has taken a type away since. */
export function takeStock(sql: SqlStorage, terms: Terms, hold: Stake, nowMs: number): Refusal<"sold_out"> | null {
  if (isSetAside(sql, terms, hold, nowMs)) return soldOut(hold.lines);
  if (!move(sql, terms, hold, TAKE)) return soldOut(hold.lines);
  const seatIds = seatIdsOf(hold.lines);
  if (!takeSeatsAgain(sql, hold.id, "held", seatIds)) return seatsGone(sql, hold.lines, seatIds);
  openTiers(sql, terms, nowMs);
  return null;
}

/** What a live hold has becomes sold. */
export function sellHeldStock(sql: SqlStorage, terms: Terms, hold: Stake): Refusal<"sold_out"> | null {
  if (!move(sql, terms, hold, SELL_HELD)) return soldOut(hold.lines);
  sellHeldSeats(sql, hold.id, seatIdsOf(hold.lines));
  return null;
}

/** The tickets of a hold that has ended, and given them back, are sold if they are still there. */
export function sellFreeStock(sql: SqlStorage, terms: Terms, hold: Stake, nowMs: number): Refusal<"sold_out"> | null {
  if (isSetAside(sql, terms, hold, nowMs)) return soldOut(hold.lines);
  if (!move(sql, terms, hold, SELL)) return soldOut(hold.lines);
  const seatIds = seatIdsOf(hold.lines);
  if (!takeSeatsAgain(sql, hold.id, "sold", seatIds)) return seatsGone(sql, hold.lines, seatIds);
  openTiers(sql, terms, nowMs);
  return null;
}

/** Gives back what holds have. Each must have had it. */
export function returnHeldStock(sql: SqlStorage, terms: Terms, holds: readonly Stake[]): void {
  for (const anonymous of [false, true]) {
    const lines = holds.filter(({ holder }) => isAnonymous(holder) === anonymous).flatMap((hold) => hold.lines);
    giveBack(sql, terms, lines, GIVE_BACK, anonymous);
  }
  returnSeats(
    sql,
    "held",
    holds.flatMap(({ lines }) => seatIdsOf(lines)),
  );
}

/** Gives back what was sold. */
export function returnSoldStock(sql: SqlStorage, terms: Terms, tickets: readonly IssuedTicket[]): void {
  const lines = tickets.map(({ ticketTypeId }) => ({ ticketTypeId, quantity: 1 }));
  giveBack(sql, terms, lines, UNSELL, false);
  returnSeats(
    sql,
    "sold",
    tickets.flatMap(({ seat }) => seat?.id ?? []),
  );
}

/** Whether the hold's tickets, the same seats among them, are kept for those who wait. */
function isSetAside(sql: SqlStorage, terms: Terms, { lines }: Stake, nowMs: number): boolean {
  const share = shareFor(sql, terms, lines, nowMs);
  return share === null || share.isKept(seatIdsOf(lines));
}

function move(sql: SqlStorage, terms: Terms, { lines, holder }: Stake, movement: Movement): boolean {
  if (!lines.every((line) => terms.types.has(line.ticketTypeId))) return false;
  return movePools(sql, demandOf(terms.draws, lines), movement, isAnonymous(holder));
}

/** What only gives needs no room: none is a bug there, not a refusal. */
function giveBack(sql: SqlStorage, terms: Terms, lines: readonly Quantity[], movement: Movement, anonymous: boolean): void {
  if (!movePools(sql, demandOf(terms.draws, lines), movement, anonymous)) throw new Error("giving stock back found no room");
  terms.mayOffer = true;
}
