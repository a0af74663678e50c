import { WorkerEntrypoint } from "cloudflare:workers";
import type { PaymentsRpc } from "../../shared/contracts/orders";
import { serve } from "../../shared/http/app";
import { openapiOf } from "../../shared/http/operation";
import { consumeMailbox } from "../../shared/queue/mailbox";
import { messageHandlers } from "./message-handlers";
import { ordersById } from "./orders";
import { refundsById } from "./refund-views";
import { app } from "./routes";
import { sweep } from "./sweep";
import { calledOffOrders, standingOrders } from "./ticketed-orders";

/** For sibling Workers. Not reachable from the internet. */
export class PaymentsService extends WorkerEntrypoint<PaymentsEnv> implements PaymentsRpc {
  async ping() {
    return "ok" as const;
  }

  openapi() {
    return openapiOf(app);
  }

  sweep() {
    return sweep(this.env, this.ctx);
  }

  orders(ids: string[]) {
    return ordersById(this.env, ids);
  }

  calledOffOrders(eventId: string, cursor: string | null) {
    return calledOffOrders(this.env, eventId, cursor);
  }

  standingOrders(eventId: string, beforeMs: number, cursor: string | null) {
    return standingOrders(this.env, eventId, beforeMs, cursor);
  }

  refunds(ids: string[]) {
    return refundsById(this.env, ids);
  }
}

export default {
  fetch: serve(app),
  // What is about no shard is kept in the first.
  queue: (batch, env, ctx) => consumeMailbox(batch, env, ctx, env.DB_0, messageHandlers),
} satisfies ExportedHandler<PaymentsEnv>;
