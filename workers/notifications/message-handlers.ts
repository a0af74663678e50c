import { type MessageHandlers, together } from "../../shared/queue/consume";
import { beginTelling } from "./cancelled-events";
import { owe } from "./deliveries";
import type { Env } from "./environment";
import { hearMove, tellWhoPays } from "./moved-events";
import { oweOnceQuiet } from "./order-news";
import { LONGEST_QUIET_MS, quietMs } from "./quiet";
import { type WaitlistOccasion, waitlistMailId } from "./waitlist-mails";

const oweWaitlist = (occasion: WaitlistOccasion) =>
  together<Env, `waitlist.${WaitlistOccasion}`>((env, messages) =>
    owe(
      env.DB,
      "waitlist_mail",
      messages.map((message) => waitlistMailId({ ...message.data, occasion })),
      Date.now(),
    ),
  );

/** A message only says what is owed; it is composed and sent apart from it, with one question to each owner for many. */
export const messageHandlers: MessageHandlers<Env> = {
  "account.mail_requested": together((env, messages) =>
    owe(
      env.DB,
      "account_mail",
      messages.map((message) => message.data.mailId),
      Date.now(),
    ),
  ),
  "invitation.created": together((env, messages) =>
    owe(
      env.DB,
      "invitation_mail",
      messages.map((message) => message.data.invitationId),
      Date.now(),
    ),
  ),
  "order.paid": together(async (env, messages) => {
    const nowMs = Date.now();
    await owe(
      env.DB,
      "order_confirmation",
      messages.map((message) => message.data.orderId),
      nowMs,
    );
    await tellWhoPays(env, messages, nowMs);
  }),
  "order.expired": together((env, messages) =>
    owe(
      env.DB,
      "order_expiry",
      messages.map((message) => message.data.orderId),
      Date.now(),
    ),
  ),
  "waitlist.joined": oweWaitlist("joined"),
  "waitlist.offered": oweWaitlist("offered"),
  "waitlist.ended": oweWaitlist("ended"),
  // Whose tickets it took is asked of payments, page by page: the sweep begins with it.
  "event.cancelled": (env, { data }) => beginTelling(env.DB, data.eventId, Date.now()),
  "event.moved": (env, message) => hearMove(env, message, Date.now()),
  "seats.swapped": (env, { data, version }) =>
    oweOnceQuiet(env.DB, {
      type: "seat_change",
      news: data.orderIds.map((orderId) => ({ orderId, version })),
      nowMs: Date.now(),
      quietMs: quietMs(env),
      longestQuietMs: LONGEST_QUIET_MS,
    }),
  // One mail a refund, also where it had to be paid twice because the money came back.
  "refund.succeeded": together((env, messages) =>
    owe(
      env.DB,
      "refund_mail",
      messages.map((message) => message.data.refundId),
      Date.now(),
    ),
  ),
};
