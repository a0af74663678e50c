import { reset } from "cloudflare:test";
import { afterEach, expect, test, vi } from "vitest";
import {
  availableOf,
  codeOf,
  confirmRequest,
  granted,
  HOLD_MS,
  holdRequest,
  poolsOf,
  refusalOf,
  someId,
} from "../support/inventory";
import { theatreMap } from "../support/seat-maps";
import {
  askBest,
  askSeats,
  compiled,
  installMap,
  openSeated,
  ownersOf,
  seatedType,
  seatPools,
  takenSeats,
} from "../support/seated";

afterEach(async () => {
  vi.useRealTimers();
  await reset();
});

const idsOf = (held: { lines: { seats?: { id: string }[] }[] }) =>
  held.lines.flatMap(({ seats = [] }) => seats.map(({ id }) => id));

test("picked seats are held, sold with the order, told on the tickets, and free again when those are void", async () => {
  const type = seatedType(["front"]);
  const event = await openSeated([type]);
  const { inventory, config } = event;
  const request = askSeats(type.id, "p-1-7", "p-1-6");
  const held = granted(await inventory.placeHold(request));
  expect(held.lines).toMatchObject([
    {
      quantity: 2,
      seats: [
        { id: "p-1-7", label: "Parterre · Row 1 · Seat 7" },
        { id: "p-1-6", label: "Parterre · Row 1 · Seat 6" },
      ],
    },
  ]);
  expect(granted(await inventory.hold(request.holdId))).toEqual(held);
  expect(await takenSeats(event)).toEqual({ "p-1-6": "held", "p-1-7": "held" });
  expect(await seatPools(inventory)).toMatchObject({ front: { capacity: 56, held: 2, sold: 0 } });

  const orderId = someId();
  granted(await inventory.claim({ ...request, orderId, items: null }));
  const tickets = granted(await inventory.confirm(confirmRequest(config.eventId, orderId)));
  expect(tickets.map(({ seat }) => seat?.label)).toEqual(["Parterre · Row 1 · Seat 7", "Parterre · Row 1 · Seat 6"]);
  expect(granted(await inventory.ticketsOf(orderId))).toEqual(tickets);
  expect(await takenSeats(event)).toEqual({ "p-1-6": "sold", "p-1-7": "sold" });
  expect(await seatPools(inventory)).toMatchObject({ front: { held: 0, sold: 2 } });
  expect(await availableOf(inventory)).toEqual({ [type.id]: 54 });

  granted(await inventory.voidTickets(orderId, [tickets[0]?.id ?? ""]));
  expect(await takenSeats(event)).toEqual({ "p-1-6": "sold" });
  granted(await inventory.placeHold(askSeats(type.id, "p-1-7")));
});

test("forty buyers ask for the same two seats at once: one has both, and nothing is left of the others", async () => {
  const type = seatedType(["front"]);
  const { inventory } = await openSeated([type]);
  const answers = await Promise.all(Array.from({ length: 40 }, () => inventory.placeHold(askSeats(type.id, "p-2-1", "p-2-2"))));
  expect(answers.filter(({ ok }) => ok)).toHaveLength(1);
  const refused = answers.filter(({ ok }) => !ok).map(refusalOf);
  for (const refusal of refused) expect(refusal).toEqual({ code: "seat_taken", members: { seatIds: ["p-2-1", "p-2-2"] } });
  const owners = await ownersOf(inventory);
  expect(owners.map(({ seat_id }) => seat_id)).toEqual(["p-2-1", "p-2-2"]);
  expect((await poolsOf(inventory)).map(({ id, held }) => [id, held])).toContainEqual([type.id, 2]);
});

