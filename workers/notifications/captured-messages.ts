/** Development's outbox, for people and tests who have no mailbox: what would have left. */
import { desc, eq } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import { toTimestamp } from "../../shared/contracts/ids";
import { OutboxMessage } from "../../shared/contracts/outbound";
import type { MailSender, OutgoingMail } from "./mail-sender";
import { capturedMessages } from "./schema";

/** Newest first. */
export async function readCaptured(
  db: D1Database,
  { to, limit }: { to?: string | undefined; limit: number },
): Promise<OutboxMessage[]> {
  const rows = await drizzle(db)
    .select({ message: capturedMessages.message })
    .from(capturedMessages)
    .where(to === undefined ? undefined : eq(capturedMessages.recipient, to.toLowerCase()))
    .orderBy(desc(capturedMessages.createdAtMs), desc(capturedMessages.id))
    .limit(limit);
  return rows.map(({ message }) => OutboxMessage.parse(JSON.parse(message)));
}

/** A line of the list: nothing of what makes a mail large. */
export interface CapturedHead {
  id: string;
  to: string;
  subject: string | null;
  createdAt: string;
  attachments: number;
}

/** Newest first. Whole, a hundred mails with their files are more than 10 MB. */
export async function listCaptured(
  db: D1Database,
  { to, limit }: { to?: string | undefined; limit: number },
): Promise<CapturedHead[]> {
  const { results } = await db
    .prepare(
      `SELECT id, message ->> 'to' AS "to", message ->> 'subject' AS subject, message ->> 'createdAt' AS createdAt,
         coalesce(json_array_length(message, '$.attachments'), 0) AS attachments
       FROM captured_messages ${to === undefined ? "" : "WHERE recipient = ?2"} ORDER BY created_at_ms DESC, id DESC LIMIT ?1`,
    )
    .bind(limit, ...(to === undefined ? [] : [to.toLowerCase()]))
    .all<CapturedHead>();
  return results;
}

export async function findCaptured(db: D1Database, id: string): Promise<OutboxMessage | null> {
  const row = await db.prepare("SELECT message FROM captured_messages WHERE id = ?").bind(id).first<{ message: string }>();
  return row && OutboxMessage.parse(JSON.parse(row.message));
}

/** Without what leaves in no header: the outbox knows no sender's name. */
function messageOf({ key, mail }: OutgoingMail, nowMs: number): OutboxMessage {
  const { to, subject, text, html, data, attachments } = mail;
  return {
    id: key,
    channel: "email",
    to,
    subject,
    text,
    html,
    data,
    ...(attachments.length > 0
      ? { attachments: attachments.map((file) => ({ ...file, content: file.content.toBase64() })) }
      : {}),
    createdAt: toTimestamp(nowMs),
  };
}

/** Mails that are kept, the newest: with their files they are some 100 kB each. A run of `npm run chaos` reads all of its own. */
const MAX_KEPT = 2_000;
const FORGET = `DELETE FROM captured_messages WHERE (created_at_ms, id) <=
  (SELECT created_at_ms, id FROM captured_messages ORDER BY created_at_ms DESC, id DESC LIMIT 1 OFFSET ${MAX_KEPT})`;

export const capturingSender = (db: D1Database): MailSender => ({
  async send(mails) {
    if (mails.length === 0) return { sent: [], refused: [], failures: [] };
    const nowMs = Date.now();
    const insert = db.prepare(
      "INSERT INTO captured_messages (id, recipient, message, created_at_ms) VALUES (?, ?, ?, ?) ON CONFLICT (id) DO NOTHING",
    );
    // A row each: together they are more than one parameter may be.
    await db.batch([
      ...mails.map((outgoing) =>
        insert.bind(outgoing.key, outgoing.mail.to.toLowerCase(), JSON.stringify(messageOf(outgoing, nowMs)), nowMs),
      ),
      db.prepare(FORGET),
    ]);
    return { sent: mails.map(({ key }) => key), refused: [], failures: [] };
  },
});
