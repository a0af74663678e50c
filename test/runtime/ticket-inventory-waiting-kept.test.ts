/** What is kept for those who wait, and what is not: nobody closes an event by waiting for what he could not be given. */
import { reset } from "cloudflare:test";
import { afterEach, expect, test, vi } from "vitest";
import {
  availableOf,
  claimRequest,
  codeOf,
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
import { type SmallRow, smallMap } from "../support/small-seat-maps";
import { joinAll, openList, openSoldOut, statesOf, waitingRequest } from "../support/waiting";

afterEach(async () => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  await reset();
});

const rowOf = (kinds: string, category = 0, table = false): SmallRow => ({ section: 0, category, table, kinds: [...kinds] });
const allowWaitlist = { allowWaitlist: true };

test("guests keep nothing and are offered nothing before they have opened the link in their mail", async () => {
  const type = typeDraft({ quantity: 100, maxPerOrder: 10 });
  const { inventory } = await openList([type]);
  const guest = { userId: null, isConfirmed: false };
  const guests = Array.from({ length: 10 }, () => waitingRequest(type.id, 10, guest));
  await joinAll(inventory, guests);
  expect(await statesOf(inventory)).toEqual(Array(10).fill("unconfirmed"));
  expect(await availableOf(inventory)).toEqual({ [type.id]: 100 });
  for (let order = 0; order < 10; order++) granted(await inventory.placeHold(holdRequest(type.id, 10)));
});

test("a guest's address waits once, is written to a few times at most, and stands in nobody's way before", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  const { inventory, type, holds } = await openSoldOut(5, { anonymousShare: 0.1 });
  const guest = { userId: null, isConfirmed: false, personKey: "ada" };
  const [one, two] = [waitingRequest(type.id, 2, guest), waitingRequest(type.id, 1, guest)];
  await joinAll(inventory, [one]);
  expect(codeOf(await inventory.joinWaitlist(waitingRequest(type.id, 2, guest)))).toBe("already_waiting");
  await joinAll(inventory, [two, waitingRequest(type.id, 3, guest)]);
  expect(codeOf(await inventory.joinWaitlist(waitingRequest(type.id, 4, guest)))).toBe("already_waiting");
  await inventory.releaseHold(holds[0] ?? "");
  expect(await statesOf(inventory)).toEqual(["unconfirmed", "unconfirmed", "unconfirmed"]);
  // What there is at once is held no longer than any choice is, and not as a stranger's.
  const offered = granted(await inventory.confirmWaiting(two.entryId));
  expect(offered).toMatchObject({ state: "offered", offer: { expiresAtMs: Date.now() + HOLD_MS } });
  expect(await rowsOf(inventory, "SELECT SUM(held_anonymously) AS n FROM pools")).toEqual([{ n: 0 }]);
  expect(granted(await inventory.confirmWaiting(two.entryId)).state).toBe("offered");
  expect(codeOf(await inventory.confirmWaiting(one.entryId))).toBe("already_waiting");
  expect(codeOf(await inventory.confirmWaiting(someId()))).toBe("waitlist_entry_not_found");
});

test("whoever confirms waits behind those who waited already", async () => {
  const { inventory, type, holds } = await openSoldOut(1);
  const guest = waitingRequest(type.id, 1, { userId: null, isConfirmed: false });
  const user = waitingRequest(type.id, 1);
  await joinAll(inventory, [guest, user]);
  expect(granted(await inventory.confirmWaiting(guest.entryId)).state).toBe("waiting");
  await inventory.releaseHold(holds[0] ?? "");
  expect(granted(await inventory.waitingEntry(user.entryId)).state).toBe("offered");
  expect(granted(await inventory.waitingEntry(guest.entryId)).state).toBe("waiting");
});

test("more than there can ever be is not waited for, and an entry that becomes so ends and keeps nothing", async () => {
  const type = typeDraft({ quantity: 4 });
  const { config, inventory } = await openList([type]);
  const [first] = [
    granted(await inventory.placeHold(holdRequest(type.id, 2))),
    granted(await inventory.placeHold(holdRequest(type.id, 2))),
  ];
  expect(codeOf(await inventory.joinWaitlist(waitingRequest(type.id, 5)))).toBe("quantity_out_of_range");
  await joinAll(inventory, [waitingRequest(type.id, 4)]);
  await inventory.releaseHold(first.holdId);
  expect(await availableOf(inventory)).toEqual({ [type.id]: 0 });
  const smaller = { ...config, version: 2, changeId: someId(), pools: [plainPool(type.id, 3)] };
  granted(await inventory.reconfigure({ ...smaller, ticketTypes: [{ ...type, quantity: 3 }] }));
  expect(await statesOf(inventory)).toEqual(["ended"]);
  expect(await availableOf(inventory)).toEqual({ [type.id]: 1 });
});

