import { reset, runDurableObjectAlarm } from "cloudflare:test";
import { afterEach, expect, test, vi } from "vitest";
import {
  availableOf,
  claimRequest,
  codeOf,
  confirmRequest,
  granted,
  HOLD_MS,
  holdRequest,
  plainPool,
  poolsOf,
  refusalOf,
  rowsOf,
  someId,
  typeDraft,
} from "../support/inventory";
import { joinAll, openList, openSoldOut, statesOf, waitingRequest } from "../support/waiting";

afterEach(async () => {
  vi.useRealTimers();
  await reset();
});

const moveClock = (byMs: number) => vi.setSystemTime(Date.now() + byMs);

test("ten wait, seven tickets come back one by one: the first seven get offers, and the public gets none of them", async () => {
  const { inventory, type, holds } = await openSoldOut(10);
  await joinAll(
    inventory,
    Array.from({ length: 10 }, () => waitingRequest(type.id, 1)),
  );
  expect(await statesOf(inventory)).toEqual(Array(10).fill("waiting"));
  for (const holdId of holds.slice(0, 7)) {
    const [, placed] = await Promise.all([inventory.releaseHold(holdId), inventory.placeHold(holdRequest(type.id, 1))]);
    expect(codeOf(placed)).toBe("sold_out");
  }
  expect(await statesOf(inventory)).toEqual([...Array(7).fill("offered"), ...Array(3).fill("waiting")]);
  expect(await availableOf(inventory)).toEqual({ [type.id]: 0 });
  expect(await poolsOf(inventory)).toMatchObject([{ capacity: 10, sold: 0, held: 10 }]);
});

test("ten sweeps and alarms at once offer two tickets to exactly two people", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  const { inventory, type } = await openSoldOut(2);
  await joinAll(
    inventory,
    Array.from({ length: 5 }, () => waitingRequest(type.id, 1)),
  );
  moveClock(HOLD_MS);
  await Promise.all(
    Array.from({ length: 10 }, (_, nth) =>
      nth % 2 === 0 ? runDurableObjectAlarm(inventory) : inventory.placeHold(holdRequest(type.id, 1)),
    ),
  );
  expect(await statesOf(inventory)).toEqual(["offered", "offered", "waiting", "waiting", "waiting"]);
  expect(await rowsOf(inventory, "SELECT COUNT(*) AS n FROM waiting_entries WHERE hold_id IS NOT NULL")).toEqual([{ n: 2 }]);
  expect(await poolsOf(inventory)).toMatchObject([{ held: 2 }]);
});

test("priority comes before time, and who cannot be served yet is not overtaken by who wants less", async () => {
  const { inventory, type, holds } = await openSoldOut(4);
  const [one, three, urgent] = [
    waitingRequest(type.id, 1),
    waitingRequest(type.id, 3),
    waitingRequest(type.id, 1, { priority: 5, userId: null }),
  ];
  await joinAll(inventory, [three, one, urgent]);
  await inventory.releaseHold(holds[0] ?? "");
  expect(await statesOf(inventory)).toEqual(["waiting", "waiting", "offered"]);
  await inventory.releaseHold(holds[1] ?? "");
  await inventory.releaseHold(holds[2] ?? "");
  expect(await statesOf(inventory)).toEqual(["waiting", "waiting", "offered"]);
  expect(codeOf(await inventory.placeHold(holdRequest(type.id, 1)))).toBe("sold_out");
  await inventory.releaseHold(holds[3] ?? "");
  expect(await statesOf(inventory)).toEqual(["offered", "waiting", "offered"]);
});

test("an offer passes on when it is declined, when it ends, and when its holder leaves", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  const { inventory, type, holds } = await openSoldOut(1, { offerMs: 5_000 });
  const requests = Array.from({ length: 4 }, () => waitingRequest(type.id, 1));
  const [first, second, third, fourth] = requests.map(({ entryId }) => entryId) as [string, string, string, string];
  await joinAll(inventory, requests);
  await inventory.releaseHold(holds[0] ?? "");
  expect(await statesOf(inventory)).toEqual(["offered", "waiting", "waiting", "waiting"]);

  granted(await inventory.declineOffer(first));
  expect(await statesOf(inventory)).toEqual(["declined", "offered", "waiting", "waiting"]);
  moveClock(4_999);
  expect(await statesOf(inventory)).toEqual(["declined", "offered", "waiting", "waiting"]);
  moveClock(1);
  await runDurableObjectAlarm(inventory);
  expect(await statesOf(inventory)).toEqual(["declined", "expired", "offered", "waiting"]);
  expect(codeOf(await inventory.acceptOffer(second))).toBe("offer_not_open");
  granted(await inventory.leaveWaitlist(third));
  expect(await statesOf(inventory)).toEqual(["declined", "expired", "removed", "offered"]);
  expect(granted(await inventory.waitingEntry(third))).toMatchObject({ email: null, name: null });

  // A waiting entry has nothing to accept or decline; one that is over is not over twice.
  granted(await inventory.acceptOffer(fourth));
  granted(await inventory.declineOffer(first));
  granted(await inventory.leaveWaitlist(third));
  expect(await statesOf(inventory)).toEqual(["declined", "expired", "removed", "accepted"]);
});

