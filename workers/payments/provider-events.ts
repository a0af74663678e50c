/** What providers say, stored before it is believed, counted once for ever (rule 18). */
import type { ProviderName } from "../../shared/contracts/orders";
import type { Refusal } from "../../shared/contracts/problems";
import { ok, type Result, refuse } from "../../shared/contracts/result";
import { sha256 } from "../../shared/crypto/bytes";
import { type Gathering, gatheringOf } from "../../shared/d1/gathering";
import { reportError } from "../../shared/observability/report";
import type { Env, Later } from "./environment";
import { intentOf, moneyFactOf, providerOfPayment } from "./intents";
import { readSale, type Sale, selectSale, toSale } from "./order-rows";
import { nextPaymentState } from "./order-states";
import { patiently } from "./providers/patience";
import type { PaymentProvider, ProviderEvent } from "./providers/provider";
import { isRefundFact } from "./refund-states";
import { applyRefundWord } from "./refund-words";
import type { ProviderEventRow } from "./schema";
import { type MoneyFact, settle } from "./settlement";
import { dbOf } from "./shards";

/** A webhook larger than this is no event that we know; the column's CHECK holds it too. */
export const MAX_EVENT_BYTES = 65_536;
/** Who waits for a provider's word on its own word; the next try asks again. */
const WEIGH_PATIENCE_MS = 12_000;

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
  const { word } = verified.value;
  // An event about nothing of ours is kept all the same: it is signed, and somebody will want to know.
  const db = (word && dbOf(env, word.paymentId)) ?? env.DB_0;
  const said = { provider: provider.name, bodyHash: await sha256(body), body: decode(body) };
  const event: StoredEvent = { ...verified.value, ...said, nextAction: null };
  if (word) later.waitUntil(countStored(env, later, db, event, await storeAndRead(db, event, word.paymentId, nowMs)));
  else await storeEvent(db, event, nowMs, nowMs).run();
  return ok({ received: true });
}

interface Stored {
  /** False for a repetition, which whoever stored it first counts, or the sweep. */
  isNew: boolean;
  sale: Sale | null;
}

/** One round trip, because a provider sends several events for each sale. */
async function storeAndRead(db: D1Database, event: StoredEvent, paymentId: string, nowMs: number): Promise<Stored> {
  const [stored, ...sale] = await db.batch([storeEvent(db, event, nowMs, null), ...selectSale(db, paymentId)]);
  return { isNew: stored?.meta.changes === 1, sale: toSale(sale) };
}

async function countStored(env: Env, later: Later, db: D1Database, event: StoredEvent, { isNew, sale }: Stored): Promise<void> {
  if (isNew) await count(env, later, db, { event: toWaiting(event), sale, settled: settleGathered });
}

/** Counts one stored event now. Whatever fails leaves it waiting for the sweep, which counts its tries. */
export async function processEvent(env: Env, later: Later, db: D1Database, event: WaitingEvent): Promise<void> {
  const sale = event.payment_id === null ? null : await readSale(db, event.payment_id);
  await count(env, later, db, {
    event,
    sale,
    settled: async (on, { provider, event_id }) => settleAll(on, [{ provider, event_id }]),
  });
}

export type WaitingEvent = Pick<
  ProviderEventRow,
  "provider" | "event_id" | "payment_id" | "refund_id" | "fact" | "failure_code" | "reference" | "next_action" | "body"
>;

export const toWaiting = ({ provider, eventId, word, nextAction, body }: StoredEvent): WaitingEvent => ({
  provider,
  event_id: eventId,
  payment_id: word?.paymentId ?? null,
  refund_id: word && "refundId" in word ? word.refundId : null,
  fact: word?.fact ?? null,
  failure_code: word?.failureCode ?? null,
  reference: word?.reference ?? null,
  next_action: nextAction,
  body,
});

interface Counting {
  event: WaitingEvent;
  sale: Sale | null;
  /** Writes down that an event which changed nothing was counted. */
  settled(db: D1Database, event: WaitingEvent): Promise<void>;
}

async function count(env: Env, later: Later, db: D1Database, counting: Counting): Promise<void> {
  const { provider } = counting.event;
  try {
    await countEvent(env, later, db, counting);
  } catch (error) {
    reportError(error, env, later, { task: `provider event of ${provider}` });
  }
}

async function countEvent(env: Env, later: Later, db: D1Database, { event, sale, settled }: Counting): Promise<void> {
  const news = await readNews(env, later, db, event, sale);
  if (!news) return settled(db, event);
  await settle(env, later, db, news.sale, news.fact, () => [markProcessed(db, [event])]);
}

export interface MoneyNews {
  sale: Sale;
  fact: MoneyFact;
}

/** What an event counts for by now; null where that changes no sale. A refund's word is applied by then. */
export async function readNews(
  env: Env,
  later: Later,
  db: D1Database,
  event: WaitingEvent,
  sale: Sale | null,
): Promise<MoneyNews | null> {
  const { provider, event_id: eventId, failure_code: failureCode, reference, next_action: nextAction } = event;
  if (!sale || sale.payment.provider !== provider || event.fact === null) {
    // Signed, and about nothing that we have: there is nothing to count, and trying again would not change that.
    console.warn(JSON.stringify({ level: "warn", message: "a provider's event names no payment of ours", provider, eventId }));
    return null;
  }
  if (isRefundFact(event.fact)) {
    const word = { fact: event.fact, failureCode, reference, generation: null };
    await applyRefundWord(env, later, db, event.refund_id ?? "", word);
    return null;
  }
  const said: MoneyFact = { type: event.fact, failureCode, reference, nextAction };
  const fact = await weigh(env, later, event, sale, said);
  // What says nothing new of a state says nothing new of those that may have followed since it was read.
  return fact && nextPaymentState(sale.payment.state, fact.type) !== null ? { sale, fact } : null;
}

type EventKey = Pick<ProviderEventRow, "provider" | "event_id">;

export const markProcessed = (db: D1Database, events: readonly EventKey[]): D1PreparedStatement =>
  db
    .prepare(
      `UPDATE provider_events SET processed_at_ms = ?
       WHERE (provider, event_id) IN (SELECT value ->> 'provider', value ->> 'event_id' FROM json_each(?)) AND processed_at_ms IS NULL`,
    )
    .bind(Date.now(), JSON.stringify(events.map(({ provider, event_id }) => ({ provider, event_id }))));

export const settleAll = async (db: D1Database, events: readonly EventKey[]): Promise<void> =>
  void (await markProcessed(db, events).run());

/** Most events of a rush change nothing (a payment is created, is processing): one statement writes down many of them. */
const MARKED_AT_ONCE = 100;
const marking = new WeakMap<D1Database, Gathering<EventKey>>();
const settleGathered = (db: D1Database, event: WaitingEvent): Promise<void> =>
  gatheringOf(marking, db, MARKED_AT_ONCE).add([event], (events) => settleAll(db, events));

/** Some words are old when their turn comes: a provider that knows how that is says what this one counts for now. */
async function weigh(env: Env, later: Later, { body }: WaitingEvent, sale: Sale, said: MoneyFact): Promise<MoneyFact | null> {
  if (body === null) return said;
  const provider = providerOfPayment(env, later, sale.payment);
  if (!provider.weigh) return said;
  const outcome = await patiently(provider.weigh(body, intentOf(sale.payment, sale.order)), WEIGH_PATIENCE_MS);
  return outcome && moneyFactOf(outcome);
}
