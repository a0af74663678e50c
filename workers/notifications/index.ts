import { WorkerEntrypoint } from "cloudflare:workers";
import type { SweepReport } from "../../shared/contracts/domain";
import type { NotificationsRpc } from "../../shared/contracts/outbound";
import { deadLetterSteps } from "../../shared/d1/dead-letters";
import { serve } from "../../shared/http/app";
import { openapiOf } from "../../shared/http/operation";
import { reportError } from "../../shared/observability/report";
import { runSteps } from "../../shared/observability/sweep-steps";
import { consumeMailbox } from "../../shared/queue/mailbox";
import { countOwed, parkHopeless } from "./deliveries";
import { dispatchDue } from "./dispatch";
import { tellBuyers } from "./event-rounds";
import { messageHandlers } from "./message-handlers";
import { answerNudges, nudge, nudgeIfDue, OUTGOING_QUEUE } from "./outgoing";
import { app } from "./routes";
import { ticketFile } from "./ticket-files";

/** What is due for so long nobody was woken for, and the sweep settles it itself. */
const FORGOTTEN_AFTER_MS = 60_000;

/** For sibling Workers. Not reachable from the internet. */
export class NotificationsService extends WorkerEntrypoint<NotificationsEnv> implements NotificationsRpc {
  async ping() {
    return "ok" as const;
  }

  openapi(): Promise<string> {
    return openapiOf(app);
  }

  ticketFile(question: Parameters<NotificationsRpc["ticketFile"]>[0]) {
    return ticketFile(this.env, question);
  }

  async sweep(): Promise<SweepReport> {
    const done = await runSteps(this.env, this.ctx, {
      ...deadLetterSteps(this.env, this.ctx, this.env.DB, messageHandlers),
      parkedNow: () => parkHopeless(this.env.DB, Date.now()),
      told: () => tellBuyers(this.env),
      nudged: () => nudgeIfDue(this.env),
      settled: () => dispatchDue(this.env, this.ctx, FORGOTTEN_AFTER_MS),
    });
    return { ...done, ...(await countOwed(this.env.DB)) };
  }
}

export default {
  fetch: serve(app),
  async queue(batch, env, ctx) {
    if (batch.queue === OUTGOING_QUEUE) return answerNudges(env, ctx);
    await consumeMailbox(batch, env, ctx, env.DB, messageHandlers);
    // Thrown here, it would bring back messages that were settled.
    await nudge(env).catch((error: unknown) => reportError(error, env, ctx, { task: `nudge after ${batch.queue}` }));
  },
} satisfies ExportedHandler<NotificationsEnv>;
