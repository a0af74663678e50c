import { toTimestamp } from "../../shared/contracts/ids";
import type { OutboxMessage } from "../../shared/contracts/outbound";
import type { Env } from "./environment";
import type { Mail } from "./mail";

/** Who carries mails out of the house. */
export interface MailSender {
  /** `key` is the same at every try of one delivery, so that the carrier can tell a repetition (rule 22). */
  send(mail: Mail, key: string): Promise<void>;
}

/** Development's: what would have left stands where `GET /dev/outbox` reads it. */
const capturingSender = (db: D1Database): MailSender => ({
  async send(mail, key) {
    const nowMs = Date.now();
    const message: OutboxMessage = { id: key, channel: "email", ...mail, createdAt: toTimestamp(nowMs) };
    await db
      .prepare("INSERT INTO captured_messages (id, recipient, message, created_at_ms) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING")
      .bind(key, mail.to.toLowerCase(), JSON.stringify(message), nowMs)
      .run();
  },
});

/** Null where there is none: a deployed Worker has no carrier bound, so that its deliveries wait, counted by the sweep. */
export const mailSenderOf = (env: Env): MailSender | null => (env.ENVIRONMENT === "development" ? capturingSender(env.DB) : null);