test("what an allocation keeps back is not counted for who waits beside it", async () => {
  const [press, open] = [typeDraft({ quantity: 10 }), typeDraft({ quantity: 10 })];
  const [house, block] = [someId(), someId()];
  const types = [
    { ...press, poolIds: [press.id, house, block] },
    { ...open, poolIds: [open.id, house] },
  ];
  const pools = [
    plainPool(press.id, 10),
    plainPool(open.id, 10),
    plainPool(house, 10),
    { id: block, capacity: 8, withinPoolIds: [house] },
  ];
  const { inventory } = await openList(types, { pools });
  expect(codeOf(await inventory.joinWaitlist(waitingRequest(open.id, 3)))).toBe("quantity_out_of_range");
  expect(granted(await inventory.joinWaitlist(waitingRequest(open.id, 2))).state).toBe("offered");
});

test("who waits for two keeps no table of four, and tables alone are not waited for by two", async () => {
  const type = seatedType(["c0"]);
  const tables = await openSeated([type], allowWaitlist, smallMap([rowOf("oooo", 0, true), rowOf("oooo", 0, true)]));
  expect(codeOf(await tables.inventory.joinWaitlist(waitingRequest(type.id, 2)))).toBe("quantity_out_of_range");
  const { inventory } = await openSeated([type], allowWaitlist, smallMap([rowOf("oo"), rowOf("oooo", 0, true)]));
  const row = granted(await inventory.placeHold(askSeats(type.id, "0-0", "0-1")));
  const two = waitingRequest(type.id, 2);
  await joinAll(inventory, [two]);
  expect(await statesOf(inventory)).toEqual(["waiting"]);
  granted(await inventory.changeHold(row.holdId, [{ ticketTypeId: type.id, quantity: 1, seatIds: ["0-0"] }]));
  expect(codeOf(await inventory.placeHold(askBest(type.id, 1)))).toBe("sold_out");
  granted(await inventory.placeHold(askBest(type.id, 4)));
  await inventory.releaseHold(row.holdId);
  expect(await statesOf(inventory)).toEqual(["offered"]);
});

test("seats for wheelchairs are kept for nobody who would not be given one", async () => {
  const type = seatedType(["c0"]);
  const { inventory } = await openSeated([type], allowWaitlist, smallMap([rowOf("ooac")]));
  granted(await inventory.placeHold(askSeats(type.id, "0-0")));
  const other = granted(await inventory.placeHold(askSeats(type.id, "0-1")));
  await joinAll(inventory, [waitingRequest(type.id, 2)]);
  await inventory.releaseHold(other.holdId);
  expect(codeOf(await inventory.placeHold(askBest(type.id, 1)))).toBe("sold_out");
  expect(codeOf(await inventory.placeHold(askSeats(type.id, "0-1")))).toBe("sold_out");
  const seats = granted(await inventory.placeHold(askBest(type.id, 2, { accessible: 1 }))).lines[0]?.seats;
  expect(seats?.map(({ id }) => id)).toEqual(["0-2", "0-3"]);
});

test("who has as many of a type as he may keeps it from nobody, neither from the public nor from others with his wish", async () => {
  const [a, b] = [typeDraft({ quantity: 100, maxPerPerson: 2 }), typeDraft({ quantity: 1 })];
  const { inventory } = await openList([a, b]);
  granted(await inventory.placeHold(holdRequest(b.id, 1)));
  const ada = { personKey: "ada", userId: "ada" };
  granted(await inventory.claim({ ...claimRequest(a.id, 2), personKey: "ada", isPersonVerified: true }));
  expect(granted(await inventory.joinWaitlist(waitingRequest([a.id, b.id], 1, ada)))).toMatchObject({
    state: "waiting",
    ticketTypeIds: [b.id],
  });
  expect(await availableOf(inventory)).toEqual({ [a.id]: 98, [b.id]: 0 });
  expect(granted(await inventory.joinWaitlist(waitingRequest([a.id, b.id], 1))).state).toBe("offered");
});

test("a limit that is reached while somebody waits opens the type again, also for those behind him", async () => {
  const [a, b] = [typeDraft({ quantity: 3, maxPerPerson: 2 }), typeDraft({ quantity: 2 })];
  const { inventory } = await openList([a, b]);
  granted(await inventory.placeHold(holdRequest(b.id, 2)));
  const [mine, rest] = [
    granted(await inventory.placeHold(holdRequest(a.id, 1))),
    granted(await inventory.placeHold(holdRequest(a.id, 2))),
  ];
  const [ada, bob] = [waitingRequest([a.id, b.id], 2), waitingRequest([a.id, b.id], 2)];
  await joinAll(inventory, [ada, bob]);
  granted(
    await inventory.claim({
      ...claimRequest(a.id, 1),
      holdId: mine.holdId,
      items: null,
      personKey: ada.personKey,
      isPersonVerified: true,
    }),
  );
  await inventory.releaseHold(rest.holdId);
  expect(await statesOf(inventory)).toEqual(["waiting", "offered"]);
});

