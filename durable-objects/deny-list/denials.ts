import { type Denial, type Denied, KEPT_MS } from "../../shared/contracts/denials";

/** Entries that the list keeps apart; every isolate of the gateway has a copy. */
export const MAX_DENIALS = 10_000;

type Row = { id: string; claim: Denial["claim"]; not_before_ms: number };

/** From now on tokens issued before `nowMs` are refused for these. Beyond `mostDenials` everybody's are, rather than to forget anybody. */
export function deny(
  sql: SqlStorage,
  denied: readonly Pick<Denial, "claim" | "id">[],
  nowMs: number,
  mostDenials = MAX_DENIALS,
): void {
  sql.exec("DELETE FROM denials WHERE not_before_ms <= ?", nowMs - KEPT_MS);
  for (const { claim, id } of denied)
    sql.exec(
      `INSERT INTO denials (id, claim, not_before_ms) VALUES (?, ?, ?)
       ON CONFLICT (id) DO UPDATE SET not_before_ms = max(not_before_ms, excluded.not_before_ms)`,
      id,
      claim,
      nowMs,
    );
  const { count } = sql.exec<{ count: number }>("SELECT count(*) AS count FROM denials").one();
  if (count <= mostDenials) return;
  sql.exec(
    `INSERT INTO denied_all (id, not_before_ms) VALUES (1, ?1)
     ON CONFLICT (id) DO UPDATE SET not_before_ms = max(not_before_ms, excluded.not_before_ms)`,
    nowMs,
  );
  sql.exec("DELETE FROM denials WHERE not_before_ms <= ?", nowMs);
}

/** What still counts: no token lives that an older entry could refuse. */
export function list(sql: SqlStorage, nowMs: number): Denied {
  const oldestMs = nowMs - KEPT_MS;
  const rows = sql.exec<Row>("SELECT id, claim, not_before_ms FROM denials WHERE not_before_ms > ?", oldestMs).toArray();
  const [all] = sql
    .exec<{ not_before_ms: number }>("SELECT not_before_ms FROM denied_all WHERE not_before_ms > ?", oldestMs)
    .toArray();
  return {
    asOfMs: nowMs,
    allNotBeforeMs: all?.not_before_ms ?? 0,
    denials: rows.map(({ id, claim, not_before_ms }) => ({ id, claim, notBeforeMs: not_before_ms })),
  };
}
