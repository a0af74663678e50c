/** What a person reads of a run. */
import type { ChaosRun } from "./chaos-run.ts";
import type { Violation } from "./checker.ts";
import { groupBy } from "./checker-views.ts";
import type { Snapshot } from "./snapshot.ts";

const SHOWN_A_RULE = 5;

const counts = (words: readonly string[]): string =>
  [...groupBy(words, (word) => word)]
    .sort(([first], [second]) => first.localeCompare(second))
    .map(([word, of]) => `${of.length} ${word}`)
    .join(", ");

export function printFigures(
  { payments, notifications, inventories, acknowledged }: Snapshot,
  figures: ChaosRun["figures"],
): void {
  const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;
  const tickets = inventories.flatMap((inventory) => inventory.tickets.map(({ status }) => status));
  const rows: [string, string][] = [
    ["sales tried", `${figures.sales}, of which ${figures.orders} orders, in ${seconds(figures.loadMs)}`],
    [
      "requests",
      `${figures.requests}, of which ${figures.retries} again with the same key; ${acknowledged.length} definite answers`,
    ],
    ["kill -9", `${figures.kills}; up again after ${figures.restartsMs.map(seconds).join(", ")}`],
    ["at rest", `after ${figures.sweeps} sweeps and ${seconds(figures.restMs)}`],
    ["orders", counts(payments.orders.map(({ state }) => state))],
    ["payments", counts(payments.payments.map(({ state, is_surplus }) => (is_surplus === 1 ? `${state} for nothing` : state)))],
    ["refunds", counts(payments.refunds.map(({ reason, state }) => `${reason} ${state}`))],
    ["tickets", counts(tickets)],
    ["ledger", `${payments.ledger_transactions.length} transactions, ${payments.ledger_entries.length} entries`],
    ["mails", String(notifications.captured_messages.length)],
  ];
  for (const [name, value] of rows) console.log(`${name.padEnd(20)}${value}`);
}

export function printViolations(violations: readonly Violation[]): void {
  if (violations.length === 0) {
    console.log("Nothing lost, nothing doubled, nothing half-way.");
    return;
  }
  console.log(`${violations.length} violations`);
  for (const [rule, of] of groupBy(violations, (violation) => violation.rule)) {
    console.log(`  ${rule}: ${of.length}`);
    for (const { id, what } of of.slice(0, SHOWN_A_RULE)) console.log(`    ${id}: ${what}`);
  }
}
