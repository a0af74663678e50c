/** What providers say, stored before it is believed, counted once for ever (rule 18). */
import type { ProviderName } from "../../shared/contracts/orders";
import type { Refusal } from "../../shared/contracts/problems";
import { ok, type Result, refuse } from "../../shared/contracts/result";
import { sha256 } from "../../shared/crypto/bytes";
import { reportError } from "../../shared/observability/report";
import type { Env, Later } from "./environment";
import { intentOf, moneyFactOf, providerOfPayment } from "./intents";
import { readSale, type Sale } from "./order-rows";
import type { PaymentProvider, ProviderEvent } from "./providers/provider";
import { isRefundFact } from "./refund-states";
import { applyRefundWord } from "./refund-words";
import { take } from "./retries";
import type { ProviderEventRow } from "./schema";
import { type MoneyFact, settle } from "./settlement";
import { dbOf } from "./shards";

/** A webhook larger than this is no event that we know; the column's CHECK holds it too. */
export const MAX_EVENT_BYTES = 65_536;
/** After so many tries, a good day's, an event stays where it is, visible, for a person. */
const MAX_ATTEMPTS = 50;
/** The sweep leaves a fresh event to the request that stored it. */
const SWEEP_AFTER_MS = 2_000;

export interface StoredEvent extends ProviderEvent {
  provider: ProviderName;
  /** What the buyer does next (`storedAction`), where the word says so. */
  nextAction: string | null;
  bodyHash: string;
  /** Null where the word came as the answer to our own call. */
  body: string | null;
}

/** Again is no second event; one that waits may be counted by whoever applies the same word first. */
export function storeEvent(
  db: D1Database,
  event: StoredEvent,
  receivedAtMs: number,
  processedAtMs: number | null,
): D1PreparedStatement {
  const { word } = event;
  return db
    .prepare(
      `INSERT INTO provider_events (provider, event_id, type, payment_id, refund_id, fact, failure_code, reference, next_action, body_hash,
         body, received_at_ms, processed_at_ms)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (provider, event_id) DO UPDATE SET processed_at_ms = excluded.processed_at_ms
       WHERE provider_events.processed_at_ms IS NULL AND excluded.processed_at_ms IS NOT NULL`,
    )
    .bind(
      event.provider,
      event.eventId,
      event.type,
      word?.paymentId ?? null,
      word && "refundId" in word ? word.refundId : null,
      word?.fact ?? null,
      word?.failureCode ?? null,
      word?.reference ?? null,
      event.nextAction,
      event.bodyHash,
      event.body,
      receivedAtMs,
      processedAtMs,
    );
}

/** As it came: what the archive has must still have the hash that stands beside it. */
const decode = (body: Uint8Array): string => new TextDecoder("utf-8", { fatal: false, ignoreBOM: true }).decode(body);

/** Verified on the raw body and stored before the 200; counted afterwards, by this request's shadow or by the sweep. */
export async function receiveWebhook(
  env: Env,
  later: Later,
  provider: PaymentProvider | null,
  body: Uint8Array<ArrayBuffer>,
  headers: Headers,
): Promise<Result<{ received: true }, Refusal<"invalid_signature" | "payload_too_large">>> {
  if (!provider) return refuse({ code: "invalid_signature", detail: "No secret is configured for this webhook." });
  if (body.byteLength > MAX_EVENT_BYTES) return refuse({ code: "payload_too_large" });
  const nowMs = Date.now();
  const verified = await provider.verifyWebhook(body, headers, nowMs);
  if (!verified.ok) return verified;
  const event = verified.value;
  // An event about nothing of ours is kept all the same: it is signed, and somebody will want to know.
  const db = (event.word && dbOf(env, event.word.paymentId)) ?? env.DB_0;
  const said = { provider: provider.name, bodyHash: await sha256(body), body: decode(body) };
  await storeEvent(db, { ...event, ...said, nextAction: null }, nowMs, event.word ? null : nowMs).run();
  if (event.word) later.waitUntil(processEvent(env, later, db, provider.name, event.eventId));
  return ok({ received: true });
}

/** Counts one stored event. Whatever fails leaves it waiting for the sweep, which counts its tries. */
export async function processEvent(env: Env, later: Later, db: D1Database, provider: string, eventId: string): Promise<void> {
  try {
    await countEvent(env, later, db, provider, eventId);
  } catch (error) {
    reportError(error, env, later, { task: `provider event of ${provider}` });
  }
}

async function countEvent(env: Env, later: Later, db: D1Database, provider: string, eventId: string): Promise<void> {
  const event = await db
    .prepare("SELECT * FROM provider_events WHERE provider = ? AND event_id = ? AND processed_at_ms IS NULL")
    .bind(provider, eventId)
    .first<ProviderEventRow>();
  if (!event) return;
  const processed = () =>
    db
      .prepare("UPDATE provider_events SET processed_at_ms = ? WHERE provider = ? AND event_id = ? AND processed_at_ms IS NULL")
      .bind(Date.now(), provider, eventId);
  const sale = event.payment_id === null ? null : await readSale(db, event.payment_id);
  if (!sale || sale.payment.provider !== provider || event.fact === null) {
    // Signed, and about nothing that we have: there is nothing to count, and trying again would not change that.
    console.warn(JSON.stringify({ level: "warn", message: "a provider's event names no payment of ours", provider, eventId }));
    await processed().run();
    return;
  }
  const { failure_code: failureCode, reference, next_action: nextAction } = event;
  if (isRefundFact(event.fact)) {
    const word = { fact: event.fact, failureCode, reference, generation: null };
    await applyRefundWord(env, later, db, event.refund_id ?? "", word);
    await processed().run();
    return;
  }
  const said: MoneyFact = { type: event.fact, failureCode, reference, nextAction };
  const fact = await weigh(env, later, event, sale, said);
  if (fact) await settle(env, later, db, sale, fact, () => [processed()]);
  else await processed().run();
}

/** Some words are old when their turn comes: a provider that knows how that is says what this one counts for now. */
async function weigh(env: Env, later: Later, { body }: ProviderEventRow, sale: Sale, said: MoneyFact): Promise<MoneyFact | null> {
  if (body === null) return said;
  const provider = providerOfPayment(env, later, sale.payment);
  if (!provider.weigh) return said;
  const outcome = await provider.weigh(body, intentOf(sale.payment, sale.order));
  return outcome && moneyFactOf(outcome);
}

/** For the sweep: what waits to be counted and is due. */
export const takeWaiting = (db: D1Database, nowMs: number, limit: number): Promise<ProviderEventRow[]> =>
  take<ProviderEventRow>(db, "provider_events", nowMs, {
    where: `processed_at_ms IS NULL AND received_at_ms <= ? AND attempts < ${MAX_ATTEMPTS}`,
    values: [nowMs - SWEEP_AFTER_MS],
    limit,
  });
