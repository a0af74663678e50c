/** What a mailed link opens. */
import { idOf } from "./id-tokens";
import type { AccountRow, MailKind } from "./schema";

export interface MailedLink {
  mailId: string;
  account: Pick<AccountRow, "id" | "email" | "name" | "status" | "version">;
  /** Uses it up, for the batch of what it opens: of two clicks at once one counts. */
  use: D1PreparedStatement;
}

/** Null for a text that this `kind` of mail never carried, and for one that is used, too old, or of a deleted account. */
export async function openMailedLink(env: AuthEnv, kind: MailKind, token: string, nowMs: number): Promise<MailedLink | null> {
  const mailId = await idOf(env, kind, token);
  if (mailId === null) return null;
  const account = await env.DB.prepare(
    `SELECT a.id, a.email, a.name, a.status, a.version FROM account_mails m JOIN accounts a ON a.id = m.account_id
     WHERE m.id = ? AND m.kind = ? AND m.used_at_ms IS NULL AND m.expires_at_ms > ? AND a.status <> 'deleted'`,
  )
    .bind(mailId, kind, nowMs)
    .first<MailedLink["account"]>();
  if (!account) return null;
  const use = env.DB.prepare(
    "UPDATE account_mails SET used_at_ms = ?1 WHERE id = ?2 AND kind = ?3 AND used_at_ms IS NULL AND expires_at_ms > ?1",
  );
  return { mailId, account, use: use.bind(nowMs, mailId, kind) };
}