test("bad questions have each their answer and change nothing", async () => {
  const type = seatedType(["front"]);
  const boxes = seatedType(["boxes"]);
  const standing = seatedType([], { maxPerOrder: 30 });
  const event = await openSeated([type, boxes, standing]);
  const { inventory } = event;
  const ask = (items: object[]) => inventory.placeHold(holdRequest("", 1, { items: items as never }));
  const line = (seatIds: string[], quantity = seatIds.length) => [{ ticketTypeId: type.id, quantity, seatIds }];
  const best = (quantity: number, change: object = {}) => [{ ticketTypeId: type.id, quantity, bestAvailable: true, ...change }];
  const many = Array.from({ length: 21 }, (_, index) => `p-1-${index + 1}`);

  expect(codeOf(await ask([{ ticketTypeId: type.id, quantity: 2 }]))).toBe("seats_required");
  expect(codeOf(await ask(line([], 1)))).toBe("seats_required");
  expect(codeOf(await ask(line([])))).toBe("quantity_out_of_range");
  expect(codeOf(await ask(line(many)))).toBe("quantity_out_of_range");
  expect(codeOf(await ask(best(0)))).toBe("quantity_out_of_range");
  expect(codeOf(await ask(best(21)))).toBe("quantity_out_of_range");
  expect(codeOf(await ask(line(["p-1-1"], 2)))).toBe("seat_count_mismatch");
  expect(refusalOf(await ask(line(["p-1-1", "p-1-1"])))).toMatchObject({
    code: "seat_repeated",
    members: { seatIds: ["p-1-1"] },
  });
  expect(refusalOf(await ask([...line(["p-1-1"]), ...line(["p-1-1"])]))).toMatchObject({ code: "seat_repeated" });
  expect(refusalOf(await ask(line(["p-1-1", "elsewhere-1-1"])))).toEqual({
    code: "seat_unknown",
    members: { seatIds: ["elsewhere-1-1"] },
  });
  // Of another category.
  expect(refusalOf(await ask(line(["p-1-1", "p-5-1"])))).toMatchObject({ code: "seat_unknown", members: { seatIds: ["p-5-1"] } });
  expect(codeOf(await ask([{ ticketTypeId: standing.id, quantity: 1, seatIds: ["p-1-1"] }]))).toBe("seat_unknown");
  expect(codeOf(await ask([{ ticketTypeId: standing.id, quantity: 1, bestAvailable: true }]))).toBe("seat_unknown");
  expect(codeOf(await ask([{ ticketTypeId: boxes.id, quantity: 1, seatIds: ["t1-1"] }]))).toBe("seat_count_mismatch");
  expect(codeOf(await ask([{ ticketTypeId: boxes.id, quantity: 3, bestAvailable: true }]))).toBe("sold_out");
  expect(codeOf(await ask(best(2, { bestAvailable: { sectionIds: ["b"] } })))).toBe("sold_out");
  expect(codeOf(await ask(best(2, { bestAvailable: { accessible: 1 } })))).toBe("sold_out");
  expect(codeOf(await ask(best(1, { bestAvailable: { accessible: 2 } })))).toBe("quantity_out_of_range");

  expect(await takenSeats(event)).toEqual({});
  expect(await ownersOf(inventory)).toEqual([]);
  expect((await poolsOf(inventory)).every(({ held }) => held === 0)).toBe(true);
  // Somebody else's hold is nobody's seats.
  granted(await inventory.placeHold(askSeats(type.id, "p-1-1")));
  expect(refusalOf(await ask(line(["p-1-1", "p-1-2"])))).toEqual({ code: "seat_taken", members: { seatIds: ["p-1-1"] } });
  expect(await takenSeats(event)).toEqual({ "p-1-1": "held" });
});

test("a change frees the seats before it takes others, keeps the best that somebody has, and leaves all when it is refused", async () => {
  const adult = seatedType(["front"], { name: "Adult" });
  const child = seatedType(["front"], { name: "Child" });
  const event = await openSeated([adult, child]);
  const { inventory } = event;
  const request = askSeats(adult.id, "p-1-1", "p-1-2");
  granted(await inventory.placeHold(request));
  granted(await inventory.placeHold(askSeats(adult.id, "p-1-4")));
  const change = (items: object[]) => inventory.changeHold(request.holdId, items as never);

  const shifted = granted(await change([{ ticketTypeId: adult.id, quantity: 2, seatIds: ["p-1-2", "p-1-3"] }]));
  expect(idsOf(shifted)).toEqual(["p-1-2", "p-1-3"]);
  const before = await takenSeats(event);
  expect(before).toEqual({ "p-1-2": "held", "p-1-3": "held", "p-1-4": "held" });
  expect(codeOf(await change([{ ticketTypeId: adult.id, quantity: 2, seatIds: ["p-1-3", "p-1-4"] }]))).toBe("seat_taken");
  expect(await takenSeats(event)).toEqual(before);

  // One of the two seats becomes a child's.
  const family = granted(
    await change([
      { ticketTypeId: adult.id, quantity: 1, seatIds: ["p-1-2"] },
      { ticketTypeId: child.id, quantity: 1, seatIds: ["p-1-3"] },
    ]),
  );
  expect(family.lines.map(({ seats }) => seats?.map(({ id }) => id))).toEqual([["p-1-2"], ["p-1-3"]]);
  const best = granted(await change([{ ticketTypeId: adult.id, quantity: 1, bestAvailable: true }]));
  expect(idsOf(best)).toEqual(["p-1-2"]);
  granted(await inventory.releaseHold(request.holdId));
  expect(await takenSeats(event)).toEqual({ "p-1-4": "held" });
});

