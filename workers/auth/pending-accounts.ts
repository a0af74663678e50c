/** Registrations that nobody ever confirmed: a name, an address and a password that must not be kept for ever. */
import { guardedBatch } from "../../shared/d1/guarded-batch";
import { announce } from "../../shared/d1/outbox";
import { PENDING_MS } from "./mails";
import { type After, accountNews, send } from "./news";

const SWEEP_LIMIT = 20;

/** Forgets those that are a week old and wait for no mail any more, and says so, that projections follow. */
export async function sweepPending(env: AuthEnv, after: After, nowMs: number): Promise<number> {
  const beforeMs = nowMs - PENDING_MS;
  const forgotten = `status = 'pending' AND created_at_ms <= ?1 AND NOT EXISTS (
    SELECT 1 FROM account_mails WHERE account_id = accounts.id AND used_at_ms IS NULL AND expires_at_ms > ?2)`;
  const { results } = await env.DB.prepare(`SELECT id, version FROM accounts WHERE ${forgotten} ORDER BY created_at_ms LIMIT ?3`)
    .bind(beforeMs, nowMs, SWEEP_LIMIT)
    .all<{ id: string; version: number }>();
  let swept = 0;
  for (const { id, version } of results) {
    const news = accountNews("account.changed", id, version + 1, nowMs);
    const remove = env.DB.prepare(`DELETE FROM accounts WHERE ${forgotten} AND id = ?3`).bind(beforeMs, nowMs, id);
    const removed = await guardedBatch(env.DB, remove, [announce(env.DB, news)]);
    if (!removed.ok) continue;
    send(env, after, [news]);
    swept += 1;
  }
  return swept;
}
