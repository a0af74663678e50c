/** `POST /payments/process` and the reading of payments. */
import type { z } from "zod";
import { type NextAction, type Payment, type PaymentDraft, PaymentProcessed } from "../../shared/contracts/orders";
import type { Refusal } from "../../shared/contracts/problems";
import { ok, type Result, refuse } from "../../shared/contracts/result";
import { uuidV7 } from "../../shared/crypto/uuid";
import { requestHashOf } from "../../shared/http/idempotency-key";
import { reportError } from "../../shared/observability/report";
import { askAdmission } from "./admission";
import { bindKey, freeLease, type KeptAnswer, keepAnswer, keptRefusal, keyedRequest, whileLeased } from "./answers";
import { type Attempt, type BegunPayment, beginPayment } from "./attempts";
import { buyerCondition, type Caller, claimOf, isBuyer, mayRead, refuseStranger } from "./claims";
import type { Env, Later } from "./environment";
import { intentOf, providerOfPayment, tryAsking } from "./intents";
import { eventOf } from "./look-ups";
import { readAction } from "./next-actions";
import { readSale, type Sale } from "./order-rows";
import { toOrder, toPayment } from "./order-views";
import { PERSON_LIMIT } from "./person-limits";
import { storeEvent } from "./provider-events";
import { providerOf } from "./providers/configured";
import type { PaymentProvider, ProviderOutcome } from "./providers/provider";
import type { OrderRow, PaymentRow } from "./schema";
import { settle } from "./settlement";
import { dbOf, shardOf } from "./shards";
import { stopSuperseded } from "./stopped-payments";
import { askFirst, isUnasked, resumeWhenDue } from "./turns";

export interface Processing {
  caller: Caller;
  draft: PaymentDraft;
  key: string | null;
  /** Of the running server. */
  port: number;
  traceparent: string | undefined;
}

export type Processed = { status: 200 | 202; body: z.infer<typeof PaymentProcessed> };

export async function processPayment(env: Env, later: Later, processing: Processing): Promise<Result<KeptAnswer, Refusal>> {
  const { caller, draft, key } = processing;
  const db = dbOf(env, draft.orderId);
  if (!db) return refuse({ code: "order_not_found" });
  const claim = await claimOf(env, caller, draft.orderId);
  if (!claim.ok) return claim;

  const provider = providerOf(env, later, draft.provider, processing.port);
  const method = provider ? provider.readMethod(draft.paymentMethod) : refuse({ code: "provider_not_configured" as const });
  if (!provider || !method.ok) return (await refusedStranger(env, caller, draft.orderId)) ?? (method as Result<never, Refusal>);

  const shard = shardOf(draft.orderId);
  const parts =
    key === null
      ? null
      : { principal: caller.principal, route: "/payments/process", key, requestHash: await requestHashOf(draft) };
  const binding = await bindKey(env, parts);
  if (!binding.fits) return (await refusedStranger(env, caller, draft.orderId)) ?? refuse({ code: "idempotency_key_reused" });
  const attempt: Attempt = {
    db,
    provider,
    method: method.value,
    draft,
    access: buyerCondition(claim.value),
    newPaymentId: uuidV7(Date.now(), shard),
    keyed: await keyedRequest(env, parts, shard),
    traceparent: processing.traceparent,
  };
  const unpayableAmount = await refusedAmount(attempt);
  if (unpayableAmount) {
    await binding.forget();
    return refuse(unpayableAmount);
  }
  return whileLeased(db, attempt.keyed, async () => {
    const begun = await beginPayment(env, attempt);
    if (!begun) {
      await binding.forget();
      return (await refusedStranger(env, caller, draft.orderId)) ?? refuse({ code: "order_not_found" });
    }
    return "answer" in begun ? tellAgain(attempt, begun.answer) : charge(env, later, attempt, begun);
  });
}