test("an accepted offer is ordered like any hold, ends when the offer does, and is not extended", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  const { config, inventory, type, holds } = await openSoldOut(2, { offerMs: 60_000 });
  const request = waitingRequest(type.id, 2);
  await joinAll(inventory, [request]);
  for (const id of holds) await inventory.releaseHold(id);
  moveClock(10_000);
  const hold = granted(await inventory.acceptOffer(request.entryId));
  expect(hold).toMatchObject({ holder: { kind: "user", key: request.userId }, lines: [{ ticketTypeId: type.id, quantity: 2 }] });
  expect(hold.expiresAtMs).toBe(Date.now() + 50_000);
  expect(granted(await inventory.acceptOffer(request.entryId))).toEqual(hold);
  expect(granted(await inventory.extendHold(hold.holdId)).expiresAtMs).toBe(hold.expiresAtMs);
  const orderId = someId();
  const claim = { ...claimRequest(type.id, 2, orderId), holdId: hold.holdId, items: null };
  granted(await inventory.claim(claim));
  expect(codeOf(await inventory.leaveWaitlist(request.entryId))).toBe("hold_in_use");
  expect(codeOf(await inventory.declineOffer(request.entryId))).toBe("hold_in_use");
  expect(granted(await inventory.confirm(confirmRequest(config.eventId, orderId)))).toHaveLength(2);
  expect(await statesOf(inventory)).toEqual(["ordered"]);
});

test("whoever joins while there is enough has an offer at once; the rest stays on sale", async () => {
  const type = typeDraft({ quantity: 5 });
  const { inventory } = await openList([type]);
  expect(granted(await inventory.joinWaitlist(waitingRequest(type.id, 2)))).toMatchObject({
    state: "offered",
    offer: { lines: [{ quantity: 2 }] },
  });
  expect(await availableOf(inventory)).toEqual({ [type.id]: 3 });
  // Three are left and five are wanted: what there is waits with him.
  expect(granted(await inventory.joinWaitlist(waitingRequest(type.id, 5))).state).toBe("waiting");
  expect(await availableOf(inventory)).toEqual({ [type.id]: 0 });
  expect(refusalOf(await inventory.placeHold(holdRequest(type.id, 1)))).toMatchObject({
    code: "sold_out",
    members: { available: [{ ticketTypeId: type.id, available: 0 }] },
  });
});

test("of several acceptable types the first that there is enough of is offered", async () => {
  const [stalls, circle] = [typeDraft({ quantity: 1 }), typeDraft({ quantity: 3 })];
  const { inventory } = await openList([stalls, circle]);
  const asked = waitingRequest([stalls.id, circle.id], 2);
  expect(granted(await inventory.joinWaitlist(asked))).toMatchObject({
    state: "offered",
    offer: { lines: [{ ticketTypeId: circle.id, quantity: 2 }] },
  });
});

test("those who wait for one type keep nothing else of a shared pool back than what there is of theirs", async () => {
  const [vip, plain] = [typeDraft({ quantity: 2 }), typeDraft({ quantity: 10 })];
  const house = someId();
  const types = [vip, plain].map((type) => ({ ...type, poolIds: [type.id, house] }));
  const { inventory } = await openList(types, { pools: [plainPool(vip.id, 2), plainPool(plain.id, 10), plainPool(house, 8)] });
  const both = granted(await inventory.placeHold(holdRequest(vip.id, 2)));
  await joinAll(inventory, [waitingRequest(vip.id, 2)]);
  expect(await availableOf(inventory)).toEqual({ [vip.id]: 0, [plain.id]: 6 });
  // One of the two comes back: it and its place in the house are kept.
  granted(await inventory.changeHold(both.holdId, [{ ticketTypeId: vip.id, quantity: 1 }]));
  expect(await availableOf(inventory)).toEqual({ [vip.id]: 0, [plain.id]: 6 });
  expect(codeOf(await inventory.placeHold(holdRequest(plain.id, 7)))).toBe("sold_out");
  granted(await inventory.placeHold(holdRequest(plain.id, 6)));
  await inventory.releaseHold(both.holdId);
  expect(await statesOf(inventory)).toEqual(["offered"]);
});

