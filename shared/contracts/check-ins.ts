/** What a door scans, and what it hears. */
import { z } from "zod";
import { Ticket } from "./events";
import { Timestamp } from "./ids";

export const CheckInDraft = z
  .strictObject({
    code: z.string().min(1).max(2000),
    nonce: z.string().min(1).max(200),
    gate: z.string().min(1).max(100).optional(),
    deviceId: z.string().min(1).max(200).optional(),
    scannedAt: Timestamp.optional(),
  })
  .meta({ id: "CheckInDraft" });
export const CheckIn = z.object({ result: z.literal("admitted"), ticket: Ticket, admittedAt: Timestamp }).meta({ id: "CheckIn" });
