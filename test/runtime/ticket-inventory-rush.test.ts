/** The rush of `npm run bench -- rush`, in short, and what it would be without the one statement that guards the stock. */
import { reset } from "cloudflare:test";
import { afterEach, expect, test } from "vitest";
import { contend } from "../support/contenders";
import { configOf, type Inventory, openInventory, poolsOf, removeGuard, rowsOf, typeDraft } from "../support/inventory";

afterEach(() => reset());

const IN_FLIGHT = 200;
const GIVES_BACK_ONE_OF = 20;

async function openFor(tickets: number) {
  const type = typeDraft({ quantity: tickets });
  const config = configOf([type], { maxPerAddress: 50, unpaidOrdersPerPerson: 2, anonymousShare: 0.5 });
  const inventory = await openInventory(config);
  const rush = (contenders: number) =>
    contend(inventory, {
      eventId: config.eventId,
      ticketTypeId: type.id,
      contenders,
      inFlight: IN_FLIGHT,
      givesBackOneOf: GIVES_BACK_ONE_OF,
    });
  return { inventory, rush };
}

/** As the object has it in its tables, past every door. */
async function countsOf(inventory: Inventory) {
  const [pool] = await poolsOf(inventory);
  const [tables] = await rowsOf<{ tickets: number; orders: number; live: number }>(
    inventory,
    `SELECT (SELECT COUNT(*) FROM tickets WHERE status <> 'void') AS tickets,
       (SELECT COUNT(*) FROM orders WHERE outcome = 'confirmed') AS orders,
       (SELECT COUNT(*) FROM holds WHERE status IN ('held', 'claimed')) AS live`,
  );
  return { sold: pool?.sold, held: pool?.held, ...tables };
}

test("four thousand people, two thousand tickets, two thousand buyers, and no ticket more", { timeout: 60_000 }, async () => {
  const { inventory, rush } = await openFor(2_000);
  const { holdMs, confirmMs, ticketIds, gaveBack, refused } = await rush(4_000);
  expect(holdMs).toHaveLength(4_000);
  expect(confirmMs).toHaveLength(2_000);
  expect(new Set(ticketIds).size).toBe(2_000);
  // Who found nothing heard why; whoever gave a ticket back left it to somebody who came later.
  expect(gaveBack).toBeGreaterThanOrEqual(100);
  expect(refused).toEqual({ sold_out: 2_000 - gaveBack });
  expect(await countsOf(inventory)).toEqual({ sold: 2_000, held: 0, tickets: 2_000, orders: 2_000, live: 0 });
});

test("control: without room_left the same rush sells more than there is", { timeout: 60_000 }, async () => {
  const { inventory, rush } = await openFor(200);
  await removeGuard(inventory);
  const { ticketIds, refused } = await rush(400);
  expect(refused).toEqual({});
  expect(new Set(ticketIds).size).toBe(380);
  expect(await countsOf(inventory)).toEqual({ sold: 380, held: 0, tickets: 380, orders: 380, live: 0 });
});
