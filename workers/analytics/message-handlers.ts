import type { MessageHandlers } from "../../shared/queue/consume";
import type { Env } from "./environment";
import { countOrder } from "./sales";

export const messageHandlers: MessageHandlers<Env> = {
  "order.paid": (env, message) => countOrder(env.DB, message.data, Date.now()),
};
