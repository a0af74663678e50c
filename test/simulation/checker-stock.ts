/** Free, held and sold are the capacity, and the counters are what the tickets and the holds say. */
import { z } from "zod";
import type { Violation } from "./checker.ts";
import { sumOf } from "./checker-views.ts";
import type { Rows, Snapshot } from "./snapshot.ts";

const Lines = z.array(z.object({ ticketTypeId: z.string(), quantity: z.int() }));

export const checkStock = ({ inventories }: Snapshot): Violation[] => inventories.flatMap(checkInventory);

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