test("seats of an ended hold are free at once, and an order that pays late gets the same ones or none", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  const type = seatedType(["front"]);
  const event = await openSeated([type]);
  const { inventory, config } = event;
  const [first, second] = [someId(), someId()];
  for (const [orderId, seatId] of [
    [first, "p-3-3"],
    [second, "p-3-4"],
  ] as const)
    granted(await inventory.claim({ ...askSeats(type.id, seatId), orderId }));
  vi.setSystemTime(Date.now() + HOLD_MS);
  expect(await takenSeats(event)).toEqual({});
  expect(await availableOf(inventory)).toEqual({ [type.id]: 56 });
  granted(await inventory.placeHold(askSeats(type.id, "p-3-4")));
  const [ticket] = granted(await inventory.confirm(confirmRequest(config.eventId, first)));
  expect(ticket?.seat?.id).toBe("p-3-3");
  expect(codeOf(await inventory.confirm(confirmRequest(config.eventId, second)))).toBe("sold_out");
  expect(await takenSeats(event)).toEqual({ "p-3-3": "sold", "p-3-4": "held" });
});

test("an ended hold is taken again with the same seats, or not at all", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  const type = seatedType(["front"]);
  const event = await openSeated([type]);
  const { inventory } = event;
  const request = askBest(type.id, 3);
  const held = granted(await inventory.placeHold(request));
  vi.setSystemTime(Date.now() + HOLD_MS);
  const again = granted(await inventory.reacquireHold(request.holdId));
  expect(again.lines).toEqual(held.lines);
  vi.setSystemTime(Date.now() + HOLD_MS);
  granted(await inventory.placeHold(askSeats(type.id, idsOf(held)[1] ?? "")));
  expect(codeOf(await inventory.reacquireHold(request.holdId))).toBe("sold_out");
  expect(Object.keys(await takenSeats(event))).toEqual([idsOf(held)[1]]);
});

test("a crowd of due holds with their seats ends in one go and gives everything back", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  const type = seatedType(["middle"]);
  const event = await openSeated([type]);
  const { inventory } = event;
  const asked = Array.from({ length: 180 }, () => inventory.placeHold(askBest(type.id, 1)));
  const held = (await Promise.all(asked)).filter(({ ok }) => ok);
  // All ordinary seats of the category, none of them for wheelchairs or companions.
  expect(held).toHaveLength(98 + 10 + 60);
  vi.setSystemTime(Date.now() + HOLD_MS);
  granted(await inventory.placeHold(askBest(type.id, 1)));
  expect(await ownersOf(inventory)).toHaveLength(1);
  expect(await seatPools(inventory)).toMatchObject({ middle: { capacity: 172, held: 1 } });
});

