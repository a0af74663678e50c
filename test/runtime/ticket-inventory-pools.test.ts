/** Pools overlap as a person with a pencil would count them, and allocations keep places in the pools around them. */
import { reset } from "cloudflare:test";
import { afterEach, expect, test, vi } from "vitest";
import type { HeldStock, InventoryConfig, PoolConfig } from "../../shared/contracts/inventory";
import {
  allocation,
  availableOf,
  claimRequest,
  codeOf,
  configOf,
  confirmRequest,
  DAY_MS,
  errorOf,
  granted,
  HOLD_MS,
  holdRequest,
  type Inventory,
  inventoryOf,
  openInventory,
  plainPool,
  poolsOf,
  refusalOf,
  rowsOf,
  someId,
  typeDraft,
} from "../support/inventory";

afterEach(async () => {
  vi.useRealTimers();
  await reset();
});

/** [sold, held, blocked, available] by pool. */
async function sheetOf(inventory: Inventory): Promise<Record<string, number[]>> {
  const pools = granted(await inventory.pools());
  return Object.fromEntries(pools.map(({ id, sold, held, blocked, available }) => [id, [sold, held, blocked, available]]));
}

async function sell(inventory: Inventory, config: InventoryConfig, typeId: string, quantity: number): Promise<string> {
  const claim = claimRequest(typeId, quantity);
  granted(await inventory.claim(claim));
  granted(await inventory.confirm(confirmRequest(config.eventId, claim.orderId)));
  return claim.orderId;
}

const place = (inventory: Inventory, typeId: string, quantity: number) => inventory.placeHold(holdRequest(typeId, quantity));

/** A hall of 10: the floor of 6 is shared by standing and dancing, two days share the hall, and each type has its own quantity. */
function overlapping() {
  const standing = typeDraft({ id: "standing", quantity: 5, poolIds: ["standing", "floor", "saturday", "hall"] });
  const dancing = typeDraft({ id: "dancing", quantity: 5, poolIds: ["dancing", "floor", "sunday", "hall"] });
  const seated = typeDraft({ id: "seated", quantity: 8, poolIds: ["seated", "saturday", "sunday", "hall"] });
  const pools = [
    plainPool("hall", 10),
    plainPool("floor", 6),
    plainPool("saturday", 7),
    plainPool("sunday", 7),
    ...[standing, dancing, seated].map(({ id, quantity }) => plainPool(id, quantity)),
  ];
  return configOf([standing, dancing, seated], { pools });
}

test("what is left of overlapping pools is what a pencil leaves", async () => {
  const inventory = await openInventory(overlapping());
  // 4 stand: floor 2, saturday 3, hall 6.
  granted(await place(inventory, "standing", 4));
  expect(await availableOf(inventory)).toEqual({ standing: 1, dancing: 2, seated: 3 });
  // 3 sit: saturday 0, sunday 4, hall 3.
  granted(await place(inventory, "seated", 3));
  expect(await availableOf(inventory)).toEqual({ standing: 0, dancing: 2, seated: 0 });
  expect(refusalOf(await place(inventory, "standing", 1))).toMatchObject({
    code: "sold_out",
    members: { available: [{ ticketTypeId: "standing", available: 0 }] },
  });
  // 2 dance: the floor is full, sunday 2, hall 1.
  granted(await place(inventory, "dancing", 2));
  expect(await sheetOf(inventory)).toEqual({
    dancing: [0, 2, 0, 3],
    floor: [0, 6, 0, 0],
    hall: [0, 9, 0, 1],
    saturday: [0, 7, 0, 0],
    seated: [0, 3, 0, 5],
    standing: [0, 4, 0, 1],
    sunday: [0, 5, 0, 2],
  });
});

