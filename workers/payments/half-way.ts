/** Payments and refunds that a killed request left half-way; the sweep finishes them. */
import { reportError } from "../../shared/observability/report";
import type { Env, Later } from "./environment";
import { lookUp } from "./look-ups";
import { readSale } from "./order-rows";
import { payBack } from "./refunds";
import { type Due, type Retried, take } from "./retries";
import type { RefundRow } from "./schema";
import type { SiblingBudget } from "./sibling-calls";
import { isUnasked, resume } from "./turns";

/** Days of an hour's pauses: what no provider has decided by then stays visible, for a person. */
export const GIVEN_UP_AFTER = 200;

/** Of one step. */
const MAX_ROWS = 50;
/** Rows of one step that are worked on at once: one that waits for a silent provider keeps no more than these waiting. */
const AT_ONCE = 5;

/** One step's part of a sweep: what it may spend. */
export interface Work extends SiblingBudget {
  env: Env;
  later: Later;
  db: D1Database;
}

export const reporter =
  ({ env, later }: Pick<Work, "env" | "later">, name: string) =>
  (error: unknown): void =>
    reportError(error, env, later, { task: `sweep ${name}` });

interface DueWork extends Due {
  /** Sibling calls that a row may cost, at the most. */
  callsEach: number;
  atOnce?: number;
}

/** Each row by itself: one that fails keeps none from its turn. What the budget is too small for is not taken, and keeps its place. */
export async function each<Row>(
  work: Work,
  table: Retried,
  { callsEach, limit, atOnce = AT_ONCE, ...due }: DueWork,
  handle: (row: Row) => Promise<unknown>,
): Promise<number> {
  let count = 0;
  while (count < limit && Date.now() < work.untilMs) {
    const affordable = callsEach === 0 ? atOnce : Math.floor(work.calls.left / callsEach);
    const page = Math.min(atOnce, limit - count, affordable);
    if (page <= 0) break;
    const rows = await take<Row>(work.db, table, Date.now(), { ...due, limit: page });
    await Promise.all(rows.map((row) => handle(row).catch(reporter(work, table))));
    count += rows.length;
    if (rows.length < page) break;
  }
  return count;
}

/** The same for rows that were taken already; answers those that nobody came to before the time was up. */
export async function inTurns<Row>(
  { untilMs }: Pick<Work, "untilMs">,
  rows: readonly Row[],
  report: (error: unknown) => void,
  handle: (row: Row) => Promise<unknown>,
): Promise<Row[]> {
  let next = 0;
  for (; next < rows.length && Date.now() < untilMs; next += AT_ONCE)
    await Promise.all(rows.slice(next, next + AT_ONCE).map((row) => handle(row).catch(report)));
  return rows.slice(next);
}

/** The provider's last word is missing: it is asked, with growing pauses. */
export function lookUpPayments(work: Work): Promise<number> {
  const { env, later, db } = work;
  const undecided: DueWork = {
    where: `state IN ('initiated', 'requires_action', 'processing') AND attempts < ${GIVEN_UP_AFTER}`,
    limit: MAX_ROWS,
    // One that was never asked for: whether it may be, and a confirm.
    callsEach: 2,
  };
  return each<{ id: string }>(work, "payments", undecided, async ({ id }) => {
    const sale = await readSale(db, id);
    if (sale) await (isUnasked(sale.payment) ? resume : lookUp)(env, later, db, sale);
  });
}

/** Written, and nobody wrote down that the provider has paid. Tickets that are not void yet are the object's to void first. */
export async function payBackOwed(work: Work): Promise<number> {
  const owed = (where: string, callsEach: number) =>
    each<RefundRow>(
      work,
      "refunds",
      { where: `state IN ('pending', 'failed') AND ${where}`, limit: MAX_ROWS, callsEach },
      (refund) => payBack(work.env, work.later, work.db, refund),
    );
  return (await owed("voided_at_ms IS NOT NULL", 0)) + (await owed("voided_at_ms IS NULL", 1));
}