test("a hold keeps what it has, gives some back, and gets no more while others wait", async () => {
  const type = typeDraft({ quantity: 4 });
  const { inventory } = await openList([type]);
  const hold = granted(await inventory.placeHold(holdRequest(type.id, 3)));
  const own = granted(await inventory.placeHold(holdRequest(type.id, 1)));
  await joinAll(inventory, [waitingRequest(type.id, 3)]);
  const change = (quantity: number, partial = false) =>
    inventory.changeHold(hold.holdId, [{ ticketTypeId: type.id, quantity }], partial);
  granted(await change(3));
  granted(await change(2));
  expect(codeOf(await change(3))).toBe("sold_out");
  expect(granted(await change(4, true)).lines).toMatchObject([{ quantity: 2, asked: 4 }]);
  expect(await statesOf(inventory)).toEqual(["waiting"]);
  await inventory.releaseHold(own.holdId);
  expect(await statesOf(inventory)).toEqual(["waiting"]);
  granted(await change(1));
  expect(await statesOf(inventory)).toEqual(["offered"]);
});

test("void tickets, a raised capacity and a released order bring stock to those who wait", async () => {
  const type = typeDraft({ quantity: 2 });
  const { config, inventory } = await openList([type]);
  const claims = [claimRequest(type.id, 1), claimRequest(type.id, 1)] as const;
  for (const claim of claims) granted(await inventory.claim(claim));
  const [ticket] = granted(await inventory.confirm(confirmRequest(config.eventId, claims[0].orderId)));
  await joinAll(
    inventory,
    Array.from({ length: 4 }, () => waitingRequest(type.id, 1)),
  );
  granted(await inventory.voidTickets(claims[0].orderId, [ticket?.id ?? ""]));
  expect(await statesOf(inventory)).toEqual(["offered", "waiting", "waiting", "waiting"]);
  granted(await inventory.release(claims[1].orderId, "cancelled"));
  expect(await statesOf(inventory)).toEqual(["offered", "offered", "waiting", "waiting"]);
  const larger = { ...config, version: 2, changeId: someId(), pools: [plainPool(type.id, 3)] };
  granted(await inventory.reconfigure({ ...larger, ticketTypes: [{ ...type, quantity: 3 }] }));
  expect(await statesOf(inventory)).toEqual(["offered", "offered", "offered", "waiting"]);
});

test("one person waits once, may have no more than his limit, and may come again when his offer is over", async () => {
  const type = typeDraft({ quantity: 3, maxPerPerson: 2 });
  const { inventory } = await openList([type]);
  const person = { personKey: "ada", userId: "ada" };
  const claim = { ...claimRequest(type.id, 1), personKey: "ada", isPersonVerified: true };
  granted(await inventory.claim(claim));
  expect(codeOf(await inventory.joinWaitlist(waitingRequest(type.id, 2, person)))).toBe("person_limit");
  const first = waitingRequest(type.id, 1, person);
  expect(granted(await inventory.joinWaitlist(first)).state).toBe("offered");
  expect(codeOf(await inventory.joinWaitlist(waitingRequest(type.id, 1, { ...person, userId: null })))).toBe("already_waiting");
  granted(await inventory.declineOffer(first.entryId));
  expect(granted(await inventory.joinWaitlist(waitingRequest(type.id, 1, person))).state).toBe("offered");
});

test("whose limit was reached meanwhile is passed over, told so, and stands in nobody's way", async () => {
  const type = typeDraft({ quantity: 2, maxPerPerson: 1 });
  const other = typeDraft({ quantity: 2 });
  const { config, inventory } = await openList([type, other]);
  const hold = granted(await inventory.placeHold(holdRequest(type.id, 2)));
  const [ada, bob] = [waitingRequest(type.id, 1), waitingRequest(type.id, 1)];
  await joinAll(inventory, [ada, bob]);
  await inventory.changeHold(hold.holdId, [{ ticketTypeId: type.id, quantity: 1 }]);
  expect(await statesOf(inventory)).toEqual(["offered", "waiting"]);
  // Ada declines, but orders the other hold's ticket in her own name.
  const claim = {
    ...claimRequest(type.id, 1),
    holdId: hold.holdId,
    items: null,
    personKey: bob.personKey,
    isPersonVerified: true,
  };
  granted(await inventory.claim(claim));
  granted(await inventory.confirm(confirmRequest(config.eventId, claim.orderId)));
  granted(await inventory.declineOffer(ada.entryId));
  expect(await statesOf(inventory)).toEqual(["declined", "ended"]);
  expect(await availableOf(inventory)).toMatchObject({ [type.id]: 1 });
});
