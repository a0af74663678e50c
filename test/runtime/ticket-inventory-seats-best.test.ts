import { reset } from "cloudflare:test";
import { afterEach, expect, test } from "vitest";
import { codeOf, confirmRequest, granted, holdRequest, type Inventory, refusalOf, someId } from "../support/inventory";
import { askBest, askSeats, openSeated, seatedType, seatPools, takenSeats } from "../support/seated";

afterEach(() => reset());

const idsOf = (held: { lines: { seats?: { id: string }[] }[] }) =>
  held.lines.flatMap(({ seats = [] }) => seats.map(({ id }) => id));

test("the best seats are nearest the focus, together, and leave nobody alone", async () => {
  const front = seatedType(["front"]);
  const { inventory } = await openSeated([front]);
  // Seven seats to either side of the aisle: four leave three of them, and the next four go where none is left alone.
  const first = granted(await inventory.placeHold(askBest(front.id, 4)));
  expect(idsOf(first).sort()).toEqual(["p-1-4", "p-1-5", "p-1-6", "p-1-7"]);
  const second = granted(await inventory.placeHold(askBest(front.id, 2)));
  expect(idsOf(second).sort()).toEqual(["p-1-8", "p-1-9"]);
  // Of the three that are left there two would leave one alone, although they are the nearest.
  const third = granted(await inventory.placeHold(askBest(front.id, 2)));
  expect(idsOf(third).sort()).toEqual(["p-2-7", "p-2-6"].sort());
  expect(idsOf(granted(await inventory.placeHold(askBest(front.id, 3)))).sort()).toEqual(["p-2-10", "p-2-8", "p-2-9"]);
});

test("adults and children of one category sit together", async () => {
  const adult = seatedType(["front"], { name: "Adult" });
  const child = seatedType(["front"], { name: "Child" });
  const { inventory } = await openSeated([adult, child]);
  const items = [
    { ticketTypeId: adult.id, quantity: 2, bestAvailable: true as const },
    { ticketTypeId: child.id, quantity: 3, bestAvailable: true as const },
  ];
  const held = granted(await inventory.placeHold(holdRequest("", 1, { items })));
  expect(idsOf(held)).toEqual(["p-1-3", "p-1-4", "p-1-5", "p-1-6", "p-1-7"]);
  expect(held.lines.map(({ seats }) => seats?.length)).toEqual([2, 3]);
});

test("tables go whole, and a party that no table fits has none", async () => {
  const boxes = seatedType(["boxes"]);
  const event = await openSeated([boxes]);
  const { inventory } = event;
  expect(idsOf(granted(await inventory.placeHold(askBest(boxes.id, 4)))).sort()).toEqual(["t2-1", "t2-2", "t2-3", "t2-4"]);
  expect(idsOf(granted(await inventory.placeHold(askBest(boxes.id, 8))))).toHaveLength(8);
  expect(codeOf(await inventory.placeHold(askBest(boxes.id, 5)))).toBe("sold_out");
  const taken = await takenSeats(event);
  const left = ["t1", "t2", "t3", "t4"].filter((table) => taken[`${table}-1`] === undefined);
  expect(left).toHaveLength(1);
  expect(codeOf(await inventory.placeHold(askSeats(boxes.id, ...[1, 2, 3].map((seat) => `${left[0]}-${seat}`))))).toBe(
    "seat_count_mismatch",
  );
  granted(await inventory.placeHold(askSeats(boxes.id, ...[1, 2, 3, 4].map((seat) => `${left[0]}-${seat}`))));
});

test("accessible seats go to whom asks for them, with the companion's seat beside", async () => {
  const middle = seatedType(["middle"]);
  const { inventory } = await openSeated([middle]);
  const pair = granted(await inventory.placeHold(askBest(middle.id, 2, { accessible: 1 })));
  expect(idsOf(pair).sort()).toEqual(["p-12-c1", "p-12-w1"]);
  expect(idsOf(granted(await inventory.placeHold(askBest(middle.id, 1, { accessible: 1 }))))).toEqual(["p-12-w2"]);
  expect(codeOf(await inventory.placeHold(askBest(middle.id, 1, { accessible: 1 })))).toBe("sold_out");
  // The other companion's seat is nobody's: not the best available's, and not whoever picks it by its id.
  expect(codeOf(await inventory.placeHold(askSeats(middle.id, "p-12-c2")))).toBe("seat_for_companion");
});

