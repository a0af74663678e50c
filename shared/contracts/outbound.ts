import { z } from "zod";
import type { DomainRpc } from "./domain";
import type { PublishedEvent } from "./events";
import { Timestamp } from "./ids";

export interface FoundPage {
  data: PublishedEvent[];
  nextCursor: string | null;
}

/** Doors of the Workers that answer nothing but the house's own questions to their siblings. */
export interface SearchRpc extends DomainRpc {
  /** One organizer's published public events that fit the words, the best match first; null for a cursor that is none of this list's. */
  eventsThatFit(question: { organizerId: string; q: string; cursor?: string; limit: number }): Promise<FoundPage | null>;
}
export type AnalyticsRpc = DomainRpc;

/** A4, or as high as a phone's screen. */
export const TICKET_PAPERS = ["print", "phone"] as const;
export type TicketPaper = (typeof TICKET_PAPERS)[number];

export interface NotificationsRpc extends DomainRpc {
  /**
   * An order's tickets that still admit, at most 100, as one PDF, or one of them; null where there are none. The asking Worker has seen
   * that its reader may read the order.
   */
  ticketFile(question: {
    orderId: string;
    /** Null for all. */
    ticketId: string | null;
    paper: TicketPaper;
    /** BCP 47, one of ours. */
    language: string;
  }): Promise<{ filename: string; content: Uint8Array } | null>;
}
export type SitesRpc = DomainRpc;

/** What would have been sent, as `GET /dev/outbox` shows it in development. */
export const OutboxMessage = z
  .object({
    id: z.string(),
    channel: z.enum(["email", "sms", "push"]),
    to: z.string(),
    subject: z.string().optional(),
    text: z.string().optional(),
    html: z.string().optional(),
    data: z
      .looseObject({
        type: z.string(),
        token: z.string().optional(),
        orderId: z.string().optional(),
        refundId: z.string().optional(),
      })
      .optional()
      .meta({
        description: "`token` for a verification or reset, `orderId` for an order's mails, `refundId` too for a refund's",
      }),
    attachments: z
      .array(
        z.object({
          filename: z.string(),
          contentType: z.string(),
          content: z.base64(),
          contentId: z.string().optional().meta({ description: "Of a picture that the HTML shows as `cid:<contentId>`" }),
        }),
      )
      .optional(),
    createdAt: Timestamp,
  })
  .meta({ id: "OutboxMessage" });
export type OutboxMessage = z.infer<typeof OutboxMessage>;
