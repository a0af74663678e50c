/** Development's outbox, for people and tests who have no mailbox. */
import { desc, eq } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import { OutboxMessage } from "../../shared/contracts/outbound";
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
