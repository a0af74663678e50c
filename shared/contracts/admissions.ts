/** What `TicketInventory` is asked at a door, and answers. */
import type { IssuedTicket } from "./inventory";
import type { Refusal } from "./problems";

export interface CheckInRequest {
  ticketId: string;
  ticketVersion: number;
  /** Hash of the code as scanned: the nonce is bound to it. */
  codeHash: string;
  nonce: string;
  deviceId: string;
  gate: string | null;
  scannedAtMs: number | null;
}

export interface Admission {
  ticket: IssuedTicket;
  admittedAtMs: number;
  gate: string | null;
}

export type CheckInRefusal = Refusal<"event_not_found" | "ticket_unknown" | "ticket_void" | "already_admitted" | "nonce_reused">;