test("seats of a category that is kept for one are neither named by the public nor offered to a later one", async () => {
  const [front, either] = [seatedType(["c0"]), seatedType(["c0", "c1"])];
  const { inventory } = await openSeated([front, either], allowWaitlist, smallMap([rowOf("oo", 0), rowOf("oo", 1)]));
  granted(await inventory.placeHold(askSeats(front.id, "0-0")));
  const second = granted(await inventory.placeHold(askSeats(front.id, "0-1")));
  const back = granted(await inventory.placeHold(askSeats(either.id, "1-0", "1-1")));
  const [two, one] = [waitingRequest(front.id, 2), waitingRequest(either.id, 1)];
  await joinAll(inventory, [two, one]);
  await inventory.releaseHold(second.holdId);
  expect(await statesOf(inventory)).toEqual(["waiting", "waiting"]);
  await inventory.releaseHold(back.holdId);
  expect(await statesOf(inventory)).toEqual(["waiting", "offered"]);
  expect(granted(await inventory.acceptOffer(one.entryId)).lines[0]?.seats?.[0]?.id).toMatch(/^1-/);
  expect(codeOf(await inventory.placeHold(askSeats(either.id, "0-1")))).toBe("sold_out");
  const best = granted(await inventory.placeHold(askBest(either.id, 1)));
  expect(best.lines[0]?.seats?.[0]?.id).toMatch(/^1-/);
});

test("whoever takes his entry off the list leaves no address there, whatever has become of it", async () => {
  const { inventory, type, holds } = await openSoldOut(1);
  const entry = waitingRequest(type.id, 1, { name: "Ada" });
  await joinAll(inventory, [entry]);
  await inventory.releaseHold(holds[0] ?? "");
  granted(await inventory.declineOffer(entry.entryId));
  granted(await inventory.leaveWaitlist(entry.entryId));
  expect(granted(await inventory.waitingEntry(entry.entryId))).toMatchObject({ state: "declined", email: null, name: null });
});

test("a list that is closed ends, and what it kept is on sale", async () => {
  const type = typeDraft({ quantity: 2 });
  const { config, inventory } = await openList([type]);
  const hold = granted(await inventory.placeHold(holdRequest(type.id, 1)));
  granted(await inventory.placeHold(holdRequest(type.id, 1)));
  await joinAll(inventory, [waitingRequest(type.id, 2)]);
  await inventory.releaseHold(hold.holdId);
  expect(await availableOf(inventory)).toEqual({ [type.id]: 0 });
  granted(await inventory.reconfigure({ ...config, version: 2, changeId: someId(), allowWaitlist: false }));
  expect(await statesOf(inventory)).toEqual(["ended"]);
  expect(await availableOf(inventory)).toEqual({ [type.id]: 1 });
});

test("an offer that becomes other tickets is held no longer than any choice", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  const other = typeDraft({ quantity: 5 });
  const type = typeDraft({ quantity: 2 });
  const { inventory } = await openList([type, other]);
  const hold = granted(await inventory.placeHold(holdRequest(type.id, 2)));
  const entry = waitingRequest(type.id, 2);
  await joinAll(inventory, [entry]);
  await inventory.releaseHold(hold.holdId);
  const { holdId, expiresAtMs } = granted(await inventory.acceptOffer(entry.entryId));
  const fewer = granted(await inventory.changeHold(holdId, [{ ticketTypeId: type.id, quantity: 1 }]));
  expect(fewer.expiresAtMs).toBe(expiresAtMs);
  const changed = granted(await inventory.changeHold(holdId, [{ ticketTypeId: other.id, quantity: 1 }]));
  expect(changed.expiresAtMs).toBe(Date.now() + HOLD_MS);
});

test("an entry that cannot be served for a fault of ours ends, and the next is served", async () => {
  vi.spyOn(console, "error").mockImplementation(() => undefined);
  const { inventory, type, holds } = await openSoldOut(2);
  await joinAll(inventory, [waitingRequest(type.id, 1), waitingRequest(type.id, 1)]);
  const taken = holds[1] ?? "";
  vi.spyOn(crypto, "randomUUID").mockReturnValueOnce(taken as ReturnType<typeof crypto.randomUUID>);
  await inventory.releaseHold(holds[0] ?? "");
  expect(await statesOf(inventory)).toEqual(["ended", "offered"]);
  expect(await poolsOf(inventory)).toMatchObject([{ held: 2 }]);
});
