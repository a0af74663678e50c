import { evictDurableObject, reset, runInDurableObject } from "cloudflare:test";
import { afterEach, expect, test } from "vitest";
import {
  availableOf,
  claimRequest,
  codeOf,
  configOf,
  confirmRequest,
  errorOf,
  granted,
  holdRequest,
  inventoryOf,
  openInventory,
  plainPool,
  poolsOf,
  refusalOf,
  removeGuard,
  rowsOf,
  scanRequest,
  someId,
  tablesOf,
  typeDraft,
} from "../support/inventory";

afterEach(() => reset());

const EMPTY_DATABASE_BYTES = 4096;
const fiftyBuyers = (ticketTypeId: string) => Array.from({ length: 50 }, () => holdRequest(ticketTypeId, 1));

// The simulator keeps an empty page for every object that was ever asked, whatever its code does; the platform forgets an object whose
// database is empty. So what is counted is what the object wrote.
test("a hundred events that nobody opened answer event_not_found to every command, and none leaves a write behind", async () => {
  for (let round = 0; round < 100; round++) {
    const eventId = someId();
    const inventory = inventoryOf(eventId);
    const answers = await Promise.all([
      inventory.reconfigure(configOf([typeDraft()], { eventId })),
      inventory.close("cancelled"),
      inventory.placeHold(holdRequest(someId(), 1)),
      inventory.hold(someId()),
      inventory.changeHold(someId(), []),
      inventory.releaseHold(someId()),
      inventory.claim(claimRequest(someId(), 1)),
      inventory.extend(someId(), Date.now()),
      inventory.confirm(confirmRequest(eventId, someId())),
      inventory.release(someId(), "cancelled"),
      inventory.voidTickets(someId(), null),
      inventory.ticketsOf(someId()),
      inventory.checkIn(scanRequest(someId())),
      inventory.availability(),
    ]);
    expect(new Set(answers.map(codeOf))).toEqual(new Set(["event_not_found"]));
    expect(await inventory.commitStatistics()).toEqual({ commits: 0, commands: 0, histogram: {} });
    expect(await tablesOf(inventory)).toEqual([]);
    await evictDurableObject(inventory);
    expect(codeOf(await inventory.placeHold(holdRequest(someId(), 1)))).toBe("event_not_found");
    expect(await runInDurableObject(inventory, (_, { storage }) => storage.sql.databaseSize)).toBe(EMPTY_DATABASE_BYTES);
    expect(await runInDurableObject(inventory, (_, { storage }) => storage.getAlarm())).toBeNull();
  }
});

test("opening makes the tables that the test before looks for", async () => {
  const inventory = await openInventory(configOf([typeDraft()]));
  expect((await tablesOf(inventory)).map(({ name }) => name)).toContain("pools");
  const bytes = await runInDurableObject(inventory, (_, { storage }) => storage.sql.databaseSize);
  expect(bytes).toBeGreaterThan(EMPTY_DATABASE_BYTES);
});

test("an opening that is refused or fails leaves the event unopened", async () => {
  const config = configOf([typeDraft()]);
  const inventory = inventoryOf(config.eventId);
  expect(await errorOf(inventory.open({ ...config, pools: [] }))).toContain("FOREIGN KEY");
  expect(await tablesOf(inventory)).toEqual([]);
  expect(codeOf(await inventory.availability())).toBe("event_not_found");
  granted(await inventory.open(config));
  granted(await inventory.availability());
});

test("fifty buyers, ten tickets, ten holds", async () => {
  const type = typeDraft({ quantity: 10 });
  const inventory = await openInventory(configOf([type]));
  const answers = await Promise.all(fiftyBuyers(type.id).map((request) => inventory.placeHold(request)));
  expect(answers.filter((answer) => answer.ok)).toHaveLength(10);
  const refusals = answers.filter((answer) => !answer.ok).map(refusalOf);
  expect(refusals).toHaveLength(40);
  for (const refusal of refusals)
    expect(refusal).toEqual({ code: "sold_out", members: { available: [{ ticketTypeId: type.id, available: 0 }] } });
  expect(await poolsOf(inventory)).toEqual([{ id: type.id, capacity: 10, sold: 0, held: 10, held_anonymously: 0, blocked: 0 }]);
});

test("control: without the pools' constraint the same fifty buyers get fifty holds", async () => {
  const type = typeDraft({ quantity: 10 });
  const inventory = await openInventory(configOf([type]));
  await removeGuard(inventory);
  const answers = await Promise.all(fiftyBuyers(type.id).map((request) => inventory.placeHold(request)));
  expect(answers.filter((answer) => answer.ok)).toHaveLength(50);
});

