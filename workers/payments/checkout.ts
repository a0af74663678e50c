/** `POST /orders`: the object gives the stock, one batch writes the order down (rules 12, 19, 20). */
import type { HeldStock, Holder } from "../../shared/contracts/inventory";
import { toLines } from "../../shared/contracts/lines";
import type { Order, OrderDraft } from "../../shared/contracts/orders";
import type { Refusal } from "../../shared/contracts/problems";
import { ok, type Result, refuse } from "../../shared/contracts/result";
import { hmacText } from "../../shared/crypto/hmac";
import { uuidV7 } from "../../shared/crypto/uuid";
import { ANSWER_LIFE_MS, isKept } from "../../shared/d1/kept-answers";
import { requestHashOf } from "../../shared/http/idempotency-key";
import { isAdmin, onlyOrganizerOf, userIdOf } from "../../shared/http/principal";
import type { Language } from "../../shared/locale/languages";
import { normalizedAddress } from "../../shared/text/mail-addresses";
import { bindKey, keptRefusal, keyedId, selectAnswer, toKept } from "./answers";
import type { Caller } from "./claims";
import type { Env, Later } from "./environment";
import { type OrderWithLines, rowsOf, selectLines, selectOrder } from "./order-rows";
import { isPayable } from "./order-states";
import { toFirstAnswer } from "./order-views";
import { personOf } from "./person-limits";
import type { AnswerRow, LineRow, OrderRow } from "./schema";
import { confirmFreeOrder } from "./settlement";
import { dbOf, shardOfEvent } from "./shards";
import { isTooMuch, sumOf } from "./sums";

export interface Placing {
  caller: Caller;
  draft: OrderDraft;
  key: string | null;
  traceparent: string | undefined;
  /** What the buyer reads, where he said. */
  language?: Language;
}

export async function placeOrder(env: Env, later: Later, placing: Placing): Promise<Result<Order, Refusal>> {
  const { caller, draft, key } = placing;
  const malformed = checkDraft(caller, draft);
  if (malformed) return refuse(malformed);

  const nowMs = Date.now();
  const shard = shardOfEvent(env, draft.eventId);
  const requestHash = await requestHashOf(draft);
  const parts = key === null ? null : { principal: caller.principal, route: "/orders", key, requestHash };
  const orderId = parts === null ? uuidV7(nowMs, shard) : await keyedId(env, "order", parts, shard);
  const db = databaseOf(env, orderId);

  const held = await claimStock(env, placing, orderId, requestHash);
  if (!held.ok && (parts === null || !isKept(held.error.code))) return held;
  if (!(await bindKey(env, parts)).fits) {
    if (held.ok) await giveBack(env, db, orderId, draft);
    return refuse({ code: "idempotency_key_reused" });
  }
  if (!held.ok) return answerRefused(env, later, db, { orderId, requestHash, refusal: held.error, nowMs, placing });

  const sums = sumOf(held.value.lines);
  const standing = await writeOrder(db, { orderId, requestHash, placing, held: held.value, sums, nowMs });
  if (standing.order?.hold_id !== held.value.holdId || standing.order.event_id !== held.value.eventId) {
    // The key named a refusal, or an order of another event: no order will ever stand for what was just claimed.
    await env.EVENTS.releaseOrder(draft.eventId, orderId, "key_reused");
  }
  return answerStanding(env, later, db, { orderId, requestHash, placing }, standing);
}

/**
 * Claimed for a key that is another body's. Of items the object has compared the bodies, so that no other request's order can be about
 * them. A hold may be the first body's too, whose order is not written down yet: it is left to its end.
 */
async function giveBack(env: Env, db: D1Database, orderId: string, { eventId, items }: OrderDraft): Promise<void> {
  if (!items) return;
  const standing = await selectOrder(db, orderId).first<OrderRow>();
  if (standing?.event_id !== eventId) await env.EVENTS.releaseOrder(eventId, orderId, "key_reused");
}

