/** The later words of names that were here before the triggers that keep them. */

const FILL_LIMIT = 500;

/**
 * Goes on through the accounts in the order of their ids, 500 a turn; how many it went through, and 0 once it is through, for good. Who
 * comes or changes meanwhile is the triggers' business, wherever the id falls: an account has all of its tails or none.
 */
export async function fillNameTails(db: D1Database): Promise<number> {
  const after = await db.prepare("SELECT after_id AS afterId FROM name_tails_progress").first<string>("afterId");
  if (after === null) return 0;
  const { results } = await db
    .prepare("SELECT id FROM accounts WHERE id > ? ORDER BY id LIMIT ?")
    .bind(after, FILL_LIMIT)
    .all<{ id: string }>();
  const last = results.at(-1);
  if (!last) {
    await db.prepare("DELETE FROM name_tails_progress WHERE after_id = ?").bind(after).run();
    return 0;
  }
  // Bounds of values, and no subquery: SQLite then reads these accounts alone for the view, and not all.
  await db.batch([
    db
      .prepare(
        `INSERT INTO name_tails (account_id, number, tail, role, status)
         SELECT account_id, number, tail, role, status FROM accounts_name_tails WHERE account_id > ? AND account_id <= ?
         ON CONFLICT (account_id, number) DO NOTHING`,
      )
      .bind(after, last.id),
    db.prepare("UPDATE name_tails_progress SET after_id = ? WHERE after_id = ?").bind(last.id, after),
  ]);
  return results.length;
}
