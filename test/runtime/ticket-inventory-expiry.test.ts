import { evictDurableObject, reset, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { MAX_TICKET_TYPES } from "../../shared/contracts/events";
import type { Holder } from "../../shared/contracts/inventory";
import {
  aUser,
  availableOf,
  claimRequest,
  codeOf,
  configOf,
  granted,
  HOLD_MS,
  holdRequest,
  type Inventory,
  openInventory,
  plainPool,
  poolsOf,
  refusalOf,
  rowsOf,
  someId,
  typeDraft,
} from "../support/inventory";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"] });
});
afterEach(async () => {
  vi.useRealTimers();
  await reset();
});

const pass = (ms: number) => vi.setSystemTime(Date.now() + ms);
const alarmOf = (inventory: Inventory) => runInDurableObject(inventory, (_, { storage }) => storage.getAlarm());
/** Until the object has told its news, after which only holds' ends are left to wait for. */
async function tellNews(inventory: Inventory) {
  pass(1_000);
  await runDurableObjectAlarm(inventory);
  pass(5_000);
  await runDurableObjectAlarm(inventory);
}
const statusesOf = (inventory: Inventory) =>
  rowsOf<{ status: string; holds: number }>(inventory, "SELECT status, COUNT(*) AS holds FROM holds GROUP BY status");

async function placeMany(inventory: Inventory, ticketTypeId: string, count: number) {
  const answers = await Promise.all(Array.from({ length: count }, () => inventory.placeHold(holdRequest(ticketTypeId, 1))));
  expect(answers.every((answer) => answer.ok)).toBe(true);
}

test("a hold past its end is gone for every read and every write, at its very millisecond", async () => {
  const type = typeDraft({ quantity: 1 });
  const inventory = await openInventory(configOf([type]));
  const request = holdRequest(type.id, 1);
  const { holdId } = granted(await inventory.placeHold(request));
  pass(HOLD_MS - 1);
  expect(codeOf(await inventory.hold(holdId))).toBe("ok");
  expect(codeOf(await inventory.placeHold(holdRequest(type.id, 1)))).toBe("sold_out");
  pass(1);
  expect(await availableOf(inventory)).toEqual({ [type.id]: 1 });
  expect(codeOf(await inventory.hold(holdId))).toBe("hold_expired");
  expect(codeOf(await inventory.changeHold(holdId, request.items))).toBe("hold_expired");
  expect(codeOf(await inventory.claim({ ...claimRequest(type.id, 1), holdId, items: null }))).toBe("hold_expired");
  expect(codeOf(await inventory.placeHold(request))).toBe("hold_expired");
  expect(codeOf(await inventory.placeHold(holdRequest(type.id, 1)))).toBe("ok");
});

test("four hundred and fifty due holds never make stock look short", async () => {
  const type = typeDraft({ quantity: 450 });
  const inventory = await openInventory(configOf([type]));
  await placeMany(inventory, type.id, 450);
  pass(HOLD_MS);
  expect(await availableOf(inventory)).toEqual({ [type.id]: 450 });
  // Reading has ended nothing, so that the next batch finds 450 due and ends 200 before its commands.
  expect(await poolsOf(inventory)).toMatchObject([{ held: 450 }]);
  await placeMany(inventory, type.id, 450);
  expect(await poolsOf(inventory)).toMatchObject([{ held: 450, sold: 0 }]);
  const refusal = refusalOf(await inventory.placeHold(holdRequest(type.id, 1)));
  expect(refusal).toMatchObject({ code: "sold_out", members: { available: [{ available: 0 }] } });
});

test("one hold for all of it fits where only due holds stand in its way", async () => {
  const type = typeDraft({ quantity: 450, maxPerOrder: 450 });
  const inventory = await openInventory(configOf([type]));
  await placeMany(inventory, type.id, 450);
  pass(HOLD_MS);
  expect(granted(await inventory.placeHold(holdRequest(type.id, 450))).lines).toMatchObject([{ quantity: 450 }]);
});

test("a wave of due holds is ended over several batches, and who wants the room that it takes waits for it", async () => {
  const type = typeDraft({ quantity: 1_500, maxPerOrder: 1_500 });
  const inventory = await openInventory(configOf([type]));
  await placeMany(inventory, type.id, 1_500);
  pass(HOLD_MS);
  const { commits } = await inventory.commitStatistics();
  expect(granted(await inventory.placeHold(holdRequest(type.id, 1_500))).lines).toMatchObject([{ quantity: 1_500 }]);
  // One batch ends 200 before its commands and 800 for them.
  expect((await inventory.commitStatistics()).commits - commits).toBe(2);
  expect(await poolsOf(inventory)).toMatchObject([{ held: 1_500 }]);
  expect(codeOf(await inventory.placeHold(holdRequest(type.id, 1)))).toBe("sold_out");
});

test("a hundred ticket types whose holds are all due give everything back", async () => {
  const house = someId();
  const types = Array.from({ length: MAX_TICKET_TYPES }, () => {
    const id = someId();
    return typeDraft({ id, poolIds: [id, house] });
  });
  const pools = [...types.map(({ id, quantity }) => plainPool(id, quantity)), plainPool(house, 1_000)];
  const inventory = await openInventory(configOf(types, { pools }));
  const holder: Holder = { kind: "address", key: "hashed" };
  const answers = await Promise.all(
    types
      .flatMap(({ id }) => [holdRequest(id, 1), holdRequest(id, 2, { holder })])
      .map((request) => inventory.placeHold(request)),
  );
  expect(answers.every((answer) => answer.ok)).toBe(true);
  expect((await poolsOf(inventory)).find(({ id }) => id === house)).toMatchObject({ held: 300, held_anonymously: 200 });
  pass(HOLD_MS);
  await runDurableObjectAlarm(inventory);
  expect(await statusesOf(inventory)).toEqual([{ status: "expired", holds: 200 }]);
  expect((await poolsOf(inventory)).every(({ held, held_anonymously }) => held === 0 && held_anonymously === 0)).toBe(true);
});

