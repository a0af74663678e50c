/** What a buyer is told who finds no seats: which of his wishes it was, and the seats that it is about. */
import { reset } from "cloudflare:test";
import { afterEach, expect, test, vi } from "vitest";
import type { ConfirmRefusal, HoldChangeRefusal, Line } from "../../shared/contracts/inventory";
import { PROBLEMS } from "../../shared/contracts/problems";
import type { Result } from "../../shared/contracts/result";
import {
  configOf,
  confirmRequest,
  granted,
  HOLD_MS,
  holdRequest,
  openInventory,
  refusalOf,
  someId,
  typeDraft,
} from "../support/inventory";
import { askBest, askSeats, openSeated, seatedType } from "../support/seated";
import { type SmallRow, smallMap } from "../support/small-seat-maps";

afterEach(async () => {
  vi.useRealTimers();
  await reset();
});

const rowOf = (kinds: string, change: Partial<SmallRow> = {}): SmallRow => ({
  section: 0,
  category: 0,
  table: false,
  kinds: [...kinds],
  ...change,
});
const seat = seatedType(["c0"]);
const openHall = (...rows: SmallRow[]) => openSeated([seat], {}, smallMap(rows, someId()));
type Answer = Result<unknown, HoldChangeRefusal | ConfirmRefusal>;
const whyOf = async (answer: Promise<Answer>) => {
  const { code, members = {} } = refusalOf(await answer);
  const { reason = null, seatIds = [] } = members;
  return [code, reason, ...seatIds];
};

test("too few accessible seats are told, with those that are left", async () => {
  const { inventory } = await openHall(rowOf("ooacao"));
  expect(await whyOf(inventory.placeHold(askBest(seat.id, 4, { accessible: 3 })))).toEqual([
    "sold_out",
    "accessible_seats",
    "0-2",
    "0-4",
  ]);
  granted(await inventory.placeHold(askBest(seat.id, 2, { accessible: 1 })));
  expect(await whyOf(inventory.placeHold(askBest(seat.id, 2, { accessible: 2 })))).toEqual([
    "sold_out",
    "accessible_seats",
    "0-4",
  ]);
  const { members } = refusalOf(await inventory.placeHold(askBest(seat.id, 2, { accessible: 2 })));
  expect(members?.available).toEqual([{ ticketTypeId: seat.id, available: 4 }]);
});

test("tables that do not make up the number are told, the smallest first, and no table where there are too few seats at all", async () => {
  const { inventory } = await openHall(rowOf("oooooo", { table: true }), rowOf("oooo", { table: true }), rowOf("o"));
  const four = ["1-0", "1-1", "1-2", "1-3"];
  expect((await whyOf(inventory.placeHold(askBest(seat.id, 3)))).slice(0, 6)).toEqual(["sold_out", "whole_tables", ...four]);
  granted(await inventory.placeHold(askBest(seat.id, 5)));
  expect((await whyOf(inventory.placeHold(askBest(seat.id, 3)))).slice(0, 3)).toEqual(["sold_out", "whole_tables", "0-0"]);
  expect(await whyOf(inventory.placeHold(askBest(seat.id, 7)))).toEqual(["sold_out", null]);
  // Named in part they are told too.
  expect((await whyOf(inventory.placeHold(askSeats(seat.id, "0-0", "0-1"))))[0]).toBe("seat_count_mismatch");
});

test("sections without room are told where others have it, and not where none has", async () => {
  const { inventory } = await openHall(rowOf("oo"), rowOf("oooo", { section: 1 }));
  const inFirst = (quantity: number) => inventory.placeHold(askBest(seat.id, quantity, { sectionIds: ["s0"] }));
  expect(await whyOf(inFirst(3))).toEqual(["sold_out", "sections"]);
  granted(await inventory.placeHold(askBest(seat.id, 4, { sectionIds: ["s1"] })));
  expect(await whyOf(inFirst(3))).toEqual(["sold_out", null]);
});

test("seats that were had and are taken since are told: to a hold, to late money, and to a partial hold", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  const { inventory, config } = await openHall(rowOf("oooooo"));
  const held = granted(await inventory.placeHold(askSeats(seat.id, "0-0", "0-1")));
  const orderId = someId();
  granted(await inventory.claim({ ...askSeats(seat.id, "0-2", "0-3"), orderId }));
  vi.setSystemTime(Date.now() + HOLD_MS);
  granted(await inventory.placeHold(askSeats(seat.id, "0-1", "0-2")));
  expect(await whyOf(inventory.reacquireHold(held.holdId))).toEqual(["sold_out", "seats_taken", "0-1"]);
  expect(await whyOf(inventory.confirm(confirmRequest(config.eventId, orderId)))).toEqual(["sold_out", "seats_taken", "0-2"]);
  const items: Line[] = [{ ticketTypeId: seat.id, quantity: 2, seatIds: ["0-1", "0-2"] }];
  const partial = inventory.placeHold(holdRequest(seat.id, 2, { items, partial: true }));
  expect(await whyOf(partial)).toEqual(["sold_out", "seats_taken", "0-1", "0-2"]);
});

test("without seats there is nothing but the numbers to tell", async () => {
  const type = typeDraft({ quantity: 1 });
  const inventory = await openInventory(configOf([type]));
  const refusal = refusalOf(await inventory.placeHold(holdRequest(type.id, 2)));
  expect(refusal).toEqual({ code: "sold_out", members: { available: [{ ticketTypeId: type.id, available: 1 }] } });
  expect(PROBLEMS[refusal.code].status).toBe(409);
});
