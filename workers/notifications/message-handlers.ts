import type { MessageHandlers } from "../../shared/queue/consume";
import { owe } from "./deliveries";
import type { Env } from "./environment";

/** A message only says what is owed; it is composed and sent after the batch, with one question to each owner for all of it. */
export const messageHandlers: MessageHandlers<Env> = {
  "account.mail_requested": (env, message) => owe(env.DB, "account_mail", message.data.mailId, Date.now()),
  "order.paid": (env, message) => owe(env.DB, "order_confirmation", message.data.orderId, Date.now()),
};
