import type { Admission, CheckInRefusal, CheckInRequest } from "../../shared/contracts/admissions";
import type { IssuedTicket } from "../../shared/contracts/inventory";
import type { Refusal } from "../../shared/contracts/problems";
import { ok, type Result, refuse } from "../../shared/contracts/result";
import type { Terms } from "./event";
import { findTicket } from "./tickets";

type Outcome = "admitted" | "already_admitted" | "ticket_void";
type AdmissionRow = { admitted_at_ms: number; gate: string | null };
type ScanRow = { code_hash: string; ticket_id: string; outcome: Outcome };

/** A refusal at the door is remembered under its nonce, so that it is an answer to be kept here and not a refusal to be rolled back. */
export type DoorAnswer = Result<Admission, CheckInRefusal>;

/**
 * Admits a ticket once. A device's nonce belongs to one code: again with it is the first answer, with another code it is refused. A
 * cancelled event admits nobody, also before the refunds have voided its tickets.
 */
export function checkIn(
  sql: SqlStorage,
  terms: Terms,
  request: CheckInRequest,
  nowMs: number,
): Result<DoorAnswer, CheckInRefusal> {
  const [scan] = sql
    .exec<ScanRow>(
      "SELECT code_hash, ticket_id, outcome FROM scans WHERE device_id = ? AND nonce = ?",
      request.deviceId,
      request.nonce,
    )
    .toArray();
  if (scan !== undefined && scan.code_hash !== request.codeHash) return refuse({ code: "nonce_reused" });
  const ticket = findTicket(sql, terms, scan?.ticket_id ?? request.ticketId);
  if (ticket === null) return refuse({ code: "ticket_unknown" });
  if (scan !== undefined) return ok(answerOf(sql, ticket, scan.outcome));

  const outcome = outcomeOf(terms, ticket, request.ticketVersion);
  if (outcome === "admitted") admit(sql, request, nowMs);
  sql.exec(
    "INSERT INTO scans (device_id, nonce, code_hash, ticket_id, outcome) VALUES (?, ?, ?, ?, ?)",
    request.deviceId,
    request.nonce,
    request.codeHash,
    request.ticketId,
    outcome,
  );
  return ok(answerOf(sql, ticket, outcome));
}

function outcomeOf(terms: Terms, ticket: IssuedTicket, scannedVersion: number): Outcome {
  if (scannedVersion !== ticket.version || terms.state === "cancelled") return "ticket_void";
  if (ticket.status === "admitted") return "already_admitted";
  return ticket.status === "valid" ? "admitted" : "ticket_void";
}

function admit(sql: SqlStorage, request: CheckInRequest, nowMs: number): void {
  // The primary key is the guard: a ticket has one admission.
  sql.exec(
    "INSERT INTO admissions (ticket_id, admitted_at_ms, gate, device_id, scanned_at_ms) VALUES (?, ?, ?, ?, ?)",
    request.ticketId,
    nowMs,
    request.gate,
    request.deviceId,
    request.scannedAtMs,
  );
  sql.exec("UPDATE tickets SET status = 'admitted' WHERE id = ?", request.ticketId);
}

function answerOf(sql: SqlStorage, ticket: IssuedTicket, outcome: Outcome): DoorAnswer {
  if (outcome === "ticket_void") return refuse({ code: "ticket_void" });
  const { admitted_at_ms: admittedAtMs, gate } = sql
    .exec<AdmissionRow>("SELECT admitted_at_ms, gate FROM admissions WHERE ticket_id = ?", ticket.id)
    .one();
  if (outcome === "admitted") return ok({ ticket: { ...ticket, status: "admitted" }, admittedAtMs, gate });
  const refusal: Refusal<"already_admitted"> = {
    code: "already_admitted",
    members: { admittedAt: new Date(admittedAtMs).toISOString(), gate },
  };
  return refuse(refusal);
}