/** For a provider that cannot take every sum: asked before there is a payment. What is nobody's order is the next step's to say. */
async function refusedAmount({ db, provider, draft, access }: Attempt): Promise<Refusal | null> {
  if (!provider.checkAmount) return null;
  const due = await db
    .prepare(`SELECT total_minor, currency FROM orders WHERE id = ? AND total_minor > 0 AND ${access.sql}`)
    .bind(draft.orderId, ...access.values)
    .first<Pick<OrderRow, "total_minor" | "currency">>();
  return due && provider.checkAmount(due.total_minor, due.currency);
}

async function refusedStranger(env: Env, caller: Caller, orderId: string): Promise<Result<never, Refusal> | null> {
  const refusal = await refuseStranger(env, caller, orderId);
  return refusal && refuse(refusal);
}

/** A secret of the client's is not kept with the answer: it is asked of the provider again. */
async function tellAgain(attempt: Attempt, answer: Result<KeptAnswer, Refusal>): Promise<Result<KeptAnswer, Refusal>> {
  const kept = answer.ok && answer.value.status === 202 ? PaymentProcessed.safeParse(answer.value.body) : null;
  if (!kept?.success || kept.data.payment.nextAction) return answer;
  const sale = await readSale(attempt.db, kept.data.payment.id);
  const told = sale && (await tellAction(attempt.provider, sale));
  return told ? ok({ status: 202, body: { ...kept.data, payment: { ...kept.data.payment, nextAction: told } } }) : answer;
}

/** What the buyer has to do next is not in the row, because it is a secret. */
const hasSecret = ({ state, next_action }: PaymentRow): boolean =>
  state === "requires_action" && next_action !== null && readAction(next_action) === "secret";

/** Null where there is nothing to tell that is not in the row. */
async function tellAction(provider: PaymentProvider, { payment, order }: Sale): Promise<NextAction | null> {
  if (!hasSecret(payment)) return null;
  return (await provider.lookUp(intentOf(payment, order)))?.nextAction ?? null;
}

/** The provider is asked, and its answer goes the way of a webhook's: a stored fact, the object's decision, one guarded batch. */
async function charge(env: Env, later: Later, attempt: Attempt, begun: BegunPayment): Promise<Result<KeptAnswer, Refusal>> {
  const { db, keyed, provider } = attempt;
  const { sale } = begun;
  if (sale.payment.state !== "initiated") {
    // Somebody with this key was cut off after the provider's answer was written down.
    if (keyed) await keepAnswer(db, keyed, toKeptAnswer(answerOf(sale))).run();
    return answerOf(sale, await tellAction(provider, sale));
  }
  for (const payment of begun.superseded) await stopSuperseded(env, later, db, { ...sale, payment });
  // What may have been asked before is looked up, never asked again blindly (rule 18).
  const isFirst = begun.isNew || isUnasked(sale.payment);
  const known = isFirst ? null : await tryAsking(env, later, () => provider.lookUp(intentOf(sale.payment, sale.order)));
  const waits = !begun.isNew && isFirst && sale.payment.next_try_at_ms > Date.now();
  if (known === "unknown" || waits) return answerUnderWay(attempt, sale);
  // An end that the object has just given for any payment is not yet as far as this provider's buyers need it.
  const isAdmitted = begun.admitted && provider.payableForMs === null;
  const admitted = known || isAdmitted ? ok(sale) : await askAdmission(env, later, attempt, sale);
  if (!admitted.ok) return admitted;
  const outcome = known ?? (await askFirst(env, later, db, provider, admitted.value));
  if (outcome === "unknown") return answerUnderWay(attempt, admitted.value);
  return record(env, later, attempt, admitted.value, outcome);
}

