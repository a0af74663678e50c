import { reset } from "cloudflare:test";
import { afterEach, expect, test } from "vitest";
import { INVENTORY_SCHEMA } from "../../durable-objects/ticket-inventory/migrations";
import {
  ageTo,
  claimRequest,
  configOf,
  confirmRequest,
  granted,
  HOLD_MS,
  holdRequest,
  openInventory,
  poolsOf,
  rowsOf,
  typeDraft,
} from "../support/inventory";

afterEach(() => reset());

test("an object of the first schema keeps its terms, holds and tickets, and does what the newest does", async () => {
  const type = typeDraft({ quantity: 10 });
  const config = configOf([type], { holdCapMs: 7 * HOLD_MS, maxPerPerson: 9 });
  const inventory = await openInventory(config);
  const claim = claimRequest(type.id, 2);
  granted(await inventory.claim(claim));
  granted(await inventory.confirm(confirmRequest(config.eventId, claim.orderId)));
  const hold = granted(await inventory.placeHold(holdRequest(type.id, 3)));
  const pools = await poolsOf(inventory);

  await ageTo(inventory, 1);
  expect(granted(await inventory.hold(hold.holdId))).toEqual(hold);
  expect(await rowsOf(inventory, "SELECT version FROM schema_version")).toEqual([{ version: INVENTORY_SCHEMA.length }]);
  expect(await poolsOf(inventory)).toEqual(pools);
  expect(granted(await inventory.ticketsOf(claim.orderId))).toHaveLength(2);
  // What it did not know yet: three times the hold, and no limit.
  expect(await rowsOf(inventory, "SELECT hold_cap_ms, max_per_person FROM event")).toEqual([
    { hold_cap_ms: 3 * HOLD_MS, max_per_person: null },
  ]);
  granted(await inventory.extendHold(hold.holdId));
  granted(await inventory.changeHold(hold.holdId, [{ ticketTypeId: type.id, quantity: 8 }]));
  expect(granted(await inventory.pools())).toMatchObject([{ sold: 2, held: 8, available: 0 }]);
  granted(await inventory.reconfigure({ ...config, version: 2 }));
});

test("of an event that was cancelled before, what was made void meanwhile is known without counting its tickets again", async () => {
  const type = typeDraft({ quantity: 10 });
  const config = configOf([type]);
  const inventory = await openInventory(config);
  const orders = [claimRequest(type.id, 2), claimRequest(type.id, 3)];
  for (const order of orders) {
    granted(await inventory.claim(order));
    granted(await inventory.confirm(confirmRequest(config.eventId, order.orderId)));
  }
  granted(await inventory.close("cancelled"));
  granted(await inventory.voidTickets(orders[0]?.orderId ?? "", null));
  const kept = () => rowsOf(inventory, "SELECT ticket_type_id, tickets FROM void_places");
  const expected = [{ ticket_type_id: type.id, tickets: 2 }];
  expect(await kept()).toEqual(expected);
  await ageTo(inventory, 1);
  granted(await inventory.ticketsOf(orders[1]?.orderId ?? ""));
  expect(await kept()).toEqual(expected);
});
