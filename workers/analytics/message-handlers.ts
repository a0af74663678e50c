import { type MessageHandlers, together } from "../../shared/queue/consume";
import type { Env } from "./environment";
import { countOrders } from "./sales";

export const messageHandlers: MessageHandlers<Env> = {
  "order.paid": together((env, messages) =>
    countOrders(
      env.DB,
      messages.map((message) => message.data),
      Date.now(),
    ),
  ),
};