test("a due hold does not count against its holder", async () => {
  const type = typeDraft({ quantity: 100, maxPerOrder: 10 });
  const inventory = await openInventory(configOf([type], { unpaidOrdersPerPerson: 2 }));
  const holder = aUser();
  const place = () => inventory.placeHold(holdRequest(type.id, 10, { holder }));
  expect([codeOf(await place()), codeOf(await place()), codeOf(await place())]).toEqual(["ok", "ok", "holder_limit"]);
  pass(HOLD_MS);
  expect(codeOf(await place())).toBe("ok");
});

test("the alarm ends what is due without anybody asking, five hundred at a time, and comes again for the rest", async () => {
  const type = typeDraft({ quantity: 700 });
  const inventory = await openInventory(configOf([type]));
  await placeMany(inventory, type.id, 700);
  pass(HOLD_MS);
  expect(await runDurableObjectAlarm(inventory)).toBe(true);
  // The write path ends 200 before a batch's commands, and the alarm's own command 500 more.
  expect(await statusesOf(inventory)).toEqual([{ status: "expired", holds: 700 }]);
  expect(await poolsOf(inventory)).toMatchObject([{ held: 0 }]);
  await tellNews(inventory);
  expect(await alarmOf(inventory)).toBeNull();
});

test("the alarm comes again at once while more is due than it may end", async () => {
  const type = typeDraft({ quantity: 1_500 });
  const inventory = await openInventory(configOf([type]));
  await placeMany(inventory, type.id, 1_500);
  pass(HOLD_MS);
  await runDurableObjectAlarm(inventory);
  // Each of its three commits (the ends, the news, the news that left) ends 200 before its command, and the first command 500.
  expect(await statusesOf(inventory)).toEqual([
    { status: "expired", holds: 1_100 },
    { status: "held", holds: 400 },
  ]);
  expect(await alarmOf(inventory)).toBeLessThanOrEqual(Date.now());
  await runDurableObjectAlarm(inventory);
  expect(await statusesOf(inventory)).toEqual([{ status: "expired", holds: 1_500 }]);
});

test("the alarm is set for the first end, and asked for again only when a hold ends earlier", async () => {
  const type = typeDraft({ quantity: 10 });
  const config = configOf([type]);
  const inventory = await openInventory(config);
  await tellNews(inventory);
  expect(await alarmOf(inventory)).toBeNull();
  const asked = await runInDurableObject(inventory, (_, { storage }) => {
    vi.spyOn(storage, "setAlarm");
    return vi.mocked(storage.setAlarm).mock.calls;
  });
  const startMs = Date.now();
  granted(await inventory.placeHold(holdRequest(type.id, 1)));
  pass(500);
  granted(await inventory.placeHold(holdRequest(type.id, 1)));
  // The second hold ends after the first, and its news waits with the first one's.
  expect(asked).toEqual([[startMs + 1_000]]);
  pass(-500);
  await tellNews(inventory);
  expect(await alarmOf(inventory)).toBe(startMs + HOLD_MS);
  asked.length = 0;
  granted(await inventory.reconfigure({ ...config, version: 2, holdMs: 1_001 }));
  const changedMs = Date.now();
  granted(await inventory.placeHold(holdRequest(type.id, 1)));
  expect(asked).toEqual([[changedMs + 1_000]]);
  pass(1_000);
  await runDurableObjectAlarm(inventory);
  expect(await alarmOf(inventory)).toBe(changedMs + 1_001);
});

test("an object that starts without the alarm that its holds need sets it", async () => {
  const type = typeDraft();
  const inventory = await openInventory(configOf([type]));
  const { expiresAtMs } = granted(await inventory.placeHold(holdRequest(type.id, 1)));
  await tellNews(inventory);
  await runInDurableObject(inventory, (_, { storage }) => storage.deleteAlarm());
  await evictDurableObject(inventory);
  await inventory.availability();
  expect(await alarmOf(inventory)).toBe(expiresAtMs);
});

test("an alarm that cannot do its work throws nothing and comes again after a pause, whoever buys meanwhile", async () => {
  const type = typeDraft();
  const inventory = await openInventory(configOf([type]));
  granted(await inventory.placeHold(holdRequest(type.id, 1)));
  await runInDurableObject(inventory, (_, { storage }) => {
    storage.sql.exec("CREATE TRIGGER stuck BEFORE UPDATE ON holds BEGIN SELECT RAISE(ABORT, 'stuck'); END");
  });
  pass(HOLD_MS);
  const errors = vi.spyOn(console, "error").mockImplementation(() => {});
  expect(await runDurableObjectAlarm(inventory)).toBe(true);
  expect(errors).toHaveBeenCalled();
  const againAtMs = Date.now() + 5_000;
  expect(await alarmOf(inventory)).toBe(againAtMs);
  granted(await inventory.placeHold(holdRequest(type.id, 1)));
  expect(await alarmOf(inventory)).toBe(againAtMs);
  errors.mockRestore();
  await runInDurableObject(inventory, (_, { storage }) => storage.sql.exec("DROP TRIGGER stuck").toArray());
  await runDurableObjectAlarm(inventory);
  expect(await statusesOf(inventory)).toEqual([
    { status: "expired", holds: 1 },
    { status: "held", holds: 1 },
  ]);
});