/** What the form cannot say by itself. To pass over vouchers, which do not exist yet, would sell something else than was asked. */
function checkDraft({ principal }: Caller, draft: OrderDraft): Refusal | null {
  if (principal.kind === "bearer_secret" && principal.secret !== draft.holdSecret) return { code: "credential_invalid" };
  const errors: { pointer: string; message: string }[] = [];
  if (draft.voucherCode !== undefined) errors.push({ pointer: "/voucherCode", message: "there is no such voucher" });
  const tickets = draft.items?.reduce((sum, { quantity }) => sum + quantity, 0);
  if (tickets !== undefined && (draft.attendees?.length ?? 0) > tickets)
    errors.push({ pointer: "/attendees", message: "more attendees than tickets" });
  return errors.length > 0 ? { code: "invalid_body", errors } : null;
}

function databaseOf(env: Env, orderId: string): D1Database {
  const db = dbOf(env, orderId);
  if (!db) throw new Error("an order was given the id of a shard that is not there");
  return db;
}

/** A person by the account, a guest by what the object cannot read: it keeps no address (rule 11). */
async function holderOf(env: Env, { principal }: Caller, email: string): Promise<Holder> {
  const userId = userIdOf(principal);
  if (userId !== null) return { kind: "user", key: userId };
  return { kind: "buyer", key: await hmacText(env.ORDER_KEY, ["buyer", normalizedAddress(email)]) };
}

async function claimStock(
  env: Env,
  { caller, draft }: Placing,
  orderId: string,
  requestHash: string,
): Promise<Result<HeldStock, Refusal>> {
  const onlyOrganizerId = onlyOrganizerOf(caller.principal, caller.hostOrganizerId);
  const held = await env.EVENTS.claimHold({
    eventId: draft.eventId,
    orderId,
    holder: await holderOf(env, caller, draft.buyer.email),
    hold:
      draft.holdId !== undefined && draft.holdSecret !== undefined ? { id: draft.holdId, secret: draft.holdSecret } : undefined,
    items: draft.items && toLines(draft.items),
    requestHash,
    insider: isAdmin(caller.principal),
    principal: caller.principal,
    ...(onlyOrganizerId === null ? {} : { onlyOrganizerId }),
    ...(await personOf(env, caller, draft.eventId, draft.buyer.email)),
  });
  if (!held.ok || !isTooMuch(sumOf(held.value.lines))) return held;
  await env.EVENTS.releaseOrder(draft.eventId, orderId, "too_expensive");
  return refuse({ code: "quantity_out_of_range", detail: "The total is more than one order may have." });
}

/** What stands under an order's id: the order, or the refusal that its key heard first. Never both. */
interface Standing {
  order: OrderRow | undefined;
  lines: LineRow[];
  answer: AnswerRow | undefined;
}

interface Writing {
  orderId: string;
  requestHash: string;
  placing: Placing;
  held: HeldStock;
  sums: ReturnType<typeof sumOf>;
  nowMs: number;
}

/** One round trip: the order, its lines, and what stands there afterwards, whoever wrote it. */
async function writeOrder(db: D1Database, writing: Writing): Promise<Standing> {
  const { orderId, requestHash, placing, held, sums, nowMs } = writing;
  const { draft, caller } = placing;
  const order = db
    .prepare(
      `INSERT INTO orders (id, event_id, organizer_id, hold_id, user_id, state, request_hash, currency, subtotal_minor, discount_minor,
         fees_minor, tax_minor, total_minor, buyer_email, buyer_name, attendees, placed_until_ms, expires_at_ms, created_at_ms, updated_at_ms,
         language, api_key_id)
       SELECT ?, ?, ?, ?, ?, 'pending', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?
       WHERE NOT EXISTS (SELECT 1 FROM answers WHERE id = ? AND created_at_ms > ?)
       ON CONFLICT DO NOTHING`,
    )
    .bind(
      orderId,
      held.eventId,
      held.organizerId,
      held.holdId,
      userIdOf(caller.principal),
      requestHash,
      held.currency,
      sums.subtotalMinor,
      sums.discountMinor,
      sums.feesMinor,
      sums.taxMinor,
      sums.totalMinor,
      draft.buyer.email,
      draft.buyer.name,
      JSON.stringify(draft.attendees ?? []),
      held.expiresAtMs,
      held.expiresAtMs,
      nowMs,
      nowMs,
      placing.language ?? null,
      caller.principal.kind === "api_key" ? caller.principal.keyId : null,
      orderId,
      nowMs - ANSWER_LIFE_MS,
    );
  const lines = db
    .prepare(
      `INSERT INTO order_lines (order_id, position, ticket_type_id, name, quantity, unit_price_minor, seats)
       SELECT ?1, key, value ->> 'ticketTypeId', value ->> 'name', value ->> 'quantity', value ->> 'unitPriceMinor', value -> 'seats'
       FROM json_each(?2)
       WHERE EXISTS (SELECT 1 FROM orders WHERE id = ?1 AND hold_id = ?3)
       ON CONFLICT DO NOTHING`,
    )
    .bind(orderId, JSON.stringify(held.lines), held.holdId);
  const results = await db.batch([order, lines, ...selectStanding(db, orderId)]);
  return toStanding(results.slice(2));
}

