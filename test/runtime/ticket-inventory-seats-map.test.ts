import { reset } from "cloudflare:test";
import { afterEach, expect, test } from "vitest";
import { partsOf } from "../../workers/events/seat-map-compile";
import { codeOf, configOf, granted, inventoryOf, refusalOf, rowsOf, someId, tablesOf } from "../support/inventory";
import { arenaMap } from "../support/seat-maps";
import { askBest, askSeats, compiled, openSeated, seatedType, seatPools } from "../support/seated";

afterEach(() => reset());

test("an event is not opened before its seats are there, and nothing is left of the try", async () => {
  const config = configOf([seatedType(["front"])], { seatMapId: someId() });
  const inventory = inventoryOf(config.eventId);
  expect(codeOf(await inventory.seatStates())).toBe("event_not_found");
  expect(codeOf(await inventory.blockSeats(["a"], null))).toBe("event_not_found");
  expect(codeOf(await inventory.open(config))).toBe("seats_missing");
  expect(await tablesOf(inventory)).toEqual([]);
});

test("a map comes in parts, in any order and each as often as it likes, and stands when the last is there", async () => {
  const map = compiled(arenaMap({ sections: 21 }));
  const parts = partsOf(map);
  expect(parts.length).toBeGreaterThan(2);
  const type = seatedType(["front", "back"]);
  const config = configOf([type], { seatMapId: map.id });
  const inventory = inventoryOf(config.eventId);
  const [last, ...others] = [...parts].reverse();
  for (const part of [...others, ...others]) expect(granted(await inventory.installSeats(part))).toEqual({ complete: false });
  expect(codeOf(await inventory.seatStates())).toBe("event_not_found");
  expect(codeOf(await inventory.open(config))).toBe("seats_missing");
  for (const part of [last, parts[0], last])
    if (part !== undefined) expect(granted(await inventory.installSeats(part))).toEqual({ complete: true });
  expect(codeOf(await inventory.installSeats({ ...map, part: 7, parts: 9 }))).toBe("seat_map_invalid");

  granted(await inventory.open(config));
  const told = granted(await inventory.seatStates());
  expect(told?.states).toEqual(map.segments.map(({ seats }) => "f".repeat(seats.length)));
  expect(Object.values(await seatPools(inventory)).map(({ capacity }) => capacity)).toEqual([7_000, 7_000, 7_000]);
  granted(await inventory.placeHold(askBest(type.id, 4)));
  granted(await inventory.placeHold(askSeats(type.id, "s21-r25-40")));
});

test("a map that is laid beside the event's own neither sells nor shows, and is gone with the next change of maps", async () => {
  const type = seatedType(["front"]);
  const { inventory, config, map } = await openSeated([type], {}, compiled(arenaMap({ sections: 3, rows: 2 })));
  const beside = compiled(arenaMap({ sections: 3, rows: 3 }));
  for (const part of partsOf(beside)) granted(await inventory.installSeats(part));
  expect(granted(await inventory.seatStates())?.states).toHaveLength(map.segments.length);
  expect(refusalOf(await inventory.placeHold(askSeats(type.id, "s1-r3-1")))).toMatchObject({ code: "seat_unknown" });
  const held = granted(await inventory.placeHold(askBest(type.id, 20)));
  expect(held.lines[0]?.seats).toHaveLength(20);

  granted(await inventory.reconfigure({ ...config, version: 2, changeId: someId(), seatMapId: beside.id }));
  expect(granted(await inventory.seatStates())?.states).toHaveLength(beside.segments.length);
  expect(await rowsOf(inventory, "SELECT id FROM seat_maps")).toEqual([{ id: beside.id }]);
  expect(await rowsOf(inventory, "SELECT COUNT(*) AS seats FROM seats")).toEqual([{ seats: 360 }]);
  expect(await rowsOf(inventory, "SELECT COUNT(*) AS owned FROM seat_owners")).toEqual([{ owned: 20 }]);
});