test("a change of ticket type inside a hold needs no more of a shared pool than it frees", async () => {
  const inventory = await openInventory(overlapping());
  const hold = granted(await place(inventory, "standing", 5));
  granted(await place(inventory, "dancing", 1));
  // The floor is full: 5 + 1 of 6. Three of the five dance instead.
  const items = [
    { ticketTypeId: "standing", quantity: 2 },
    { ticketTypeId: "dancing", quantity: 3 },
  ];
  const changed = granted(await inventory.changeHold(hold.holdId, items));
  expect(changed.lines.map(({ ticketTypeId, quantity }) => [ticketTypeId, quantity])).toEqual([
    ["standing", 2],
    ["dancing", 3],
  ]);
  expect(await sheetOf(inventory)).toMatchObject({
    standing: [0, 2, 0, 3],
    dancing: [0, 4, 0, 1],
    floor: [0, 6, 0, 0],
    saturday: [0, 2, 0, 5],
    sunday: [0, 4, 0, 3],
    hall: [0, 6, 0, 4],
  });
  // One more on the floor than it frees is refused, and the hold keeps what it has.
  const before = await poolsOf(inventory);
  const more = [{ ticketTypeId: "standing", quantity: 3 }, items[1] as { ticketTypeId: string; quantity: number }];
  expect(codeOf(await inventory.changeHold(hold.holdId, more))).toBe("sold_out");
  expect(await poolsOf(inventory)).toEqual(before);
  expect(granted(await inventory.hold(hold.holdId)).lines).toEqual(changed.lines);
});

/** A hall of 10 of which the press keeps 4: its type draws from the allocation and the hall, the public's from the hall. */
function withPress(press = 4, hall = 10, change: Partial<InventoryConfig> = {}) {
  const open = typeDraft({ id: "open", quantity: 10, poolIds: ["open", "hall"] });
  const guests = typeDraft({ id: "guests", quantity: 10, poolIds: ["guests", "press", "hall"] });
  const pools: PoolConfig[] = [
    plainPool("hall", hall),
    plainPool("open", 10),
    plainPool("guests", 10),
    allocation("press", press, "hall"),
  ];
  return configOf([open, guests], { pools, ...change });
}

test("an allocation's places are blocked in the pool around it until they are taken, sold, and given back", async () => {
  const config = withPress();
  const inventory = await openInventory(config);
  expect(await sheetOf(inventory)).toMatchObject({ hall: [0, 0, 4, 6], press: [0, 0, 0, 4] });
  expect(granted(await inventory.pools()).find(({ id }) => id === "press")?.withinPoolIds).toEqual(["hall"]);
  granted(await place(inventory, "open", 6));
  expect(await availableOf(inventory)).toEqual({ open: 0, guests: 4 });
  expect(codeOf(await place(inventory, "open", 1))).toBe("sold_out");

  // The hall is full for everybody else, and still has the press's places.
  const guest = granted(await place(inventory, "guests", 3));
  expect(await sheetOf(inventory)).toMatchObject({ hall: [0, 9, 1, 0], press: [0, 3, 0, 1] });
  expect(codeOf(await place(inventory, "guests", 2))).toBe("sold_out");
  granted(await inventory.releaseHold(guest.holdId));
  expect(await sheetOf(inventory)).toMatchObject({ hall: [0, 6, 4, 0], press: [0, 0, 0, 4] });

  const orderId = await sell(inventory, config, "guests", 4);
  expect(await sheetOf(inventory)).toMatchObject({ hall: [4, 6, 0, 0], press: [4, 0, 0, 0] });
  granted(await inventory.voidTickets(orderId, null));
  expect(await sheetOf(inventory)).toMatchObject({ hall: [0, 6, 4, 0], press: [0, 0, 0, 4] });
});

