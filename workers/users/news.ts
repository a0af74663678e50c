import type { Envelope } from "../../shared/contracts/messages";
import { deliver, type Mailboxes } from "../../shared/d1/outbox";
import { reportError } from "../../shared/observability/report";
import { envelope } from "../../shared/queue/envelope";

/** What runs on when the answer is out; an execution context is one. */
export type After = Pick<ExecutionContext, "waitUntil">;

export const mailboxes = (env: UsersEnv): Mailboxes => ({ notifications: env.NOTIFICATIONS_MAILBOX });

/** An invitation is a subject of its own: its mail is sent once. */
export const invitationNews = (invitationId: string, organizerId: string, nowMs: number): Envelope =>
  envelope("/users", {
    type: "invitation.created",
    subject: invitationId,
    version: 1,
    data: { invitationId, organizerId },
    nowMs,
  });

/** Sends what was just committed, after the answer; the sweep sends what this does not. */
export const send = (env: UsersEnv, after: After, news: readonly Envelope[]): void =>
  after.waitUntil(
    deliver(env.DB, mailboxes(env), news).catch((error: unknown) => reportError(error, env, after, { task: "deliver news" })),
  );
