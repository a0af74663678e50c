import { toTimestamp } from "../../shared/contracts/ids";
import type { OutboxMessage } from "../../shared/contracts/outbound";
import type { Env } from "./environment";
import type { Mail } from "./mail";

/** `key` is the same at every try of one delivery, so that the carrier can tell a repetition (rule 22). */
export interface OutgoingMail {
  key: string;
  mail: Mail;
}

/** Who carries mails out of the house. */
export interface MailSender {
  /** The keys of those that left, and why others did not. */
  send(mails: readonly OutgoingMail[]): Promise<{ sent: string[]; failures: unknown[] }>;
}

/** Development's: what would have left stands where `GET /dev/outbox` reads it. */
const capturingSender = (db: D1Database): MailSender => ({
  async send(mails) {
    const nowMs = Date.now();
    const rows = mails.map(({ key, mail }) => {
      const message: OutboxMessage = { id: key, channel: "email", ...mail, createdAt: toTimestamp(nowMs) };
      return { id: key, recipient: mail.to.toLowerCase(), message };
    });
    await db
      .prepare(
        `INSERT INTO captured_messages (id, recipient, message, created_at_ms)
         SELECT value ->> 'id', value ->> 'recipient', value -> 'message', ?1 FROM json_each(?2) WHERE true
         ON CONFLICT (id) DO NOTHING`,
      )
      .bind(nowMs, JSON.stringify(rows))
      .run();
    return { sent: mails.map(({ key }) => key), failures: [] };
  },
});

/** Null where there is none: a deployed Worker has no carrier bound, so that its deliveries wait, counted by the sweep. */
export const mailSenderOf = (env: Env): MailSender | null => (env.ENVIRONMENT === "development" ? capturingSender(env.DB) : null);
