import { capturingSender } from "./captured-messages";
import { emailService } from "./email-service";
import type { Env } from "./environment";
import type { Mail } from "./mail";

/** `key` is the same at every try of one delivery, so that the carrier can tell a repetition (rule 22). */
export interface OutgoingMail {
  key: string;
  mail: Mail;
}

export interface Sent {
  /** The keys of those that left. */
  sent: string[];
  /** Those that will never leave as they are: an address that takes no mail, a mail that is no mail. */
  refused: string[];
  /** Why those of neither did not leave. They come due again. */
  failures: unknown[];
}

/** Who carries mails out of the house. Each mail succeeds or fails by itself. */
export interface MailSender {
  send(mails: readonly OutgoingMail[]): Promise<Sent>;
}

/** Null where there is none: then deliveries wait, counted by the sweep. */
export function mailSenderOf(env: Env): MailSender | null {
  if (env.ENVIRONMENT === "development") return capturingSender(env.DB);
  return env.EMAIL ? emailService(env.EMAIL, env.MAIL_FROM) : null;
}