test("two types over a shared capacity of ten sell ten, and read the same available", async () => {
  const house = someId();
  const types = ["Floor", "Balcony"].map((name) => {
    const id = someId();
    return typeDraft({ id, name, poolIds: [id, house], quantity: 8 });
  });
  const [floor, balcony] = types as [(typeof types)[0], (typeof types)[0]];
  const pools = [...types.map(({ id }) => plainPool(id, 8)), plainPool(house, 10)];
  const inventory = await openInventory(configOf(types, { pools }));
  granted(await inventory.placeHold(holdRequest(floor.id, 3)));
  expect(await availableOf(inventory)).toEqual({ [floor.id]: 5, [balcony.id]: 7 });

  const wishes = Array.from({ length: 20 }, (_, n) => holdRequest(n % 2 === 0 ? floor.id : balcony.id, 1));
  const answers = await Promise.all(wishes.map((wish) => inventory.placeHold(wish)));
  expect(answers.filter((answer) => answer.ok)).toHaveLength(7);
  expect(await availableOf(inventory)).toEqual({ [floor.id]: 0, [balcony.id]: 0 });
  const refusal = refusalOf(
    await inventory.placeHold(
      holdRequest(floor.id, 1, {
        items: [
          { ticketTypeId: floor.id, quantity: 1 },
          { ticketTypeId: balcony.id, quantity: 1 },
        ],
      }),
    ),
  );
  expect(refusal).toMatchObject({
    code: "sold_out",
    members: {
      available: [
        { ticketTypeId: floor.id, available: 0 },
        { ticketTypeId: balcony.id, available: 0 },
      ],
    },
  });
});

test("what is held reads reserved and not sold, until it is sold or gives way", async () => {
  const type = typeDraft({ quantity: 5 });
  const config = configOf([type]);
  const inventory = await openInventory(config);
  const stand = async () => {
    const [told] = granted(await inventory.availability()).ticketTypes;
    return [told?.status, told?.available, told?.reserved];
  };
  expect(await stand()).toEqual(["on_sale", 5, 0]);
  const held = holdRequest(type.id, 2);
  const orderId = someId();
  granted(await inventory.placeHold(held));
  granted(await inventory.claim(claimRequest(type.id, 3, orderId)));
  expect(await stand()).toEqual(["sold_out", 0, 5]);
  granted(await inventory.confirm(confirmRequest(config.eventId, orderId)));
  expect(await stand()).toEqual(["sold_out", 0, 2]);
  granted(await inventory.releaseHold(held.holdId));
  expect(await stand()).toEqual(["on_sale", 2, 0]);
});

test("a hold over two types of one pool asks it for the sum", async () => {
  const house = someId();
  const types = [typeDraft({ poolIds: [house] }), typeDraft({ poolIds: [house] })];
  const inventory = await openInventory(configOf(types, { pools: [plainPool(house, 5)] }));
  const items = types.map(({ id }) => ({ ticketTypeId: id, quantity: 3 }));
  expect(codeOf(await inventory.placeHold(holdRequest("", 1, { items })))).toBe("sold_out");
  expect(await poolsOf(inventory)).toEqual([{ id: house, capacity: 5, sold: 0, held: 0, held_anonymously: 0, blocked: 0 }]);
});

test("a refusal after the first pool leaves no write, and tells what is left as if it had not asked", async () => {
  const plenty = typeDraft({ quantity: 9 });
  const scarce = typeDraft({ quantity: 1 });
  const inventory = await openInventory(configOf([plenty, scarce]));
  const items = [
    { ticketTypeId: plenty.id, quantity: 5 },
    { ticketTypeId: scarce.id, quantity: 2 },
  ];
  const refusal = refusalOf(await inventory.placeHold(holdRequest("", 1, { items })));
  expect(refusal.members?.available).toEqual([
    { ticketTypeId: plenty.id, available: 9 },
    { ticketTypeId: scarce.id, available: 1 },
  ]);
  expect((await poolsOf(inventory)).map(({ held }) => held)).toEqual([0, 0]);
  expect(await rowsOf(inventory, "SELECT id FROM holds")).toEqual([]);
});

test("an eviction between any two commands loses nothing", async () => {
  const type = typeDraft({ quantity: 4 });
  const config = configOf([type]);
  const inventory = await openInventory(config);
  const claim = claimRequest(type.id, 3);
  await evictDurableObject(inventory);
  const held = granted(await inventory.claim(claim));
  await evictDurableObject(inventory);
  expect(granted(await inventory.hold(claim.holdId))).toEqual(held);
  expect(await availableOf(inventory)).toEqual({ [type.id]: 1 });
  await evictDurableObject(inventory);
  const tickets = granted(await inventory.confirm(confirmRequest(config.eventId, claim.orderId)));
  await evictDurableObject(inventory);
  expect(granted(await inventory.ticketsOf(claim.orderId))).toEqual(tickets);
  const scan = scanRequest(tickets[0]?.id ?? "");
  granted(await inventory.checkIn(scan));
  await evictDurableObject(inventory);
  expect(codeOf(await inventory.checkIn({ ...scan, nonce: "another" }))).toBe("already_admitted");
  expect(await poolsOf(inventory)).toEqual([{ id: type.id, capacity: 4, sold: 3, held: 0, held_anonymously: 0, blocked: 0 }]);
});
