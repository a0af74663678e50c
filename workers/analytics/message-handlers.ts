import { type MessageHandlers, together } from "../../shared/queue/consume";
import { recordAdmissions } from "./admissions";
import type { Env } from "./environment";
import { countRefunds, countReturns } from "./refunds";
import { countOrders } from "./sales";
import { recordStock } from "./stock";

export const messageHandlers: MessageHandlers<Env> = {
  "order.paid": together((env, messages) =>
    countOrders(
      env.DB,
      messages.map((message) => message.data),
      Date.now(),
    ),
  ),
  "refund.succeeded": together((env, messages) => countRefunds(env.DB, messages, Date.now())),
  "refund.returned": together((env, messages) => countReturns(env.DB, messages, Date.now())),
  "inventory.availability_changed": together((env, messages) => recordStock(env.DB, messages)),
  "admissions.counted": together((env, messages) => recordAdmissions(env.DB, messages)),
};
