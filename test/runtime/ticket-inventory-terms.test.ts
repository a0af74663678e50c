import { reset } from "cloudflare:test";
import { afterEach, expect, test, vi } from "vitest";
import {
  availableOf,
  claimRequest,
  codeOf,
  configOf,
  confirmRequest,
  granted,
  HOLD_MS,
  holdRequest,
  inventoryOf,
  openInventory,
  plainPool,
  poolsOf,
  refusalOf,
  someId,
  typeDraft,
} from "../support/inventory";

afterEach(async () => {
  vi.useRealTimers();
  await reset();
});

test("opening again with the version that stands is the same answer, an older one is refused, a newer one is a change", async () => {
  const type = typeDraft({ quantity: 5 });
  const config = configOf([type], { version: 3 });
  const inventory = await openInventory(config);
  expect(await inventory.open(config)).toEqual({ ok: true, value: { version: 3 } });
  expect(codeOf(await inventory.open({ ...config, version: 2 }))).toBe("state_moved");
  const pools = [plainPool(type.id, 4)];
  expect(granted(await inventory.open({ ...config, version: 4, pools }))).toEqual({ version: 4 });
  expect(await availableOf(inventory)).toEqual({ [type.id]: 4 });
  granted(await inventory.placeHold(holdRequest(type.id, 4)));
  expect(codeOf(await inventory.open({ ...config, version: 5, pools: [plainPool(type.id, 3)] }))).toBe("state_moved");
  granted(await inventory.close("cancelled"));
  expect(codeOf(await inventory.open({ ...config, version: 6 }))).toBe("event_state");
});

test("two openings at once make one inventory", async () => {
  const config = configOf([typeDraft()]);
  const inventory = inventoryOf(config.eventId);
  const answers = await Promise.all([inventory.open(config), inventory.open(config)]);
  expect(answers).toEqual(Array(2).fill({ ok: true, value: { version: 1 } }));
  expect(await poolsOf(inventory)).toHaveLength(1);
});

test("capacity moves while on sale, never below what is sold and held, and the next hold knows", async () => {
  const type = typeDraft({ quantity: 10 });
  const config = configOf([type]);
  const inventory = await openInventory(config);
  const claim = claimRequest(type.id, 3);
  granted(await inventory.claim(claim));
  granted(await inventory.confirm(confirmRequest(config.eventId, claim.orderId)));
  granted(await inventory.placeHold(holdRequest(type.id, 2)));
  const resize = (version: number, capacity: number) =>
    inventory.reconfigure({ ...config, version, changeId: `change to ${capacity}`, pools: [plainPool(type.id, capacity)] });

  expect(refusalOf(await resize(2, 4))).toMatchObject({ code: "capacity_below_sold", members: { sold: 3, held: 2 } });
  expect(granted(await inventory.availability())).toMatchObject({ version: 1, ticketTypes: [{ available: 5 }] });
  expect(granted(await resize(2, 5))).toEqual({ version: 2 });
  expect(codeOf(await inventory.placeHold(holdRequest(type.id, 1)))).toBe("sold_out");
  // The same change once more, from a hand that did not hear the answer, is no other change of the same version.
  expect(granted(await resize(2, 5))).toEqual({ version: 2 });
  expect(codeOf(await resize(2, 50))).toBe("state_moved");
  granted(await resize(3, 50));
  const { configVersion } = granted(await inventory.placeHold(holdRequest(type.id, 10)));
  expect(configVersion).toBe(3);
});

test("capacity may shrink into what only due holds occupy", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  const type = typeDraft({ quantity: 300 });
  const config = configOf([type]);
  const inventory = await openInventory(config);
  await Promise.all(Array.from({ length: 300 }, () => inventory.placeHold(holdRequest(type.id, 1))));
  vi.setSystemTime(Date.now() + HOLD_MS);
  expect(codeOf(await inventory.reconfigure({ ...config, version: 2, pools: [plainPool(type.id, 1)] }))).toBe("ok");
  expect(await poolsOf(inventory)).toMatchObject([{ capacity: 1, held: 0 }]);
});

