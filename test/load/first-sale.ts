/** The figures of the first sale beside the ceilings of the same run: holds, reads, sales, webhooks, and holds without group commit. */

import type { Built } from "../support/built-house.ts";
import { openBoxOffice } from "./box-office.ts";
import { CONNECTIONS, type Drive, drive, type Figure, RUNS } from "./drive.ts";
import { type CommitStatistics, type HouseUnderLoad, startHouseUnderLoad } from "./house-under-load.ts";
import { mailboxLag, restOfMails } from "./mailbox-lag.ts";
import { pace } from "./paced.ts";
import { holdSteps, readSteps, saleSteps } from "./steps.ts";
import { webhookStep } from "./webhooks.ts";

const PLENTY = 1_000_000;
/** Three for each of the 80 sales a second that are wanted. */
const WEBHOOKS_A_SECOND = 240;

interface Row {
  what: string;
  figure: Figure;
  share?: string;
  wanted?: string;
}

const rows: Row[] = [];
const note = (row: Row) => {
  rows.push(row);
  console.log(`${row.what}: ${row.figure.perSecond.toFixed(0)}/s`);
};
const share = (figure: Figure, ceiling: Figure, name: string): string =>
  `${(figure.perSecond / ceiling.perSecond).toFixed(2)} of ${name}`;

const get = (url: string): Drive => ({ url, steps: [{ method: "GET", path: "/" }], expect: 2 });

/** Each run sells an event of its own, so that a run does not inherit the rows of the one before. */
async function holds(house: HouseUnderLoad): Promise<{ figure: Figure; statistics: CommitStatistics }> {
  const box = await openBoxOffice(house.gateway);
  let eventId = "";
  const figure = await drive(async () => {
    const event = await box.publish(PLENTY);
    eventId = event.eventId;
    return { url: house.gateway, steps: holdSteps(event.eventId, event.ticketTypeId), expect: 2 };
  });
  return { figure, statistics: await house.commitStatistics(eventId) };
}

/** Events about payments that the sales have made: at the pace of a rush (three events a sale), and as many as go. */
async function webhooks(house: HouseUnderLoad): Promise<Row[]> {
  const paid = await house.rows<{ id: string }>(
    "payments",
    "DB_0",
    "SELECT id FROM payments WHERE state = 'succeeded' LIMIT 1000",
  );
  const paymentIds = paid.map(({ id }) => id);
  const step = webhookStep(house.testProviderSecret, paymentIds);
  const paced: Figure[] = [];
  for (let run = 0; run <= RUNS; run++)
    paced.push(await pace({ url: house.gateway, step, connections: CONNECTIONS, perSecond: WEBHOOKS_A_SECOND, seconds: 5 }));
  // The first run warms up.
  const [middle] = paced
    .slice(1)
    .sort((a, b) => a.p50Ms - b.p50Ms)
    .slice(Math.floor(RUNS / 2));
  if (!middle) throw new Error("no run was measured");
  const asManyAsGo = await drive(() => ({
    url: house.gateway,
    steps: [{ setupRequest: (request) => ({ ...request, ...step() }) }],
    expect: 2,
  }));
  return [
    { what: `a provider's webhook, ${WEBHOOKS_A_SECOND} a second`, figure: middle, wanted: "p50 10 ms" },
    { what: "a provider's webhook, as many as go", figure: asManyAsGo },
  ];
}

const mean = ({ commits, commands }: CommitStatistics): string => (commands / commits).toFixed(1);

function printHistogram({ histogram, ...totals }: CommitStatistics): void {
  console.log(`\nCommands in a commit (mean ${mean({ ...totals, histogram })}, ${totals.commits} commits):`);
  const buckets = [1, 2, 4, 8, 16, 32, 64, 128, 256];
  for (const [index, from] of buckets.entries()) {
    const below = buckets[index + 1] ?? Number.POSITIVE_INFINITY;
    const count = Object.entries(histogram).reduce(
      (sum, [size, times]) => (Number(size) >= from && Number(size) < below ? sum + times : sum),
      0,
    );
    if (count > 0)
      console.log(
        `  ${String(from).padStart(4)}+ ${String(count).padStart(8)}  ${"#".repeat(Math.ceil((50 * count) / totals.commits))}`,
      );
  }
}

function printTable(): void {
  const lines = [
    ["", "per second", "p50 ms", "p99 ms", "share", "wanted"],
    ...rows.map(({ what, figure, share: of = "", wanted = "" }) => [
      what,
      figure.perSecond.toFixed(0),
      figure.p50Ms.toFixed(0),
      figure.p99Ms.toFixed(0),
      of,
      wanted,
    ]),
  ];
  const widths = [0, 1, 2, 3, 4, 5].map((column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  console.log(`\n${CONNECTIONS} connections, medians of ${RUNS} runs, load generator on the same cores\n`);
  for (const line of lines) console.log(line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  "));
}

/** Everything of it, in one house and then in one that commits each command by itself. */
export async function measureFirstSale(built: Built): Promise<void> {
  const house = await startHouseUnderLoad(built);
  try {
    const inMemory = await measureHouse(house);
    await house.stop();
    const single = await startHouseUnderLoad(built, { groupCommit: "off" });
    try {
      const { figure } = await holds(single);
      note({ what: "POST …/holds, one commit a command", figure, share: share(figure, inMemory, "in-memory RPC") });
    } finally {
      await single.stop();
    }
  } finally {
    await house.stop().catch(() => undefined);
  }
  printTable();
}

/** Answers the ceiling of what an object is asked. */
async function measureHouse(house: HouseUnderLoad): Promise<Figure> {
  const helloWorld = await drive(() => get(house.helloWorld));
  note({ what: "ceiling: hello world", figure: helloWorld });
  const inMemory = await drive(() => get(house.inMemoryRpc));
  note({ what: "ceiling: RPC to an object that adds in memory", figure: inMemory });

  const grouped = await holds(house);
  note({
    what: "POST /events/{id}/holds",
    figure: grouped.figure,
    share: share(grouped.figure, inMemory, "in-memory RPC"),
    wanted: "0.35",
  });
  printHistogram(grouped.statistics);

  const box = await openBoxOffice(house.gateway);
  const event = await box.publish(PLENTY);
  const reads = await drive(() => ({ url: house.gateway, steps: readSteps(event.eventId), expect: 2 }));
  note({ what: "GET /events/{id}", figure: reads, share: share(reads, helloWorld, "hello world"), wanted: "0.20" });

  const sales = await drive(async () => {
    const { eventId, ticketTypeId } = await box.publish(PLENTY);
    return { url: house.gateway, steps: saleSteps(eventId, ticketTypeId), expect: 2, perUnit: 3, connections: 16 };
  });
  note({ what: "complete sales (order, pay, tickets)", figure: sales, share: "", wanted: "80/s" });
  const lag = await mailboxLag(house);
  console.log(`outbox to mailbox: p50 ${lag.p50Ms.toFixed(0)} ms, p99 ${lag.p99Ms.toFixed(0)} ms of ${lag.messages} messages`);
  const rest = await restOfMails(house);
  console.log(
    `mails: ${rest.waiting} of them waited for the rush to end, and were written ${rest.seconds.toFixed(0)} s after it`,
  );
  for (const row of await webhooks(house)) note(row);
  return inMemory;
}
