/** `GET /payments/ledger`. */
import { and, asc, desc, eq, gte, inArray, lt, or } from "drizzle-orm";
import { drizzle } from "drizzle-orm/d1";
import { z } from "zod";
import { decodeCursor, page } from "../../shared/http/list";
import type { Env } from "./environment";
import { summarize } from "./ledger-check";
import { type LedgerPage, type LedgerQuery, toLedgerTransaction } from "./ledger-views";
import { ledgerEntries, ledgerTransactions } from "./schema";
import { allDatabases } from "./shards";

const Keyset = z.tuple([z.int(), z.string()]);

/** Newest first. Shards are asked at once and merged; the summary, which reads the whole ledger, goes with the first page alone. */
export async function listLedger(env: Env, asked: LedgerQuery): Promise<LedgerPage> {
  const after = decodeCursor(asked.cursor, Keyset);
  const [shards, summary] = await Promise.all([
    Promise.all(allDatabases(env).map((db) => readShard(db, asked, after))),
    after ? undefined : summarize(allDatabases(env), asked.organizerId),
  ]);
  const rows = shards.flatMap(([transactions]) => transactions);
  rows.sort((a, b) => b.posted_at_ms - a.posted_at_ms || (a.id < b.id ? 1 : -1));
  const entries = Map.groupBy(
    shards.flatMap(([, entriesOfShard]) => entriesOfShard),
    (entry) => entry.transaction_id,
  );
  const listed = page(
    rows.slice(0, asked.limit + 1),
    asked.limit,
    (row) => toLedgerTransaction(row, entries.get(row.id) ?? []),
    (row) => [row.posted_at_ms, row.id],
  );
  return { ...listed, ...(summary ? { summary } : {}) };
}

function readShard(db: D1Database, asked: LedgerQuery, after: z.output<typeof Keyset> | null) {
  const { organizerId, orderId, from, to, limit } = asked;
  const table = ledgerTransactions;
  const where = and(
    eq(table.organizer_id, organizerId),
    orderId === undefined ? undefined : eq(table.order_id, orderId),
    from === undefined ? undefined : gte(table.posted_at_ms, Date.parse(from)),
    to === undefined ? undefined : lt(table.posted_at_ms, Date.parse(to)),
    after ? or(lt(table.posted_at_ms, after[0]), and(eq(table.posted_at_ms, after[0]), lt(table.id, after[1]))) : undefined,
  );
  const typed = drizzle(db);
  const newest = [desc(table.posted_at_ms), desc(table.id)];
  const ids = typed
    .select({ id: table.id })
    .from(table)
    .where(where)
    .orderBy(...newest);
  return typed.batch([
    typed
      .select()
      .from(table)
      .where(where)
      .orderBy(...newest)
      .limit(limit + 1),
    typed
      .select()
      .from(ledgerEntries)
      .where(inArray(ledgerEntries.transaction_id, ids.limit(limit + 1)))
      .orderBy(asc(ledgerEntries.position)),
  ]);
}
