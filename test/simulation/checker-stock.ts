/** Free, held and sold are the capacity, and the counters are what the tickets and the holds say. */
import { z } from "zod";
import type { Violation } from "./checker.ts";
import { sumOf } from "./checker-views.ts";
import type { Rows, Snapshot } from "./snapshot.ts";

const Lines = z.array(z.object({ ticketTypeId: z.string(), quantity: z.int() }));

/** What has happened to the stock by then has been told: an alarm, a second's pause, a mailbox. */
const TOLD_WITHIN_MS = 10_000;

export const checkStock = (snapshot: Snapshot): Violation[] => [
  ...snapshot.inventories.flatMap(checkInventory),
  ...snapshot.inventories.flatMap((inventory) => checkTold(inventory, snapshot)),
];

function checkInventory(inventory: Rows<"inventory">): Violation[] {
  const [event] = inventory.event;
  if (!event) return [];
  return inventory.pools.flatMap((pool) => {
    const id = `${event.event_id} ${pool.id}`;
    const types = new Set(
      inventory.ticket_type_pools.filter(({ pool_id }) => pool_id === pool.id).map((of) => of.ticket_type_id),
    );
    const tickets = inventory.tickets.filter(({ ticket_type_id }) => types.has(ticket_type_id));
    const living = tickets.filter(({ status }) => status !== "void").length;
    const held = sumOf(
      inventory.holds.filter(({ status }) => status === "held" || status === "claimed"),
      ({ lines }) =>
        sumOf(
          Lines.parse(JSON.parse(lines)).filter(({ ticketTypeId }) => types.has(ticketTypeId)),
          ({ quantity }) => quantity,
        ),
    );
    const violations: Violation[] = [];
    // The places of a cancelled event are given back to nobody.
    const isSold = event.state === "cancelled" ? living <= pool.sold && pool.sold <= tickets.length : living === pool.sold;
    if (!isSold) violations.push({ rule: "pool_sold", id, what: `counts ${pool.sold} sold, there are ${living} tickets` });
    if (held !== pool.held) violations.push({ rule: "pool_held", id, what: `counts ${pool.held} held, the holds say ${held}` });
    const free = pool.capacity - pool.blocked - held - living;
    if (free < 0) violations.push({ rule: "oversold", id, what: `${living} sold and ${held} held of ${pool.capacity}` });
    return violations;
  });
}

/** What is told of what is left is what is left, unless that has changed a moment ago. */
function checkTold(inventory: Rows<"inventory">, { analytics, takenAtMs }: Snapshot): Violation[] {
  const isMoving = inventory.holds.some(
    ({ status, expires_at_ms }) => status !== "confirmed" && status !== "released" && expires_at_ms > takenAtMs - TOLD_WITHIN_MS,
  );
  const [event] = inventory.event;
  if (!event || isMoving || inventory.holds.length === 0) return [];
  const free = new Map(inventory.pools.map(({ id, capacity, sold, held, blocked }) => [id, capacity - sold - held - blocked]));
  const told = new Map(
    analytics.stock_levels
      .filter((level) => level.event_id === event.event_id)
      .map((level) => [level.ticket_type_id, level.available]),
  );
  const types = new Set(inventory.ticket_type_pools.map(({ ticket_type_id }) => ticket_type_id));
  return [...types].flatMap((type) => {
    const pools = inventory.ticket_type_pools.filter(({ ticket_type_id }) => ticket_type_id === type);
    const left = Math.max(0, Math.min(...pools.map(({ pool_id }) => free.get(pool_id) ?? 0)));
    return told.get(type) === left
      ? []
      : [{ rule: "stock_told", id: `${event.event_id} ${type}`, what: `${told.get(type)} told, ${left} left (${event.state})` }];
  });
}