test("one hold takes from the hall and from the allocation within it", async () => {
  const inventory = await openInventory(withPress());
  const both = (open: number, guests: number) => [
    { ticketTypeId: "open", quantity: open },
    { ticketTypeId: "guests", quantity: guests },
  ];
  const hold = granted(await inventory.placeHold({ ...holdRequest("open", 1), items: both(6, 4) }));
  expect(await sheetOf(inventory)).toMatchObject({ hall: [0, 10, 0, 0], press: [0, 4, 0, 0] });
  const before = await poolsOf(inventory);
  expect(codeOf(await inventory.changeHold(hold.holdId, both(7, 3)))).toBe("sold_out");
  expect(codeOf(await inventory.changeHold(hold.holdId, both(5, 5)))).toBe("sold_out");
  expect(await poolsOf(inventory)).toEqual(before);
  granted(await inventory.changeHold(hold.holdId, both(2, 1)));
  expect(await sheetOf(inventory)).toMatchObject({ hall: [0, 3, 3, 4], press: [0, 1, 0, 3] });
});

test("an allocation's holds that are due give its places back to it, and not to the hall", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  const inventory = await openInventory(withPress());
  granted(await place(inventory, "guests", 4));
  granted(await place(inventory, "open", 5));
  vi.setSystemTime(Date.now() + HOLD_MS);
  // Nothing has ended them yet: the table still says so, and every answer passes over it.
  expect((await poolsOf(inventory)).map(({ held }) => held)).toEqual([4, 9, 5, 4]);
  expect(await sheetOf(inventory)).toMatchObject({ hall: [0, 0, 4, 6], press: [0, 0, 0, 4] });
  expect(await availableOf(inventory)).toEqual({ open: 6, guests: 4 });
  expect(codeOf(await place(inventory, "open", 7))).toBe("sold_out");
  granted(await place(inventory, "open", 6));
  expect(await sheetOf(inventory)).toMatchObject({ hall: [0, 6, 4, 0], press: [0, 0, 0, 4] });
});

test("an allocation is released, moved and grown while its event is on sale, never below what it and the hall have given", async () => {
  const config = withPress();
  const inventory = await openInventory(config);
  await sell(inventory, config, "guests", 1);
  granted(await place(inventory, "guests", 1));
  granted(await place(inventory, "open", 4));
  let version = 1;
  const change = (next: InventoryConfig) => {
    const { pools, ticketTypes } = next;
    return inventory.reconfigure({ ...config, pools, ticketTypes, version: version + 1, changeId: someId() });
  };
  const before = await poolsOf(inventory);
  expect(refusalOf(await change(withPress(1)))).toMatchObject({
    code: "capacity_below_sold",
    members: { poolId: "press", capacity: 1, sold: 1, held: 1 },
  });
  // 6 given, 2 kept: the hall may shrink to 8 and the allocation grow to 6, no further.
  expect(refusalOf(await change(withPress(4, 7)))).toMatchObject({
    members: { poolId: "hall", capacity: 7, sold: 1, held: 5, blocked: 2 },
  });
  expect(refusalOf(await change(withPress(7)))).toMatchObject({
    members: { poolId: "hall", capacity: 10, sold: 1, held: 5, blocked: 5 },
  });
  expect(await poolsOf(inventory)).toEqual(before);

  granted(await change(withPress(6)));
  version += 1;
  expect(await sheetOf(inventory)).toMatchObject({ hall: [1, 5, 4, 0], press: [1, 1, 0, 4] });
  granted(await change(withPress(2)));
  version += 1;
  expect(await sheetOf(inventory)).toMatchObject({ hall: [1, 5, 0, 4], press: [1, 1, 0, 0] });

  // To the sponsor, in one change.
  const sponsored = withPress(2);
  granted(await change({ ...sponsored, pools: [...sponsored.pools, allocation("sponsor", 3, "hall")] }));
  version += 1;
  expect(await sheetOf(inventory)).toMatchObject({ hall: [1, 5, 3, 1], press: [1, 1, 0, 0], sponsor: [0, 0, 0, 3] });
  // The allocation is dissolved: who had a place of it keeps it, in the hall.
  const plain = withPress();
  const ticketTypes = plain.ticketTypes.map((type) => ({ ...type, poolIds: [type.id, "hall"] }));
  granted(await change({ ...plain, ticketTypes, pools: plain.pools.filter(({ id }) => id !== "press") }));
  expect(await sheetOf(inventory)).toMatchObject({ hall: [1, 5, 0, 4] });
  expect(await rowsOf(inventory, "SELECT * FROM pool_surroundings")).toEqual([]);
});