test("sections that are named are the only ones looked at", async () => {
  const middle = seatedType(["middle"]);
  const { inventory } = await openSeated([middle]);
  const held = granted(await inventory.placeHold(askBest(middle.id, 5, { sectionIds: ["b"] })));
  for (const id of idsOf(held)) expect(id).toMatch(/^b-1-/);
  expect(codeOf(await inventory.placeHold(askBest(middle.id, 1, { sectionIds: ["nowhere"] })))).toBe("sold_out");
});

test("picked seats may leave one alone, unless the event refuses that", async () => {
  const front = seatedType(["front"]);
  const open = await openSeated([front]);
  granted(await open.inventory.placeHold(askSeats(front.id, "p-1-2", "p-1-3")));
  const strict = await openSeated([front], { refuseOrphanSeats: true });
  expect(refusalOf(await strict.inventory.placeHold(askSeats(front.id, "p-1-2", "p-1-3")))).toEqual({
    code: "seat_orphaned",
    members: { seatIds: ["p-1-1"] },
  });
  expect(await takenSeats(strict)).toEqual({});
  granted(await strict.inventory.placeHold(askSeats(front.id, "p-1-1", "p-1-2")));
});

async function sell(inventory: Inventory, eventId: string, ticketTypeId: string, ...seatIds: string[]) {
  const orderId = someId();
  granted(await inventory.claim({ ...askSeats(ticketTypeId, ...seatIds), orderId }));
  return granted(await inventory.confirm(confirmRequest(eventId, orderId)));
}

test("two tickets change places in one change, of two orders and two categories; a refused move moves nobody", async () => {
  const type = seatedType(["front", "middle"]);
  const event = await openSeated([type]);
  const { inventory, config } = event;
  const [a] = await sell(inventory, config.eventId, type.id, "p-1-1");
  const [b] = await sell(inventory, config.eventId, type.id, "p-5-1");
  granted(await inventory.placeHold(askSeats(type.id, "p-1-2")));
  const [idA, idB] = [a?.id ?? "", b?.id ?? ""];

  const swapped = granted(
    await inventory.swapSeats([
      { ticketId: idA, seatId: "p-5-1" },
      { ticketId: idB, seatId: "p-1-1" },
    ]),
  );
  expect(swapped.map(({ id, version, seat }) => [id, version, seat?.label])).toEqual([
    [idA, 1, "Parterre · Row 5 · Seat 1"],
    [idB, 1, "Parterre · Row 1 · Seat 1"],
  ]);
  const before = { "p-1-1": "sold", "p-1-2": "held", "p-5-1": "sold" };
  expect(await takenSeats(event)).toEqual(before);

  const swap = async (...moves: [string, string][]) =>
    codeOf(await inventory.swapSeats(moves.map(([ticketId, seatId]) => ({ ticketId, seatId }))));
  expect(await swap([idA, "p-1-3"], [idB, "p-1-2"])).toBe("seat_taken");
  expect(await swap([idA, "p-1-3"], [idB, "p-1-3"])).toBe("seat_repeated");
  expect(await swap([idA, "nowhere"])).toBe("seat_unknown");
  expect(await swap([idA, "t1-1"])).toBe("seat_unknown");
  expect(await swap([someId(), "p-1-3"])).toBe("ticket_not_seated");
  expect(await takenSeats(event)).toEqual(before);
  expect(await seatPools(inventory)).toMatchObject({ front: { sold: 1, held: 1 }, middle: { sold: 1 } });

  expect(await swap([idA, "p-1-3"])).toBe("ok");
  expect(await takenSeats(event)).toEqual({ "p-1-1": "sold", "p-1-2": "held", "p-1-3": "sold" });
  granted(await inventory.voidTickets(a?.orderId ?? "", null));
  expect(await takenSeats(event)).toEqual({ "p-1-1": "sold", "p-1-2": "held" });
  expect(await seatPools(inventory)).toMatchObject({ front: { sold: 1, held: 1 }, middle: { sold: 0 } });
});
