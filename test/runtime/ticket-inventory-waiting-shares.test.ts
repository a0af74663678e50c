import { evictDurableObject, reset, runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, expect, test, vi } from "vitest";
import { type Envelope, MESSAGES } from "../../shared/contracts/messages";
import { MAX_WISHES } from "../../shared/contracts/waiting";
import {
  availableOf,
  claimRequest,
  codeOf,
  confirmRequest,
  DAY_MS,
  granted,
  HOLD_MS,
  holdRequest,
  plainPool,
  poolsOf,
  rowsOf,
  someId,
  typeDraft,
} from "../support/inventory";
import { askBest, askSeats, openSeated, seatedType } from "../support/seated";
import { smallMap } from "../support/small-seat-maps";
import { joinAll, openList, openSoldOut, statesOf, waitingRequest } from "../support/waiting";

afterEach(async () => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  await reset();
});

const MAP = smallMap([{ section: 0, category: 0, table: false, kinds: ["o", "o", "o", "o"] }]);
const moveClock = (byMs: number) => vi.setSystemTime(Date.now() + byMs);

test("the list is refused where there is none, for types that are not there, and for quantities no order may have", async () => {
  const type = typeDraft({ minPerOrder: 2, maxPerOrder: 4 });
  const closed = await openList([type], { allowWaitlist: false });
  expect(codeOf(await closed.inventory.joinWaitlist(waitingRequest(type.id, 2)))).toBe("waitlist_closed");
  const { inventory } = await openList([type], { isPublic: false });
  const codes = async (request: ReturnType<typeof waitingRequest>) => codeOf(await inventory.joinWaitlist(request));
  expect(await codes(waitingRequest(type.id, 2))).toBe("event_not_found");
  expect(await codes(waitingRequest(someId(), 2, { insider: true }))).toBe("ticket_type_not_found");
  expect(await codes(waitingRequest(type.id, 1, { insider: true }))).toBe("quantity_out_of_range");
  expect(await codes(waitingRequest(type.id, 5, { insider: true }))).toBe("quantity_out_of_range");
  expect(await codes(waitingRequest(type.id, 2, { insider: true }))).toBe("ok");
  expect(codeOf(await inventory.waitingEntry(someId()))).toBe("waitlist_entry_not_found");
  await inventory.close("completed");
  expect(await codes(waitingRequest(type.id, 2, { insider: true }))).toBe("event_not_on_sale");
});

test("a cancelled event ends the list and its open offers, and tells each of them once, fifty at a time", async () => {
  const { inventory, type, holds } = await openSoldOut(1);
  await joinAll(
    inventory,
    Array.from({ length: 70 }, () => waitingRequest(type.id, 1)),
  );
  await inventory.releaseHold(holds[0] ?? "");
  granted(await inventory.close("cancelled"));
  await runDurableObjectAlarm(inventory);
  await runDurableObjectAlarm(inventory);
  expect(await statesOf(inventory)).toEqual(Array(70).fill("ended"));
  expect(await poolsOf(inventory)).toMatchObject([{ held: 0 }]);
});

test("more than one look can move is offered by the alarm, and the public waits until then", async () => {
  const type = typeDraft({ quantity: 120, maxPerOrder: 200 });
  const { inventory } = await openList([type]);
  const hold = granted(await inventory.placeHold(holdRequest(type.id, 120)));
  await joinAll(
    inventory,
    Array.from({ length: 110 }, () => waitingRequest(type.id, 1)),
  );
  await inventory.releaseHold(hold.holdId);
  const waiting = "SELECT COUNT(*) AS n FROM waiting_entries WHERE status = 'waiting'";
  expect(await rowsOf(inventory, waiting)).toEqual([{ n: 60 }]);
  expect(await availableOf(inventory)).toEqual({ [type.id]: 0 });
  // Each look for room moves fifty more, so that a buyer gets what is really left.
  granted(await inventory.placeHold(holdRequest(type.id, 10)));
  expect(await rowsOf(inventory, waiting)).toEqual([{ n: 0 }]);
  expect(codeOf(await inventory.placeHold(holdRequest(type.id, 1)))).toBe("sold_out");
});

