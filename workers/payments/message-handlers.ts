import { reportError } from "../../shared/observability/report";
import type { MessageHandlers } from "../../shared/queue/consume";
import type { Env, Later } from "./environment";
import { beginEventRefunds, workThrough } from "./event-refunds";
import { allDatabases } from "./shards";
import { counting } from "./sibling-calls";

/** What one message may spend; the sweep carries on. */
const SIBLING_CALLS = 24;
const MAX_MS = 20_000;

export const messageHandlers: MessageHandlers<Env> = {
  "event.cancelled": (env, { data }) => payBackBuyers(env, data.eventId),
};

/** Once the row stands the sweep finishes it, whatever becomes of this delivery. */
async function payBackBuyers(env: Env, eventId: string): Promise<void> {
  await beginEventRefunds(env, eventId);
  const pending: Promise<unknown>[] = [];
  const later: Later = { waitUntil: (promise) => void pending.push(promise) };
  const calls = { left: SIBLING_CALLS };
  const work = { env: counting(env, calls), later, calls, untilMs: Date.now() + MAX_MS };
  for (const db of allDatabases(env)) {
    await workThrough({ ...work, db }, eventId).catch((error) =>
      reportError(error, env, later, { task: "pay back a cancelled event" }),
    );
  }
  await Promise.allSettled(pending);
}