test("a type with holds, open orders or tickets stays; one without goes with its pool", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  const types = [typeDraft(), typeDraft(), typeDraft(), typeDraft()] as const;
  const [held, ordered, sold, unused] = types;
  const config = configOf([...types]);
  const inventory = await openInventory(config);
  granted(await inventory.placeHold(holdRequest(held.id, 1)));
  const [order, sale] = [claimRequest(ordered.id, 1), claimRequest(sold.id, 1)];
  granted(await inventory.claim(order));
  granted(await inventory.claim(sale));
  granted(await inventory.confirm(confirmRequest(config.eventId, sale.orderId)));
  let version = 1;
  const remove = async (id: string) => {
    const ticketTypes = types.filter((type) => type.id !== id);
    const answer = await inventory.reconfigure(configOf(ticketTypes, { eventId: config.eventId, version: version + 1 }));
    if (answer.ok) version += 1;
    return codeOf(answer);
  };
  for (const { id } of [held, ordered, sold]) expect(await remove(id)).toBe("ticket_type_in_use");
  expect(await remove(unused.id)).toBe("ok");
  expect((await poolsOf(inventory)).map(({ id }) => id)).not.toContain(unused.id);
  expect(codeOf(await inventory.placeHold(holdRequest(unused.id, 1)))).toBe("ticket_type_not_found");

  vi.setSystemTime(Date.now() + HOLD_MS);
  expect(await remove(ordered.id)).toBe("ticket_type_in_use");
  granted(await inventory.release(order.orderId, "cancelled"));
  expect(await remove(ordered.id)).toBe("ok");
});

test("a type that draws from another pool takes what it has sold and held with it", async () => {
  const id = someId();
  const type = typeDraft({ id, poolIds: [id], quantity: 10 });
  const config = configOf([type]);
  const inventory = await openInventory(config);
  const claim = claimRequest(id, 3);
  granted(await inventory.claim(claim));
  granted(await inventory.confirm(confirmRequest(config.eventId, claim.orderId)));
  const hold = holdRequest(id, 2);
  granted(await inventory.placeHold(hold));
  const house = someId();
  const move = (version: number, capacity: number) => {
    const pools = [plainPool(id, 10), plainPool(house, capacity)];
    return inventory.reconfigure({ ...config, version, pools, ticketTypes: [{ ...type, poolIds: [id, house] }] });
  };
  expect(refusalOf(await move(2, 4))).toMatchObject({ code: "capacity_below_sold", members: { sold: 3, held: 2 } });
  granted(await move(2, 6));
  const rows = Object.fromEntries((await poolsOf(inventory)).map(({ id, sold, held }) => [id, { sold, held }]));
  expect(rows).toEqual({ [id]: { sold: 3, held: 2 }, [house]: { sold: 3, held: 2 } });
  expect(await availableOf(inventory)).toEqual({ [id]: 1 });
  granted(await inventory.releaseHold(hold.holdId));
  expect(await availableOf(inventory)).toEqual({ [id]: 3 });
});

test("a change of terms and holds at the same moment are decided one after the other", async () => {
  const type = typeDraft({ quantity: 10 });
  const config = configOf([type]);
  const inventory = await openInventory(config);
  const holds = Array.from({ length: 20 }, () => holdRequest(type.id, 1));
  const [before, after] = [holds.slice(0, 10), holds.slice(10)];
  const answers = await Promise.all([
    ...before.map((request) => inventory.placeHold(request)),
    inventory.reconfigure({ ...config, version: 2, pools: [plainPool(type.id, 15)] }),
    ...after.map((request) => inventory.placeHold(request)),
  ]);
  expect(answers.filter((answer) => answer.ok)).toHaveLength(16);
  expect(await poolsOf(inventory)).toMatchObject([{ capacity: 15, held: 15 }]);
});