async function record(
  env: Env,
  later: Later,
  attempt: Attempt,
  sale: Sale,
  outcome: ProviderOutcome,
): Promise<Result<KeptAnswer, Refusal>> {
  const { db, keyed, provider } = attempt;
  const event = await tryAsking(env, later, () => eventOf(provider, sale.payment.id, outcome));
  if (event === "unknown") return answerUnderWay(attempt, sale);
  const { word } = event;
  const fact = { type: word.fact, failureCode: word.failureCode, reference: word.reference, nextAction: event.nextAction };
  const alongside = (after: Sale) => {
    const nowMs = Date.now();
    return [storeEvent(db, event, nowMs, nowMs), ...(keyed ? [keepAnswer(db, keyed, toKeptAnswer(answerOf(after)))] : [])];
  };
  try {
    return answerOf(
      await settle(env, later, db, sale, fact, alongside, { traceparent: attempt.traceparent }),
      outcome.nextAction ?? null,
    );
  } catch (error) {
    // The money may be there: the fact is kept for the sweep, and the buyer hears that it is under way.
    reportError(error, env, later, { task: "settle a payment" });
    await storeEvent(db, event, Date.now(), null).run();
    return answerUnderWay(attempt, sale);
  }
}

/** Nobody knows yet, which is no answer to keep: whoever asks again with the key hears how the payment stands by then. */
async function answerUnderWay({ db, keyed }: Attempt, { payment, order, lines }: Sale): Promise<Result<KeptAnswer, Refusal>> {
  if (keyed) await freeLease(db, keyed).run();
  return ok({ status: 202, body: { payment: toPayment(payment), order: toOrder(order, lines, Date.now()) } });
}

/** The wire's answer for a sale as it stands. Money that found no stock is given back, and no success. */
function answerOf({ order, lines, payment }: Sale, told: NextAction | null = null): Result<Processed, Refusal> {
  if (payment.is_surplus === 1) return refuse({ code: surplusCode(payment, order) });
  const view = toPayment(payment, told);
  const underWay = view.status === "processing" || view.status === "requires_action";
  return ok({ status: underWay ? 202 : 200, body: { payment: view, order: toOrder(order, lines, Date.now()) } });
}

function surplusCode(payment: PaymentRow, { state }: OrderRow): "person_limit" | "sold_out" | "order_not_payable" {
  if (payment.failure_code === PERSON_LIMIT) return PERSON_LIMIT;
  return state === "late_paid" ? "sold_out" : "order_not_payable";
}

const toKeptAnswer = (answer: Result<Processed, Refusal>): KeptAnswer => (answer.ok ? answer.value : keptRefusal(answer.error));

interface ReadablePayment {
  db: D1Database;
  sale: Sale;
  /** For its buyer alone there is something to do. */
  isBuyers: boolean;
}

/** For whoever may read its order. */
export async function findPayment(env: Env, caller: Caller, paymentId: string): Promise<Result<ReadablePayment, Refusal>> {
  const db = dbOf(env, paymentId);
  const sale = db ? await readSale(db, paymentId) : null;
  if (!db || !sale) return refuse({ code: "payment_not_found" });
  const claim = await claimOf(env, caller, sale.order.id);
  if (!claim.ok) return refuse({ code: claim.error.code === "order_not_found" ? "payment_not_found" : claim.error.code });
  if (!(await mayRead(env, claim.value, sale.order))) return refuse({ code: "payment_not_found" });
  return ok({ db, sale, isBuyers: isBuyer(claim.value, sale.order) });
}

/** `GET /payments/:id`. A buyer whose answer was lost, or who had to wait for his turn, hears what he has to do next. */
export async function readPayment(env: Env, later: Later, caller: Caller, paymentId: string): Promise<Result<Payment, Refusal>> {
  const found = await findPayment(env, caller, paymentId);
  if (!found.ok) return found;
  const { db, sale, isBuyers } = found.value;
  if (isBuyers) {
    const due = resumeWhenDue(env, later, db, sale);
    later.waitUntil(due.catch((error) => reportError(error, env, later, { task: "resume a payment" })));
  }
  if (!isBuyers || !hasSecret(sale.payment)) return ok(toPayment(sale.payment));
  const told = await tryAsking(env, later, async () => tellAction(providerOfPayment(env, later, sale.payment), sale));
  return ok(toPayment(sale.payment, told === "unknown" ? null : told));
}
