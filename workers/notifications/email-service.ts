/**
 * Cloudflare Email Service by its `send_email` binding: it builds the MIME, signs it (DKIM) and sets Date and Message-ID itself and
 * takes neither from us (https://developers.cloudflare.com/email-service/reference/headers/). The delivery's key travels as
 * X-Entity-Ref-ID and X-Bilten-Delivery, the same at every try.
 */
import type { Attachment, Mail } from "./mail";
import type { MailSender, OutgoingMail, Sent } from "./mail-sender";

/** The carrier has answered by then, or nobody knows whether the mail has left: it is sent again once its lease has ended. */
export const SEND_LIMIT_MS = 20_000;

/** Connections that one invocation may have open at once. */
const AT_ONCE = 6;

/** What no second try changes (its table of error codes); everything else, limits and outages, is tried again. */
const FINAL = new Set([
  "E_VALIDATION_ERROR",
  "E_FIELD_MISSING",
  "E_RECIPIENT_NOT_ALLOWED",
  "E_RECIPIENT_SUPPRESSED",
  "E_CONTENT_TOO_LARGE",
  "E_HEADER_NOT_ALLOWED",
  "E_HEADER_USE_API_FIELD",
  "E_HEADER_VALUE_INVALID",
  "E_HEADER_VALUE_TOO_LONG",
  "E_HEADER_NAME_INVALID",
]);

const CODE = /\bE_[A-Z_]{3,60}\b/;

/** The service's code alone: its message may name the address, which belongs in no log. */
function codeOf(error: unknown): string {
  const { code, message } = error instanceof Error ? (error as Error & { code?: unknown }) : { code: undefined, message: "" };
  return CODE.exec(String(code))?.[0] ?? CODE.exec(message)?.[0] ?? "no code";
}

const attached = ({ filename, contentType: type, content, contentId }: Attachment): EmailAttachment =>
  contentId === undefined
    ? { disposition: "attachment", filename, type, content }
    : { disposition: "inline", contentId, filename, type, content };

/** What the binding is given: structured, so that no text of anybody's can become a header. */
export const messageOf = ({ key, mail }: OutgoingMail, from: string): EmailMessageBuilder => ({
  to: mail.to,
  from: { name: mail.fromName, email: from },
  subject: mail.subject,
  text: mail.text,
  html: mail.html,
  headers: headersOf(key, mail),
  attachments: mail.attachments.map(attached),
});

const headersOf = (key: string, { language }: Mail): Record<string, string> => ({
  "Auto-Submitted": "auto-generated",
  "Content-Language": language,
  "X-Entity-Ref-ID": key,
  "X-Bilten-Delivery": key,
});

/** Throws what the work throws, or after the limit; the work itself goes on. */
async function within<T>(work: Promise<T>, limitMs: number): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`E_NO_ANSWER within ${limitMs} ms`)), limitMs);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}

export const emailService = (email: SendEmail, from: string, limitMs = SEND_LIMIT_MS): MailSender => ({
  async send(mails) {
    const done: Sent = { sent: [], refused: [], failures: [] };
    const sendOne = async (outgoing: OutgoingMail): Promise<void> => {
      try {
        await within(email.send(messageOf(outgoing, from)), limitMs);
        done.sent.push(outgoing.key);
      } catch (error) {
        const code = codeOf(error);
        done.failures.push(new Error(`delivery ${outgoing.key} did not leave: ${code}`));
        if (FINAL.has(code)) done.refused.push(outgoing.key);
      }
    };
    for (let first = 0; first < mails.length; first += AT_ONCE)
      await Promise.all(mails.slice(first, first + AT_ONCE).map(sendOne));
    return done;
  },
});
