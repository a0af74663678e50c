/** How long the news of a sale takes from its outbox to the mailbox of notifications, from the rows of both. */
import type { HouseUnderLoad } from "./house-under-load.ts";

const SETTLED_WITHIN_MS = 60_000;

interface Paid {
  id: string;
  paid_at_ms: number;
}
interface Owed {
  source_id: string;
  created_at_ms: number;
}

const read = async (house: HouseUnderLoad): Promise<{ paid: Paid[]; owed: Owed[] }> => ({
  paid: (
    await Promise.all(
      ["DB_0", "DB_1"].map((db) =>
        house.rows<Paid>("payments", db, "SELECT id, paid_at_ms FROM orders WHERE paid_at_ms IS NOT NULL"),
      ),
    )
  ).flat(),
  owed: await house.rows<Owed>(
    "notifications",
    "DB",
    "SELECT source_id, created_at_ms FROM deliveries WHERE type = 'order_confirmation'",
  ),
});

/** Waits until every paid order's message has arrived: without that, the slowest would not be counted. */
export async function mailboxLag(house: HouseUnderLoad): Promise<{ p50Ms: number; p99Ms: number; messages: number }> {
  const deadlineMs = Date.now() + SETTLED_WITHIN_MS;
  let { paid, owed } = await read(house);
  while (owed.length < paid.length && Date.now() < deadlineMs) {
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    ({ paid, owed } = await read(house));
  }
  if (owed.length < paid.length) throw new Error(`${paid.length - owed.length} paid orders were not heard of`);
  const paidAtMs = new Map(paid.map((order) => [order.id, order.paid_at_ms]));
  const lags = owed.map((delivery) => delivery.created_at_ms - (paidAtMs.get(delivery.source_id) ?? 0)).sort((a, b) => a - b);
  const at = (share: number): number => lags[Math.floor(share * (lags.length - 1))] ?? Number.NaN;
  return { p50Ms: at(0.5), p99Ms: at(0.99), messages: lags.length };
}

const WRITTEN_WITHIN_MS = 180_000;

/** How long after a rush its last mail is written. Until then the thread is not free for what is measured next. Seconds. */
export async function restOfMails(house: HouseUnderLoad): Promise<{ waiting: number; seconds: number }> {
  const count = async () => {
    const sql = "SELECT count(*) AS waiting FROM deliveries WHERE status = 'queued'";
    const [row] = await house.rows<{ waiting: number }>("notifications", "DB", sql);
    return row?.waiting ?? 0;
  };
  const startMs = Date.now();
  const waiting = await count();
  while ((await count()) > 0) {
    if (Date.now() - startMs > WRITTEN_WITHIN_MS) throw new Error(`of ${waiting} mails not all were written`);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  return { waiting, seconds: (Date.now() - startMs) / 1_000 };
}
