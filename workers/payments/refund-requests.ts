/** `POST /payments/:id/refund`: the promise first, in one guarded batch, then the rest of the saga; how it then stands is the answer. */
import type { ProviderName, RefundDraft } from "../../shared/contracts/orders";
import type { Principal } from "../../shared/contracts/principal";
import type { Refusal } from "../../shared/contracts/problems";
import { ok, type Result, refuse } from "../../shared/contracts/result";
import { uuidV7 } from "../../shared/crypto/uuid";
import { isKept } from "../../shared/d1/kept-answers";
import { requestHashOf } from "../../shared/http/idempotency-key";
import { userIdOf } from "../../shared/http/principal";
import {
  claimAnswer,
  freeLease,
  type KeptAnswer,
  type KeyedRequest,
  keepAnswer,
  keptRefusal,
  keyedRequest,
  standingAnswer,
  whileLeased,
} from "./answers";
import type { Condition } from "./claims";
import type { Env, Later } from "./environment";
import { MAX_TRIES } from "./order-moves";
import { readSale, rowsOf, type Sale } from "./order-rows";
import { NO_PORT, providerOf } from "./providers/configured";
import { planRefund, type RefundPlan } from "./refund-plans";
import { promiseRefund } from "./refund-promises";
import { toRefund } from "./refund-views";
import { readRefund } from "./refund-words";
import { tryPayingBack } from "./refunds";
import type { AnswerRow, RefundRow } from "./schema";
import { dbOf, shardOf } from "./shards";

export interface RefundRequest {
  principal: Principal;
  /** As the guard found it. */
  sale: Sale;
  draft: RefundDraft;
  key: string | null;
}

/** Who may has been decided by the guard. */
const ANYBODY: Condition = { sql: "TRUE", values: [] };

export async function requestRefund(env: Env, later: Later, request: RefundRequest): Promise<Result<KeptAnswer, Refusal>> {
  const { principal, sale, draft, key } = request;
  const { payment, order } = sale;
  const db = dbOf(env, payment.id);
  if (!db) return refuse({ code: "payment_not_found" });
  if (draft.amount && draft.amount.currency !== payment.currency)
    return refuse({
      code: "invalid_body",
      errors: [{ pointer: "/amount/currency", message: `the payment is in ${payment.currency}` }],
    });

  const shard = shardOf(payment.id);
  const parts =
    key === null ? null : { principal, route: `/payments/${payment.id}/refund`, key, requestHash: await requestHashOf(draft) };
  const keyed = await keyedRequest(env, parts, shard);
  if (!keyed) return answerOf(await begin(env, later, db, request, uuidV7(Date.now(), shard)));
  const claimed = await db.batch(claimAnswer(db, keyed, order.id, ANYBODY, Date.now()));
  const [row] = rowsOf<AnswerRow>(claimed[1]);
  if (!row) throw new Error("a key that was just written is not there");
  const standing = standingAnswer(keyed, row);
  if (standing) return standing;
  return whileLeased(db, keyed, () => answerOnce(env, later, db, request, keyed, row.subject_id ?? keyed.subjectId));
}

/** A request that was cut off after the promise left its refund under the id that stands in its key's row. */
async function answerOnce(
  env: Env,
  later: Later,
  db: D1Database,
  request: RefundRequest,
  keyed: KeyedRequest,
  refundId: string,
): Promise<Result<KeptAnswer, Refusal>> {
  const begun = await readRefund(db, refundId);
  const refund = begun ? ok(await tryPayingBack(env, later, db, begun.refund)) : await begin(env, later, db, request, refundId);
  const answer = answerOf(refund);
  if (answer.ok) await keepAnswer(db, keyed, answer.value).run();
  else if (isKept(answer.error.code)) await keepAnswer(db, keyed, keptRefusal(answer.error)).run();
  else await freeLease(db, keyed).run();
  return answer;
}

const answerOf = (refund: Result<RefundRow, Refusal>): Result<KeptAnswer, Refusal> =>
  refund.ok ? ok({ status: 201, body: toRefund(refund.value) }) : refund;

async function begin(
  env: Env,
  later: Later,
  db: D1Database,
  { principal, draft, sale }: RefundRequest,
  id: string,
): Promise<Result<RefundRow, Refusal>> {
  let before: Sale | null = sale;
  for (let tries = 0; before && tries < MAX_TRIES; tries++) {
    const plan = await planFor(env, db, before, draft);
    if (!plan.ok) return plan;
    const { provider, currency } = before.payment;
    // Written from the contract's names, by us alone.
    const unpayable = providerOf(env, later, provider as ProviderName, NO_PORT)?.checkAmount?.(plan.value.amountMinor, currency);
    if (unpayable) return refuse(unpayable);
    const promised = await promiseRefund(db, {
      id,
      sale: before,
      plan: plan.value,
      reason: "requested",
      isVoided: false,
      note: draft.reason,
      requestedBy: userIdOf(principal),
    });
    if (promised === "exceeds") return refuse({ code: "refund_exceeds_payment" });
    if (promised !== "moved") return ok(await tryPayingBack(env, later, db, promised));
    const mine = await readRefund(db, id);
    if (mine) return ok(await tryPayingBack(env, later, db, mine.refund));
    before = await readSale(db, sale.payment.id);
  }
  throw new Error("a payment moved too often while a refund was begun");
}

/** The object says which tickets there are, the database which of them were paid back. */
async function planFor(env: Env, db: D1Database, sale: Sale, draft: RefundDraft): Promise<Result<RefundPlan, Refusal>> {
  const { order } = sale;
  const wish = { amountMinor: draft.amount?.amount ?? null, ticketIds: draft.ticketIds ?? null };
  const issued = order.paid_at_ms === null ? ok([]) : await env.EVENTS.ticketsOf(order.event_id, order.id);
  if (!issued.ok) return issued;
  const refunded = await db
    .prepare("SELECT ticket_id FROM refunded_tickets WHERE order_id = ?")
    .bind(order.id)
    .all<{ ticket_id: string }>();
  const refundedIds = new Set(refunded.results.map(({ ticket_id }) => ticket_id));
  return planRefund(wish, { ...sale, tickets: issued.value, refundedIds });
}
