/** Everything that a house left behind, as the checker reads it. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import type { Acknowledgement } from "./acknowledged.ts";
import { type DataFile, dataFiles, type Kind, withDatabase } from "./data-files.ts";

const int = z.int();
const text = z.string();

const ROWS = {
  payments: {
    orders: z.object({
      id: text,
      event_id: text,
      hold_id: text,
      state: text,
      currency: text,
      total_minor: int,
      fees_minor: int,
      tax_minor: int,
      discount_minor: int,
      buyer_email: text,
      expires_at_ms: int,
      paid_at_ms: int.nullable(),
    }),
    order_lines: z.object({ order_id: text, ticket_type_id: text, quantity: int, unit_price_minor: int }),
    payments: z.object({
      id: text,
      order_id: text,
      state: text,
      amount_minor: int,
      currency: text,
      is_surplus: int,
      refunded_minor: int,
      returned_minor: int,
    }),
    refunds: z.object({
      id: text,
      payment_id: text,
      order_id: text,
      reason: text,
      state: text,
      amount_minor: int,
      currency: text,
      ticket_ids: text.nullable(),
    }),
    refunded_tickets: z.object({ ticket_id: text, refund_id: text, order_id: text }),
    provider_events: z.object({ event_id: text, payment_id: text.nullable(), type: text, processed_at_ms: int.nullable() }),
    ledger_entries: z.object({ transaction_id: text, account: text, currency: text, amount_minor: int }),
    ledger_transactions: z.object({ id: text, fact: text, order_id: text, payment_id: text, refund_id: text.nullable() }),
    event_refunds: z.object({ event_id: text, finished_at_ms: int.nullable() }),
    test_deliveries: z.object({ event_id: text, payment_id: text, due_at_ms: int, delivered_at_ms: int.nullable() }),
  },
  notifications: {
    deliveries: z.object({ id: text, business_key: text, status: text }),
    captured_messages: z.object({ id: text, recipient: text, message: text }),
  },
  analytics: {
    counted_orders: z.object({ order_id: text, event_id: text }),
    counted_refund_facts: z.object({ refund_id: text, event_id: text }),
    refunds: z.object({ event_id: text, refunded_minor: int }),
    sales: z.object({ event_id: text, currency: text, orders: int, tickets: int, revenue_minor: int }),
  },
  inventory: {
    event: z.object({ event_id: text, currency: text, state: text }),
    pools: z.object({ id: text, capacity: int, sold: int, held: int, blocked: int }),
    ticket_type_pools: z.object({ ticket_type_id: text, pool_id: text }),
    holds: z.object({ id: text, status: text, order_id: text.nullable(), expires_at_ms: int, lines: text }),
    orders: z.object({ order_id: text, outcome: text, reason: text.nullable() }),
    tickets: z.object({ id: text, order_id: text, ticket_type_id: text, status: text }),
    admissions: z.object({ ticket_id: text }),
  },
} as const;

type Tables = typeof ROWS;
/** All rows of a kind's tables; of the objects, those of one event. */
export type Rows<K extends keyof Tables> = { [T in keyof Tables[K]]: z.output<Tables[K][T] & z.ZodType>[] };
export type Row<K extends keyof Tables, T extends keyof Tables[K]> = Rows<K>[T][number];

export interface Snapshot {
  /** What was due by then has had its two sweeps. */
  dueByMs: number;
  payments: Rows<"payments">;
  notifications: Rows<"notifications">;
  analytics: Rows<"analytics">;
  inventories: Rows<"inventory">[];
  /** Messages that nobody has sent, and by whom. */
  outbox: { id: string; type: string; of: Kind }[];
  /** Messages that a mailbox has given up. */
  deadLetters: { id: string; type: string | null; of: Kind }[];
  acknowledged: Acknowledgement[];
}

const readTable = (db: DatabaseSync, table: string, row: z.ZodType) =>
  row.array().parse(db.prepare(`SELECT * FROM ${table}`).all());

function readRows<K extends keyof Tables>(kind: K, files: DataFile[]): Rows<K> {
  const tables = Object.entries<z.ZodType>(ROWS[kind]).map(([table, row]) => [
    table,
    files.flatMap(({ path }) => withDatabase(path, (db) => readTable(db, table, row))),
  ]);
  // Each table was read with its own schema; an object made of entries has lost which.
  return Object.fromEntries(tables) as Rows<K>;
}

/** Beside the data: what clients were told, which no database says. */
const TOLD = "acknowledged.json";
interface Told {
  dueByMs: number;
  acknowledged: Acknowledgement[];
}

export function keepAcknowledged(folder: string, acknowledged: Acknowledgement[], dueByMs: number): void {
  const told: Told = { dueByMs, acknowledged };
  writeFileSync(join(folder, TOLD), JSON.stringify(told));
}

/** Of a house that is stopped. */
export function readSnapshot(folder: string): Snapshot {
  // Written by the function above.
  const { dueByMs, acknowledged } = JSON.parse(readFileSync(join(folder, TOLD), "utf8")) as Told;
  const files = dataFiles(folder);
  const of = (kind: Kind) => files.filter((file) => file.kind === kind);
  return {
    dueByMs,
    payments: readRows("payments", of("payments")),
    notifications: readRows("notifications", of("notifications")),
    analytics: readRows("analytics", of("analytics")),
    inventories: of("inventory").map((file) => readRows("inventory", [file])),
    outbox: readAnywhere(files, "outbox", z.object({ id: text, type: text })),
    deadLetters: readAnywhere(files, "dead_letters", z.object({ id: text, type: text.nullable() })),
    acknowledged,
  };
}

/** A table that many databases have, each row with whose it is. */
const readAnywhere = <S extends z.ZodType>(files: DataFile[], table: string, row: S): (z.output<S> & { of: Kind })[] =>
  files
    .filter(({ tables }) => tables.includes(table))
    .flatMap(({ path, kind }) =>
      withDatabase(path, (db) => row.array().parse(db.prepare(`SELECT * FROM ${table}`).all())).map((found) =>
        Object.assign(found as object, { of: kind }),
      ),
    ) as (z.output<S> & { of: Kind })[];
