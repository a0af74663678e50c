import type { Attendee, HeldLine, IssuedTicket } from "../../shared/contracts/inventory";
import type { Refusal } from "../../shared/contracts/problems";
import { ok, type Result, refuse } from "../../shared/contracts/result";
import type { Terms } from "./event";
import { findHoldOfOrder } from "./holds";
import { returnSoldStock } from "./stock";

type TicketRow = {
  id: string;
  order_id: string;
  ticket_type_id: string;
  status: IssuedTicket["status"];
  version: number;
  holder_name: string;
  holder_email: string;
  created_at_ms: number;
  seat_id: string | null;
  seat_label: string | null;
};

/** One ticket for each unit of the lines, in their order; who is not named carries the buyer. */
export function issueTickets(
  sql: SqlStorage,
  orderId: string,
  lines: readonly HeldLine[],
  buyer: Attendee,
  attendees: readonly Attendee[],
  nowMs: number,
): void {
  const units = lines.flatMap(({ ticketTypeId, quantity, seats }) =>
    Array.from({ length: quantity }, (_, unit) => ({ ticketTypeId, seat: seats?.[unit] })),
  );
  units.forEach(({ ticketTypeId, seat }, unit) => {
    const { name, email } = attendees[unit] ?? buyer;
    sql.exec(
      `INSERT INTO tickets (id, order_id, ticket_type_id, status, version, holder_name, holder_email, created_at_ms, seat_id, seat_label)
       VALUES (?, ?, ?, 'valid', 1, ?, ?, ?, ?, ?)`,
      crypto.randomUUID(),
      orderId,
      ticketTypeId,
      name,
      email,
      nowMs,
      seat?.id ?? null,
      seat?.label ?? null,
    );
  });
}

export function findTicket(sql: SqlStorage, terms: Terms, ticketId: string): IssuedTicket | null {
  return toTickets(terms, sql.exec<TicketRow>("SELECT * FROM tickets WHERE id = ?", ticketId))[0] ?? null;
}

/** In the order in which they were issued. */
export function ticketsOfOrder(sql: SqlStorage, terms: Terms, orderId: string): IssuedTicket[] {
  return toTickets(terms, sql.exec<TicketRow>("SELECT * FROM tickets WHERE order_id = ? ORDER BY position", orderId));
}

export const hasPaidTickets = (sql: SqlStorage): boolean =>
  sql
    .exec(
      `SELECT 1 FROM tickets t JOIN holds h ON h.order_id = t.order_id JOIN json_each(h.lines) line
       WHERE t.status = 'valid' AND line.value ->> 'unitPriceMinor' > 0 LIMIT 1`,
    )
    .toArray().length > 0;

function toTickets(terms: Terms, rows: SqlStorageCursor<TicketRow>): IssuedTicket[] {
  return rows.toArray().map((row) => ({
    id: row.id,
    eventId: terms.eventId,
    orderId: row.order_id,
    ticketTypeId: row.ticket_type_id,
    status: row.status,
    version: row.version,
    holder: { name: row.holder_name, email: row.holder_email },
    createdAtMs: row.created_at_ms,
    ...(row.seat_id === null || row.seat_label === null ? {} : { seat: { id: row.seat_id, label: row.seat_label } }),
  }));
}

/**
 * Voids an order's tickets (all when `ticketIds` is null) and gives their stock back, unless the event is cancelled and nobody may have
 * it. A ticket that was admitted stays so: its person is inside, and its place is not free. The answer tells what became of each.
 */
export function voidTickets(
  sql: SqlStorage,
  terms: Terms,
  orderId: string,
  ticketIds: readonly string[] | null,
): Result<IssuedTicket[], Refusal<"order_not_found">> {
  if (findHoldOfOrder(sql, orderId) === null) return refuse({ code: "order_not_found" });
  const tickets = ticketsOfOrder(sql, terms, orderId);
  const asked = ticketIds === null ? tickets : tickets.filter((ticket) => ticketIds.includes(ticket.id));
  if (ticketIds !== null && asked.length < new Set(ticketIds).size)
    return refuse({ code: "order_not_found", detail: "A ticket is not of this order." });

  const voided = asked.filter((ticket) => ticket.status === "valid");
  for (const ticket of voided) sql.exec("UPDATE tickets SET status = 'void' WHERE id = ?", ticket.id);
  if (terms.state === "cancelled") keepPlaces(sql, voided);
  else returnSoldStock(sql, terms, voided);
  const voidedIds = new Set(voided.map(({ id }) => id));
  return ok(asked.map((ticket) => (voidedIds.has(ticket.id) ? { ...ticket, status: "void" } : ticket)));
}

/** They stay sold in the pools, and are told as gone. */
function keepPlaces(sql: SqlStorage, tickets: readonly IssuedTicket[]): void {
  sql.exec(
    `INSERT INTO void_places (ticket_type_id, tickets) SELECT value, COUNT(*) FROM json_each(?) GROUP BY value
     ON CONFLICT (ticket_type_id) DO UPDATE SET tickets = tickets + excluded.tickets`,
    JSON.stringify(tickets.map(({ ticketTypeId }) => ticketTypeId)),
  );
}

/** All of an order's tickets; the answer names them. */
export function voidOrder(sql: SqlStorage, terms: Terms, orderId: string): Result<string[], Refusal<"order_not_found">> {
  const voided = voidTickets(sql, terms, orderId, null);
  return voided.ok ? ok(voided.value.map(({ id }) => id)) : voided;
}