test("blocked seats are nobody's, count as blocked, and are released again", async () => {
  const type = seatedType(["front"]);
  const event = await openSeated([type]);
  const { inventory } = event;
  granted(await inventory.placeHold(askSeats(type.id, "p-1-1")));
  expect(refusalOf(await inventory.blockSeats(["p-1-2", "p-1-1"], "camera"))).toEqual({
    code: "seat_taken",
    members: { seatIds: ["p-1-1"] },
  });
  expect(codeOf(await inventory.blockSeats(["p-1-2", "nowhere"], null))).toBe("seat_unknown");
  expect(codeOf(await inventory.blockSeats(["p-1-2", "p-1-2"], null))).toBe("seat_repeated");
  expect(await takenSeats(event)).toEqual({ "p-1-1": "held" });

  expect(granted(await inventory.blockSeats(["p-1-2", "p-1-3"], "camera"))).toEqual({ changed: 2 });
  expect(granted(await inventory.blockSeats(["p-1-3", "p-1-4"], "camera"))).toEqual({ changed: 1 });
  expect(await seatPools(inventory)).toMatchObject({ front: { held: 1, blocked: 3 } });
  expect(await availableOf(inventory)).toEqual({ [type.id]: 52 });
  expect(codeOf(await inventory.placeHold(askSeats(type.id, "p-1-4")))).toBe("seat_taken");
  expect(granted(await inventory.releaseSeats(["p-1-4", "p-1-5", "p-1-1"]))).toEqual({ changed: 1 });
  expect(await takenSeats(event)).toEqual({ "p-1-1": "held", "p-1-2": "blocked", "p-1-3": "blocked" });
});

test("a partial hold gets the seats that are there", async () => {
  const type = seatedType(["boxes"], { maxPerOrder: 20 });
  const front = seatedType(["front"], { maxPerOrder: 20 });
  const { inventory } = await openSeated([type, front]);
  granted(await inventory.placeHold(askSeats(front.id, "p-1-1")));
  const some = granted(await inventory.placeHold({ ...askSeats(front.id, "p-1-1", "p-1-2", "p-1-3"), partial: true }));
  expect(some.lines).toMatchObject([{ quantity: 2, asked: 3, seats: [{ id: "p-1-2" }, { id: "p-1-3" }] }]);
  // Four tables of four: of eighteen people sixteen sit.
  const tables = granted(await inventory.placeHold({ ...askBest(type.id, 18), partial: true }));
  expect(tables.lines).toMatchObject([{ quantity: 16, asked: 18 }]);
  expect(codeOf(await inventory.placeHold({ ...askBest(type.id, 4), partial: true }))).toBe("sold_out");
});

test("a config whose map is not there is refused; a map that lacks a taken seat is too; another one that has it takes its place", async () => {
  const type = seatedType(["front"]);
  const event = await openSeated([type]);
  const { inventory, config } = event;
  granted(await inventory.placeHold(askSeats(type.id, "p-1-1")));
  granted(await inventory.blockSeats(["p-4-14"], null));
  const next = { ...config, version: 2, changeId: someId() };
  expect(codeOf(await inventory.reconfigure({ ...next, seatMapId: someId() }))).toBe("seats_missing");
  expect(codeOf(await inventory.reconfigure({ ...next, seatMapId: null }))).toBe("seat_map_in_use");

  const draft = theatreMap();
  const lacking = compiled({
    ...draft,
    sections: draft.sections.map((s) => ({ ...s, rows: s.rows.filter(({ id }) => id !== "4") })),
  });
  await installMap(inventory, lacking);
  expect(refusalOf(await inventory.reconfigure({ ...next, seatMapId: lacking.id }))).toMatchObject({
    code: "seat_map_in_use",
    members: { seatIds: ["p-4-14"] },
  });
  expect(await takenSeats(event)).toEqual({ "p-1-1": "held", "p-4-14": "blocked" });

  const smaller = compiled({
    ...draft,
    sections: draft.sections.map((s) => ({ ...s, rows: s.rows.filter(({ id }) => id !== "3") })),
  });
  await installMap(inventory, smaller);
  granted(await inventory.reconfigure({ ...next, seatMapId: smaller.id }));
  expect(await takenSeats({ ...event, map: smaller })).toEqual({ "p-1-1": "held", "p-4-14": "blocked" });
  expect(await seatPools(inventory)).toEqual({
    boxes: { capacity: 16, sold: 0, held: 0, blocked: 0 },
    front: { capacity: 42, sold: 0, held: 1, blocked: 1 },
    middle: { capacity: 152, sold: 0, held: 0, blocked: 0 },
  });
  expect(codeOf(await inventory.placeHold(askSeats(type.id, "p-1-1")))).toBe("seat_taken");
  expect(codeOf(await inventory.placeHold(askSeats(type.id, "p-3-1")))).toBe("seat_unknown");
});
