import type { z } from "zod";
import type { CheckInRefusal } from "../../shared/contracts/admissions";
import type { CheckIn, CheckInDraft } from "../../shared/contracts/check-ins";
import { toTimestamp } from "../../shared/contracts/ids";
import type { Refusal } from "../../shared/contracts/problems";
import { ok, type Result, refuse } from "../../shared/contracts/result";
import { sha256 } from "../../shared/crypto/bytes";
import type { Env } from "./environment";
import { askInventory } from "./inventory";
import { verifyCode } from "./ticket-code";
import { toTicket } from "./tickets";

/** How far a scanner's clock may run ahead. */
const CLOCK_AHEAD_MS = 5 * 60_000;
/** A scan that was kept offline longer than this is a wrong clock. */
const MAX_SCAN_AGE_MS = 30 * 86_400_000;

/**
 * Admits a ticket once. The signature is checked before anything is looked up, so that malformed, altered and forged codes, and another
 * event's, cost and tell nothing.
 */
export async function checkIn(
  env: Env,
  eventId: string,
  scan: z.infer<typeof CheckInDraft>,
): Promise<Result<z.infer<typeof CheckIn>, CheckInRefusal | Refusal<"invalid_body">>> {
  const scannedAtMs = scan.scannedAt === undefined ? null : Date.parse(scan.scannedAt);
  const misdated = scannedAtMs === null ? null : misdating(scannedAtMs, Date.now());
  if (misdated) return refuse({ code: "invalid_body", errors: [{ pointer: "/scannedAt", message: misdated }] });
  const claim = await verifyCode(env.TICKET_SIGNING_KEY, scan.code);
  if (claim?.eventId !== eventId) return refuse({ code: "ticket_unknown" });
  const codeHash = await sha256(scan.code);
  const answer = await askInventory(env, eventId, (inventory) =>
    inventory.checkIn({
      ticketId: claim.ticketId,
      ticketVersion: claim.version,
      codeHash,
      nonce: scan.nonce,
      deviceId: scan.deviceId ?? "",
      gate: scan.gate ?? null,
      scannedAtMs,
    }),
  );
  if (!answer.ok) return answer;
  const { ticket, admittedAtMs } = answer.value;
  return ok({ result: "admitted", ticket: await toTicket(env, ticket), admittedAt: toTimestamp(admittedAtMs) });
}

function misdating(scannedAtMs: number, nowMs: number): string | null {
  if (scannedAtMs > nowMs + CLOCK_AHEAD_MS) return "is in the future";
  return scannedAtMs < nowMs - MAX_SCAN_AGE_MS ? "is more than 30 days ago" : null;
}
