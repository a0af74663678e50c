/** The organizer gives tickets other seats: all of a list or none of it, two who change places among them. */
import type { IssuedTicket } from "../../shared/contracts/inventory";
import type { Refusal } from "../../shared/contracts/problems";
import { ok, type Result, refuse } from "../../shared/contracts/result";
import { MAX_SEAT_MOVES, type SeatMove } from "../../shared/contracts/seats";
import { announce } from "../../shared/durable/outbox";
import { envelope } from "../../shared/queue/envelope";
import { SOURCE } from "./announcements";
import type { Terms } from "./event";
import { findSeats, readSegments } from "./seat-rows";
import { nameSeats, returnSeats, takeSeats } from "./seats";
import { findTicket } from "./tickets";
import { openTiers } from "./tiers";

type SwapRefusal = Refusal<"event_state" | "seat_unknown" | "seat_repeated" | "seat_taken" | "ticket_not_seated">;

/** A ticket keeps its id, its version and so its code. One that is void has no seat to give. Whose seats they were is news. */
export function swapSeats(
  sql: SqlStorage,
  terms: Terms,
  moves: readonly SeatMove[],
  nowMs: number,
): Result<IssuedTicket[], SwapRefusal> {
  if (moves.length > MAX_SEAT_MOVES) throw new RangeError(`at most ${MAX_SEAT_MOVES} moves a call`);
  if (terms.state === "cancelled") return refuse({ code: "event_state", detail: "The event is cancelled." });
  const tickets = seatedTickets(sql, terms, moves);
  if (!tickets.ok) return tickets;
  const seatIds = moves.map(({ seatId }) => seatId);
  const repeated = seatIds.filter((id, index) => seatIds.indexOf(id) < index);
  if (repeated.length > 0) return refuse({ code: "seat_repeated", members: { seatIds: repeated } });
  const found = findSeats(sql, seatIds);
  const unknown = moves.filter(({ seatId }, index) => {
    const sold = terms.types.get(tickets.value[index]?.ticketTypeId ?? "")?.seatCategories ?? [];
    return !sold.includes(found.get(seatId)?.categoryId ?? "");
  });
  if (unknown.length > 0) return refuse({ code: "seat_unknown", members: { seatIds: unknown.map(({ seatId }) => seatId) } });

  // All stand up before anybody sits down.
  returnSeats(
    sql,
    "sold",
    tickets.value.map(({ seat }) => seat.id),
  );
  for (const ticket of tickets.value) sql.exec("UPDATE tickets SET seat_id = NULL, seat_label = NULL WHERE id = ?", ticket.id);
  for (const [orderHold, seats] of byHold(sql, tickets.value, seatIds)) {
    const taken = takeSeats(
      sql,
      orderHold,
      "sold",
      seats.flatMap((id) => found.get(id) ?? []),
    );
    if (taken !== null) return refuse(taken);
  }
  // Seats of one category became free, and of another perhaps the last were taken.
  terms.mayOffer = true;
  openTiers(sql, terms, nowMs);
  announceSwap(sql, terms, ordersMoved(tickets.value, seatIds), nowMs);
  return ok(
    tickets.value.map(({ id }, index) => {
      const seat = found.get(seatIds[index] ?? "");
      if (seat === undefined) throw new Error(`seat ${seatIds[index]} was not checked`);
      const [named] = nameSeats(readSegments(sql, [seat.segment]), [seat]);
      sql.exec("UPDATE tickets SET seat_id = ?, seat_label = ? WHERE id = ?", seat.id, named?.label ?? "", id);
      const moved = findTicket(sql, terms, id);
      if (moved === null) throw new Error(`ticket ${id} was not checked`);
      return moved;
    }),
  );
}

/** Of which a ticket has another seat now. */
const ordersMoved = (tickets: readonly SeatedTicket[], seatIds: readonly string[]): string[] => [
  ...new Set(tickets.filter(({ seat }, index) => seat.id !== seatIds[index]).map(({ orderId }) => orderId)),
];

/** Each swap has a higher version than the one before. It begins at the time, which was the version once, and no clock takes it back. */
function announceSwap(sql: SqlStorage, { eventId, organizerId }: Terms, orderIds: string[], nowMs: number): void {
  if (orderIds.length === 0) return;
  const subject = `${eventId}/seats`;
  const data = { eventId, organizerId, orderIds };
  const { version } = sql
    .exec<{ version: number }>("UPDATE announced_swaps SET version = max(version + 1, ?) WHERE id = 1 RETURNING version", nowMs)
    .one();
  announce(sql, envelope(SOURCE, { type: "seats.swapped", subject, version, data, nowMs }));
}

type SeatedTicket = IssuedTicket & { seat: NonNullable<IssuedTicket["seat"]> };

function seatedTickets(
  sql: SqlStorage,
  terms: Terms,
  moves: readonly SeatMove[],
): Result<SeatedTicket[], Refusal<"ticket_not_seated">> {
  const tickets: SeatedTicket[] = [];
  for (const { ticketId } of moves) {
    const ticket = findTicket(sql, terms, ticketId);
    const { seat } = ticket ?? {};
    if (ticket === null || seat === undefined || ticket.status === "void" || tickets.some(({ id }) => id === ticketId))
      return refuse({ code: "ticket_not_seated", detail: `Ticket ${ticketId} is unknown, void, without a seat or named twice.` });
    tickets.push({ ...ticket, seat });
  }
  return ok(tickets);
}

/** A sold seat is owned by the hold that its order came from. */
function byHold(sql: SqlStorage, tickets: readonly SeatedTicket[], seatIds: readonly string[]): Map<string, string[]> {
  const holds = new Map<string, string[]>();
  for (const [index, { orderId }] of tickets.entries()) {
    const { id } = sql.exec<{ id: string }>("SELECT id FROM holds WHERE order_id = ?", orderId).one();
    holds.set(id, [...(holds.get(id) ?? []), seatIds[index] ?? ""]);
  }
  return holds;
}
