/** What the object tells of who was let in: by quarter of an hour, one message a second for all gates, and nothing without a scan. */
import { evictDurableObject } from "cloudflare:test";
import { expect, test, vi } from "vitest";
import { MESSAGES } from "../../shared/contracts/messages";
import { ageTo, claimRequest, confirmRequest, granted, type Inventory, rowsOf } from "../support/inventory";
import { listen, mailbox, openTold, pass, sent, take, wake } from "../support/inventory-news";

listen();

const TYPE = "admissions.counted";
const QUARTER_MS = 900_000;
const quarterNow = () => Math.floor(Date.now() / QUARTER_MS) * QUARTER_MS;
const told = () =>
  sent
    .filter(({ type }) => type === TYPE)
    .map(({ version, data }) => ({ version, quarters: MESSAGES[TYPE].data.parse(data).quarters }));

async function sellTickets(inventory: Inventory, eventId: string, typeId: string, quantity: number): Promise<string[]> {
  const claim = claimRequest(typeId, quantity);
  granted(await inventory.claim(claim));
  granted(await inventory.confirm(confirmRequest(eventId, claim.orderId)));
  return granted(await inventory.ticketsOf(claim.orderId)).map(({ id }) => id);
}

const scan = (inventory: Inventory, ticketId: string, nonce = ticketId) =>
  inventory.checkIn({
    ticketId,
    ticketVersion: 1,
    codeHash: `hash of ${ticketId}`,
    deviceId: "door",
    nonce,
    gate: null,
    scannedAtMs: null,
  });

async function openDoor(quantity: number) {
  vi.setSystemTime(quarterNow() + QUARTER_MS + 60_000);
  const { inventory, config, type } = await openTold(50);
  const tickets = await sellTickets(inventory, config.eventId, type.id, quantity);
  await wake(inventory);
  expect(told()).toEqual([]);
  return { inventory, config, tickets };
}

test("scans of a second are told together, a second scan of a ticket is not, and each quarter says all of its own", async () => {
  const { inventory, config, tickets } = await openDoor(6);
  const firstMs = quarterNow();
  for (const ticket of tickets.slice(0, 3)) expect((await scan(inventory, ticket)).ok).toBe(true);
  expect((await scan(inventory, tickets[0] as string, "again")).ok).toBe(false);
  await wake(inventory);
  expect(told()).toEqual([{ version: 1, quarters: [{ startsAtMs: firstMs, admitted: 3 }] }]);
  expect(sent.at(-1)).toMatchObject({ subject: `${config.eventId}/admissions` });
  await scan(inventory, tickets[0] as string, "once more");
  await wake(inventory);
  expect(told()).toHaveLength(1);

  await scan(inventory, tickets[3] as string);
  await wake(inventory);
  pass(2 * QUARTER_MS);
  await scan(inventory, tickets[4] as string);
  // A clock that is set back over the quarter's end counts where it says it is.
  pass(-QUARTER_MS);
  await scan(inventory, tickets[5] as string);
  pass(QUARTER_MS);
  await wake(inventory);
  expect(told().slice(1)).toEqual([
    { version: 2, quarters: [{ startsAtMs: firstMs, admitted: 4 }] },
    {
      version: 3,
      quarters: [
        { startsAtMs: firstMs, admitted: 4 },
        { startsAtMs: firstMs + QUARTER_MS, admitted: 1 },
        { startsAtMs: firstMs + 2 * QUARTER_MS, admitted: 1 },
      ],
    },
  ]);
});

test("a clock that is set back by hours hides nobody who is let in then", async () => {
  const { inventory, tickets } = await openDoor(3);
  const firstMs = quarterNow();
  pass(10 * QUARTER_MS);
  await scan(inventory, tickets[0] as string);
  await wake(inventory);
  pass(-10 * QUARTER_MS);
  await scan(inventory, tickets[1] as string);
  await wake(inventory);
  pass(10 * QUARTER_MS);
  await scan(inventory, tickets[2] as string);
  await wake(inventory);
  expect(told().at(-1)?.quarters).toEqual([
    { startsAtMs: firstMs, admitted: 1 },
    { startsAtMs: firstMs + 10 * QUARTER_MS, admitted: 2 },
  ]);
});

test("a queue that refuses, and an object that is gone in between, keep no admission from being told", async () => {
  const { inventory, tickets } = await openDoor(3);
  vi.spyOn(console, "error").mockImplementation(() => {});
  mailbox().mockRejectedValue(new Error("the queue is down"));
  await scan(inventory, tickets[0] as string);
  await wake(inventory);
  await scan(inventory, tickets[1] as string);
  await wake(inventory);
  mailbox().mockImplementation(take);
  await evictDurableObject(inventory);
  await inventory.availability();
  for (let wakes = 0; wakes < 4 && told().at(-1)?.quarters[0]?.admitted !== 2; wakes++) await wake(inventory);
  expect(told().at(-1)).toMatchObject({ version: 2, quarters: [{ admitted: 2 }] });
});

test("an object that admitted people before there was any news of it tells them at its next start", async () => {
  const { inventory, tickets } = await openDoor(2);
  for (const ticket of tickets) await scan(inventory, ticket);
  await ageTo(inventory, 2);
  await inventory.availability();
  await wake(inventory);
  expect(told()).toMatchObject([{ version: 1, quarters: [{ admitted: 2 }] }]);
});

test("a look counts the last quarters by their index, however many were admitted before", async () => {
  const { inventory } = await openDoor(1);
  const plan = await rowsOf<{ detail: string }>(
    inventory,
    "EXPLAIN QUERY PLAN SELECT admitted_at_ms / 900000 * 900000, count(*) FROM admissions WHERE admitted_at_ms >= 5 GROUP BY 1 ORDER BY 1",
  );
  expect(plan.map(({ detail }) => detail).join("; ")).toContain("COVERING INDEX admissions_by_time (admitted_at_ms>?)");
});