test("a type that is not on sale yet is waited for without keeping others back, and offered when its sale begins", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  const house = someId();
  const late = typeDraft({ quantity: 1, saleStartMs: Date.now() + DAY_MS });
  const now = typeDraft({ quantity: 2 });
  const types = [late, now].map((type) => ({ ...type, poolIds: [type.id, house] }));
  const { inventory } = await openList(types, { pools: [plainPool(late.id, 1), plainPool(now.id, 2), plainPool(house, 3)] });
  await joinAll(inventory, [waitingRequest(late.id, 1)]);
  expect(await availableOf(inventory)).toEqual({ [late.id]: 1, [now.id]: 2 });
  moveClock(DAY_MS);
  expect(codeOf(await inventory.placeHold(holdRequest(late.id, 1)))).toBe("sold_out");
  expect(await statesOf(inventory)).toEqual(["offered"]);
});

test("what comes back while somebody waits is nobody else's: not a late order's, not an expired hold's", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  const type = typeDraft({ quantity: 2 });
  const { config, inventory } = await openList([type], { offerMs: DAY_MS });
  const [claim, hold] = [claimRequest(type.id, 1), holdRequest(type.id, 1)];
  granted(await inventory.claim(claim));
  granted(await inventory.placeHold(hold));
  const three = waitingRequest(type.id, 2);
  await joinAll(inventory, [three]);
  moveClock(HOLD_MS);
  // Both are due at once and go to him who waits, whoever asks first.
  expect(codeOf(await inventory.confirm(confirmRequest(config.eventId, claim.orderId)))).toBe("sold_out");
  expect(codeOf(await inventory.reacquireHold(hold.holdId))).toBe("sold_out");
  expect(codeOf(await inventory.extend(claim.orderId, Date.now() + HOLD_MS))).toBe("sold_out");
  expect(await statesOf(inventory)).toEqual(["offered"]);
  granted(await inventory.declineOffer(three.entryId));
  granted(await inventory.confirm(confirmRequest(config.eventId, claim.orderId)));
  granted(await inventory.reacquireHold(hold.holdId));
});

test("an order of an offer that is not paid in time goes to the next", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  const { inventory, type, holds } = await openSoldOut(1, { offerMs: 60_000 });
  const [first, second] = [waitingRequest(type.id, 1), waitingRequest(type.id, 1)];
  await joinAll(inventory, [first, second]);
  await inventory.releaseHold(holds[0] ?? "");
  const { holdId } = granted(await inventory.acceptOffer(first.entryId));
  const claim = { ...claimRequest(type.id, 1), holdId, items: null };
  granted(await inventory.claim(claim));
  moveClock(60_000);
  granted(await inventory.release(claim.orderId, "expired"));
  expect(await statesOf(inventory)).toEqual(["expired", "offered"]);
});

test("seats are offered together, those that were blocked too, and the public gets none of them meanwhile", async () => {
  const type = seatedType(["c0"], { quantity: 20 });
  const { inventory, map } = await openSeated([type], { allowWaitlist: true }, MAP);
  const seatIds = map.segments.flatMap(({ seats }) => seats.map(({ id }) => id));
  const [first = "", second = "", third = ""] = seatIds;
  granted(await inventory.blockSeats(seatIds, null));
  const [two, one] = [waitingRequest(type.id, 2), waitingRequest(type.id, 1)];
  await joinAll(inventory, [two, one]);
  granted(await inventory.releaseSeats([first]));
  expect(await statesOf(inventory)).toEqual(["waiting", "waiting"]);
  expect(codeOf(await inventory.placeHold(askSeats(type.id, first)))).toBe("sold_out");
  expect(codeOf(await inventory.placeHold(askBest(type.id, 1)))).toBe("sold_out");
  granted(await inventory.releaseSeats([second]));
  expect(await statesOf(inventory)).toEqual(["offered", "waiting"]);
  const { lines } = granted(await inventory.acceptOffer(two.entryId));
  expect(lines[0]?.seats?.map(({ id }) => id)).toEqual([first, second]);
  granted(await inventory.releaseSeats([third]));
  expect(await statesOf(inventory)).toEqual(["accepted", "offered"]);
});

