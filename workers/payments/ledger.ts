/** Posting to the ledger: always a part of the batch that moves the order, the payment or the refund (rule 16). */
import { uuidV7 } from "../../shared/crypto/uuid";
import { entriesOf, type LedgerFact, type Parts, partsOfOrder } from "./ledger-facts";
import type { OrderRow, PaymentRow } from "./schema";
import { shardOf } from "./shards";

export interface Posting {
  fact: LedgerFact;
  parts: Parts;
  order: Pick<OrderRow, "id" | "event_id" | "organizer_id">;
  payment: Pick<PaymentRow, "id" | "provider" | "currency">;
  /** Of the facts about a refund alone. */
  refundId?: string;
  /** Of a refund that was paid or came back: as which version of it that is told. */
  refundVersion?: number;
  nowMs: number;
}

/** The entries, then the row that seals them; nothing at all for a fact that moves nothing. */
export function post(
  db: D1Database,
  { fact, parts, order, payment, refundId, refundVersion, nowMs }: Posting,
): D1PreparedStatement[] {
  const entries = entriesOf(fact, parts);
  if (entries.length === 0) return [];
  const id = uuidV7(nowMs, shardOf(order.id));
  return [
    db
      .prepare(
        `INSERT INTO ledger_entries (transaction_id, position, organizer_id, account, currency, amount_minor)
         SELECT ?1, key, ?2, value ->> 'account', ?3, value ->> 'amountMinor' FROM json_each(?4)`,
      )
      .bind(id, order.organizer_id, payment.currency, JSON.stringify(entries)),
    db
      .prepare(
        `INSERT INTO ledger_transactions (id, fact, organizer_id, event_id, order_id, payment_id, refund_id, provider, posted_at_ms, refund_version)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      )
      .bind(
        id,
        fact,
        order.organizer_id,
        order.event_id,
        order.id,
        payment.id,
        refundId ?? null,
        payment.provider,
        nowMs,
        refundVersion ?? null,
      ),
  ];
}

/** Money that came: for the order, with the buyer's fee beside it, or for nothing. */
export function postPayment(db: D1Database, order: OrderRow, payment: PaymentRow, nowMs: number): D1PreparedStatement[] {
  if (payment.is_surplus === 1)
    return post(db, { fact: "late_payment", parts: { net: payment.amount_minor, tax: 0, fees: 0 }, order, payment, nowMs });
  const parts = partsOfOrder(order);
  return (["sale", "fee"] as const).flatMap((fact) => post(db, { fact, parts, order, payment, nowMs }));
}
