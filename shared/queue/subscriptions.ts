import type { MessageType } from "../contracts/messages";

/** Workers that own a mailbox: one queue each, whose only consumer they are. */
export type Mailbox = "users" | "search" | "payments" | "analytics" | "notifications";

/** The one table of who hears what. A message without a reader, or a reader without a handler, fails a test in test/house. */
export const SUBSCRIPTIONS: Record<MessageType, readonly Mailbox[]> = {
  "account.registered": ["users"],
  "account.verified": ["users"],
  "account.changed": ["users"],
  "account.mail_requested": ["notifications"],
  "invitation.created": ["notifications"],
  "event.published": ["search"],
  "event.changed": ["search"],
  "event.moved": ["notifications"],
  "seats.swapped": ["notifications"],
  "event.cancelled": ["search", "payments", "notifications"],
  "event.completed": ["search"],
  "inventory.availability_changed": ["analytics"],
  "admissions.counted": ["analytics"],
  "waitlist.joined": ["notifications"],
  "waitlist.offered": ["notifications"],
  "waitlist.ended": ["notifications"],
  "order.paid": ["notifications", "analytics"],
  "order.expired": ["notifications"],
  "refund.succeeded": ["notifications", "analytics"],
  "refund.returned": ["analytics"],
};
