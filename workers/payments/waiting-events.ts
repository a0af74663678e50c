/**
 * Providers' events that were stored before their 200 and not counted: a killed request's, or all of a rush whose events could not be
 * asked. A hundred of them cost one call of their event's object, so that an outage of minutes is made up for in minutes.
 */
import { inTurns, reporter, type Work } from "./half-way";
import { readSales } from "./order-rows";
import { isPayable, nextPaymentState, type OrderState, type PaymentState } from "./order-states";
import { limitsPersons, readLimits } from "./person-limits";
import { type MoneyNews, markProcessed, readNews, settleAll } from "./provider-events";
import { giveBack, takeRows } from "./retries";
import type { ProviderEventRow } from "./schema";
import { type Confirmation, confirmMany, settle } from "./settlement";

/** After so many tries, a good day's, an event stays where it is, visible, for a person. */
const MAX_ATTEMPTS = 50;
/** The sweep leaves a fresh event to the request that stored it. */
const SWEEP_AFTER_MS = 2_000;
/** Of one step: each that says something new costs a batch, and an invocation may make a thousand calls of D1. */
const MAX_EVENTS = 300;
/** Of one call of an object, and so of one page. */
const PAGE = 100;

type TakenEvent = ProviderEventRow & { rowid: number };

interface Candidate {
  rowid: number;
  about: string | null;
  payment_state: PaymentState | null;
  order_state: OrderState | null;
  may_succeed: 0 | 1;
}

/** Part of the sweep. What it has no calls for is not taken, and keeps its place before the others. */
export async function countEvents(work: Work): Promise<number> {
  const { results } = await work.db
    .prepare(
      `SELECT e.rowid, o.event_id AS about, p.state AS payment_state, o.state AS order_state,
         e.fact = 'payment_succeeded' OR (e.fact LIKE 'payment%' AND e.body IS NOT NULL) AS may_succeed
       FROM provider_events e LEFT JOIN payments p ON p.id = e.payment_id LEFT JOIN orders o ON o.id = p.order_id
       WHERE e.processed_at_ms IS NULL AND e.received_at_ms <= ? AND e.attempts < ${MAX_ATTEMPTS} AND e.next_try_at_ms <= ?
       ORDER BY e.next_try_at_ms LIMIT ${MAX_EVENTS}`,
    )
    .bind(Date.now() - SWEEP_AFTER_MS, Date.now())
    .all<Candidate>();
  let count = 0;
  const byEvent = Map.groupBy(results, askedEvent);
  await readLimits(
    work.env,
    [...byEvent.keys()].filter((eventId) => eventId !== null),
  ).catch(reporter(work, "provider_events"));
  for (const [eventId, candidates] of byEvent) {
    for (let first = 0; first < candidates.length; first += PAGE) {
      if (Date.now() >= work.untilMs) return count;
      if (eventId !== null && work.calls.left <= 0) break;
      const rowids = candidates.slice(first, first + PAGE).map(({ rowid }) => rowid);
      const events = await takeRows<TakenEvent>(work.db, "provider_events", rowids, Date.now());
      count += await countPage(work, eventId, events).catch((error) => {
        reporter(work, "provider_events")(error);
        return events.length;
      });
    }
  }
  return count;
}

/** The event whose object may have to be asked; null where no word of a provider's could sell anything. */
const askedEvent = ({ about, payment_state, order_state, may_succeed }: Candidate): string | null =>
  may_succeed === 1 &&
  payment_state !== null &&
  order_state !== null &&
  nextPaymentState(payment_state, "payment_succeeded") !== null &&
  isPayable(order_state)
    ? about
    : null;

/** Each event by itself: one that fails comes back behind the others. What there was no time for comes back at once. */
async function countPage(work: Work, eventId: string | null, events: TakenEvent[]): Promise<number> {
  const { env, later, db } = work;
  if (events.length === 0) return 0;
  const report = reporter(work, "provider_events");
  const sales = await readSales(
    db,
    events.flatMap(({ payment_id }) => payment_id ?? []),
  );
  const news: (MoneyNews & { event: TakenEvent })[] = [];
  const nothingNew: TakenEvent[] = [];
  const unread = await inTurns(work, events, report, async (event) => {
    const found = await readNews(env, later, db, event, sales.get(event.payment_id ?? "") ?? null);
    if (found) news.push({ ...found, event });
    else nothingNew.push(event);
  });
  if (nothingNew.length > 0) await settleAll(db, nothingNew);
  const selling = news.filter(isSelling);
  const confirmations = await confirmSales(work, eventId, selling);
  const settled = confirmations ? news : news.filter((one) => !isSelling(one));
  const unsettled = await inTurns(work, settled, report, ({ sale, fact, event }) =>
    settle(env, later, db, sale, fact, () => [markProcessed(db, [event])], { confirmation: confirmations?.get(sale.order.id) }),
  );
  const left = [...unread, ...unsettled.map(({ event }) => event)].map(({ rowid }) => rowid);
  if (left.length > 0) await giveBack(db, "provider_events", left, Date.now());
  return events.length - left.length;
}

const isSelling = ({ fact, sale }: MoneyNews): boolean => fact.type === "payment_succeeded" && isPayable(sale.order.state);

/** Null where the object could not be asked. */
async function confirmSales(
  work: Work,
  eventId: string | null,
  selling: readonly MoneyNews[],
): Promise<Map<string, Confirmation> | null> {
  if (eventId === null || selling.length === 0) return new Map();
  try {
    // What each was paid with is asked of its provider: `settle` does, one by one.
    if (await limitsPersons(work.env, eventId)) return new Map();
    return await confirmMany(
      work.env,
      eventId,
      selling.map(({ sale }) => sale.order),
    );
  } catch (error) {
    reporter(work, "provider_events")(error);
    return null;
  }
}
