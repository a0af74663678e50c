/** A crowd buys while workerd is killed; then the house comes to rest, and what it left is read. */
import { randomUUID } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { Order } from "../../shared/contracts/orders.ts";
import { mapLimited } from "../../shared/scripts/processes.ts";
import type { Built } from "../support/built-house.ts";
import { Clients } from "./acknowledged.ts";
import { Buyer, type Placed } from "./chaos-buyer.ts";
import { ChaosHouse, killWorkerds, pause } from "./chaos-house.ts";
import { type ChaosOptions, type Plan, planOf } from "./chaos-plan.ts";
import { openShop, type Shop } from "./chaos-shop.ts";
import { endLeases, makeAllDue } from "./data-files.ts";
import { keepAcknowledged, readSnapshot, type Snapshot } from "./snapshot.ts";

const BUYERS_AT_ONCE = 24;
const SWEEP_EVERY_MS = 2_000;
/** "Nothing half-way after two sweeps." */
const SWEEPS = 2;
/** What one sweep of one shard takes on at least. */
const WORK_A_SWEEP = 10;
/** An order that was paid for again after its end has ten minutes more, and its late money too: that is not waited for. */
const TIMERS_WITHIN_MS = 40_000;
const TIMERS_WITHIN_HURRIED_MS = 8_000;
const FRESH_MS = 2_500;
const QUIET_FOR_MS = 2_500;
const QUIET_WITHIN_MS = 20_000;
const LOOK_EVERY_MS = 250;

export interface ChaosRun {
  snapshot: Snapshot;
  figures: {
    sales: number;
    orders: number;
    requests: number;
    retries: number;
    kills: number;
    restartsMs: number[];
    loadMs: number;
    restMs: number;
    sweeps: number;
  };
}

/** `data` is the house's folder, new and empty. */
export async function runChaos(built: Built, data: string, options: ChaosOptions): Promise<ChaosRun> {
  await mkdir(data, { recursive: true });
  const plan = planOf(options);
  const house = await ChaosHouse.open(built, data);
  try {
    const shop = await openShop(house.gateway, options.sales);
    const clients = new Clients(house.gateway);
    const whileDown = () => (options.hurried ? endLeases(data, Date.now()) : undefined);
    const startMs = performance.now();
    const { placed, restartsMs } = await sellUnderFire(house, shop, clients, plan, whileDown);
    const loadMs = performance.now() - startMs;
    const { sweeps, dueByMs } = await comeToRest(house, data, options.hurried ? TIMERS_WITHIN_HURRIED_MS : TIMERS_WITHIN_MS);
    await readAll(clients, placed);
    const restMs = performance.now() - startMs - loadMs;
    await house.stop();
    keepAcknowledged(data, clients.acknowledged, dueByMs);
    return {
      snapshot: readSnapshot(data),
      figures: {
        sales: plan.sales.length,
        orders: placed.length,
        requests: clients.requests,
        retries: clients.retries,
        kills: restartsMs.length,
        restartsMs,
        loadMs,
        restMs,
        sweeps,
      },
    };
  } finally {
    await house.stop();
    killWorkerds();
  }
}

async function sellUnderFire(
  house: ChaosHouse,
  shop: Shop,
  clients: Clients,
  { sales, kills, cancelAfterSales }: Plan,
  whileDown: () => void,
) {
  const timer = setInterval(() => void house.sweep().catch(() => undefined), SWEEP_EVERY_MS);
  let begun = 0;
  let isOver = false;
  const fire = async () => {
    const restartsMs: number[] = [];
    for (const { afterSales, pauseMs } of kills) {
      while (begun < afterSales && !isOver) await pause(5);
      if (isOver) break;
      await pause(pauseMs);
      restartsMs.push(await house.killAndRestart(whileDown));
    }
    return restartsMs;
  };
  const callOff = async () => {
    while (begun < cancelAfterSales && !isOver) await pause(5);
    const path = `/events/${shop.stages.doomed.eventId}/cancel`;
    const body = { reason: "The band is ill." };
    await clients.ask({
      sale: -1,
      operation: "cancel_event",
      method: "POST",
      path,
      body,
      token: await shop.token(),
      key: randomUUID(),
    });
  };
  const crowd = mapLimited(sales, BUYERS_AT_ONCE, (sale) => {
    begun++;
    return new Buyer(clients, shop, sale).buy();
  }).finally(() => {
    isOver = true;
  });
  try {
    const [bought, restartsMs] = await Promise.all([crowd, fire(), callOff()]);
    return { placed: bought.filter((placed): placed is Placed => placed !== null), restartsMs };
  } finally {
    isOver = true;
    clearInterval(timer);
  }
}

/** Down until all is due, up again, and swept. What waits for a mailbox is given the time that a mailbox takes. */
async function comeToRest(house: ChaosHouse, data: string, timersWithinMs: number): Promise<{ sweeps: number; dueByMs: number }> {
  await pause(Math.max(0, Math.min((await house.lastTimerMs()) - Date.now(), timersWithinMs)));
  await house.stop();
  const work = makeAllDue(data, Date.now());
  await house.start();
  const sweeps = SWEEPS + Math.floor(work / WORK_A_SWEEP);
  let dueByMs = 0;
  for (let sweep = 0; sweep < sweeps; sweep++) {
    // What falls due later than this has not had its two sweeps.
    if (sweep === sweeps - SWEEPS) dueByMs = Date.now();
    // A sweep leaves what is younger than two seconds to those who began it.
    await pause(FRESH_MS);
    await house.sweep();
  }
  await quiet(house);
  return { sweeps, dueByMs };
}

/** Until no message is under way and no mail was written for a while; what never comes to rest, the checker tells. */
async function quiet(house: ChaosHouse): Promise<void> {
  const deadlineMs = Date.now() + QUIET_WITHIN_MS;
  let last = "";
  let sinceMs = Date.now();
  while (Date.now() < deadlineMs) {
    const { waiting, written } = await house.mailCounts();
    if (String(written) !== last || waiting > 0) sinceMs = Date.now();
    last = String(written);
    if (Date.now() - sinceMs > QUIET_FOR_MS) return;
    await pause(LOOK_EVERY_MS);
  }
}

/** What each buyer sees in the end. */
async function readAll(clients: Clients, placed: readonly Placed[]): Promise<void> {
  await mapLimited(placed, BUYERS_AT_ONCE, async ({ sale, orderId, token }) => {
    const read = { sale: sale.number, method: "GET" as const, token };
    const { body } = await clients.ask({ ...read, operation: "order_read", path: `/orders/${orderId}` });
    const { status } = Order.parse(body);
    if (status === "paid" || status === "partially_refunded")
      await clients.ask({ ...read, operation: "tickets_read", path: `/orders/${orderId}/tickets` });
  });
}