test("each entry's news is told once, by its ids alone, also by an object that was cut off in between", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  const told: Envelope[] = [];
  vi.spyOn(env.NOTIFICATIONS_MAILBOX, "sendBatch").mockImplementation(async (messages) => {
    for (const { body } of messages) told.push(body as Envelope);
    return { metadata: { metrics: { backlogCount: 0, backlogBytes: 0 } } };
  });
  const { config, inventory, type, holds } = await openSoldOut(1, { offerMs: 60_000 });
  const requests = [waitingRequest(type.id, 1), waitingRequest(type.id, 1)] as const;
  await joinAll(inventory, requests);
  await inventory.releaseHold(holds[0] ?? "");
  await evictDurableObject(inventory);
  granted(await inventory.availability());
  await runDurableObjectAlarm(inventory);
  moveClock(60_000);
  await runDurableObjectAlarm(inventory);
  granted(await inventory.close("cancelled"));
  await runDurableObjectAlarm(inventory);
  await runDurableObjectAlarm(inventory);
  const [first, second] = requests.map(({ entryId }) => entryId);
  const facts = told.map(({ type: name, version, data }) => [
    name,
    version,
    MESSAGES["waitlist.offered"].data.parse(data).entryId,
  ]);
  expect(facts.sort()).toEqual(
    [
      ["waitlist.joined", 1, first],
      ["waitlist.joined", 1, second],
      ["waitlist.offered", 2, first],
      ["waitlist.offered", 2, second],
      ["waitlist.ended", 3, second],
    ].sort(),
  );
  expect(
    told.every(
      ({ data }) =>
        Object.keys(data as object)
          .sort()
          .join() === "entryId,eventId,organizerId",
    ),
  ).toBe(true);
  expect(told.map(({ subject }) => subject)).toContain(`${config.eventId}/waitlist/${first}`);
  expect(await statesOf(inventory)).toEqual(["expired", "ended"]);
});

test("a list whose event is over ends by the clock", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  const { inventory, type } = await openSoldOut(1, { endMs: Date.now() + DAY_MS });
  await joinAll(inventory, [waitingRequest(type.id, 1)]);
  moveClock(DAY_MS);
  await runDurableObjectAlarm(inventory);
  expect(await statesOf(inventory)).toEqual(["ended"]);
});

test("people are told apart by the member's list and each by his own", async () => {
  const type = typeDraft({ quantity: 1 });
  const { inventory } = await openList([type]);
  const requests = Array.from({ length: 5 }, () => waitingRequest(type.id, 1));
  const entries = await joinAll(inventory, requests);
  const page = granted(await inventory.waitingEntries({ userId: null, after: entries[1]?.number ?? 0, limit: 2 }));
  expect(page.map(({ entryId }) => entryId)).toEqual(requests.slice(2, 4).map(({ entryId }) => entryId));
  const own = granted(await inventory.waitingEntries({ userId: requests[3]?.userId ?? "", after: 0, limit: 10 }));
  expect(own.map(({ entryId }) => entryId)).toEqual([requests[3]?.entryId]);
});

test("what the alarm's offers leave over is told to those who look on", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  const told: unknown[] = [];
  vi.spyOn(env.ANALYTICS_MAILBOX, "sendBatch").mockImplementation(async (messages) => {
    for (const { body } of messages) told.push((body as Envelope).data);
    return { metadata: { metrics: { backlogCount: 0, backlogBytes: 0 } } };
  });
  const type = typeDraft({ quantity: 60, maxPerOrder: 60 });
  const { inventory } = await openList([type]);
  const hold = granted(await inventory.placeHold(holdRequest(type.id, 60)));
  await joinAll(
    inventory,
    Array.from({ length: 55 }, () => waitingRequest(type.id, 1)),
  );
  await inventory.releaseHold(hold.holdId);
  expect(await availableOf(inventory)).toEqual({ [type.id]: 0 });
  for (let alarm = 0; alarm < 4; alarm++) {
    await runDurableObjectAlarm(inventory);
    moveClock(1_000);
  }
  expect(await availableOf(inventory)).toEqual({ [type.id]: 5 });
  expect(told.at(-1)).toMatchObject({ ticketTypes: [{ ticketTypeId: type.id, available: 5 }] });
});

test("a list that knows as many different wishes as it may takes further people of the same wishes", async () => {
  const types = Array.from({ length: 5 }, () => typeDraft({ quantity: 100, maxPerOrder: 100 }));
  const { inventory } = await openList(types);
  for (const { id } of types) granted(await inventory.placeHold(holdRequest(id, 100)));
  const ids = types.map(({ id }) => id);
  const wishes = ids.flatMap((id) => Array.from({ length: MAX_WISHES / ids.length }, (_, nth) => waitingRequest(id, nth + 1)));
  await joinAll(inventory, wishes);
  expect(codeOf(await inventory.joinWaitlist(waitingRequest(ids.slice(0, 2), 1)))).toBe("waitlist_full");
  expect(granted(await inventory.joinWaitlist(waitingRequest(ids[4] ?? "", 1))).state).toBe("waiting");
});
