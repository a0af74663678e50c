import type { Envelope } from "../../shared/contracts/messages";
import { deliver, type Mailboxes } from "../../shared/d1/outbox";
import { reportError } from "../../shared/observability/report";
import { type Announcement, envelope } from "../../shared/queue/envelope";

/** What runs on when the answer is out; an execution context is one. */
export type After = Pick<ExecutionContext, "waitUntil">;

export const mailboxes = (env: AuthEnv): Mailboxes => ({ users: env.USERS_MAILBOX, notifications: env.NOTIFICATIONS_MAILBOX });

type AccountMessage = "account.registered" | "account.verified" | "account.changed";

/** What became of an account; who needs to know more asks. */
export const accountNews = (type: AccountMessage, accountId: string, version: number, nowMs: number): Envelope =>
  envelope("/auth", { type, subject: accountId, version, data: { accountId }, nowMs } satisfies Announcement<AccountMessage>);

/** A mail is a subject of its own: it is asked for once and never changes. */
export const mailNews = (accountId: string, mailId: string, nowMs: number): Envelope =>
  envelope("/auth", { type: "account.mail_requested", subject: mailId, version: 1, data: { accountId, mailId }, nowMs });

/** Sends what was just committed, after the answer; the sweep sends what this does not. */
export const send = (env: AuthEnv, after: After, news: readonly Envelope[]): void =>
  after.waitUntil(
    deliver(env.DB, mailboxes(env), news).catch((error: unknown) => reportError(error, env, after, { task: "deliver news" })),
  );