const selectStanding = (db: D1Database, orderId: string): D1PreparedStatement[] => [
  selectOrder(db, orderId),
  selectLines(db, orderId),
  selectAnswer(db, orderId),
];

function toStanding([orders, lines, answers]: D1Result[]): Standing {
  return {
    order: rowsOf<OrderRow>(orders)[0],
    lines: rowsOf<LineRow>(lines),
    answer: rowsOf<AnswerRow>(answers)[0],
  };
}

interface Refused {
  orderId: string;
  requestHash: string;
  refusal: Refusal;
  nowMs: number;
  placing: Placing;
}

/** A refusal with a key is kept, unless the key's order stands already: then the object only says that the order's hold has ended. */
async function answerRefused(env: Env, later: Later, db: D1Database, refused: Refused): Promise<Result<Order, Refusal>> {
  const kept = keptRefusal(refused.refusal);
  const keep = db
    .prepare(
      `INSERT INTO answers (id, request_hash, lease_token, lease_until_ms, status, body, created_at_ms)
       SELECT ?1, ?2, '', 0, ?3, ?4, ?5 WHERE NOT EXISTS (SELECT 1 FROM orders WHERE id = ?1)
       ON CONFLICT DO NOTHING`,
    )
    .bind(refused.orderId, refused.requestHash, kept.status, JSON.stringify(refused.refusal), refused.nowMs);
  const [, ...standing] = await db.batch([keep, ...selectStanding(db, refused.orderId)]);
  return answerStanding(env, later, db, refused, toStanding(standing));
}

async function answerStanding(
  env: Env,
  later: Later,
  db: D1Database,
  { requestHash, placing }: { orderId: string; requestHash: string; placing: Placing },
  { order, lines, answer }: Standing,
): Promise<Result<Order, Refusal>> {
  const standing = order ?? answer;
  // The id is this request's alone or its key's; the object binds a hold to one order, so no other order can have taken its place.
  if (!standing) throw new Error("an order was neither written nor refused");
  if (standing.request_hash !== requestHash) return refuse({ code: "idempotency_key_reused" });
  if (order) return answerOrder(env, later, db, { order, lines }, placing);
  const kept = answer?.status && answer.body ? toKept(answer.status, answer.body) : null;
  if (!kept || !("refusal" in kept)) throw new Error("an order's kept answer is no refusal");
  return refuse(kept.refusal);
}

/** A total of zero is paid at once; a request that was killed in between is finished by the next one with its key, or by the sweep. */
async function answerOrder(
  env: Env,
  later: Later,
  db: D1Database,
  sale: OrderWithLines,
  placing: Placing,
): Promise<Result<Order, Refusal>> {
  if (sale.order.total_minor === 0 && isPayable(sale.order.state)) {
    const confirmed = await confirmFreeOrder(env, later, db, sale, { traceparent: placing.traceparent });
    if (!confirmed.ok) return confirmed;
  }
  return ok(await toFirstAnswer(env.ORDER_KEY, sale.order, sale.lines));
}