test("capacity moves from one pool to another in one change, and lowering below sold and held tells both", async () => {
  const [left, right] = [typeDraft({ id: "left", quantity: 6 }), typeDraft({ id: "right", quantity: 4 })];
  const config = configOf([left, right]);
  const inventory = await openInventory(config);
  await sell(inventory, config, "left", 2);
  granted(await place(inventory, "left", 1));
  const split = (version: number, ofLeft: number) =>
    inventory.reconfigure({
      ...config,
      version,
      changeId: someId(),
      pools: [plainPool("left", ofLeft), plainPool("right", 10 - ofLeft)],
    });
  expect(refusalOf(await split(2, 2))).toMatchObject({
    code: "capacity_below_sold",
    members: { poolId: "left", capacity: 2, sold: 2, held: 1 },
  });
  expect(await availableOf(inventory)).toEqual({ left: 3, right: 4 });
  granted(await split(2, 3));
  expect(await availableOf(inventory)).toEqual({ left: 0, right: 7 });
});

test("a configuration that contradicts itself is a bug that changes nothing", async () => {
  const good = withPress();
  const [hall, open, guests, press] = good.pools as [PoolConfig, PoolConfig, PoolConfig, PoolConfig];
  const typeOf = (poolIds: string[]) => [typeDraft({ id: "guests", poolIds })];
  const bad: [string, Partial<InventoryConfig>][] = [
    ["lies within an allocation", { pools: [hall, open, guests, press, allocation("inner", 1, "press")] }],
    [
      "draws from two allocations",
      { pools: [...good.pools, allocation("other", 1, "hall")], ticketTypes: typeOf(["press", "other", "hall"]) },
    ],
    ["draws from no pool around its allocation", { ticketTypes: typeOf(["guests", "press"]) }],
    ["FOREIGN KEY", { pools: [...good.pools, allocation("lost", 1, "nowhere")] }],
    ["opens after a type that is not there", { ticketTypes: [typeDraft({ poolIds: ["open"], opensAfterTicketTypeId: "gone" })] }],
  ];
  for (const [message, change] of bad) {
    const config = { ...good, ...change, eventId: someId() };
    expect(await errorOf(inventoryOf(config.eventId).open(config))).toContain(message);
    expect(codeOf(await inventoryOf(config.eventId).pools())).toBe("event_not_found");
  }
});

test("guests' share counts an allocation's pools like any other", async () => {
  const inventory = await openInventory(withPress(4, 10, { anonymousShare: 0.5, maxPerAddress: 1 }));
  const guest = (): HeldStock["holder"] => ({ kind: "buyer", key: someId() });
  granted(await inventory.placeHold(holdRequest("guests", 2, { holder: guest() })));
  expect(codeOf(await inventory.placeHold(holdRequest("guests", 1, { holder: guest() })))).toBe("holder_limit");
  granted(await inventory.placeHold(holdRequest("guests", 2)));
});

test("an allocation's order whose hold has ended takes its places again, or sells what is still there", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  const config = withPress(4, 10, { endMs: Date.now() + 30 * DAY_MS });
  const inventory = await openInventory(config);
  const [again, late] = [claimRequest("guests", 2), claimRequest("guests", 2)];
  for (const claim of [again, late]) granted(await inventory.claim(claim));
  vi.setSystemTime(Date.now() + HOLD_MS);
  granted(await inventory.extend(again.orderId, Date.now() + HOLD_MS));
  expect(await sheetOf(inventory)).toMatchObject({ hall: [0, 2, 2, 6], press: [0, 2, 0, 2] });
  granted(await inventory.confirm(confirmRequest(config.eventId, late.orderId)));
  expect(await sheetOf(inventory)).toMatchObject({ hall: [2, 2, 0, 6], press: [2, 2, 0, 0] });
});
