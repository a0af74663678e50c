/** The waiting list on the wire. */
import { z } from "zod";
import { MAX_PER_ORDER } from "./events";
import { Id, Timestamp } from "./ids";
import { Email, PersonName } from "./orders";
import type { Refusal } from "./problems";
import type { Result } from "./result";
import { NamedSeats } from "./seats";
import { MAX_ACCEPTABLE_TYPES, MAX_PRIORITY, WAITING_STATES } from "./waiting";

const TicketTypeIds = z
  .array(Id)
  .min(1)
  .max(MAX_ACCEPTABLE_TYPES)
  .refine((ids) => new Set(ids).size === ids.length, "each ticket type once")
  .meta({ description: "Those that would do, the most wished for first: one of them is offered, in the whole quantity" });

export const WaitlistDraft = z
  .strictObject({
    ticketTypeIds: TicketTypeIds,
    quantity: z.int().min(1).max(MAX_PER_ORDER),
    email: Email.optional().meta({
      description: "Members add somebody else by it; everybody else waits by his own verified address",
    }),
    name: PersonName.optional(),
    priority: z
      .int()
      .min(0)
      .max(MAX_PRIORITY)
      .optional()
      .meta({ description: "Members only: the highest is served first; 0 by default" }),
  })
  .meta({ id: "WaitlistDraft" });
export type WaitlistDraft = z.infer<typeof WaitlistDraft>;

export const WaitlistEntry = z
  .object({
    id: Id,
    eventId: Id,
    state: z.enum(WAITING_STATES).meta({
      description:
        "`unconfirmed`: a guest has not confirmed by his mail yet, and has no place until he does; `waiting`; `offered`: tickets are held; `accepted`: its hold may be ordered from, or is ordered and not paid; `ordered`: paid; `declined` and `expired`: the offer went to the next; `removed`: left; `ended`: nothing will come of it",
    }),
    ticketTypeIds: z.array(Id),
    quantity: z.int(),
    priority: z.int(),
    email: z.string().nullable().meta({ description: "Null once the person has left, and a week after the entry's end" }),
    name: z.string().nullable(),
    joinedAt: Timestamp,
    offer: z
      .object({
        ticketTypeId: Id,
        name: z.string(),
        quantity: z.int(),
        seats: NamedSeats.optional(),
        offeredAt: Timestamp,
        expiresAt: Timestamp,
      })
      .nullable()
      .meta({ description: "Also after its end" }),
  })
  .meta({ id: "WaitlistEntry" });
export type WaitlistEntry = z.infer<typeof WaitlistEntry>;

/** What a mail to somebody who waits must know. `secret` opens his entry and nothing else (rule 4). */
export interface WaitlistLetter {
  entry: WaitlistEntry;
  organizerId: string;
  email: string;
  name: string | null;
  language: string;
  secret: string;
}

/** Somebody without an account who joins on an organizer's page. */
export interface WaitlistGuest {
  email: string;
  name: string;
  ticketTypeIds: string[];
  quantity: number;
  /** BCP 47. */
  language: string;
}

/** A part of `EventsRpc`. */
export interface WaitlistRpc {
  /** For mails, of at most 20 entries in their order; null for one that is not there, or whose person has left. */
  waitlistLetters(asked: { eventId: string; entryId: string }[]): Promise<(WaitlistLetter | null)[]>;
  /** For the pages, whose readers have no account: onto the waiting list of a public event, once the link in the mail is opened. */
  joinWaitlistAsGuest(eventId: string, guest: WaitlistGuest): Promise<Result<WaitlistEntry, Refusal>>;
}
