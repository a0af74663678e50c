import type { Ticket } from "../../shared/contracts/events";
import { toTimestamp } from "../../shared/contracts/ids";
import type { IssuedTicket } from "../../shared/contracts/inventory";
import type { Env } from "./environment";
import { signCode } from "./ticket-code";

/** A ticket with its code, signed here because an object's transaction cannot wait for WebCrypto (rule 15). */
export async function toTicket(env: Env, ticket: IssuedTicket): Promise<Ticket> {
  const { id, eventId, orderId, ticketTypeId, status, version, holder, seat, createdAtMs } = ticket;
  const code = await signCode(env.TICKET_SIGNING_KEY, { eventId, ticketId: id, version });
  const ofSeat = seat === undefined ? {} : { seat: seat.label, seatId: seat.id };
  return { id, eventId, orderId, ticketTypeId, status, code, ...ofSeat, holder, createdAt: toTimestamp(createdAtMs) };
}

export const toTickets = (env: Env, tickets: readonly IssuedTicket[]): Promise<Ticket[]> =>
  Promise.all(tickets.map((ticket) => toTicket(env, ticket)));
